"""Making a generation of the clinical store out of the one before and a feed, patient shard by patient shard."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import polars as pl

from core.code_meanings import Meanings
from core.domain import plausibility
from core.domain.clinical import SMALL_TABLES
from core.domain.fact import KNOWN_WORDS
from core.domain.feed_quality import Tally, event_lags, event_tallies, small_tally
from core.domain.history import (
    EVENT_KEY,
    STORED_EVENTS,
    ended_events,
    is_unique,
    key_hash,
    merged_events,
    merged_rows,
    moved_events,
    new_events,
)
from core.domain.last_facts import last_facts
from core.domain.registration import duplicate_keys, registration_defects, sharing
from core.evaluation import Day, Shard, evaluate_day, looked_at
from core.feeds.csv_file import FILE, LINE
from core.feeds.events import KIND, TABLE_OF_KIND
from core.feeds.feed import COUNTED
from core.feeds.intake import DATE_COLUMN, MERGED, PATIENT_TABLES, SOURCE, WHOLE_TABLES, Intake, numbered, small_schema
from core.feeds.layout import EVENT_TABLES, TABLE
from core.feeds.synthea import NUMBERED
from core.merging import MERGES, Merging
from core.store.clinical import LAYOUT, LEFT_OUT, About, Draft, Generation
from core.store.hashing import probe, shard_of
from core.store.spool import Spool

MOST_SHARDS = 1024
_WORKING = (FILE, LINE, SOURCE, COUNTED, MERGED)


def shard_count(feed_bytes: int, previous: Generation | None, *, shard_bytes: int) -> int:
    """A power of two, so that a shard has about so many bytes of text; never fewer than before."""
    least = previous.about().shard_count if previous else 1
    wanted = feed_bytes + (previous.about().feed_bytes if previous else 0)
    count = 1
    while count < MOST_SHARDS and count * shard_bytes < wanted:
        count *= 2
    return max(count, least)


@dataclass
class Making:
    """One new generation. `changes` counts rows that were added, changed or have ended; `patients_with` the patients
    of each defect; `tallies` say what of each table came."""

    draft: Draft
    previous: Generation | None
    intake: Intake
    meanings: Meanings
    shard_count: int
    fingerprint: str
    merging: Merging = field(default_factory=Merging)
    changes: int = 0
    patients_with: Counter[str] = field(default_factory=Counter)
    _aside: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by defect, of the shard in hand
    tallies: dict[str, Tally] = field(default_factory=dict)
    whole: dict[str, pl.DataFrame] = field(default_factory=dict)
    _fed: list[pl.Series] = field(default_factory=list)  # ids of the patients of whom a row came
    _keys: list[pl.DataFrame] = field(default_factory=list)
    _shared: list[pl.DataFrame] = field(default_factory=list)

    def make(self, day: Day, *, progress: Callable[[str, float], None]) -> Generation:
        """Read the feed, merge it, evaluate the day. Raises DataError for a file that cannot be used."""
        spool = self._read(progress)
        self._merge_patients(spool)
        for name in WHOLE_TABLES:
            self._merge_whole(name)
        groups, providers = self.whole["groups"], self.whole["providers"]
        evaluated = self.draft.day(day.evaluation)
        evaluate_day(evaluated, self._shards(spool, progress), day, groups=groups, providers=providers)
        evaluated.finish()
        self._count_shared()
        self.patients_with["merged_contact"] = len(self.merging.rows.differing)
        self.draft.write_whole("merged_deaths", self.merging.rows.deaths_frame())
        self.draft.write_whole("rejects", self.intake.all_rejects())
        self.draft.write_whole("left_out", self._left_out())
        self.draft.write_whole("unmapped", self.meanings.unmapped())
        spool.remove()
        before = self.previous.about().feed_bytes if self.previous else 0
        feed_bytes = max(before, self.intake.feed.size)
        return self.draft.finish(About(self.shard_count, probe(), self.fingerprint, feed_bytes, LAYOUT))

    def _read(self, progress: Callable[[str, float], None]) -> Spool:
        spool = Spool(self.draft.folder / "spool", self.shard_count)
        size, done = max(self.intake.feed.size, 1), 0
        pieces: dict[str, list[pl.DataFrame]] = {}

        def advance(count: int) -> None:
            nonlocal done
            done += count
            progress("Reading the files", 0.5 * min(done / size, 1))

        for name, rows in self.intake.pieces(advance):
            if name in WHOLE_TABLES or name == MERGES:
                pieces.setdefault(name, []).append(rows)
            else:
                rows = self.merging.of_today(name, rows)
                if self.previous and name in EVENT_TABLES and NUMBERED not in rows.columns:
                    place = shard_of(pl.col("patient_id"), self.shard_count).alias("shard")
                    self._keys.append(rows.select(key_hash().alias("key"), place, "received_at"))
                spool.add(name, rows)
        self.whole = {name: _joined(name, frames) for name, frames in pieces.items()}
        return spool

    # ---- ids that become one ----------------------------------------------------------------------------------
    def _merge_patients(self, spool: Spool) -> None:
        """What is stated in the feed, and by whoever makes the generation."""
        stated = self.whole.pop(MERGES, None)
        if stated is not None:
            self._merge_stated(stated, spool)
        self.merging.settle_deaths(self.previous)

    def _merge_stated(self, stated: pl.DataFrame, spool: Spool) -> None:
        is_unique = self._count_repeated(stated, TABLE[MERGES].key)
        self._tally(MERGES, stated, is_unique=is_unique)
        stated = stated if is_unique else stated.unique(TABLE[MERGES].key, keep="last", maintain_order=True)
        was_rejected = pl.concat([pl.Series("patient_id", [], pl.String), *self.intake.rejected_patients])
        rejected = dict.fromkeys(was_rejected.unique(), plausibility.REJECTED_PATIENT)
        reasons, events = self.merging.settle(stated, spool, self.previous, rejected=rejected)
        out = reasons.is_not_null()
        if out.any():
            self.intake.reject(stated.filter(out), reasons.filter(out), "patient_id", MERGES)
        self.changes += len(self.merging.new)
        self.merging.prepare(self.previous)
        self._keys = [_at_survivors(keys, events, self.shard_count) for keys in self._keys]

    # ---- tables without patients ------------------------------------------------------------------------------
    def _merge_whole(self, name: str) -> None:
        known = self.merging.of_all(self._known(name, None))
        fresh = self.merging.of_all(self.whole.get(name, _joined(name, [])))
        self._tally(name, fresh, is_unique=self._count_repeated(fresh, TABLE[name].key))
        self.whole[name] = self._merge_small(name, known, fresh.drop(_WORKING))
        self.draft.write(name, 0, self.whole[name])

    def _merge_small(self, name: str, known: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
        is_full = name in self.intake.feed.manifest.full and name in self.intake.feed.tables
        merged, changed = merged_rows(
            known, fresh, key=TABLE[name].key, is_full=is_full, source_system=self.intake.source_system
        )
        self.changes += changed
        return merged

    def _known(self, name: str, shard: int | None) -> pl.DataFrame:
        """The table's rows, of one shard, in the generation before."""
        shape = small_schema(TABLE[name])
        if self.previous is None:
            return shape.to_frame()
        if shard is None:
            return self.previous.table(name).collect().select(*shape)
        return self._of_shard(name, shard).select(*shape)

    def _of_shard(self, name: str, shard: int) -> pl.DataFrame:
        """Rows of one of the new shards from the previous generation, which may have had fewer or other shards."""
        assert self.previous is not None
        about = self.previous.about()
        place: int | None = shard % about.shard_count
        if about.hashing != probe():
            place = None
        rows = self.previous.stored_events(place) if name == "events" else self.previous.table(name, place)
        if about.hashing == probe() and about.shard_count == self.shard_count:
            return self.merging.of_shard(name, rows.collect(), shard)
        rows = rows.filter(shard_of(pl.col("patient_id"), self.shard_count) == shard)
        return self.merging.of_shard(name, rows.collect(engine="streaming"), shard)

    # ---- patients and what belongs to them --------------------------------------------------------------------
    def _shards(self, spool: Spool, progress: Callable[[str, float], None]) -> Iterator[Shard]:
        self.rejected = pl.concat([pl.Series("patient_id", [], pl.String), *self.intake.rejected_patients]).unique()
        if self.rejected.len():
            self.patients_with["rejected_patients"] = self.rejected.len()
        for number in range(self.shard_count):
            yield self._shard(spool, number)
            progress("Merging and finding care gaps", 0.5 + 0.45 * (number + 1) / self.shard_count)

    def _shard(self, spool: Spool, number: int) -> Shard:
        tables: dict[str, pl.DataFrame] = {}
        for name in PATIENT_TABLES:
            fresh, known = _joined(name, spool.take(name, number)), self._known(name, number)
            fresh, left_out = self.merging.own_first(name, fresh, known)
            self.intake.count(left_out, "repeated")
            if name != "patients":
                fresh = self._plausible(name, fresh, tables["patients"])
            else:
                self._fed.append(fresh["patient_id"])
            self._tally(name, fresh, is_unique=self._count_repeated(fresh, TABLE[name].key))
            tables[name] = self._merge_small(name, known, fresh.drop(_WORKING))
            if name == "patients":
                tables[name] = self.merging.as_survivors(tables[name])
            self.draft.write(name, number, tables[name])
        events = self._events(spool, number, tables["patients"])
        self.draft.write("events", number, events)
        facts = self.meanings.facts(events, tables["patients"])
        self.draft.write_facts(number, facts)
        self._look_for_defects(tables["patients"], events)
        seen = looked_at(events.lazy())
        last = last_facts(facts, tables["patients"].height)
        self.draft.write("last", number, last.table())
        return Shard(number, tables["patients"], tables["appointments"], tables["care_team"], seen, last, last.facts)

    def _plausible(self, name: str, fresh: pl.DataFrame, patients: pl.DataFrame) -> pl.DataFrame:
        """Rows of a patient's small table that can be true."""
        reasons = plausibility.patient_reason(fresh, patients, rejected=self.rejected)
        fresh = self._set_aside(fresh, reasons, "patient_id", name)
        if name != "reminders":
            return fresh
        return self._set_aside(fresh, plausibility.later_than(fresh["date"], self.intake.last_day), "date", name)

    def _events(self, spool: Spool, number: int, patients: pl.DataFrame) -> pl.DataFrame:
        frames = [piece for name in EVENT_TABLES for piece in spool.take(name, number)]
        known = self._of_shard("events", number) if self.previous else STORED_EVENTS.to_frame()
        fed = numbered(pl.concat(frames, how="diagonal")) if frames else STORED_EVENTS.to_frame()
        fresh = fed
        if frames:
            reasons = plausibility.event_reasons(fed, patients, rejected=self.rejected, last_day=self.intake.last_day)
            column = pl.col("kind").cast(pl.String)
            dates, tables = column.replace_strict(DATE_COLUMN), column.replace_strict(TABLE_OF_KIND)
            dates = (
                pl.when(pl.col("_reason").is_in(plausibility.OF_PATIENT)).then(pl.lit("patient_id")).otherwise(dates)
            )
            fresh = self._set_aside(fed, reasons, dates, tables)
            once = self._count_repeated(fresh, EVENT_KEY)
            fresh = new_events(fresh, is_unique=once).select(*STORED_EVENTS)
            for kind, rows, latest_on in event_tallies(fresh):
                self._tally_of(TABLE_OF_KIND[kind]).add(rows, latest_on)
        if self._keys:
            others = pl.concat(self._keys).filter(pl.col("shard") != number)
            known, moved = moved_events(known, others)
            self.changes += moved
        full = frozenset(KIND[t] for t in self.intake.feed.manifest.full & self.intake.feed.tables if t in KIND)
        at, source = self.intake.received_at, self.intake.source_system
        known, ended = ended_events(known, fed, full=full, source_system=source, at=at)
        merged, added, first = merged_events(known, fresh)
        self.changes += ended + added
        for kind, days, count in event_lags(first) if self.previous else ():
            self._tally_of(TABLE_OF_KIND[kind]).lags[days] += count
        return merged

    def _tally_of(self, name: str) -> Tally:
        return self.tallies.setdefault(name, Tally())

    def _tally(self, name: str, fresh: pl.DataFrame, *, is_unique: bool) -> None:
        self._tally_of(name).add(*small_tally(name, fresh, key=TABLE[name].key, is_unique=is_unique))

    def _set_aside(
        self, rows: pl.DataFrame, reasons: pl.Series, column: str | pl.Expr, table: str | pl.Expr
    ) -> pl.DataFrame:
        """`rows` without those that have a reason, which go to the rejects."""
        if reasons.null_count() == reasons.len():
            return rows
        out = reasons.is_not_null()
        self.intake.reject(rows.filter(out), reasons.filter(out), column, table)
        by_reason = rows.filter(out).select("patient_id", reasons.filter(out).alias("reason")).unique()
        for patient_id, reason in by_reason.iter_rows():
            if reason in _DEFECT_OF_REASON:
                self._aside[_DEFECT_OF_REASON[reason]].add(patient_id)
        return rows.filter(~out)

    def _count_repeated(self, rows: pl.DataFrame, key: tuple[str, ...]) -> bool:
        """Count rows whose key comes again later in the feed. Returns whether no row does."""
        if is_unique(rows, key):
            return True
        counted = rows.filter(pl.col(COUNTED))
        self.intake.count(counted.filter(~pl.struct(key).is_last_distinct()), "repeated")
        return False

    def _left_out(self) -> pl.DataFrame:
        """Why values of patients are empty that the feed had; of whoever this feed does not name as it was before."""
        of_patients = self.intake.all_left_out().filter(pl.col("table") == "patients").select(*LEFT_OUT).unique()
        if self.previous is None:
            return of_patients
        known = self.previous.left_out().collect()
        fed = pl.concat([pl.Series("patient_id", [], pl.String), *self._fed]).to_frame()
        return pl.concat([known.join(fed, on="patient_id", how="anti"), of_patients])

    # ---- defects ----------------------------------------------------------------------------------------------
    def _look_for_defects(self, patients: pl.DataFrame, events: pl.DataFrame) -> None:
        self.patients_with.update(registration_defects(patients, self.whole["providers"]))
        self._shared.append(duplicate_keys(patients))
        self.patients_with.update({defect: len(found) for defect, found in self._aside.items()})
        self._aside.clear()
        current = events.filter(pl.col("superseded_at").is_null())
        is_lab, is_measured = pl.col("kind") == "lab", pl.col("unit").is_not_null()
        flags = {
            "lab_without_loinc": is_lab & (pl.col("system") != "LOINC"),
            "value_no_number": is_lab & is_measured & pl.col("value").is_null() & pl.col("value_text").is_not_null(),
            "not_done": ~pl.col("is_done") & pl.col("status").is_in(list(KNOWN_WORDS)),
            "status_unknown": (pl.col("status") != "") & ~pl.col("status").is_in(list(KNOWN_WORDS)),
        }
        counts = current.select(
            pl.col("patient_id").filter(flag.fill_null(False)).n_unique().alias(key) for key, flag in flags.items()
        )
        self.patients_with.update(counts.row(0, named=True))

    def _count_shared(self) -> None:
        keys = pl.concat(self._shared) if self._shared else None
        for column, key in (("person", "duplicates"), ("mobile", "shared_mobile"), ("email", "shared_email")):
            if keys is not None:
                self.patients_with[key] = sharing(keys, column)
        self.patients_with["deceased_but_active"] = self.intake.deceased_but_active


