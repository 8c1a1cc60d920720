"""Rows on their way into the store: written as they are read, read again patient shard by patient shard."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from core.store.hashing import shard_of

_SHARD = "_shard"


@dataclass
class Spool:
    """Files below `folder`, one for each piece added; only where each shard begins is kept in memory."""

    folder: Path
    shard_count: int
    _pieces: dict[str, list[tuple[Path, list[int]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, rows: pl.DataFrame) -> None:
        """Keep rows, which have a patient_id, under a name. Their order within a shard stays."""
        if rows.is_empty():
            return
        rows = rows.with_columns(shard_of(pl.col("patient_id"), self.shard_count).alias(_SHARD))
        if self.shard_count > 1:
            rows = rows.sort(_SHARD, maintain_order=True)
        pieces = self._pieces.setdefault(name, [])
        path = self.folder / f"{name}-{len(pieces)}.arrow"
        rows.drop(_SHARD).write_ipc(path, compression="uncompressed")
        starts = rows[_SHARD].search_sorted(_edges(self.shard_count), side="left").to_list()
        pieces.append((path, starts))

    def shard(self, name: str, number: int) -> list[pl.DataFrame]:
        """The pieces of one shard, in the order they were added."""
        found = []
        for path, starts in self._pieces.get(name, []):
            length = starts[number + 1] - starts[number]
            if length:
                found.append(pl.scan_ipc(path).slice(starts[number], length).collect())
        return found

    def remove(self) -> None:
        """Delete the files."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _edges(shard_count: int) -> pl.Series:
    return pl.Series(range(shard_count + 1), dtype=pl.UInt16)
