"""Where care gaps are evaluated from facts: here, a shard after the other, or on the workers of a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import polars as pl

from core.domain.measure import Measure
from core.domain.measure_evaluation import evaluate_panel, gaps_of
from core.domain.measure_panel import PATIENT_COLUMNS, READ_COLUMNS, concepts_of, panel_of
from core.errors import CareloopError
from core.store.clinical import Generation

LOCAL = "local"
_DASK = "dask://"
_CONNECT_SECONDS = 10
Progress = Callable[[float], None]


def shard_gaps(generation: Generation, shard: int, measures: Sequence[Measure], *, as_of: date) -> pl.DataFrame:
    """GAPS of one shard for a day: from the files alone, so that any machine that sees them finds the same."""
    if not generation.is_complete():
        raise FileNotFoundError(generation.name)
    patients = generation.table("patients", shard).select("patient_id", *PATIENT_COLUMNS).collect()
    facts = generation.facts_of(shard, concepts_of(measures), columns=READ_COLUMNS)
    found = evaluate_panel(measures, panel_of(patients, facts, as_of=as_of), as_of=as_of)
    return gaps_of(found, patients, as_of=as_of)


def evaluated(
    generation: Generation,
    measures: Sequence[Measure],
    *,
    as_of: date,
    engine: str = LOCAL,
    progress: Progress = lambda _: None,
) -> Iterator[pl.DataFrame]:
    """GAPS of a generation for a day, shard by shard, in the order of the shards whatever the engine.

    engine    'local', or 'dask://HOST:PORT': the scheduler of a cluster whose workers see the home under the same path
    progress  is told the share that is done, 0 to 1
    Raises CareloopError for an engine that is not known or does not answer.
    """
    shards = generation.shards()
    found = _here(generation, measures, as_of) if engine == LOCAL else _there(engine, generation, measures, as_of)
    for done, gaps in enumerate(found, 1):
        yield gaps
        progress(done / len(shards))


def _here(generation: Generation, measures: Sequence[Measure], as_of: date) -> Iterator[pl.DataFrame]:
    return (shard_gaps(generation, shard, measures, as_of=as_of) for shard in generation.shards())


def _there(engine: str, generation: Generation, measures: Sequence[Measure], as_of: date) -> Iterator[pl.DataFrame]:
    if not engine.startswith(_DASK):
        raise CareloopError(f"There is no engine '{engine}'. There are '{LOCAL}' and '{_DASK}HOST:PORT'.")
    client = _client(engine)
    with client:
        jobs = [
            client.submit(shard_gaps, generation, shard, measures, as_of=as_of, pure=False)
            for shard in generation.shards()
        ]
        while jobs:  # a result that was taken is not kept on its worker
            yield _result(jobs.pop(0), engine)


def _client(engine: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise CareloopError(
            f"The engine {engine} needs the package distributed. Install it: pip install 'careloop[scale]'."
        ) from None
    connect: Any = Client
    try:
        return connect(f"tcp://{engine.removeprefix(_DASK)}", timeout=_CONNECT_SECONDS)
    except (OSError, ValueError):
        raise CareloopError(f"No Dask scheduler answers at {engine}. Start it, or evaluate without --engine.") from None


def _result(job: Any, engine: str) -> pl.DataFrame:
    try:
        found: pl.DataFrame = job.result()
    except FileNotFoundError:
        raise CareloopError(
            f"A worker of {engine} does not see the clinical data. Give its machine the folder of CARELOOP_HOME under "
            "the same path."
        ) from None
    return found
