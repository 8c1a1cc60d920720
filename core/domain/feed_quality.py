"""How good each table of a load is: how many rows came, how fresh they are, and how late events come to us.

Everything is added up shard by shard from what a load has in memory anyway: a few aggregates of columns each time.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median_low

import polars as pl

# The column that says when a row of a small table came to be; others have no such day.
_DAYS = {"appointments": "made_at", "reminders": "date", "opt_outs": "made_on"}


@dataclass
class Tally:
    """What of one table came with a load. `rows` are different rows that were taken; `lags` counts events that were
    never received before by the days between their own day and now."""

    rows: int = 0
    latest_on: date | None = None
    lags: Counter[int] = field(default_factory=Counter)

    def add(self, rows: int, latest_on: date | None) -> None:
        """Add a shard's part."""
        self.rows += rows
        self.latest_on = max(filter(None, (self.latest_on, latest_on)), default=None)


@dataclass(frozen=True)
class TableQuality:
    """One table of one load.

    load_id, loaded_at   the load and when it ended; source_system: whose feed it was
    is_full      the feed says that it holds every row of the table; is_there: the feed holds the table at all
    rows         taken from this load; rows_before: of the last good load of the same source and kind (full or not),
                 rows_median: the median of its last five loads; None where there was none
    latest_on    the latest day of an event; received_at: when the source made it, None where the table is not there
    lag_median, lag_p90   days from an event's day to its first receipt; None where nothing new came, and at the first
                 load of a source, which brings years at once
    """

    load_id: int
    source_system: str
    feed_table: str
    is_full: bool
    is_there: bool
    rows: int
    rows_before: int | None
    rows_median: int | None
    latest_on: date | None
    received_at: datetime | None
    lag_median: int | None
    lag_p90: int | None
    loaded_at: datetime

    @property
    def change(self) -> str:
        """How the number of rows changed since the last good load: '↓ 12.0% fewer'."""
        if not self.is_there:
            return "✕ missing"
        if not self.rows_before:
            return "– first" if self.rows_before is None else "–"
        share = self.rows / self.rows_before - 1
        if not share:
            return "= same"
        return f"↑ {share:.1%} more" if share > 0 else f"↓ {-share:.1%} fewer"

    @property
    def lag(self) -> str:
        """'2 days, 14 for 90%'; a dash where nothing is known."""
        if self.lag_median is None:
            return "–"
        return f"{self.lag_median:,} day{'s' * (self.lag_median != 1)}, {self.lag_p90:,} for 90%"


def small_tally(name: str, rows: pl.DataFrame, *, key: tuple[str, ...], is_unique: bool) -> tuple[int, date | None]:
    """Different rows of a part of a small table, and the latest day in it."""
    count = rows.height if is_unique else int(rows.select(pl.struct(key).n_unique()).item())
    latest = rows[_DAYS[name]].max() if name in _DAYS else None
    return count, latest.date() if isinstance(latest, datetime) else latest if isinstance(latest, date) else None


def event_tallies(events: pl.DataFrame) -> Iterable[tuple[str, int, date | None]]:
    """(kind, rows, latest day) of a part of the events of a feed."""
    grouped = events.group_by("kind").agg(pl.len(), pl.col("on").max())
    yield from grouped.iter_rows()


def event_lags(events: pl.DataFrame) -> Iterable[tuple[str, int, int]]:
    """(kind, days, how many) of events that were received for the first time. Problems count from the day they were
    written down: they begin long before. What is dated after its receipt has no lag."""
    is_problem = pl.col("kind") == "problem"
    day = pl.when(is_problem).then(pl.coalesce("recorded_on", "on")).otherwise("on")
    days = (pl.col("received_at").dt.date() - day).dt.total_days().clip(0)
    kinds = events.select("kind", days.alias("days")).drop_nulls()
    yield from kinds.group_by("kind", "days").len().iter_rows()


def quantile(lags: Mapping[int, int], share: float) -> int | None:
    """The least number of days within which this share of the events came; None without events."""
    wanted, seen = share * sum(lags.values()), 0
    for days in sorted(lags):
        seen += lags[days]
        if seen >= wanted:
            return days
    return None


def middle(numbers: Sequence[int]) -> int | None:
    """The median, of an even number the lower one."""
    return median_low(numbers) if numbers else None
