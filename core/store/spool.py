"""Rows on their way into the store, put in order of patient shards: in memory while there is room, then in files."""

import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from core.store.hashing import shard_of

_SHARD = "_shard"


@dataclass
class Spool:
    """Pieces of each shard. When more than `memory_bytes` are kept, further ones go to files below `folder`."""

    folder: Path
    shard_count: int
    memory_bytes: int = 420_000_000
    _pieces: dict[tuple[str, int], list[tuple[Path | pl.DataFrame, list[pl.Expr]]]] = field(default_factory=dict)
    _count: int = 0
    _used: float = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, rows: pl.DataFrame) -> None:
        """Keep rows, which have a patient_id, under a name. Their order within a shard stays. Columns with the same
        value in every row are kept once."""
        if rows.is_empty():
            return
        same = [column for column in rows.columns if column != "patient_id" and _is_constant(rows[column])]
        constants = [pl.lit(rows[name].first(), rows.schema[name]).alias(name) for name in same]
        shards = rows.drop(same).with_columns(shard_of(pl.col("patient_id"), self.shard_count).alias(_SHARD))
        has_room = self._used < self.memory_bytes
        self._used += shards.estimated_size() if has_room else 0
        for (shard,), part in shards.partition_by(_SHARD, as_dict=True, include_key=False, maintain_order=True).items():
            place = part if has_room else self._written(part)
            self._pieces.setdefault((name, int(shard)), []).append((place, constants))

    def take(self, name: str, number: int) -> list[pl.DataFrame]:
        """The pieces of one shard, in the order they were added. They are not kept any longer."""
        pieces = self._pieces.pop((name, number), [])
        return [
            (place if isinstance(place, pl.DataFrame) else pl.read_ipc(place)).with_columns(rest)
            for place, rest in pieces
        ]

    def take_of(self, patient_ids: list[str]) -> list[tuple[str, pl.DataFrame]]:
        """The rows of these patients, by name in the order they were added. They are not kept any longer."""
        if not patient_ids:
            return []
        taken: list[tuple[str, pl.DataFrame]] = []
        for (name, number), pieces in self._among(patient_ids):
            left: list[tuple[Path | pl.DataFrame, list[pl.Expr]]] = []
            for place, rest in pieces:
                rows = place if isinstance(place, pl.DataFrame) else pl.read_ipc(place)
                is_theirs = rows["patient_id"].is_in(patient_ids)
                if is_theirs.any():
                    taken.append((name, rows.filter(is_theirs).with_columns(rest)))
                    rows = rows.filter(~is_theirs)
                    place = rows if isinstance(place, pl.DataFrame) else self._written(rows)
                left.append((place, rest))
            self._pieces[name, number] = left
        return taken

    def present(self, name: str, patient_ids: Collection[str]) -> set[str]:
        """Which of these patients have rows under a name."""
        ids = list(patient_ids)
        found: set[str] = set()
        for (of, _), pieces in self._among(ids) if ids else ():
            for place, _rest in pieces if of == name else ():
                rows = place if isinstance(place, pl.DataFrame) else pl.read_ipc(place, columns=["patient_id"])
                found.update(rows["patient_id"].filter(rows["patient_id"].is_in(ids)))
        return found

    def _among(
        self, patient_ids: list[str]
    ) -> list[tuple[tuple[str, int], list[tuple[Path | pl.DataFrame, list[pl.Expr]]]]]:
        """The pieces of the shards in which these patients are."""
        ids = pl.DataFrame({"patient_id": patient_ids})
        numbers = set(ids.select(shard_of(pl.col("patient_id"), self.shard_count)).to_series())
        return [(key, pieces) for key, pieces in self._pieces.items() if key[1] in numbers]

    def _written(self, part: pl.DataFrame) -> Path:
        path = self.folder / f"{self._count}.arrow"
        self._count += 1
        part.write_ipc(path, compression="uncompressed")
        return path

    def remove(self) -> None:
        """Delete the files."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _is_constant(values: pl.Series) -> bool:
    """Whether every value is the first one. Most columns show in their first rows that they are not."""
    if values.null_count() == values.len():
        return True
    if values.null_count() or values.head(100).n_unique() > 1:
        return False
    return bool((values == values.first()).all())
