"""What merges do to the rows of a load: a merged id's rows become the survivor's, those of the feed and those that are
known.

Earlier merges are applied while the feed is read, those that it states once it has been read: a survivor may come later
than the merge. Only what names a merged id is touched; without merges nothing is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection

from core import merged_corrections, merged_nos
from core.audit import record_in
from core.domain.merge import Resolved, resolve
from core.domain.plausibility import UNKNOWN_PATIENT
from core.feeds.feed import COUNTED
from core.feeds.intake import MERGED, PATIENT_TABLES
from core.feeds.layout import EVENT_TABLES, TABLE
from core.merged_rows import MergedRows, has_died
from core.opt_out_keys import key_again
from core.store import feed_rows, merged_people
from core.store import merges as merge_rows
from core.store.clinical import Generation
from core.store.hashing import probe, shard_of
from core.store.merges import Merge
from core.store.spool import Spool
from core.workbench import Workbench

MERGES = "merges"


@dataclass
class Merging:
    """The merges of one load.

    known   by each id that was merged before, its survivor
    made    what the feed states, or staff, once `settle` has looked at it; merged_on by id, where that is said
    """

    known: Mapping[str, str] = field(default_factory=dict)
    made: Resolved = field(default_factory=lambda: Resolved({}, {}, {}))
    merged_on: dict[str, date] = field(default_factory=dict)
    rows: MergedRows = field(default_factory=MergedRows)
    on_file: dict[str, dict[str, Any]] = field(default_factory=dict)  # rows of ids merged now, as sending had them
    _moved: dict[str, pl.DataFrame] = field(default_factory=dict)
    _shard_count: int = 1

    def state(self, pairs: Mapping[str, str]) -> None:
        """Let merges count where there is no clinical data to look at: all of these are patients."""
        self.made = resolve(pairs, self.known, existing=set(pairs.values()))

    @property
    def new(self) -> Mapping[str, str]:
        """The ids that are no more from this load on, each with its survivor."""
        return self.made.new

    @property
    def survivors(self) -> dict[str, str]:
        """By every id that is no more, from now on or before, its survivor."""
        return {**self.known, **self.made.changed}

    def nos(self) -> list[merged_nos.No]:
        """What was said against contacting merged ids, in the feed and on file."""
        return merged_nos.said(self.on_file, self.rows.fresh, self.survivors)

    def dead_on_file(self) -> dict[str, date | None]:
        """Survivors of whom a merged id has died, as far as no generation says it."""
        dead = {each: row for each, row in self.on_file.items() if has_died(row) and each not in self.rows.fresh}
        return {self.new[each]: row["deceased_on"] for each, row in dead.items()}

    # ---- rows of the feed ------------------------------------------------------------------------------------------
    def of_today(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of a table of the feed by the earlier merges; MERGED says of small tables which rows changed hands."""
        if not self.known:
            return rows
        self._note(name, rows, self.known)
        return _renamed(rows, self.known, marks=name not in EVENT_TABLES)

    def _note(self, name: str, rows: pl.DataFrame, names: Mapping[str, str]) -> None:
        if name == "patients":
            self.rows.note(rows.filter(pl.col("patient_id").is_in(list(names))))

    def settle(
        self, stated: pl.DataFrame, spool: Spool, previous: Generation | None, *, rejected: Mapping[str, str]
    ) -> tuple[pl.Series, pl.DataFrame]:
        """Decide which stated merges count, and let their rows in the spool be the survivors'.

        stated     merged_id, patient_id and merged_on, in the order of the feed
        rejected   the reason that is given for a survivor who is no patient because the own row was rejected
        Returns for each row of `stated` the reason why it does not count, or null; and patient_id with the columns of
        event keys of the events that changed hands.
        """
        pairs = dict(stated.select("merged_id", "patient_id").iter_rows())
        ends = {self.known.get(survivor, survivor) for survivor in pairs.values()}
        self.made = resolve(pairs, self.known, existing=_existing(ends, spool, previous))
        self._shard_count = spool.shard_count
        days = stated.select("merged_id", "merged_on").drop_nulls().iter_rows()
        self.merged_on = {merged: day for merged, day in days if merged in self.new}
        refused = {
            each: rejected.get(pairs[each], why) if why == UNKNOWN_PATIENT else why
            for each, why in self.made.refused.items()
        }
        reasons = stated["merged_id"].replace_strict(refused, default=None, return_dtype=pl.String)
        return reasons, self._in_spool(spool)

    def _in_spool(self, spool: Spool) -> pl.DataFrame:
        moved = [pl.DataFrame(schema={"patient_id": pl.String})]
        for name, rows in spool.take_of(list(self.new)):
            if name == "patients":  # not those that were renamed to one who is merged now
                is_own = ~pl.col(MERGED).fill_null(False) if MERGED in rows.columns else pl.lit(True)
                self._note(name, rows.filter(is_own), self.new)
            rows = _renamed(rows, self.new, marks=name not in EVENT_TABLES)
            spool.add(name, rows)
            if name in EVENT_TABLES:
                moved.append(rows.select("patient_id", "kind", "source_system", "event_id"))
        return pl.concat(moved, how="diagonal_relaxed")

    def own_first(self, name: str, fresh: pl.DataFrame, known: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows of a small table of the feed, so that the last one of a key counts, and those that count for nothing.

        Rows of the survivor's own come last. Of patients the survivor's own row counts, known or new: a merged id's
        only says that the person is still there, and stands in where the survivor has none.
        """
        if self.new and "guarantor_id" in fresh.columns:
            fresh = _renamed(fresh, self.new, column="guarantor_id")
        is_merged = fresh[MERGED].fill_null(False)
        if not is_merged.any():
            return self.rows.with_deaths(fresh) if name == "patients" else fresh, fresh.clear()
        own, others = fresh.filter(~is_merged), fresh.filter(is_merged)
        if name != "patients":
            return pl.concat([others, own]), fresh.clear()
        left_out = others.join(own, on="patient_id", how="semi")
        others = others.join(own, on="patient_id", how="anti", maintain_order="left")
        still = known.join(others, on="patient_id", how="semi", maintain_order="left")
        self.rows.note_differing(others, still)
        stands_in = others.join(still, on="patient_id", how="anti", maintain_order="left")
        counted = pl.concat([others.join(still, on="patient_id", how="semi"), left_out])
        shown = still.with_columns(pl.lit(False).alias(COUNTED), pl.lit(True).alias(MERGED))
        rows = pl.concat([own, shown, stands_in], how="diagonal_relaxed").select(fresh.columns)
        return self.rows.with_deaths(rows), counted

    def settle_deaths(self, previous: Generation | None) -> None:
        """Decide who has died under a merged id, once the feed has been read."""
        self.rows.settle_deaths(previous, self.new, self.survivors)

    def as_survivors(self, patients: pl.DataFrame) -> pl.DataFrame:
        """The patients of a shard after the load, those dead who have died under a merged id."""
        patients = self.rows.with_deaths(patients)
        self.rows.note_own(patients, self.new)
        return patients

    # ---- rows that are known ---------------------------------------------------------------------------------------
    def prepare(self, previous: Generation | None) -> None:
        """Read from the generation before what is known of the ids that are no more now."""
        if previous is None or not self.new:
            return
        about = previous.about()
        ids = pl.Series("patient_id", list(self.new))
        places: list[int | None] = [None]
        if about.hashing == probe():
            places = list(ids.to_frame().select(shard_of(pl.col("patient_id"), about.shard_count)).to_series().unique())
        for name in (*PATIENT_TABLES, "events"):
            if name == "patients":
                continue
            scans = [previous.stored_events(p) if name == "events" else previous.table(name, p) for p in places]
            found = [scan.filter(pl.col("patient_id").is_in(ids.implode())).collect() for scan in scans]
            self._moved[name] = _renamed(pl.concat(found), self.new)

    def of_shard(self, name: str, rows: pl.DataFrame, shard: int) -> pl.DataFrame:
        """The known rows of one of the new shards as the merges of this load leave them; of two with one key the
        survivor's own stays."""
        if not self.new:
            return rows
        rows = rows.filter(~pl.col("patient_id").is_in(list(self.new)))
        if name == "patients":
            return _renamed(rows, self.new, column="guarantor_id")
        moved = self._moved.get(name)
        if moved is None or moved.is_empty():
            return rows
        here = moved.filter(shard_of(pl.col("patient_id"), self._shard_count) == shard).select(rows.columns)
        both = pl.concat([rows, here])
        return both if name == "events" else both.unique(TABLE[name].key, keep="first", maintain_order=True)

    def of_all(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of a table that has no shards: everybody's opt-outs."""
        if "patient_id" not in rows.columns or not (self.known or self.new):
            return rows
        return _renamed(rows, self.survivors)


def keep_in(wb: Workbench, connection: Connection, merging: Merging, *, source: str, on: date) -> None:
    """Keep the merges of a load in its transaction, before it publishes: what staff have corrected of a merged id is
    laid over the survivor's row then. `on`: the day of merges that do not say theirs."""
    if not merging.new:
        return
    feed_rows.publish_alone(connection)
    merging.on_file = merged_people.on_file(connection, list(merging.new))
    own = merging.rows.own or merged_people.on_file(connection, set(merging.new.values()))
    merged_corrections.settle(connection, merging.new, own, at=wb.now(), by=wb.user.user_id)
    made = [Merge(each, patient, source, merging.merged_on.get(each, on)) for each, patient in merging.new.items()]
    counts = merge_rows.keep(connection, made, led_on=merging.made.led_on, at=wb.now(), by=wb.user.user_id)
    _record(wb, connection, "patients.merged", merging, source=source, **counts)


def follow_in(wb: Workbench, connection: Connection, merging: Merging) -> None:
    """After it has published: messages of merged ids are the survivors', and what was said against contacting them
    holds. As late as may be, because nobody can send until the transaction ends."""
    if merging.new:
        counts = merge_rows.follow(connection, merging.new, at=wb.now())
        _record(wb, connection, "messages.merged", merging, **counts)
        merged_people.let_die(connection, merging.dead_on_file())
        for survivor in sorted(set(merging.new.values())):
            key_again(wb, connection, survivor)
    merged_nos.add(wb, connection, merging.nos())


def is_news(connection: Connection, merging: Merging) -> bool:
    """Whether rows of merged ids say no where nobody knew of it."""
    return bool(merged_nos.wanted(connection, merging.nos()))


def _record(wb: Workbench, connection: Connection, action: str, merging: Merging, **details: Any) -> None:
    """One line for all merges of a load; by name when there is one."""
    pairs = list(merging.new.items())
    subject = pairs[0][1] if len(pairs) == 1 else ""
    about = {"merged_id": pairs[0][0]} if len(pairs) == 1 else {"merges": len(pairs)}
    record_in(wb, connection, action, subject, **about, **details)


def _renamed(
    rows: pl.DataFrame, names: Mapping[str, str], *, column: str = "patient_id", marks: bool = False
) -> pl.DataFrame:
    """The rows with other ids for those of `names`. `marks`: MERGED says which; the guarantor is named too."""
    is_named = rows[column].is_in(list(names)).fill_null(False)
    if marks and "guarantor_id" in rows.columns:
        rows = _renamed(rows, names, column="guarantor_id")
    if not is_named.any():
        return rows
    renamed = rows.with_columns(pl.col(column).replace(names))
    return renamed.with_columns(is_named.alias(MERGED)) if marks else renamed


def _existing(ids: set[str], spool: Spool, previous: Generation | None) -> set[str]:
    """Which of these are patients, of the feed or known before."""
    found = set(spool.present("patients", ids))
    if previous is not None and ids - found:
        wanted = pl.col("patient_id").is_in(list(ids - found))
        found |= set(previous.table("patients").select("patient_id").filter(wanted).collect().to_series())
    return found
