"""What rows of merged ids say that must not be lost with them: a death, a no, and contact data of their own.

The row of a merged id never replaces the survivor's (docs/decisions/merges.md); this is what still comes of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from core.domain.correction import COLUMNS, LAYOUT_NAMES
from core.store.clinical import MERGED_DEATHS, Generation

_LAYOUT = {name: layout for layout, name in LAYOUT_NAMES.items()}
_COLUMNS = {name: _LAYOUT.get(name, name) for name in (*COLUMNS, "status", "deceased_on")}
_PHONES = ("phone_mobile", "phone_home")


@dataclass
class MergedRows:
    """Of one load.

    fresh      by merged id its last row in the feed, by columns of the table `patients`
    own        by survivor of a new merge what the feeds say of it after this load, by the same columns
    deaths     by merged id the day of death, None for a day that is not known; those who live are left out
    differing  survivors whose own row is not in the feed and whose merged id came with another number or address
    """

    fresh: dict[str, dict[str, Any]] = field(default_factory=dict)
    own: dict[str, dict[str, Any]] = field(default_factory=dict)
    deaths: dict[str, date | None] = field(default_factory=dict)
    differing: set[str] = field(default_factory=set)
    _died: dict[str, date | None] = field(default_factory=dict)  # by survivor

    def note(self, rows: pl.DataFrame) -> None:
        """Rows of the feed's patients under merged ids, before they are renamed."""
        self.fresh |= _by_id(rows)

    def settle_deaths(self, previous: Generation | None, new: Mapping[str, str], survivors: Mapping[str, str]) -> None:
        """Who has died under a merged id: as it was known, then as this feed says. `survivors`: by each merged id."""
        if previous is not None and survivors:
            self.deaths = dict(previous.merged_deaths().collect().iter_rows())
            if new:
                known = previous.table("patients").filter(pl.col("patient_id").is_in(list(new))).collect()
                self._note_deaths(_by_id(known))
        self._note_deaths(self.fresh)
        for merged_id, day in self.deaths.items():
            if merged_id in survivors:
                patient_id = survivors[merged_id]
                self._died[patient_id] = min(filter(None, (day, self._died.get(patient_id))), default=None)

    def _note_deaths(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        for merged_id, row in rows.items():
            if has_died(row):
                self.deaths[merged_id] = row["deceased_on"]
            elif row["status"] == "active":
                self.deaths.pop(merged_id, None)

    def with_deaths(self, patients: pl.DataFrame) -> pl.DataFrame:
        """Rows of patients in the layout's columns; who has died under a merged id has died."""
        if not self._died:
            return patients
        has = pl.col("patient_id").is_in(list(self._died))
        day = pl.col("patient_id").replace_strict(self._died, default=None, return_dtype=pl.Date)
        return patients.with_columns(
            pl.when(has & (pl.col("status") != "test")).then(pl.lit("deceased")).otherwise("status").alias("status"),
            pl.coalesce("deceased_on", day).alias("deceased_on"),
        )

    def note_own(self, patients: pl.DataFrame, new: Mapping[str, str]) -> None:
        """Patients as they are after the load, of whom those who survive a new merge are remembered."""
        if new:
            self.own |= _by_id(patients.filter(pl.col("patient_id").is_in(list(set(new.values())))))

    def note_differing(self, merged: pl.DataFrame, known: pl.DataFrame) -> None:
        """Rows of merged ids, already by the survivors' ids, beside the survivors' own that this feed does not hold."""
        both = merged.join(known, on="patient_id", suffix="_own")
        numbers = pl.concat_list(f"{name}_own" for name in _PHONES)
        other = [pl.col(name).is_not_null() & ~numbers.list.contains(pl.col(name)).fill_null(False) for name in _PHONES]
        other.append(pl.col("email").is_not_null() & pl.col("email").ne_missing(pl.col("email_own")))
        self.differing |= set(both.filter(pl.any_horizontal(other))["patient_id"])

    def deaths_frame(self) -> pl.DataFrame:
        """MERGED_DEATHS, for the loads to come."""
        rows = {"merged_id": list(self.deaths), "deceased_on": list(self.deaths.values())}
        return pl.DataFrame(rows, schema=MERGED_DEATHS)


def has_died(row: Mapping[str, Any]) -> bool:
    """Whether a row of `patients` says so."""
    return row["status"] == "deceased" or row["deceased_on"] is not None


def _by_id(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    selected = rows.select(pl.col("patient_id").alias("_id"), **{name: pl.col(each) for name, each in _COLUMNS.items()})
    return {row.pop("_id"): row for row in selected.iter_rows(named=True)}
