"""Rates of the measures, broken down and over time: how many are up to date, and how far from the target.

These are rates by the organisation's own rules, for its own work. They are no certified rates of a quality measure.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import IO

import polars as pl

from core import care_gaps, gap_counts, gap_targets, rules
from core.audit import record
from core.domain.calendar_months import shift
from core.domain.control_limits import limits
from core.domain.csv_cells import neutral
from core.domain.measurement_year import last_day
from core.domain.rates import overall_rate, still_needed, with_interval
from core.domain.slices import BY_KEY
from core.domain.small_cells import suppressed
from core.errors import NotFound
from core.gap_counts import COUNTS
from core.workbench import Workbench

MONTHS = 12
_INTERVAL = dict.fromkeys(("rate", "low", "high"), pl.Float64)
MEASURE_RATES = pl.Schema(
    {
        "measure_id": pl.String,
        "name": pl.String,
        **dict.fromkeys(COUNTS, pl.Int64),
        **_INTERVAL,
        "target": pl.Float64,
        "needed": pl.Int64,
    }
)
SLICE_RATES = pl.Schema(
    {"key": pl.String, "name": pl.String, **dict.fromkeys(COUNTS, pl.Int64), **_INTERVAL, "beyond": pl.String}
)
YEAR_RATES = pl.Schema(
    {
        "measure_id": pl.String,
        "name": pl.String,
        "ends": pl.Date,
        "eligible": pl.Int64,
        "satisfied": pl.Int64,
        **_INTERVAL,
        "target": pl.Float64,
        "needed": pl.Int64,
    }
)
TREND = pl.Schema({"on": pl.Date, "eligible": pl.Int64, "satisfied": pl.Int64, "open": pl.Int64, **_INTERVAL})


def measure_rates(wb: Workbench) -> pl.DataFrame:
    """MEASURE_RATES: a row for each measure that is on, by name, of the patients whom the user may see.

    eligible, satisfied, open   as in care_gaps.rates, whose rate this is; low, high its 95 % interval (Wilson)
    due_in_30, _60, _90         how many who are up to date become due within so many days
    on_track                    who has begun a series of which nothing is due yet: left out of the rate
    cannot_tell                 of whom the data does not say enough; without birth date or sex left out of the rate too
    target, needed              the rate wanted, 0 to 1, and how many more patients it takes; null without one
    """
    return _with_targets(wb, gap_counts.today(wb)).select(*MEASURE_RATES)


def year_rates(wb: Workbench, year: int, *, progress: Callable[[float], None] = lambda _: None) -> pl.DataFrame:
    """YEAR_RATES: the same of a measurement year, by what each rule says of it (core.domain.measurement_year).

    ends   the last day of the year, to which ages and windows refer; while it lies ahead the counts are those so far
    The patients are those of today. Raises NotFound for a year that has not begun.
    """
    care_gaps.require_year(wb, year)
    rows = _with_targets(wb, gap_counts.of_year(wb, year, progress=progress))
    days = {name: last_day(rule, year) for name, rule in rules.in_force(wb).measures.items()}
    return rows.with_columns(pl.col("measure_id").replace_strict(days, return_dtype=pl.Date).alias("ends")).select(
        *YEAR_RATES
    )


def _with_targets(wb: Workbench, counts: pl.DataFrame) -> pl.DataFrame:
    """Names, counts, rates, targets and what is still needed of every measure that is on, by name."""
    names = pl.DataFrame(list(care_gaps.measure_names(wb).items()), schema=["measure_id", "name"], orient="row")
    rows = names.cast(pl.String).join(counts, on="measure_id", how="left")
    rows = with_interval(rows.with_columns(pl.col(*COUNTS).fill_null(0)))
    targets = gap_targets.targets(wb)
    wanted = [targets.get(each) for each in rows["measure_id"]]
    triples = zip(rows["satisfied"], rows["eligible"], wanted, strict=True)
    needed = pl.Series("needed", [still_needed(*each) for each in triples], dtype=pl.Int64)
    return rows.with_columns(needed, target=pl.Series(wanted, dtype=pl.Float64)).sort("name", "measure_id")


def slice_rates(wb: Workbench, measure_id: str, by: str, *, year: int | None = None) -> pl.DataFrame:
    """SLICE_RATES: the rate of a measure for each group, provider, age band ... in which anybody is eligible.

    year     a measurement year instead of today
    by       a key of core.domain.slices.BREAK_DOWNS; groups and providers are by size, the others in their order
    key      of the slice in work lists (core.domain.slices.gap_list); null for patients with nothing recorded
    beyond   of groups and providers which control limit around the rate of all together the rate lies beyond
             (core.domain.control_limits.Limits.place), '' for within; null for the others
    Raises NotFound for a measure that is not on or a break-down that does not exist.
    """
    _require(wb, measure_id, by)
    found = gap_counts.by_slice(wb, measure_id, by) if year is None else _slices_of_year(wb, year, measure_id, by)
    counts = found.filter(pl.col("eligible") > 0)
    rows = with_interval(counts).with_columns(beyond=pl.lit(None, pl.String))
    if BY_KEY[by].is_compared:
        rows = rows.with_columns(_beyond(rows)).sort("eligible", "name", descending=[True, False])
    return rows.select(*SLICE_RATES)


def _slices_of_year(wb: Workbench, year: int, measure_id: str, by: str) -> pl.DataFrame:
    care_gaps.require_year(wb, year)
    return gap_counts.by_slice_of_year(wb, year, measure_id, by)


def month_ends(today: date) -> list[date]:
    """The last twelve ends of a month before today, and today."""
    first = today.replace(day=1)
    return [shift(first, months=-back) - timedelta(days=1) for back in reversed(range(MONTHS))] + [today]


def is_trend_known(wb: Workbench, measure_id: str) -> bool:
    """Whether `trend` was asked before on this data by these rules, so that it costs nothing."""
    return all(gap_counts.is_known(wb, measure_id, day) for day in month_ends(wb.today()))


def trend(wb: Workbench, measure_id: str, *, progress: Callable[[float], None] = lambda _: None) -> pl.DataFrame:
    """TREND: the rate of a measure at the last twelve ends of a month and today, evaluated again for each from the
    facts that are known now, by the rules of now, for the patients of now. `progress` is told the share done, 0 to 1.

    Raises NotFound for a measure that is not on.
    """
    _require(wb, measure_id)
    days = month_ends(wb.today())
    rows = [_on_day(wb, measure_id, day, partial(_told, progress, n, len(days))) for n, day in enumerate(days)]
    return with_interval(pl.concat(rows)).select(*TREND).cast(TREND)


def export_measures(wb: Workbench, out: IO[bytes], *, year: int | None = None) -> int:
    """Write `measure_rates`, or `year_rates`, as CSV without small cells, and record it. Returns the number of rows."""
    rows = measure_rates(wb) if year is None else year_rates(wb, year)
    hidden = suppressed(rows, is_whole=False)
    record(wb, "gap_rates.exported", rows=rows.height, suppressed=int(hidden.sum()), year=year)
    return _write(rows, hidden, out)


def export_slices(wb: Workbench, measure_id: str, by: str, out: IO[bytes], *, year: int | None = None) -> int:
    """Write `slice_rates` as CSV without small cells and those from which they could be worked out, and record it.
    Returns the number of rows."""
    rows = slice_rates(wb, measure_id, by, year=year)
    hidden = suppressed(rows, is_whole=True)
    record(wb, "gap_rates.exported", measure_id, by=by, rows=rows.height, suppressed=int(hidden.sum()), year=year)
    return _write(rows, hidden, out)


_EXPORTED = {
    "name": "Name",
    "ends": "Year ends",
    "eligible": "Eligible",
    "satisfied": "Up to date",
    "rate": "Rate",
    "low": "95 % interval, low",
    "high": "95 % interval, high",
    "target": "Target",
    "needed": "Still needed",
}
_TOLD = ("name", "ends", "target")  # also of a row whose counts are hidden


def _write(rows: pl.DataFrame, hidden: pl.Series, out: IO[bytes]) -> int:
    """Counts of open and coming gaps stay behind: differences between them would be small cells again."""
    shown = [name for name in _EXPORTED if name in rows.columns]
    cells = [pl.col(name) if name in _TOLD else pl.when(~hidden).then(pl.col(name)) for name in shown]
    marks = pl.when(hidden).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("Suppressed")
    cells = [cell.round(4) if name in _INTERVAL else cell for cell, name in zip(cells, shown, strict=True)]
    named = [cell.alias(_EXPORTED[name]) for cell, name in zip(cells, shown, strict=True)]
    neutral(rows.select(*named, marks)).write_csv(out, include_bom=True)
    return rows.height


def _on_day(wb: Workbench, measure_id: str, day: date, progress: Callable[[float], None]) -> pl.DataFrame:
    counts = gap_counts.on_day(wb, measure_id, day, progress=progress)
    progress(1.0)
    return counts.select(pl.lit(day).alias("on"), pl.col("eligible", "satisfied", "open"))


def _told(progress: Callable[[float], None], number: int, days: int, share: float) -> None:
    progress((number + share) / days)


def _beyond(rows: pl.DataFrame) -> pl.Series:
    overall = overall_rate(rows)
    places = [limits(size, overall).place(rate) for size, rate in rows.select("eligible", "rate").iter_rows()]
    return pl.Series("beyond", places, dtype=pl.String)


def _require(wb: Workbench, measure_id: str, by: str | None = None) -> None:
    known = care_gaps.measure_names(wb)
    if measure_id not in known:
        raise NotFound(f"There is no measure '{measure_id}' that is on. There are {', '.join(sorted(known))}.")
    if by is not None and by not in BY_KEY:
        raise NotFound(f"Rates by '{by}' do not exist. There are {', '.join(BY_KEY)}.")
