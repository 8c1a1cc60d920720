"""A measure as data: the rule that finds one care gap. Read from YAML (core.domain.measure_file), evaluated for many
patients at once (core.domain.measure_evaluation) and explained for one (core.domain.measure_evidence).

Windows roll back from the day that is asked about: they say what is due for the patient, not what a reporting year
counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class AgeBand:
    """From so many months of age to the last day of so many months of age; None = no upper end."""

    from_months: int
    through_months: int | None = None


@dataclass(frozen=True)
class Span:
    """A length of time by the calendar: months, then days. A window of 12 months less a day is twelve whole months."""

    months: int = 0
    days: int = 0


# ---- criteria: what must be so about a patient -----------------------------------------------------------------------
@dataclass(frozen=True)
class Recorded:
    """A fact of one of the concepts is there.

    within    it lies in this window or reaches into it; None = ever
    active    it has begun and has not ended
    answers   the reported value is one of these words (compared without case)
    latest    only the answers of the latest day count
    """

    concepts: tuple[str, ...]
    within: Span | None = None
    active: bool = False
    answers: tuple[str, ...] = ()
    latest: bool = False


@dataclass(frozen=True)
class Aged:
    """Of an age in this band."""

    band: AgeBand


@dataclass(frozen=True)
class Numbered:
    """The lowest number of the latest day on which one of the concepts was reported lies within the bounds.

    within   that day lies in this window; None = ever
    """

    concepts: tuple[str, ...]
    within: Span | None = None
    at_least: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class Says:
    """A column of the patient's registration holds one of the words (compared without case)."""

    column: str  # payer | race
    words: tuple[str, ...]


@dataclass(frozen=True)
class Not:
    """Is not met."""

    criterion: "Criterion"


