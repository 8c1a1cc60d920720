"""What a rule says, in sentences for staff, with its windows as days of today."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.domain.calendar_months import first_day, outreach_start, season_start
from core.domain.measure import (
    AgeBand,
    Aged,
    AllOf,
    AnyOf,
    AnyWay,
    Criterion,
    LatestValue,
    Limit,
    Measure,
    Not,
    Numbered,
    Recorded,
    Requirement,
    Span,
    Way,
)
from core.domain.measure_wording import as_day, as_interval

Names = Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One line of a requirement; `depth` says how far it lies inside others."""

    depth: int
    sentence: str


@dataclass(frozen=True)
class Description:
    """A rule in sentences: whom it is about, what satisfies it, and what takes a patient out."""

    about: tuple[str, ...]
    satisfied_by: tuple[Line, ...]
    exclusions: tuple[str, ...]


def describe(measure: Measure, *, names: Names, as_of: date) -> Description:
    """The rule in sentences. `names`: what staff call each concept."""
    if measure.latest:
        lines = tuple(Line(0, sentence) for sentence in _value(measure.latest, names, as_of))
    else:
        assert measure.needs is not None
        lines = tuple(_requirement(measure.needs, 0, names, as_of))
    exclusions = tuple(_capital(each.name) for each in measure.exclusions)
    return Description(tuple(_about(measure, names)), lines, exclusions)


def _about(measure: Measure, names: Names) -> Iterator[str]:
    meant = measure.population
    if meant.age:
        yield age_words(meant.age)
    if meant.sex:
        yield {"F": "Female", "M": "Male"}[meant.sex]
    if meant.when:
        yield _capital(meant.name or criterion_words(meant.when, names))
    if not (meant.age or meant.sex or meant.when):
        yield "Every patient"


def age_words(band: AgeBand) -> str:
    """An age band: 'From 40 through 74 years old', '6 months or older'."""
    years, months = divmod(band.from_months, 12)
    if band.through_months is None:
        return f"{band.from_months} months or older" if months else f"{years} years or older"
    last, is_open = divmod(band.through_months + 1, 12)
    through = f"{band.through_months} months" if is_open else f"{last - 1} {'year' if last == 2 else 'years'}"
    begins = f"{years}" if not months and (years or not is_open) else f"{band.from_months} months"
    return f"From {'birth' if begins == '0' else begins} through {through} old"


# ---- what satisfies it -----------------------------------------------------------------------------------------------
def _requirement(needs: Requirement, depth: int, names: Names, as_of: date) -> Iterator[Line]:
    label = f"{_capital(needs.name)}: " if needs.name else ""
    if isinstance(needs, Way):
        says_the_same = needs.name.casefold() == _called(needs.concepts, names).casefold()
        yield Line(depth, ("" if says_the_same else label) + _way(needs, names, as_of))
        return
    if len(needs.parts) == 1:
        yield from _requirement(needs.parts[0], depth, names, as_of)
        return
    which = "one of these" if isinstance(needs, AnyWay) else "all of these"
    yield Line(depth, label + (which if label else _capital(which)))
    for part in needs.parts:
        yield from _requirement(part, depth + 1, names, as_of)


def _way(way: Way, names: Names, as_of: date) -> str:
    parts = [_called(way.concepts, names)]
    if way.needs_result:
        parts[0] += " with a result"
    if way.partner:
        parts[0] += f" together with {_called(way.partner.concepts, names)} within {way.partner.days} days"
    if way.series:
        apart = f", at least {way.series.spacing_days} days apart" if way.series.spacing_days > 1 else ""
        parts.append(f"{way.series.count} on different days{apart}")
    parts += _when(way, as_of)
    if way.unless:
        parts.append(f"not for whom this is so: {criterion_words(way.unless, names)}")
    return ", ".join(parts)


def _when(way: Way, as_of: date) -> list[str]:
    if way.season:
        start = season_start(way.season, as_of)
        outreach = outreach_start(way.season, as_of, is_satisfied=False)
        return [f"in the season from {as_day(start)}; patients are written to from {as_day(outreach)}"]
    if way.ages:
        ages = [f"from the age of {_span(way.ages.first)}"] * bool(way.ages.first)
        ages += [f"up to the age of {_span(way.ages.last)}"] * bool(way.ages.last)
        ages += [f"due at {_span(way.ages.due)}"] * bool(way.ages.due)
    else:
        ages = []
    if way.window is None:
        return ages or ["at any time"]
    still = " or still going on" if way.is_active else ""
    return [*ages, as_interval(first_day(as_of, way.window), as_of) + still]


def _span(span: Span | None) -> str:
    if span is None:
        return ""
    if span.days == -1:  # of a measurement year
        return _years(span.months).replace(" ", " whole ")
    parts = [_years(span.months)] if span.months else []
    return " and ".join([*parts, *([f"{span.days} days"] if span.days else [])]) or "birth"


def _years(months: int) -> str:
    return f"{months // 12} years" if months % 12 == 0 and months > 24 else f"{months} months"


def _value(latest: LatestValue, names: Names, as_of: date) -> Iterator[str]:
    days = as_interval(first_day(as_of, latest.window), as_of)
    limits = " and ".join(_limit(limit, names) for limit in latest.limits)
    yield f"{limits}, the lowest of the latest day {days}"
    yield "Without a result: overdue" if latest.is_due_when_missing else "Without a result we cannot tell"
    if latest.outside:
        yield f"Results during these do not count: {_called(latest.outside, names)}"


def _limit(limit: Limit, names: Names) -> str:
    bound = f"at most {limit.at_most:g}" if limit.at_most is not None else f"below {limit.below:g}"
    return f"{_called(limit.concepts, names)} {bound}"


# ---- criteria --------------------------------------------------------------------------------------------------------
def criterion_words(criterion: Criterion, names: Names) -> str:
    """A criterion in words."""
    match criterion:
        case Recorded():
            return _recorded(criterion, names)
        case Aged(band):
            return age_words(band)
        case Numbered():
            return _numbered(criterion, names)
        case Not(inner):
            return f"not {criterion_words(inner, names)}"
        case AllOf() | AnyOf():
            word = " and " if isinstance(criterion, AllOf) else " or "
            return word.join(criterion_words(each, names) for each in criterion.criteria)
    return f"the {criterion.column} says {' or '.join(criterion.words)}"


def _recorded(recorded: Recorded, names: Names) -> str:
    words = _called(recorded.concepts, names)
    if recorded.answers:
        words += f" answered {' or '.join(recorded.answers)}"
    if recorded.active:
        words += ", active"
    return f"{words} in the last {_span(recorded.within)}" if recorded.within else words


def _numbered(numbered: Numbered, names: Names) -> str:
    bounds = [f"at least {numbered.at_least:g}"] if numbered.at_least is not None else []
    bounds += [f"below {numbered.below:g}"] if numbered.below is not None else []
    return f"{_called(numbered.concepts, names)} {' and '.join(bounds)}"


def _called(concepts: Sequence[str], names: Names) -> str:
    return " or ".join(names.get(concept, concept) for concept in concepts)


def _capital(text: str) -> str:
    """With a capital, unless the first word has capitals of its own, such as eGFR."""
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first == first.lower() else text
