"""Files of facts in order: which rows hold which concept is said in the file, so that one concept is read without the
others."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

import polars as pl

from core.domain.fact_order import ARRANGED_FACTS
from core.domain.last_facts import by_concept, runs_of

COMPRESSION: Literal["snappy"] = "snappy"  # a third less CPU than lz4, of about the same size
_RUNS = "concepts"
_MOST_PIECES = 6  # reading more pieces costs more than reading the column of concepts and filtering


def write_facts(path: Path, facts: pl.DataFrame) -> None:
    """Write ARRANGED_FACTS, with the place of each concept."""
    runs = {name: [start, length] for name, start, length in runs_of(facts)}
    facts.write_parquet(path, compression=COMPRESSION, statistics=False, metadata={_RUNS: json.dumps(runs)})


def read_concepts(path: Path, concepts: Collection[str], *, columns: Sequence[str]) -> dict[str, pl.DataFrame]:
    """The facts of these concepts, by concept, in their order; of concepts that nobody has there is nothing."""
    runs = json.loads(pl.read_parquet_metadata(path).get(_RUNS, "{}"))
    wanted = {name: runs[name] for name in sorted(concepts) if name in runs}
    scan = pl.scan_parquet(path, schema=ARRANGED_FACTS)
    if len(wanted) <= _MOST_PIECES:
        pieces = [scan.slice(start, length).select(columns) for start, length in wanted.values()]
        return dict(zip(wanted, pl.collect_all(pieces), strict=True))
    asked = pl.Series(list(wanted), dtype=pl.Categorical).implode()
    return by_concept(scan.filter(pl.col("concept").is_in(asked)).select("concept", *columns).collect())