_DEFECT_OF_REASON = {
    plausibility.UNKNOWN_PATIENT: "unknown_patient",
    plausibility.IN_FUTURE: "future_events",
    plausibility.BEFORE_BIRTH: "before_birth",
    plausibility.AFTER_DEATH: "after_death",
}


def _at_survivors(keys: pl.DataFrame, moved: pl.DataFrame, shard_count: int) -> pl.DataFrame:
    """The shards in which keys of events are now that some of them are survivors'."""
    if moved.is_empty():
        return keys
    place = shard_of(pl.col("patient_id"), shard_count).alias("_place")
    places = moved.select(key_hash().alias("key"), place).unique("key")
    found = keys.join(places, on="key", how="left", maintain_order="left")
    return found.with_columns(pl.coalesce("_place", "shard").alias("shard")).drop("_place")


def _joined(name: str, frames: list[pl.DataFrame]) -> pl.DataFrame:
    """The pieces of a small table in its shape, with the working columns."""
    working = pl.Schema(
        {
            FILE: pl.Categorical(),
            LINE: pl.UInt32(),
            SOURCE: pl.Categorical(),
            COUNTED: pl.Boolean(),
            MERGED: pl.Boolean(),
        }
    )
    shape = pl.Schema({**small_schema(TABLE[name]), **working})
    empty = shape.to_frame()
    return pl.concat([empty, *frames], how="diagonal").select(*shape)


assert set(PATIENT_TABLES) | set(WHOLE_TABLES) == set(SMALL_TABLES)
