"""Who is in which population of a reporting rule: all patients at once, from records and what their codes mean.

What is not known is not met, as in the official logic.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import and_, or_

import polars as pl

from core.domain.clinical import schema
from core.domain.records import ENDS
from core.domain.reporting_rule import (
    POPULATIONS,
    Aged,
    AgeTest,
    Comparison,
    Every,
    Exists,
    Named,
    Not,
    NumberTest,
    OfSex,
    Point,
    PopulationGroup,
    Relation,
    ReportingCriterion,
    ReportingRule,
    SameId,
    Selection,
    Some,
)

_FOREVER = datetime(9999, 12, 31)  # noqa: DTZ001 - moments of records have no zone
_KNOWN, _ONGOING, _UNKNOWN = ENDS
_THEIR = "their "
FOUND = schema({"patient_id": pl.String, "group": pl.String} | dict.fromkeys(POPULATIONS, pl.Boolean))


@dataclass(frozen=True)
class Period:
    """A measurement period, both days included."""

    start: date
    end: date


def evaluate_reporting(
    rule: ReportingRule, patients: pl.DataFrame, records: pl.DataFrame, meanings: pl.DataFrame, *, period: Period
) -> pl.DataFrame:
    """FOUND: one row per patient and group of the rule, patients in the order of their frame.

    patients   RECORD_PATIENTS; records: RECORDS of them
    meanings   record, part, concept: what the codes of the records mean
    A patient outside a population is outside those below it; who is excluded is in no numerator, and who is in the
    numerator needs no exception.
    """
    charts = _Charts(rule, patients, _with_ends(records), meanings, period)
    return pl.concat([_group(charts, group) for group in rule.groups]).select(*FOUND)


def _group(charts: "_Charts", group: PopulationGroup) -> pl.DataFrame:
    met = {name: charts.met(criterion) for name, criterion in group.criteria.items()}
    nobody = pl.repeat(False, charts.patients.height, eager=True)
    initial = met["initial_population"]
    denominator = initial & met.get("denominator", initial)
    excluded = denominator & met.get("denominator_exclusion", nobody)
    numerator = denominator & ~excluded & met["numerator"]
    excepted = denominator & ~excluded & ~numerator & met.get("denominator_exception", nobody)
    return charts.patients.select("patient_id").with_columns(
        pl.lit(group.group).alias("group"),
        initial.alias("initial_population"),
        denominator.alias("denominator"),
        excluded.alias("denominator_exclusion"),
        excepted.alias("denominator_exception"),
        numerator.alias("numerator"),
    )


@dataclass
class _Charts:
    """The data of one evaluation. What a definition or criterion found is kept, since several ask for it."""

    rule: ReportingRule
    patients: pl.DataFrame
    records: pl.DataFrame
    meanings: pl.DataFrame
    period: Period
    _selected: dict[str, pl.DataFrame] = field(default_factory=dict)
    _judged: dict[str, pl.Series] = field(default_factory=dict)

    # ---- criteria: one truth value for each patient -----------------------------------------------------------
    def met(self, criterion: ReportingCriterion) -> pl.Series:
        """True or false for each patient."""
        match criterion:
            case Exists():
                return self._has(criterion)
            case Aged(test):
                age = _age(pl.col("birth_date"), _period_day(test.at, self.period))
                return self._asked(_in_years(age, test))
            case OfSex(sex, column):
                return self._asked(pl.col(column) == sex)
            case Named(name):
                if name not in self._judged:
                    self._judged[name] = self.met(self.rule.criteria[name])
                return self._judged[name]
            case Not(inner):
                return ~self.met(inner)
            case Every(criteria):
                return reduce(and_, map(self.met, criteria), self._everybody(is_met=True))
            case Some(criteria):
                return reduce(or_, map(self.met, criteria), self._everybody(is_met=False))

    def _has(self, criterion: Exists) -> pl.Series:
        rows = self.selected(criterion.definition)
        counted = pl.col("start_at").dt.date().drop_nulls().n_unique() if criterion.by_day else pl.len()
        enough = rows.group_by("patient_id").agg(counted.alias("count")).filter(pl.col("count") >= criterion.least)
        return self.patients["patient_id"].is_in(enough["patient_id"].implode())

    def _asked(self, test: pl.Expr) -> pl.Series:
        return self.patients.select(test.fill_null(False)).to_series()

    def _everybody(self, *, is_met: bool) -> pl.Series:
        return pl.repeat(is_met, self.patients.height, eager=True)

    # ---- selections: rows of records --------------------------------------------------------------------------
    def selected(self, name: str) -> pl.DataFrame:
        """The records of a definition."""
        if name not in self._selected:
            self._selected[name] = self._select(self.rule.definitions[name])
        return self._selected[name]

    def _select(self, selection: Selection) -> pl.DataFrame:
        if selection.union:
            rows = pl.concat([self.selected(name) for name in selection.union]).unique("record", maintain_order=True)
        else:
            rows = self.records.filter(pl.col("resource").cast(pl.String).is_in(selection.resources))
        for part, concepts in selection.coded:
            meant = self.meanings.filter(pl.col("part").cast(pl.String) == part, pl.col("concept").is_in(concepts))
            rows = rows.join(meant, on="record", how="semi", maintain_order="left")
        rows = rows.filter(_tests(selection, self.period).fill_null(False))
        if selection.age or _asks_birth(selection):
            rows = self._of_age(rows, selection)
        for relation in selection.relations:
            rows = self._related(rows, relation)
        for step in selection.keep:
            rows = _KEEP[step](rows)
        return rows

    def _of_age(self, rows: pl.DataFrame, selection: Selection) -> pl.DataFrame:
        lives = self.patients.select("patient_id", birth_at=pl.col("birth_date").cast(pl.Datetime("us")))
        rows = rows.join(lives, on="patient_id", how="left", maintain_order="left")
        tests = [_compared(each, self.period) for each in selection.when if each.right.of == "birth"]
        if selection.age:
            age = _age(pl.col("birth_at"), _point(selection.age.at, least=True).dt.date())
            tests.append(_in_years(age, selection.age))
        return rows.filter(reduce(and_, tests).fill_null(False)).drop("birth_at")

    def _related(self, rows: pl.DataFrame, relation: Relation) -> pl.DataFrame:
        others = self.selected(relation.definition).rename(
            lambda column: column if column == "patient_id" else _THEIR + column
        )
        pairs = rows.join(others, on="patient_id")
        tests = [_compared(each, self.period) for each in relation.tests]
        related = pairs.filter(reduce(and_, tests, pl.lit(True)).fill_null(False)).select("record").unique()
        how = "anti" if relation.is_without else "semi"
        return rows.join(related, on="record", how=how, maintain_order="left")  # type: ignore[arg-type]


# ---- tests of one record -------------------------------------------------------------------------------------------
def _tests(selection: Selection, period: Period) -> pl.Expr:
    tests = [pl.col(column).is_in(words) for column, words in selection.columns]
    tests += [~pl.col(column).is_in(words).fill_null(False) for column, words in selection.not_words]
    if selection.categories:
        tests.append(pl.col("categories").list.eval(pl.element().is_in(selection.categories)).list.any())
    if selection.has_value is not None:
        tests.append(pl.col("has_value") == selection.has_value)
    if selection.is_number:
        tests.append(pl.col("number").is_not_null())
    if selection.number:
        tests += _number_tests(selection.number)
    tests += [_compared(each, period) for each in selection.when if each.right.of != "birth"]
    return reduce(and_, tests, pl.lit(True))


def _number_tests(test: NumberTest) -> list[pl.Expr]:
    number = pl.col("number")
    bounds = {"above": number.gt, "at_least": number.ge, "below": number.lt, "at_most": number.le}
    tests = [compare(bound) for name, compare in bounds.items() if (bound := getattr(test, name)) is not None]
    return tests + ([pl.col("unit") == test.unit] if test.unit else [])


def _asks_birth(selection: Selection) -> bool:
    return any(each.right.of == "birth" for each in selection.when)


def _compared(test: Comparison | SameId, period: Period) -> pl.Expr:
    if isinstance(test, SameId):
        return pl.col(test.left) == pl.col(_THEIR + test.right)
    asks_least = test.operator in (">", ">=")
    left = _point(test.left, least=asks_least)
    if test.right.of == "period":
        right: pl.Expr = pl.lit(_period_moment(test.right, period))
    else:
        right = _point(test.right, least=not asks_least)
    if not test.left.exact:
        left, right = left.dt.date(), right.dt.date()
    if test.months:
        right = right.dt.offset_by(f"{test.months}mo")
    if test.days:
        right = right + timedelta(days=test.days)
    compare: Callable[[pl.Expr], pl.Expr] = {
        ">=": left.ge, "<=": left.le, ">": left.gt, "<": left.lt, "=": left.eq,
    }[test.operator]  # fmt: skip
    return compare(right)


def _point(point: Point, *, least: bool) -> pl.Expr:
    """The moment of a point. Of an end that is not known it is certain only that it is not before the start."""
    if point.of == "birth":
        return pl.col("birth_at")
    prefix = _THEIR if point.of == "their" else ""
    name = {"start": "start_at", "latest": "latest_at", "authored": "authored_at", "issued": "issued_at"}.get(
        point.name
    )
    return pl.col(prefix + (name or ("end_least" if least else "end_most")))


def _with_ends(records: pl.DataFrame) -> pl.DataFrame:
    """With end_least and end_most, between which the end lies, and latest_at: the end where there is one."""
    end = pl.col("end").cast(pl.String)
    ongoing = pl.when(end == _ONGOING).then(pl.lit(_FOREVER, pl.Datetime("us")))
    unknown = pl.when(end == _UNKNOWN).then("start_at")
    return records.with_columns(
        end_least=pl.coalesce(ongoing, unknown, "end_at"),
        end_most=pl.coalesce(ongoing, pl.when(end == _KNOWN).then("end_at")),
        latest_at=pl.coalesce(pl.when(end == _KNOWN).then("end_at"), "start_at"),
    )


def _period_day(point: Point, period: Period) -> pl.Expr:
    return pl.lit(period.start if point.name == "start" else period.end)


def _period_moment(point: Point, period: Period) -> datetime:
    if point.name == "start":
        return datetime.combine(period.start, time.min)
    return datetime.combine(period.end, time.max)


def _age(birth: pl.Expr, on: pl.Expr) -> pl.Expr:
    """Completed years. Born on 29 February, a year older on 1 March."""
    birthday_is_later = (birth.dt.month() > on.dt.month()) | (
        (birth.dt.month() == on.dt.month()) & (birth.dt.day() > on.dt.day())
    )
    return on.dt.year() - birth.dt.year() - birthday_is_later.cast(pl.Int32)


def _in_years(age: pl.Expr, test: AgeTest) -> pl.Expr:
    within = age >= test.least
    return within if test.through is None else within & (age <= test.through)


# ---- which of the selected records count ---------------------------------------------------------------------------
def _latest_day(rows: pl.DataFrame) -> pl.DataFrame:
    day = pl.col("latest_at").dt.date()
    return rows.filter(day == day.max().over("patient_id"))


def _lowest(rows: pl.DataFrame) -> pl.DataFrame:
    """The lowest number of each patient; an entry without a number comes before every number."""
    return rows.sort("number", nulls_last=False, maintain_order=True).unique(
        "patient_id", keep="first", maintain_order=True
    )


def _last_by_start(rows: pl.DataFrame) -> pl.DataFrame:
    """The record that starts last; of several the one that stands last."""
    return rows.sort("start_at", "record").unique("patient_id", keep="last", maintain_order=True)


def _last_by_end(rows: pl.DataFrame) -> pl.DataFrame:
    """The record that ends last; of several the one that stands last."""
    return rows.sort("end_most", "record").unique("patient_id", keep="last", maintain_order=True)


_KEEP: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "latest_day": _latest_day,
    "lowest": _lowest,
    "last_by_start": _last_by_start,
    "last_by_end": _last_by_end,
}
