"""Reading code_map.csv: what a practice's own codes mean in our concepts."""

from collections.abc import Collection
from pathlib import Path

import polars as pl

from core.domain.clinical import CODE_SYSTEMS
from core.errors import DataError
from core.feeds.csv_file import LINE, blocks, open_csv
from core.feeds.words import CODE_SYSTEM_WORDS

COLUMNS = ("source_system", "system", "code", "concept", "text")
_REQUIRED = ("system", "code", "concept")


def read_code_map(path: Path, *, concepts: Collection[str]) -> pl.DataFrame:
    """The rows of a code map: source_system ('' = every feed), system, code, concept, text.

    Raises DataError naming file, line and column when a column or value is missing, a system is not known or a
    concept is not one of `concepts`.
    """
    if not path.is_file():
        raise DataError(f"{path.name} is not there. Name a file with the columns {', '.join(_REQUIRED)}.")
    file = open_csv(path, COLUMNS)
    missing = [name for name in _REQUIRED if name not in file.columns]
    if missing:
        raise DataError(
            f"{path.name}, line 1: the column {missing[0]} is missing. Expected {', '.join(_REQUIRED)}, and if wanted "
            "source_system and text."
        )
    present = [name for name in COLUMNS if name in file.columns]
    read = list(blocks(file, present))
    for line, reason in (each for block in read for each in block.broken):
        _refuse(path, [line], "", reason)
    rows = pl.concat([block.rows for block in read])
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in present)
    rows = rows.with_columns(pl.col(name).str.strip_chars().replace("", None) for name in COLUMNS)
    for name in _REQUIRED:
        _refuse(path, rows.filter(pl.col(name).is_null())[LINE], name, "a value is missing")
    return _checked(path, rows, concepts)


def _checked(path: Path, rows: pl.DataFrame, concepts: Collection[str]) -> pl.DataFrame:
    words = CODE_SYSTEM_WORDS | {system.lower(): system for system in CODE_SYSTEMS}
    rows = rows.with_columns(
        pl.col("system").str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.String),
        pl.col("source_system").fill_null(""),
        pl.col("text").fill_null(""),
    )
    _refuse(path, rows.filter(pl.col("system").is_null())[LINE], "system", f"expected one of {', '.join(CODE_SYSTEMS)}")
    is_text = pl.col("system") == "TEXT"
    rows = rows.with_columns(pl.when(is_text).then(pl.col("code").str.to_lowercase()).otherwise("code").alias("code"))
    unknown = rows.filter(~pl.col("concept").is_in(list(concepts)))[LINE]
    _refuse(path, unknown, "concept", f"this concept is not known. Concepts: {', '.join(sorted(concepts))}")
    return rows.select(COLUMNS).unique(COLUMNS[:4], keep="last", maintain_order=True)


def _refuse(path: Path, lines: pl.Series | list[int], column: str, what: str) -> None:
    if len(lines):
        place = f", column {column}" if column else ""
        raise DataError(f"{path.name}, line {lines[0]}{place}: {what}. Correct the file and load it again.")
