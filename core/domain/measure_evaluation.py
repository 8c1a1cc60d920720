"""Which state each measure finds for each patient: whole columns at a time, no clock and no order of rows.

The tests hold an obvious evaluator, one patient after the other, against this one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import and_, or_

import polars as pl

from core.domain.calendar_months import born_by, outreach_start, season_start, window_start
from core.domain.clinical import GAP_STATES, GAPS
from core.domain.measure import Aged, AllOf, Criterion, LatestValue, Measure, Population, Recorded, Season, Way
from core.domain.measure_panel import Lookup, build_panel, latest_day, lookups_of, lookups_of_way

PATIENT_COLUMNS = ("patient_id", "birth_date", "sex", "sex_at_birth", "status", "deceased_on")
_NEVER_DUE = date(9999, 1, 1)  # done once for a lifetime


def evaluate_shard(
    measures: Iterable[Measure], patients: pl.DataFrame, facts: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """GAPS: one row per measure and patient, measures in the order given and patients in the order of their frame.

    patients   at least PATIENT_COLUMNS, one row each; facts of other patients are ignored
    facts      FACTS in any order; those after `as_of` are ignored
    """
    wanted = list(measures)
    panel = build_panel(wanted, patients.select(PATIENT_COLUMNS), facts, as_of=as_of)
    frames = [_gaps(measure, panel, as_of=as_of) for measure in wanted]
    return pl.concat(frames) if frames else GAPS.to_frame()


@dataclass(frozen=True)
class _Result:
    """Columns of what a measure finds for those it is about: each an expression over the panel."""

    state: pl.Expr
    reason: pl.Expr
    due_on: pl.Expr
    last_on: pl.Expr
    last_value: pl.Expr
    window_start: pl.Expr


def _gaps(measure: Measure, panel: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    is_inside, why_outside = _population(measure.population, as_of=as_of)
    found = _latest(measure.latest, as_of=as_of) if measure.latest else _ways(measure, as_of=as_of)
    for columns in _dated(measure):
        panel = panel.with_columns(columns)
    panel = panel.with_columns(
        is_inside.alias("is inside"),
        why_outside.alias("why outside"),
        _excluded(measure, as_of=as_of).alias("excluded"),
    )
    is_outside = ~pl.col("is inside").fill_null(True)
    is_found = pl.col("is inside").fill_null(False) & pl.col("excluded").is_null()
    state = (
        pl.when(is_outside)
        .then(pl.lit("not_applicable"))
        .when(pl.col("excluded").is_not_null())
        .then(pl.lit("excluded"))
        .when(is_found)
        .then(found.state)
        .otherwise(pl.lit("cannot_determine"))
    )
    not_found = pl.when(is_outside).then(pl.col("why outside")).otherwise(pl.coalesce("excluded", "why outside"))
    return panel.select(
        "patient_id",
        pl.lit(measure.measure_id).alias("measure_id"),
        state.cast(pl.Enum(GAP_STATES)).alias("state"),
        pl.when(is_found).then(found.reason).otherwise(not_found).alias("reason"),
        *(pl.when(is_found).then(getattr(found, name)).alias(name) for name in _LOOKED_AT),
        pl.lit(as_of).alias("as_of"),
    ).cast(GAPS)


_LOOKED_AT = ("due_on", "last_on", "last_value", "window_start")


def _population(population: Population, *, as_of: date) -> tuple[pl.Expr, pl.Expr]:
    """(is the patient meant: true, false or null when that cannot be known; why not: the first test that fails, or
    the first that cannot be decided)."""
    tests: list[tuple[str, str, pl.Expr]] = []
    if population.age:
        born = pl.col("birth_date")
        test = born <= born_by(as_of, months=population.age.from_months)
        if population.age.through_years is not None:
            test &= born > born_by(as_of, months=12 * (population.age.through_years + 1))
        tests.append(("age", "birth_date", test))
    if population.sex:
        tests.append(("sex", "sex", _is_of_sex(population.sex)))
    if population.condition:
        active = (pl.col(Lookup(population.condition).until) > as_of).fill_null(False)
        tests.append(("condition", "condition", active))
    fails = [pl.when(test.eq(False)).then(pl.lit(reason)) for reason, _, test in tests]
    unknown = [pl.when(test.is_null()).then(pl.lit(reason)) for _, reason, test in tests]
    everybody = pl.lit(True)
    return reduce(and_, (test for _, _, test in tests), everybody), pl.coalesce(
        *fails, *unknown, pl.lit(None, pl.String)
    )


def _is_of_sex(sex: str) -> pl.Expr:
    """True or false where both entries say so: other, unknown or differing entries decide nothing."""
    says = pl.col("sex").is_in(["F", "M"])
    agrees = pl.col("sex_at_birth").fill_null("U").is_in(["U"]) | (pl.col("sex_at_birth") == pl.col("sex"))
    return pl.when(says & agrees).then(pl.col("sex") == sex)


def _excluded(measure: Measure, *, as_of: date) -> pl.Expr:
    """The first reason to leave a patient out, or null."""
    status = pl.col("status").fill_null("active")
    died = (
        pl.when(pl.col("deceased_on").is_not_null())
        .then(pl.col("deceased_on") <= as_of)
        .otherwise(status == "deceased")
    )
    standing = [
        pl.when(status == "test").then(pl.lit("test_patient")),
        pl.when(died).then(pl.lit("deceased")),
        pl.when(status == "inactive").then(pl.lit("inactive")),
    ]
    clinical = [
        pl.when(_is_met(exclusion.when, as_of=as_of)).then(pl.lit(exclusion.exclusion_id))
        for exclusion in measure.exclusions
    ]
    return pl.coalesce(*standing, *clinical)


def _is_met(criterion: Criterion, *, as_of: date) -> pl.Expr:
    """True or false: what is not known is not met, as in official measures."""
    if isinstance(criterion, Recorded):
        return reduce(or_, (_is_recorded(each, criterion, as_of=as_of) for each in lookups_of(criterion)))
    if isinstance(criterion, Aged):
        return (pl.col("birth_date") <= born_by(as_of, months=12 * criterion.years)).fill_null(False)
    tests = [_is_met(each, as_of=as_of) for each in criterion.criteria]
    return reduce(and_, tests) if isinstance(criterion, AllOf) else reduce(or_, tests)


def _is_recorded(lookup: Lookup, recorded: Recorded, *, as_of: date) -> pl.Expr:
    until = pl.col(lookup.until)
    if recorded.active:
        return (until > as_of).fill_null(False)
    if recorded.months is not None:
        return (until >= window_start(as_of, months=recorded.months)).fill_null(False)
    return until.is_not_null()


def _dated(measure: Measure) -> list[list[pl.Expr]]:
    """Columns to compute once, step by step: of each way the last event and when it is due, then the latest due."""
    lasts = [
        pl.max_horizontal([pl.col(lookup.on) for lookup in lookups_of_way(way)]).alias(f"last {n}")
        for n, way in enumerate(measure.ways)
    ]
    dues = [_due(way, pl.col(f"last {n}")).alias(f"due {n}") for n, way in enumerate(measure.ways)]
    return [lasts, dues, [pl.max_horizontal([f"due {n}" for n in range(len(dues))]).alias("due")] if dues else []]


def _due(way: Way, last: pl.Expr) -> pl.Expr:
    if way.months is None:
        return pl.when(last.is_not_null()).then(pl.lit(_NEVER_DUE))
    return last.dt.offset_by(f"{way.months}mo")


def _ways(measure: Measure, *, as_of: date) -> _Result:
    season = measure.ways[0].season
    if season is not None:
        return _season(season, pl.col("last 0"), due_soon_days=measure.due_soon_days, as_of=as_of)
    due, numbers = pl.col("due"), range(len(measure.ways))
    # Of the events that are due last, the latest; its window is that of the first such way in the file.
    last = pl.max_horizontal([pl.when(pl.col(f"due {n}") == due).then(pl.col(f"last {n}")) for n in numbers])
    starts = [window_start(as_of, months=way.months) if way.months else None for way in measure.ways]
    longest = min((each for each in starts if each), default=None)
    window = [pl.when(pl.col(f"due {n}") == due).then(pl.lit(starts[n], pl.Date)) for n in numbers]
    is_over = (due < as_of).fill_null(True)
    is_soon = due <= as_of + timedelta(days=measure.due_soon_days)
    return _Result(
        state=pl.when(is_over)
        .then(pl.lit("overdue"))
        .otherwise(pl.when(is_soon).then(pl.lit("due_soon")).otherwise(pl.lit("satisfied"))),
        reason=pl.when(due.is_null())
        .then(pl.lit("never"))
        .otherwise(pl.when(is_over).then(pl.lit("lapsed")).otherwise(pl.lit("done"))),
        due_on=pl.when(due < _NEVER_DUE).then(due),
        last_on=last,
        last_value=pl.lit(None, pl.Float64),
        window_start=pl.when(due.is_null()).then(pl.lit(longest, pl.Date)).otherwise(pl.coalesce(window)),
    )


def _season(season: Season, last: pl.Expr, *, due_soon_days: int, as_of: date) -> _Result:
    start = season_start(season, as_of)
    is_done = (last >= start).fill_null(False)
    opens = outreach_start(season, as_of, is_satisfied=False)
    opens_next = outreach_start(season, as_of, is_satisfied=True)
    soon = as_of + timedelta(days=due_soon_days)
    if opens <= as_of:
        state, reason = "overdue", pl.when(last.is_null()).then(pl.lit("never")).otherwise(pl.lit("lapsed"))
    elif opens <= soon:
        state, reason = "due_soon", pl.lit("season_soon")
    else:
        state, reason = "not_applicable", pl.lit("out_of_season")
    done_state = "due_soon" if opens_next <= soon else "satisfied"
    return _Result(
        state=pl.when(is_done).then(pl.lit(done_state)).otherwise(pl.lit(state)),
        reason=pl.when(is_done).then(pl.lit("done")).otherwise(reason),
        due_on=pl.when(is_done).then(pl.lit(opens_next)).otherwise(pl.lit(opens)),
        last_on=last,
        last_value=pl.lit(None, pl.Float64),
        window_start=pl.lit(start),
    )


def _latest(latest: LatestValue, *, as_of: date) -> _Result:
    start = window_start(as_of, months=latest.months)
    column = latest_day(latest)
    is_tested = (pl.col(column.day) >= start).fill_null(False)
    branches = (
        (~is_tested, "cannot_determine", "no_result"),
        (pl.col(column.is_in_range), "satisfied", "done"),
        (pl.col(column.is_above), "out_of_range", "above"),
        (pl.lit(True), "cannot_determine", "no_value"),
    )
    return _Result(
        state=pl.coalesce(*[pl.when(test).then(pl.lit(state)) for test, state, _ in branches]),
        reason=pl.coalesce(*[pl.when(test).then(pl.lit(reason)) for test, _, reason in branches]),
        due_on=pl.lit(None, pl.Date),
        last_on=pl.col(column.day),
        last_value=pl.col(column.value),
        window_start=pl.lit(start),
    )
