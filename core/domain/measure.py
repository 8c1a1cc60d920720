"""A measure as data: the rule that finds one care gap. Read from YAML (core.domain.measure_file), evaluated for many
patients at once (core.domain.measure_evaluation) and explained for one (core.domain.measure_evidence).

Windows roll back from the day that is asked about: they say what is due for the patient, not what a reporting year
counts.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Recorded:
    """A fact of one of the concepts is there.

    months    it lies in the last so many months or reaches into them; None = ever
    active    it has begun and has not ended
    answers   the reported value is one of these words (compared without case)
    latest    only the answers of the latest day count
    """

    concepts: tuple[str, ...]
    months: int | None = None
    active: bool = False
    answers: tuple[str, ...] = ()
    latest: bool = False


@dataclass(frozen=True)
class Aged:
    """At least so many years old."""

    years: int


@dataclass(frozen=True)
class AllOf:
    """Every one is met."""

    criteria: tuple["Criterion", ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one is met."""

    criteria: tuple["Criterion", ...]


Criterion = Recorded | Aged | AllOf | AnyOf


@dataclass(frozen=True)
class Exclusion:
    """Takes a patient out of a measure. `name` completes 'not counted: ...' for staff."""

    exclusion_id: str
    name: str
    when: Criterion


@dataclass(frozen=True)
class AgeBand:
    """From so many months of age to the last day of so many years of age; None = no upper end."""

    from_months: int
    through_years: int | None = None


@dataclass(frozen=True)
class Population:
    """Whom a measure is about. None = does not matter."""

    age: AgeBand | None = None
    sex: str | None = None  # F | M
    condition: str | None = None  # the concept of an active condition


@dataclass(frozen=True)
class Season:
    """Month and day. A dose from `counts_from` on counts for the season; patients are written to from `outreach_from`
    through `outreach_through`. Outside nobody's gap is open."""

    counts_from: tuple[int, int]
    outreach_from: tuple[int, int]
    outreach_through: tuple[int, int]


@dataclass(frozen=True)
class Way:
    """One way to satisfy a measure: an event of one of the concepts within a window of months (None = lifetime), or in
    the season. `needs_result`: an event without a reported value does not count."""

    concepts: tuple[str, ...]
    months: int | None = None
    season: Season | None = None
    needs_result: bool = False


@dataclass(frozen=True)
class LatestValue:
    """Satisfied when the lowest result of the latest day within the window is at most `at_most`."""

    concepts: tuple[str, ...]
    at_most: float
    months: int


@dataclass(frozen=True)
class CaseFact:
    """A fact of a test patient."""

    concept: str
    on: date
    end_on: date | None = None
    value_text: str = ""
    value: float | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Case:
    """A small test patient inside a measure's file, with the gap that must be found."""

    name: str
    as_of: date
    born: date | None
    sex: str | None
    status: str
    deceased_on: date | None
    facts: tuple[CaseFact, ...]
    state: str
    reason: str
    due_on: date | None


@dataclass(frozen=True)
class Measure:
    """name: as shown in Alerts & Recommendations. purpose, closes: sentences for staff. protocol: the tag by which
    patients opt out of reminders of this kind, '' = none. Either `ways` or `latest` says what satisfies it."""

    measure_id: str
    name: str
    version: int
    purpose: str
    closes: str
    source: str
    protocol: str
    due_soon_days: int
    population: Population
    ways: tuple[Way, ...]
    latest: LatestValue | None
    exclusions: tuple[Exclusion, ...]
    cases: tuple[Case, ...] = ()
