"""A feed as it is taken in: typed rows and events piece by piece, with what was counted and what was left out."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from core.domain.clinical import SMALL_TABLES
from core.domain.registration import with_status
from core.feeds import reminders
from core.feeds.csv_file import FILE, LINE
from core.feeds.events import KIND, events_of
from core.feeds.feed import COUNTED, Batch, Feed
from core.feeds.layout import TABLE, FeedTable
from core.feeds.moments import instant
from core.feeds.synthea import NUMBERED
from core.feeds.typed import LEFT_OUT, REJECTS, column_type, typed_rows

SOURCE = "_source"
MERGED = "_merged"  # whether a row of a small table was that of an id which is the patient's now
PATIENT_TABLES = tuple(n for n in SMALL_TABLES if "patient_id" in TABLE[n].column_names and n != "opt_outs")
WHOLE_TABLES = tuple(n for n in SMALL_TABLES if n not in PATIENT_TABLES)
LONGEST_TEXT = 2000  # of a text in words in a small table: what is longer is a broken file
_ENDS_FIRST = "is before the day it was made, so that it counts for good"
_NOBODY = "names no patient, number or address that can be used"


@dataclass
class Counts:
    """Rows of one source. read = kept + rejected + repeated (a row whose key came again later in the same feed)."""

    read: int = 0
    kept: int = 0
    rejected: int = 0
    repeated: int = 0


@dataclass
class Intake:
    """Reads a feed. The lists and counts are complete when `pieces` has come to its end."""

    feed: Feed
    source_system: str
    received_at: datetime
    zone: ZoneInfo
    last_day: date
    counts: dict[str, Counts] = field(default_factory=dict)
    read_of: Counter[str] = field(default_factory=Counter)  # rows of each table, taken or not
    rejects: list[pl.DataFrame] = field(default_factory=list)
    left_out: list[pl.DataFrame] = field(default_factory=list)
    rejected_patients: list[pl.Series] = field(default_factory=list)
    headers: dict[str, Mapping[str, str]] = field(default_factory=dict)  # by file: what it calls our columns
    deceased_but_active: int = 0
    patient_count: int = 0

    def pieces(self, advance: Callable[[int], None]) -> Iterator[tuple[str, pl.DataFrame]]:
        """(name, rows): small tables under their own name, events under the name of their table. Rows have FILE, LINE,
        SOURCE and COUNTED beside the columns of the layout or of EVENTS, source_system and received_at."""
        for batch in self.feed.batches(advance):
            self._broken(batch)
            if batch.headers:
                self.headers[batch.source] = batch.headers
            rows = self._taken(batch)
            if rows.height:
                yield batch.table, rows

    def reject(self, rows: pl.DataFrame, reasons: pl.Series, column: str | pl.Expr, table: str | pl.Expr) -> None:
        """Note rows that were found to be unusable later. `reasons` has one text a row."""
        self.rejects.append(
            rows.with_columns(reasons.alias("_reason")).select(
                (pl.lit(table) if isinstance(table, str) else table).alias("table"),
                pl.col(FILE).cast(pl.String).alias("file"),
                pl.col(LINE).alias("line"),
                (pl.lit(column) if isinstance(column, str) else column).alias("column"),
                pl.col("_reason").alias("reason"),
            )
        )
        self.count(rows, "rejected")

    def count(self, rows: pl.DataFrame, what: str) -> None:
        """Count rows by their source: rows that are parts of another one do not count."""
        counted = rows.filter(pl.col(COUNTED)).group_by(pl.col(SOURCE).cast(pl.String)).len()
        for source, number in counted.iter_rows():
            counts = self.counts.setdefault(source, Counts())
            setattr(counts, what, getattr(counts, what) + number)
            if what in ("rejected", "repeated"):
                counts.kept -= number

    def has_patients(self) -> bool:
        """Whether at least one patient was taken."""
        return self.patient_count > 0

    def all_rejects(self) -> pl.DataFrame:
        """REJECTS, by file and line, with the headers that stand in the file."""
        found = pl.concat([REJECTS.to_frame(), *self.rejects]).sort("file", "line", maintain_order=True)
        for file, headers in self.headers.items():
            theirs = pl.col("column").replace(dict(headers))
            found = found.with_columns(pl.when(pl.col("file") == file).then(theirs).otherwise("column").alias("column"))
        return found

    def all_left_out(self) -> pl.DataFrame:
        """LEFT_OUT values."""
        return pl.concat([LEFT_OUT.to_frame(), *self.left_out])

    def _broken(self, batch: Batch) -> None:
        if not batch.broken:
            return
        counts = self.counts.setdefault(batch.source, Counts())
        counts.read += len(batch.broken)
        counts.rejected += len(batch.broken)
        lines = [(batch.table, file, line, "", reason) for file, line, reason in batch.broken]
        self.rejects.append(pl.DataFrame(lines, schema=REJECTS, orient="row"))

    def _taken(self, batch: Batch) -> pl.DataFrame:
        table = TABLE[batch.table]
        texts = self._received(batch)
        counts = self.counts.setdefault(batch.source, Counts())
        counts.read += int(texts[COUNTED].sum())
        self.read_of[batch.table] += texts.height
        counts.kept += int(texts[COUNTED].sum())
        if table.name == "reminders":
            texts = reminders.prepared(texts)
        typed = typed_rows(table, texts, zone=self.zone, last_day=self.last_day)
        self.left_out.append(typed.left_out)
        rows = typed.rows
        if typed.rejects.height:
            self.rejects.append(typed.rejects)
            rejected = int(texts[COUNTED].sum()) - int(rows[COUNTED].sum())
            counts.rejected += rejected
            counts.kept -= rejected
        if table.name == "patients":
            self.rejected_patients.append(typed.rejected_ids)
            self.patient_count += rows.height
            rows = with_status(rows)
            self.deceased_but_active += int(rows["_says_active"].sum())
            rows = rows.drop("_says_active")
        if table.name == "opt_outs":
            rows = self._with_ends(self._of_somebody(rows))
        if table.name == "reminders":
            rows = reminders.named(rows)
        if table.is_event:
            return events_of(table.name, rows)
        return _small(table, rows)

    def _of_somebody(self, opt_outs: pl.DataFrame) -> pl.DataFrame:
        is_nobody = opt_outs.select(pl.all_horizontal(pl.col("patient_id", "phone", "email").is_null())).to_series()
        if is_nobody.any():
            reasons = pl.repeat(_NOBODY, int(is_nobody.sum()), eager=True)
            self.reject(opt_outs.filter(is_nobody), reasons, "patient_id", "opt_outs")
        return opt_outs.filter(~is_nobody)

    def _with_ends(self, opt_outs: pl.DataFrame) -> pl.DataFrame:
        """A last day before the first is unclear: the opt-out counts for good."""
        is_unclear = (opt_outs["until"] < opt_outs["made_on"]).fill_null(False)
        if is_unclear.any():
            reason = {"table": "opt_outs", "column": "until", "reason": _ENDS_FIRST}
            left_out = opt_outs.filter(is_unclear).select("patient_id", **{k: pl.lit(v) for k, v in reason.items()})
            self.left_out.append(left_out.select(LEFT_OUT.names()))
        return opt_outs.with_columns(until=pl.when(~is_unclear).then("until"))

    def _received(self, batch: Batch) -> pl.DataFrame:
        """Where the rows come from and when they were received, for those that do not say."""
        rows = batch.rows
        system = pl.lit(self.source_system)
        if "source_system" in rows.columns:
            system = pl.col("source_system").str.strip_chars().replace("", None).fill_null(self.source_system)
        at = pl.lit(self.received_at, pl.Datetime("us", "UTC"))
        if "received_at" in rows.columns:
            at = instant("received_at").fill_null(self.received_at)
        counted = pl.col(COUNTED) if COUNTED in rows.columns else pl.lit(True)
        return rows.with_columns(
            system.alias("source_system"),
            at.alias("received_at"),
            counted.alias(COUNTED),
            pl.lit(batch.source, pl.Categorical).alias(SOURCE),
        )


def _small(table: FeedTable, rows: pl.DataFrame) -> pl.DataFrame:
    columns = [*table.column_names, "source_system", "received_at", FILE, LINE, SOURCE, COUNTED]
    texts = [each.name for each in table.columns if each.kind == "text" and not each.words]
    return (
        rows.select(columns).with_columns(pl.col(texts).str.slice(0, LONGEST_TEXT)) if texts else rows.select(columns)
    )


def small_schema(table: FeedTable) -> pl.Schema:
    """The columns of a small table in the clinical store."""
    return pl.Schema(
        {column.name: column_type(column) for column in table.columns}
        | {"source_system": pl.String(), "received_at": pl.Datetime("us", "UTC")}
    )


def numbered(events: pl.DataFrame) -> pl.DataFrame:
    """Events whose ids are not unique by themselves: equal ones are told apart by counting them."""
    if NUMBERED not in events.columns:
        return events
    number = pl.int_range(pl.len()).over("kind", "event_id")
    needs = pl.col(NUMBERED).fill_null(False) & (number > 0)
    named = pl.when(needs).then(pl.format("{}|{}", "event_id", number + 1)).otherwise("event_id")
    return events.with_columns(named.alias("event_id")).drop(NUMBERED)


def kind_column(name: str) -> str:
    """The column of the layout that says when an event of this table happened."""
    return {
        "visits": "visit_on",
        "problems": "onset_on",
        "labs": "collected_on",
        "vitals": "taken_on",
        "immunizations": "administered_on",
        "procedures": "performed_on",
        "medications": "start_on",
    }[name]


DATE_COLUMN = {KIND[table]: kind_column(table) for table in KIND}
