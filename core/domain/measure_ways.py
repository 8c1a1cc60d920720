"""How far each patient is on the ways to satisfy a measure: when it is due, what was last, whether it is complete."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, reduce
from operator import and_, or_

import polars as pl

from core.domain.columns import blank, same
from core.domain.fact_order import ends_of_runs
from core.domain.measure import AnyWay, EveryWay, Requirement, Series, Span, Way
from core.domain.measure_criteria_evaluation import latest_of, met
from core.domain.measure_panel import Panel

NEVER_DUE = date(9999, 1, 1)  # done once for a lifetime


@dataclass(frozen=True)
class Progress:
    """Columns for each patient.

    due           the last day on which what there is still counts, or the day the next dose is due; null = due already
    last          the latest event that counts
    is_complete   nothing is missing but perhaps renewal
    is_begun      there is an event that counts in one of the parts
    count         of a way by itself: how many events of a series count
    """

    due: pl.Series
    last: pl.Series
    is_complete: pl.Series
    is_begun: pl.Series
    count: pl.Series | None = None


def progress(requirement: Requirement, panel: Panel, *, as_of: date) -> Progress:
    """How far each patient is on a requirement. The panel remembers it: several questions ask for the same."""
    key = (requirement, as_of)
    if key not in panel.remembered:
        panel.remembered[key] = _progress(requirement, panel, as_of)
    found = panel.remembered[key]
    assert isinstance(found, Progress)
    return found


def _progress(requirement: Requirement, panel: Panel, as_of: date) -> Progress:
    if isinstance(requirement, Way):
        return _way(requirement, panel, as_of)
    parts = [progress(part, panel, as_of=as_of) for part in requirement.parts]
    return _any(parts) if isinstance(requirement, AnyWay) else _every(parts)


def missing(requirement: Requirement, panel: Panel, *, as_of: date) -> pl.Series:
    """The names of the parts that are not up to date, for a requirement that needs several; else null."""
    if not isinstance(requirement, EveryWay):
        return blank(panel.patients.height, pl.Categorical)
    names = []
    for part in requirement.parts:
        found = progress(part, panel, as_of=as_of)
        is_current = found.is_complete & (found.due >= as_of).fill_null(False)
        names.append(pl.when(~is_current).then(pl.lit(part.name)))
    listed = pl.select(pl.concat_str(names, separator=", ", ignore_nulls=True)).to_series()
    return listed.set(listed == "", None).cast(pl.Categorical)


def _any(parts: list[Progress]) -> Progress:
    """That of the part which is due latest; among equals the latest event."""
    due = latest_of([part.due for part in parts])
    chosen = [part.due.eq_missing(due) for part in parts]
    lasts = [pl.when(is_it).then(part.last) for is_it, part in zip(chosen, parts, strict=True)]
    complete = [is_it & part.is_complete for is_it, part in zip(chosen, parts, strict=True)]
    last = pl.select(pl.max_horizontal(lasts)).to_series()
    return Progress(due, last, reduce(or_, complete), reduce(or_, (part.is_begun for part in parts)))


def _every(parts: list[Progress]) -> Progress:
    is_open = reduce(or_, (part.due.is_null() for part in parts))
    due = pl.select(pl.when(~is_open).then(pl.min_horizontal([part.due for part in parts]))).to_series()
    last, begun = latest_of([part.last for part in parts]), reduce(or_, (part.is_begun for part in parts))
    return Progress(due, last, reduce(and_, (part.is_complete for part in parts)), begun)


# ---- one way ---------------------------------------------------------------------------------------------------------
def _way(way: Way, panel: Panel, as_of: date) -> Progress:
    found = _series(way, panel) if way.series or way.ages else _events(way, panel)
    if way.unless is None:
        return found
    counts = ~met(way.unless, panel, as_of=as_of)
    blank = pl.select(pl.when(counts).then(found.due).alias("due"), pl.when(counts).then(found.last).alias("last"))
    return Progress(blank["due"], blank["last"], found.is_complete & counts, found.is_begun & counts)


def _events(way: Way, panel: Panel) -> Progress:
    """A way of single events: the last one decides."""
    if way.partner:
        last = _beside_partner(way, panel)
    else:
        name = "result_on" if way.needs_result else "on"
        last = latest_of([panel.column(concept, name) for concept in way.concepts])
    is_done, due = last.is_not_null(), _renewal(way, last)
    if way.is_active:
        until = latest_of([panel.column(concept, "until") for concept in way.concepts])
        due = pl.select(pl.max_horizontal(due, until).clip(None, NEVER_DUE)).to_series()
    return Progress(due, last, is_done, is_done)


def _renewal(way: Way, last: pl.Series) -> pl.Series:
    """When what was last done stops to count."""
    if way.window is None:
        return pl.select(pl.when(last.is_not_null()).then(pl.lit(NEVER_DUE))).to_series()
    return later(last, way.window)


def _counting(way: Way, panel: Panel) -> pl.DataFrame:
    events = panel.events(way.concepts)
    return events.filter("has_result") if way.needs_result else events


def _beside_partner(way: Way, panel: Panel) -> pl.Series:
    """The latest event with a partner close to it."""
    assert way.partner is not None
    others = panel.events(way.partner.concepts).select("row", other="on")
    pairs = _counting(way, panel).join(others, on="row")
    apart = (pl.col("on") - pl.col("other")).dt.total_days().abs()
    found = pairs.filter(apart <= way.partner.days).group_by("row").agg(pl.col("on").max())
    return panel.spread(found["row"], found["on"])


def _series(way: Way, panel: Panel) -> Progress:
    """A way of several doses, or of one event at a certain age."""
    born = panel.patients["birth_date"]
    nothing = blank(born.len(), pl.Date)
    counting = _counting(way, panel).select("row", "on")  # in order, if they are of one concept
    if counting.is_empty():  # nobody has had any, of which there is nothing to work out
        none = same(False, born.len(), pl.Boolean)
        at_age = reached(born, way.ages.due) if way.ages and way.ages.due else nothing
        return Progress(at_age, nothing, none, none, same(0, born.len(), pl.UInt32))
    doses = _at_age(_days(counting if len(way.concepts) == 1 else counting.sort("row", "on")), way, born)
    taken = _taken(doses, way.series) if way.series else doses.group_by("row").agg(pl.col("on").max(), count=pl.lit(1))
    last = panel.spread(taken["row"], taken["on"])
    count = panel.spread(taken["row"], taken["count"]).fill_null(0)
    is_complete = count >= (way.series.count if way.series else 1)
    after_last = later(last, way.series.next_after) if way.series and way.series.next_after else nothing
    at_age = reached(born, way.ages.due) if way.ages and way.ages.due else nothing
    due = pl.when(is_complete).then(_renewal(way, last)).otherwise(pl.coalesce(after_last, at_age))
    return Progress(pl.select(due).to_series(), last, is_complete, last.is_not_null(), count)


def _days(doses: pl.DataFrame) -> pl.DataFrame:
    """One row for each patient and day. The doses must be in this order."""
    return doses.filter(ends_of_runs(doses, "row", "on"))


def _at_age(doses: pl.DataFrame, way: Way, born: pl.Series) -> pl.DataFrame:
    """The doses of patients at the ages at which they count; without a birth date none does."""
    if way.ages is None:
        return doses
    births, counts = born.gather(doses["row"]), same(True, doses.height, pl.Boolean)
    if way.ages.first:
        counts &= doses["on"] >= reached(births, way.ages.first)
    if way.ages.last:
        counts &= doses["on"] <= reached(births, way.ages.last)
    return doses.filter(counts.fill_null(False))


def _taken(doses: pl.DataFrame, series: Series) -> pl.DataFrame:
    """row, count and on (of the last one): the doses that count, each far enough after the one before."""
    if series.spacing_days == 1:  # every one on a day of its own
        first = pl.col("on").sort().head(series.count)
        return doses.group_by("row").agg(first.last(), first.len().alias("count"))
    current = doses.group_by("row").agg(pl.col("on").min())
    taken = [current.with_columns(pl.lit(1, pl.UInt32).alias("count"))]
    for number in range(2, series.count + 1):
        later_ones = doses.join(current.rename({"on": "before"}), on="row")
        spaced = later_ones.filter(pl.col("on") >= pl.col("before") + timedelta(days=series.spacing_days))
        current = spaced.group_by("row").agg(pl.col("on").min())
        taken.append(current.with_columns(pl.lit(number, pl.UInt32).alias("count")))
    # Of each patient the step that was reached last.
    return pl.concat(taken).group_by("row").agg(pl.col("on").max(), pl.col("count").max())


def shifted(days: pl.Series, by: str) -> pl.Series:
    """Days moved by so many months ('24mo'); the last day of a month that is too short. Where there are fewer different
    days than patients, each day is moved once."""
    first, last = days.min(), days.max()
    if not isinstance(first, date) or not isinstance(last, date) or (last - first).days >= days.len():
        return days.dt.offset_by(by)
    places = days.to_physical() - (date(first.year, 1, 1) - date(1970, 1, 1)).days
    return _moved(first.year, last.year, by).gather(places.cast(pl.UInt32))


@lru_cache(maxsize=32)
def _moved(first: int, last: int, by: str) -> pl.Series:
    """Every day of some years moved: nearly the same for each shard."""
    return pl.date_range(date(first, 1, 1), date(last, 12, 31), eager=True).dt.offset_by(by)


def later(days: pl.Series, span: Span) -> pl.Series:
    """Days later by a span; the last day of a month that is too short."""
    moved = shifted(days, f"{span.months}mo") if span.months else days
    return moved.dt.offset_by(f"{span.days}d") if span.days else moved


def reached(born: pl.Series, age: Span) -> pl.Series:
    """The day on which an age is reached. Whoever was born on a day that the month or year does not have reaches it on
    the first of the next month (core.domain.calendar_months.born_by)."""
    moved = born.dt.offset_by(f"{age.months}mo") if age.months else born
    is_too_short = moved.dt.day() != born.dt.day()
    moved = (moved.to_physical() + is_too_short.cast(pl.Int32)).cast(pl.Date)
    return moved.dt.offset_by(f"{age.days}d") if age.days else moved
