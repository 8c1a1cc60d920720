"""Where care gaps are evaluated from facts: here, a shard after the other, or on the workers of a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import polars as pl

from core.code_meanings import KnownCodes, Meanings
from core.domain.history import as_known
from core.domain.last_facts import by_concept
from core.domain.measure import Measure
from core.domain.measure_evaluation import evaluate_panel, gaps_of
from core.domain.measure_panel import PATIENT_COLUMNS, Panel, panel_of
from core.errors import CareloopError
from core.evaluation import panel_of_shard
from core.store.clinical import Generation

LOCAL = "local"
_DASK = "dask://"
_CONNECT_SECONDS = 10
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Earlier:
    """A moment of which it is asked what was known then, and what codes mean now."""

    at: datetime
    codes: KnownCodes


def shard_gaps(
    generation: Generation, shard: int, measures: Sequence[Measure], *, as_of: date, earlier: Earlier | None = None
) -> pl.DataFrame:
    """GAPS of one shard for a day: from the files alone, so that any machine that sees them finds the same."""
    if not generation.is_complete():
        raise FileNotFoundError(generation.name)
    patients = generation.table("patients", shard).select("patient_id", *PATIENT_COLUMNS).collect()
    panel = _panel(generation, shard, patients, measures, as_of, earlier)
    return gaps_of(evaluate_panel(measures, panel, as_of=as_of), patients, as_of=as_of)


def _panel(
    generation: Generation,
    shard: int,
    patients: pl.DataFrame,
    measures: Sequence[Measure],
    as_of: date,
    earlier: Earlier | None,
) -> Panel:
    if earlier is None:
        return panel_of_shard(generation, shard, patients, measures, as_of=as_of)
    events = as_known(generation.stored_events(shard).collect(), earlier.at)
    facts = by_concept(Meanings(earlier.codes).facts(events, patients))
    return panel_of(patients, facts, as_of=as_of)


def evaluated(
    generation: Generation,
    measures: Sequence[Measure],
    *,
    as_of: date,
    earlier: Earlier | None = None,
    engine: str = LOCAL,
    progress: Progress = lambda _: None,
) -> Iterator[pl.DataFrame]:
    """GAPS of a generation for a day, shard by shard, in the order of the shards whatever the engine.

    earlier   from the events as they were known at a moment instead of from the facts
    engine    'local', or 'dask://HOST:PORT': the scheduler of a cluster whose workers see the home under the same path
    progress  is told the share that is done, 0 to 1
    Raises CareloopError for an engine that is not known or does not answer.
    """
    shards = generation.shards()
    job = partial(shard_gaps, generation, measures=measures, as_of=as_of, earlier=earlier)
    found = map(job, shards) if engine == LOCAL else _there(engine, job, shards)
    for done, gaps in enumerate(found, 1):
        yield gaps
        progress(done / len(shards))


def share_of(progress: Progress, number: int, count: int) -> Progress:
    """What one of several steps tells, as a share of all of them."""
    return lambda share: progress((number + share) / count)


def _there(engine: str, job: Callable[[int], pl.DataFrame], shards: Sequence[int]) -> Iterator[pl.DataFrame]:
    if not engine.startswith(_DASK):
        raise CareloopError(f"There is no engine '{engine}'. There are '{LOCAL}' and '{_DASK}HOST:PORT'.")
    client = _client(engine)
    with client:
        jobs = [client.submit(job, shard, pure=False) for shard in shards]
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
