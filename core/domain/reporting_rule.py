"""A reporting rule as data: who is in the populations of an official measure for a measurement period.

Read from YAML (core.domain.reporting_file), evaluated for many patients at once (core.domain.reporting_evaluation).
A rule is made of definitions, each a selection of records, and of criteria that ask whether a selection is empty.
docs/reporting-rules.md describes the words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

POPULATIONS = (
    "initial_population",
    "denominator",
    "denominator_exclusion",
    "denominator_exception",
    "numerator",
)


@dataclass(frozen=True)
class Point:
    """A day or moment. of: this record, 'their' (the other record's), 'period' or 'birth'; name: start, end, latest,
    authored or issued. exact: to the microsecond, not by the day."""

    of: str
    name: str
    exact: bool = False


@dataclass(frozen=True)
class Comparison:
    """left operator right, moved by so many days or months. Unknown is not met."""

    left: Point
    operator: str  # >= <= > < =
    right: Point
    days: int = 0
    months: int = 0


@dataclass(frozen=True)
class SameId:
    """This record's id (own, encounter or focus) is the other record's; or one record is part of the other."""

    left: str
    right: str


@dataclass(frozen=True)
class NumberTest:
    """Bounds of a reported number, in a unit if one is named; may_lack_unit: a number without a unit is in it."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    unit: str | None = None
    may_lack_unit: bool = False


@dataclass(frozen=True)
class AgeTest:
    """Completed years of age at a point."""

    at: Point
    least: int = 0
    through: int | None = None


@dataclass(frozen=True)
class Relation:
    """Another definition of which a record must exist for the same patient (or must not: is_without)."""

    definition: str
    tests: tuple[Comparison | SameId, ...]
    is_without: bool = False


@dataclass(frozen=True)
class Selection:
    """Some records: those of `resources`, or of other definitions (`union`), that pass every test.

    coded      parts with the concepts of which one must be there
    columns    column of RECORDS and the words allowed in it
    not_words  column of RECORDS and the words refused in it; an empty one passes
    keep       steps applied last: 'latest_day', 'lowest', 'last_by_start', 'last_by_end'
    """

    resources: tuple[str, ...] = ()
    union: tuple[str, ...] = ()
    coded: tuple[tuple[str, tuple[str, ...]], ...] = ()
    columns: tuple[tuple[str, tuple[str, ...]], ...] = ()
    not_words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    categories: tuple[str, ...] = ()
    has_value: bool | None = None
    is_number: bool = False
    number: NumberTest | None = None
    age: AgeTest | None = None
    when: tuple[Comparison, ...] = ()
    relations: tuple[Relation, ...] = ()
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exists:
    """The definition selects at least so many records, or records on so many different days."""

    definition: str
    least: int = 1
    by_day: bool = False


@dataclass(frozen=True)
class Aged:
    """Age in years at a point of the period."""

    test: AgeTest


@dataclass(frozen=True)
class OfSex:
    """F or M. column: 'sex' or 'administrative_sex'."""

    sex: str
    column: str


@dataclass(frozen=True)
class Named:
    """Another criterion of the rule, by its name."""

    name: str


@dataclass(frozen=True)
class Every:
    """All are met."""

    criteria: tuple["ReportingCriterion", ...]


@dataclass(frozen=True)
class Some:
    """At least one is met."""

    criteria: tuple["ReportingCriterion", ...]


@dataclass(frozen=True)
class Not:
    """Is not met."""

    criterion: "ReportingCriterion"


ReportingCriterion = Exists | Aged | OfSex | Named | Every | Some | Not


@dataclass(frozen=True)
class PopulationGroup:
    """The criteria of one rate of a measure, by population. Populations that a rate does not have are absent."""

    group: str
    criteria: Mapping[str, ReportingCriterion]


@dataclass(frozen=True)
class ReportingRule:
    """One measure as it is for a reporting year. An inverse measure counts what went wrong: its gap is in the
    numerator."""

    rule_id: str
    name: str
    source: str
    measure_id: str  # our measure that is close to it; '' = none
    is_inverse: bool
    definitions: Mapping[str, Selection]
    criteria: Mapping[str, ReportingCriterion]
    groups: tuple[PopulationGroup, ...]
