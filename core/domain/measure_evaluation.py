"""Which state each measure finds for each patient: whole columns at a time, no clock and no order of rows.

The tests hold an obvious evaluator, one patient after the other, against this one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, reduce
from operator import and_, or_

import polars as pl

from core.domain.calendar_months import first_day, outreach_start, season_start
from core.domain.clinical import GAP_STATES, GAPS, STORED_GAPS
from core.domain.columns import blank, same
from core.domain.last_facts import latest_numbers
from core.domain.measure import AnyWay, EveryWay, LatestValue, Limit, Measure, Population, Requirement, Season, ways_of
from core.domain.measure_criteria_evaluation import highest_of, is_aged, latest_of, lowest_of, met, surely
from core.domain.measure_panel import Panel, build_panel
from core.domain.measure_ways import NEVER_DUE, missing, progress


def evaluate_shard(
    measures: Iterable[Measure], patients: pl.DataFrame, facts: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """GAPS: one row per measure and patient, measures in the order given and patients in the order of their frame.

    patients   at least patient_id and PATIENT_COLUMNS, one row each; facts of other patients are ignored
    facts      FACTS in any order; those after `as_of` are ignored
    """
    wanted = list(measures)
    stored = evaluate_panel(wanted, build_panel(wanted, patients, facts, as_of=as_of), as_of=as_of)
    return gaps_of(stored, patients, as_of=as_of)


def gaps_of(stored: pl.DataFrame, patients: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """GAPS from STORED_GAPS of these patients for a day."""
    ids = patients["patient_id"].gather(stored["row"])
    return stored.with_columns(ids, pl.lit(as_of).alias("as_of")).select(*GAPS).cast(GAPS)


def evaluate_panel(measures: Iterable[Measure], panel: Panel, *, as_of: date) -> pl.DataFrame:
    """STORED_GAPS from a panel: no fact is looked at again."""
    frames = [_gaps(measure, panel, as_of=as_of) for measure in measures]
    return pl.concat(frames) if frames else STORED_GAPS.to_frame()


@cache
def _state(word: str) -> pl.Expr:
    return pl.lit(word, pl.Enum(GAP_STATES))


@cache
def _word(word: str) -> pl.Expr:
    return pl.lit(word, pl.Categorical)


@dataclass(frozen=True)
class _Result:
    """Columns of what a measure finds for those it is about: series, or expressions over none."""

    state: pl.Expr
    reason: pl.Expr
    due_on: pl.Expr | pl.Series
    last_on: pl.Series
    last_value: pl.Expr | pl.Series
    window_start: pl.Expr | pl.Series
    missing: pl.Expr | pl.Series


_NO_NUMBER = pl.lit(None, pl.Float64)
_NO_TEXT = pl.lit(None, pl.Categorical)
_NO_DAY = pl.lit(None, pl.Date)
_LOOKED_AT = ("due_on", "last_on", "last_value", "window_start", "missing")


def _gaps(measure: Measure, panel: Panel, *, as_of: date) -> pl.DataFrame:
    is_inside, why_outside = _population(measure.population, panel, as_of=as_of)
    excluded = _excluded(measure, panel, as_of=as_of)
    found = _found(measure, panel, as_of)
    is_outside = ~is_inside.fill_null(True)
    is_found = is_inside.fill_null(False) & excluded.is_null()
    state = (
        pl.when(is_outside)
        .then(_state("not_applicable"))
        .when(excluded.is_not_null())
        .then(_state("excluded"))
        .when(is_found)
        .then(found.state)
        .otherwise(_state("cannot_determine"))
    )
    not_found = pl.when(is_outside).then(why_outside).otherwise(pl.coalesce(excluded, why_outside))
    columns = {
        "row": pl.int_range(pl.len(), dtype=pl.UInt32),
        "measure_id": _word(measure.measure_id),
        "state": state,
        "reason": pl.when(is_found).then(found.reason).otherwise(not_found),
        **{name: pl.when(is_found).then(getattr(found, name)) for name in _LOOKED_AT},
    }
    return panel.patients.select(columns[name].cast(kind).alias(name) for name, kind in STORED_GAPS.items())


def _found(measure: Measure, panel: Panel, as_of: date) -> _Result:
    if measure.latest:
        return _latest(measure.latest, panel, as_of=as_of)
    assert measure.needs is not None
    if measure.season:
        last = progress(measure.ways[0], panel, as_of=as_of).last
        return _season(measure.season, last, due_soon_days=measure.due_soon_days, as_of=as_of)
    return _needed(measure.needs, panel, due_soon_days=measure.due_soon_days, as_of=as_of)


# ---- whom a measure is about -----------------------------------------------------------------------------------------
def _population(population: Population, panel: Panel, *, as_of: date) -> tuple[pl.Series, pl.Series]:
    """(is the patient meant: true, false or null when that cannot be known; why not: the first test that fails, or
    the first that cannot be decided)."""
    people = panel.patients
    tests: list[tuple[str, str, pl.Series]] = []
    if population.age:
        tests.append(("age", "birth_date", is_aged(population.age, people["birth_date"], as_of=as_of)))
    if population.sex:
        tests.append(("sex", "sex", people.select(_is_of_sex(population.sex)).to_series()))
    if population.when:
        tests.append(("condition", "condition", met(population.when, panel, as_of=as_of)))
    everybody = same(True, people.height, pl.Boolean)
    fails = [pl.when(~test).then(_word(reason)) for reason, _, test in tests]
    unknown = [pl.when(test.is_null()).then(_word(reason)) for _, reason, test in tests]
    why = pl.coalesce(*fails, *unknown, blank(people.height, pl.Categorical))
    return reduce(and_, (test for _, _, test in tests), everybody), people.select(why.alias("why")).to_series()


def _is_of_sex(sex: str) -> pl.Expr:
    """True or false where both entries say so: other, unknown or differing entries decide nothing."""
    says = pl.col("sex").is_in(["F", "M"])
    agrees = pl.col("sex_at_birth").fill_null("U").is_in(["U"]) | (pl.col("sex_at_birth") == pl.col("sex"))
    return pl.when(says & agrees).then(pl.col("sex") == sex)


def _excluded(measure: Measure, panel: Panel, *, as_of: date) -> pl.Series:
    """The first reason to leave a patient out, or null."""
    status = pl.col("status").fill_null("active")
    died = (
        pl.when(pl.col("deceased_on").is_not_null())
        .then(pl.col("deceased_on") <= as_of)
        .otherwise(status == "deceased")
    )
    standing = [
        pl.when(status == "test").then(_word("test_patient")),
        pl.when(died).then(_word("deceased")),
        pl.when(status == "inactive").then(_word("inactive")),
    ]
    clinical = [
        pl.when(surely(exclusion.when, panel, as_of=as_of)).then(_word(exclusion.exclusion_id))
        for exclusion in measure.exclusions
    ]
    return panel.patients.select(pl.coalesce(*standing, *clinical).alias("excluded")).to_series()


# ---- what was found --------------------------------------------------------------------------------------------------
def _needed(needs: Requirement, panel: Panel, *, due_soon_days: int, as_of: date) -> _Result:
    found = progress(needs, panel, as_of=as_of)
    due, absent = found.due, missing(needs, panel, as_of=as_of)
    is_over = (due < as_of).fill_null(True)
    is_soon = (due <= as_of + timedelta(days=due_soon_days)).fill_null(False)
    has_lapsed = found.is_complete & _all_over(needs, panel, as_of)
    overdue = (
        pl.when(~found.is_begun)
        .then(_word("never"))
        .otherwise(pl.when(has_lapsed).then(_word("lapsed")).otherwise(_word("incomplete")))
    )
    waiting = pl.when(found.is_complete).then(_word("done")).otherwise(_word("on_track"))
    return _Result(
        state=pl.when(is_over)
        .then(_state("overdue"))
        .otherwise(pl.when(is_soon).then(_state("due_soon")).otherwise(_state("satisfied"))),
        reason=pl.when(is_over).then(overdue).otherwise(waiting),
        due_on=pl.when(due < NEVER_DUE).then(due),
        last_on=found.last,
        last_value=_NO_NUMBER,
        window_start=_window_start(needs, panel, found.due, as_of),
        missing=absent,
    )


def _all_over(needs: Requirement, panel: Panel, as_of: date) -> pl.Series:
    """Whether every part of a requirement that needs several is past its due date; true of any other requirement."""
    if not isinstance(needs, EveryWay):
        return same(True, panel.patients.height, pl.Boolean)
    parts = (progress(part, panel, as_of=as_of) for part in needs.parts)
    return reduce(and_, ((part.due < as_of).fill_null(False) for part in parts))


def _window_start(needs: Requirement, panel: Panel, due: pl.Series, as_of: date) -> pl.Expr:
    """The first day looked at: of the part that decides, or of the longest window when nothing was found."""
    longest = min(_starts(needs, as_of), default=None)
    if not isinstance(needs, AnyWay):
        return pl.lit(longest, pl.Date)
    parts = [(progress(part, panel, as_of=as_of).due, min(_starts(part, as_of), default=None)) for part in needs.parts]
    chosen = [pl.when(each == due).then(pl.lit(start, pl.Date)) for each, start in parts]
    return pl.when(due.is_null()).then(pl.lit(longest, pl.Date)).otherwise(pl.coalesce(chosen))


def _starts(needs: Requirement, as_of: date) -> Sequence[date]:
    return [first_day(as_of, way.window) for way in ways_of(needs) if way.window]


def _season(season: Season, last: pl.Series, *, due_soon_days: int, as_of: date) -> _Result:
    start = season_start(season, as_of)
    is_done = (last >= start).fill_null(False)
    opens = outreach_start(season, as_of, is_satisfied=False)
    opens_next = outreach_start(season, as_of, is_satisfied=True)
    soon = as_of + timedelta(days=due_soon_days)
    if opens <= as_of:
        state, reason = "overdue", pl.when(last.is_null()).then(_word("never")).otherwise(_word("lapsed"))
    elif opens <= soon:
        state, reason = "due_soon", _word("season_soon")
    else:
        state, reason = "not_applicable", _word("out_of_season")
    done_state = "due_soon" if opens_next <= soon else "satisfied"
    return _Result(
        state=pl.when(is_done).then(_state(done_state)).otherwise(_state(state)),
        reason=pl.when(is_done).then(_word("done")).otherwise(reason),
        due_on=pl.when(is_done).then(pl.lit(opens_next)).otherwise(pl.lit(opens)),
        last_on=last,
        last_value=_NO_NUMBER,
        window_start=pl.lit(start),
        missing=_NO_TEXT,
    )


# ---- values ----------------------------------------------------------------------------------------------------------
def _latest(latest: LatestValue, panel: Panel, *, as_of: date) -> _Result:
    start = first_day(as_of, latest.window)
    reported = _reported(latest, panel)
    day = latest_of([reported[concept]["on"] for concept in latest.concepts])
    is_tested = (day >= start).fill_null(False)
    verdicts = [_verdict(limit, reported, day) for limit in latest.limits]
    is_in_range = reduce(and_, (in_range for in_range, _ in verdicts))
    is_above = reduce(or_, (above for _, above in verdicts))
    untested = ("overdue", "lapsed") if latest.is_due_when_missing else ("cannot_determine", "no_result")
    never = ("overdue", "never") if latest.is_due_when_missing else ("cannot_determine", "no_result")
    branches = (
        (day.is_null(), *never),
        (~is_tested, *untested),
        (is_in_range, "satisfied", "done"),
        (is_above, "out_of_range", "above"),
        (same(True, day.len(), pl.Boolean), "cannot_determine", "no_value"),
    )
    first = latest.limits[0].concepts
    numbers = [reported[concept]["lowest"] for concept in first]
    return _Result(
        state=pl.coalesce(*[pl.when(test).then(_state(state)) for test, state, _ in branches]),
        reason=pl.coalesce(*[pl.when(test).then(_word(reason)) for test, _, reason in branches]),
        due_on=_NO_DAY,
        last_on=day,
        last_value=lowest_of(numbers, [reported[concept]["on"] for concept in first], day),
        window_start=pl.lit(start),
        missing=_NO_TEXT,
    )


_Reported = dict[str, dict[str, pl.Series]]
_NUMBERS = ("on", "lowest", "low", "high")


def _reported(latest: LatestValue, panel: Panel) -> _Reported:
    """Of each concept the latest day and its numbers, without what was reported during other events."""
    if not latest.outside:
        return {each: {name: panel.column(each, name) for name in _NUMBERS} for each in latest.concepts}
    stays = panel.events(latest.outside).select("row", begins="on", ends="until")
    found: _Reported = {}
    for concept in latest.concepts:
        facts = panel.events([concept]).with_row_index("fact")
        during = facts.join(stays, on="row").filter(pl.col("on").is_between("begins", "ends")).select("fact").unique()
        facts = facts.join(during, on="fact", how="anti")
        facts = facts.filter(pl.col("on") == pl.col("on").max().over("row"))
        days = facts.select("row", "on").unique()
        numbers = days.join(latest_numbers(facts, ["row"]), on=["row", "on"], how="left")
        found[concept] = {name: panel.spread(numbers["row"], numbers[name]) for name in _NUMBERS}
    return found


def _verdict(limit: Limit, reported: _Reported, day: pl.Series) -> tuple[pl.Series, pl.Series]:
    """(the lowest result of the day surely keeps the limit, a result surely breaks it and none surely keeps it)."""
    days = [reported[concept]["on"] for concept in limit.concepts]
    low = lowest_of([reported[concept]["low"] for concept in limit.concepts], days, day)
    high = highest_of([reported[concept]["high"] for concept in limit.concepts], days, day)
    if limit.at_most is not None:
        keeps, breaks = low <= limit.at_most, high > limit.at_most
    else:
        assert limit.below is not None
        keeps, breaks = low < limit.below, high >= limit.below
    keeps = keeps.fill_null(False)
    return keeps, breaks.fill_null(False) & ~keeps
