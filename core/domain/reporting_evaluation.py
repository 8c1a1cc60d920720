"""Who is in which population of a reporting rule: all patients at once, from records and what their codes mean.

What is not known is not met, as in the official logic. A moment or number of which only bounds are known passes a test
when all that lies between them passes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_

import polars as pl

from core.domain.clinical import schema
from core.domain.reporting_rule import (
    POPULATIONS,
    Aged,
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
    Selection,
    Some,
)
from core.domain.reporting_times import THEIR, certain_day, compared, days, in_years, moments, period_day, with_ends
from core.domain.reporting_times import Period as Period

FOUND = schema({"patient_id": pl.String, "group": pl.String} | dict.fromkeys(POPULATIONS, pl.Boolean))


def evaluate_reporting(
    rule: ReportingRule, patients: pl.DataFrame, records: pl.DataFrame, meanings: pl.DataFrame, *, period: Period
) -> pl.DataFrame:
    """FOUND: one row per patient and group of the rule, patients in the order of their frame.

    patients   RECORD_PATIENTS; records: RECORDS of them
    meanings   record, part, concept: what the codes of the records mean
    A patient outside a population is outside those below it; who is excluded is in no numerator, and who is in the
    numerator needs no exception.
    """
    charts = _Charts(rule, patients, with_ends(records), meanings, period)
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
                on = period_day(test.at, self.period)
                return self._asked(in_years(test, on, on))
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
        counted = certain_day("start").drop_nulls().n_unique() if criterion.by_day else pl.len()
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
        births = ("birth_least", "birth_most")
        rows = rows.join(
            self.patients.select("patient_id", *births), on="patient_id", how="left", maintain_order="left"
        )
        tests = [compared(each, self.period) for each in selection.when if each.right.of == "birth"]
        if selection.age:
            on = days(selection.age.at)
            tests.append(in_years(selection.age, *on))
        return rows.filter(reduce(and_, tests).fill_null(False)).drop(births)

    def _related(self, rows: pl.DataFrame, relation: Relation) -> pl.DataFrame:
        others = self.selected(relation.definition).rename(
            lambda column: column if column == "patient_id" else THEIR + column
        )
        pairs = rows.join(others, on="patient_id")
        tests = [compared(each, self.period) for each in relation.tests]
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
        tests.append(pl.col("number_least").is_not_null())
    if selection.number:
        tests += _number_tests(selection.number)
    tests += [compared(each, period) for each in selection.when if each.right.of != "birth"]
    return reduce(and_, tests, pl.lit(True))


def _number_tests(test: NumberTest) -> list[pl.Expr]:
    least, most = pl.col("number_least"), pl.col("number_most")
    bounds = {"above": least.gt, "at_least": least.ge, "below": most.lt, "at_most": most.le}
    tests = [compare(bound) for name, compare in bounds.items() if (bound := getattr(test, name)) is not None]
    if test.unit:
        is_of_unit = pl.col("unit") == test.unit
        tests.append(is_of_unit.fill_null(True) if test.may_lack_unit else is_of_unit)
    return tests


def _asks_birth(selection: Selection) -> bool:
    return any(each.right.of == "birth" for each in selection.when)


# ---- which of the selected records count ---------------------------------------------------------------------------
def _latest_day(rows: pl.DataFrame) -> pl.DataFrame:
    """The records of the latest day, where it is certain which day that is."""
    latest = days(Point("own", "latest"))[1].max().over("patient_id")
    return rows.filter(certain_day("latest") == latest)


def _lowest(rows: pl.DataFrame) -> pl.DataFrame:
    """The lowest number of each patient; an entry without a number comes before every number. Where numbers are known
    by bounds alone, the lowest is no higher than the lowest upper bound."""
    lowest = pl.when(pl.col("number_least").is_not_null()).then(pl.col("number_most").min().over("patient_id"))
    return (
        rows.with_columns(number_most=lowest)
        .sort("number_least", nulls_last=False, maintain_order=True)
        .unique("patient_id", keep="first", maintain_order=True)
    )


def _last_by_start(rows: pl.DataFrame) -> pl.DataFrame:
    """The record that starts last; of several the one that stands last."""
    return _last_by(rows, moments(Point("own", "start"))[0])


def _last_by_end(rows: pl.DataFrame) -> pl.DataFrame:
    """The record that ends last; of several the one that stands last."""
    return _last_by(rows, moments(Point("own", "end"))[1])


def _last_by(rows: pl.DataFrame, moment: pl.Expr) -> pl.DataFrame:
    return rows.sort(moment, "record").unique("patient_id", keep="last", maintain_order=True)


_KEEP: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "latest_day": _latest_day,
    "lowest": _lowest,
    "last_by_start": _last_by_start,
    "last_by_end": _last_by_end,
}