@dataclass(frozen=True)
class AllOf:
    """Every one is met."""

    criteria: tuple["Criterion", ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one is met."""

    criteria: tuple["Criterion", ...]


Criterion = Recorded | Aged | Numbered | Says | Not | AllOf | AnyOf


@dataclass(frozen=True)
class Exclusion:
    """Takes a patient out of a measure. `name` completes 'not counted: ...' for staff."""

    exclusion_id: str
    name: str
    when: Criterion


@dataclass(frozen=True)
class Population:
    """Whom a measure is about. None = does not matter. `name` says for staff what `when` asks for."""

    age: AgeBand | None = None
    sex: str | None = None  # F | M
    when: Criterion | None = None
    name: str = ""


# ---- what satisfies a measure ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Season:
    """Month and day. A dose from `counts_from` on counts for the season; patients are written to from `outreach_from`
    through `outreach_through`. Outside nobody's gap is open."""

    counts_from: tuple[int, int]
    outreach_from: tuple[int, int]
    outreach_through: tuple[int, int]


@dataclass(frozen=True)
class Series:
    """Several doses, or visits, of which one a day counts.

    count          how many it takes
    spacing_days   the least number of days from one that counts to the next
    next_after     when the next one is due after the last; without it, it is due on the age `due_at`
    """

    count: int
    spacing_days: int = 1
    next_after: Span | None = None


@dataclass(frozen=True)
class Ages:
    """Events count only from one age to another, both days included; what is missing is due at an age."""

    first: Span | None = None
    last: Span | None = None
    due: Span | None = None


@dataclass(frozen=True)
class Partner:
    """Another event that must lie at most so many days before or after."""

    concepts: tuple[str, ...]
    days: int


@dataclass(frozen=True)
class Way:
    """One way to satisfy a measure: an event of one of the concepts, valid for a window (None = lifetime), or in the
    season.

    is_active      an event counts as long as it goes on, and for the window from its beginning
    name           what staff call this part
    needs_result   an event without a reported value does not count
    series, ages   doses, and the ages at which they count
    partner        an event counts only together with another one
    unless         while this is met, the way does not count
    """

    concepts: tuple[str, ...]
    window: Span | None = None
    season: Season | None = None
    is_active: bool = False
    needs_result: bool = False
    series: Series | None = None
    ages: Ages | None = None
    partner: Partner | None = None
    unless: Criterion | None = None
    name: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the last event alone decides."""
        return self.series is None and self.ages is None and self.partner is None


@dataclass(frozen=True)
class AnyWay:
    """One of the parts is enough."""

    parts: tuple["Requirement", ...]
    name: str = ""


@dataclass(frozen=True)
class EveryWay:
    """All parts are needed. Each has a name, by which staff learn what is missing."""

    parts: tuple["Requirement", ...]
    name: str = ""


Requirement = Way | AnyWay | EveryWay


@dataclass(frozen=True)
class Limit:
    """The lowest number of the day is at most `at_most`, or below `below`."""

    concepts: tuple[str, ...]
    at_most: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class LatestValue:
    """Satisfied when every limit is kept on the latest day within the window on which any of the concepts was reported.

    is_due_when_missing   without a result the care gap is open (overdue); else it cannot be determined
    outside               reports during events of these concepts, such as a stay in hospital, do not count
    """

    limits: tuple[Limit, ...]
    window: Span
    is_due_when_missing: bool = False
    outside: tuple[str, ...] = ()

    @property
    def concepts(self) -> tuple[str, ...]:
        """All concepts of the limits."""
        return tuple(dict.fromkeys(concept for limit in self.limits for concept in limit.concepts))


@dataclass(frozen=True)
class YearRule:
    """What a measurement year counts (core.domain.measurement_year), where that differs from what is due today.

    population      None = as in the rule
    needs, latest   both None = as in the rule
    ends            month and day of the last day; None = 31 December, or the day before a new season
    source          where that was read
    """

    population: Population | None = None
    needs: Requirement | None = None
    latest: LatestValue | None = None
    ends: tuple[int, int] | None = None
    source: str = ""


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
    """A small test patient inside a measure's file, with the gap that must be found: on a day, or in a measurement
    year."""

    name: str
    as_of: date | None
    year: int | None
    born: date | None
    sex: str | None
    status: str
    deceased_on: date | None
    payer: str | None
    race: str | None
    facts: tuple[CaseFact, ...]
    state: str
    reason: str
    due_on: date | None
    missing: str | None
    line: int = 0  # where it stands in the file


@dataclass(frozen=True)
class Measure:
    """A rule. Either `needs` or `latest` says what satisfies it.

    name              as shown in Alerts & Recommendations
    purpose, closes   sentences for staff
    for_patients      what a message may say; '' for a sensitive measure
    called            how a message calls what is due, never a result; '' = it does not
    revealing         words that name the care gap: they may stand in no subject, text or voicemail
    protocol          the tag by which patients opt out of reminders of this kind; '' = none
    link              where the guideline can be read; '' = not given
    schedule          whose schedule it follows where authorities differ; '' = they do not
    reporting         the official measure that is close to it; '' = none
    year              what a measurement year counts, where that differs; None = it does not
    """

    measure_id: str
    name: str
    version: int
    purpose: str
    closes: str
    source: str
    protocol: str
    due_soon_days: int
    population: Population
    needs: Requirement | None
    latest: LatestValue | None
    exclusions: tuple[Exclusion, ...]
    cases: tuple[Case, ...] = ()
    for_patients: str = ""
    called: str = ""
    revealing: tuple[str, ...] = ()
    link: str = ""
    authority: str = ""
    schedule: str = ""
    effective_from: date | None = None
    reporting: str = ""
    year: YearRule | None = None
    is_sensitive: bool = False
    is_on: bool = True

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way, in the order of the file."""
        return tuple(ways_of(self.needs)) if self.needs else ()

    @property
    def season(self) -> Season | None:
        """The season, of a measure that has one."""
        return self.ways[0].season if self.ways else None


def ways_of(requirement: Requirement) -> Iterator[Way]:
    """The leaves of a requirement, in order."""
    if isinstance(requirement, Way):
        yield requirement
        return
    for part in requirement.parts:
        yield from ways_of(part)


def inside(criterion: Criterion) -> Iterator[Criterion]:
    """The criterion and everything in it."""
    yield criterion
    parts = criterion.criteria if isinstance(criterion, AllOf | AnyOf) else ()
    for part in (criterion.criterion,) if isinstance(criterion, Not) else parts:
        yield from inside(part)


def criteria_of(measure: Measure) -> Iterator[Criterion]:
    """Every criterion of a measure: of its population, its exclusions and its ways."""
    asked = [measure.population.when, *(each.when for each in measure.exclusions), *(w.unless for w in measure.ways)]
    for criterion in asked:
        if criterion is not None:
            yield from inside(criterion)
