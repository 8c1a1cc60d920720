"""Results of official test patients kept in the home: a Parquet file for each measure and year, replaced as a whole."""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

_FOLDER = "conformance"


def put(home: Path, name: str, rows: pl.DataFrame) -> None:
    """Keep rows under a name. The file appears as a whole or not at all."""
    folder = home / _FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f".{name}.{os.getpid()}.part"
    try:
        rows.write_parquet(part)
        part.replace(folder / f"{name}.parquet")
    finally:
        part.unlink(missing_ok=True)


def every(home: Path) -> Iterator[pl.DataFrame]:
    """Everything that was kept and has rows, by name. A file that cannot be read is left out: run the deck again."""
    for path in sorted((home / _FOLDER).glob("*.parquet")):
        try:
            rows = pl.read_parquet(path)
        except (PolarsError, OSError):
            continue
        if rows.height:
            yield rows
