"""Reading measures and exclusions from YAML. Every mistake is refused with file, line and key (core.domain.rule_file).

docs/measures.md describes the keys.
"""

import re
from collections.abc import Mapping
from datetime import date

from core.domain.clinical import EVENT_KINDS, GAP_STATES
from core.domain.concept import Concept
from core.domain.measure import (
    AgeBand,
    Aged,
    AllOf,
    AnyOf,
    Case,
    CaseFact,
    Criterion,
    Exclusion,
    LatestValue,
    Measure,
    Population,
    Recorded,
    Season,
    Way,
)
from core.domain.rule_file import Part, read_part

_STATUSES = ("active", "inactive", "deceased", "test")


def read_exclusions(text: str, file: str, *, concepts: Mapping[str, Concept]) -> list[Exclusion]:
    """The exclusions of one file. Raises DataError naming file, line and key."""
    whole = read_part(text, file)
    found = []
    for exclusion_id in whole.names():
        part = whole.part(exclusion_id)
        found.append(Exclusion(exclusion_id, part.text("name"), _criterion(part.part("when"), concepts)))
        part.finish()
    return found


def read_measure(
    text: str, file: str, *, concepts: Mapping[str, Concept], exclusions: Mapping[str, Exclusion]
) -> Measure:
    """The measure of one file. Raises DataError naming file, line and key."""
    part = read_part(text, file)
    ways, latest = _satisfied_by(part.part("satisfied_by"), concepts)
    measure = Measure(
        measure_id=part.text("id"),
        name=part.text("name"),
        version=part.whole("version", default=1) or 1,
        purpose=part.text("purpose"),
        closes=part.text("closes"),
        source=part.text("source"),
        protocol=part.text("protocol", default=""),
        due_soon_days=part.whole("due_soon_days", default=0) or 0,
        population=_population(part.part("population"), concepts),
        ways=ways,
        latest=latest,
        exclusions=tuple(exclusions[each] for each in _known(part, "exclusions", exclusions)),
        cases=tuple(_case(each, concepts) for each in part.parts("cases")),
    )
    part.finish()
    return measure


def _population(part: Part, concepts: Mapping[str, Concept]) -> Population:
    age = _age_band(part.part("age")) if part.has("age") else None
    sex = part.text("sex", words=("F", "M")) if part.has("sex") else None
    condition = _known(part, "condition", concepts)
    part.finish()
    return Population(age, sex, condition[0] if condition else None)


def _age_band(part: Part) -> AgeBand:
    years, months = part.whole("from"), part.whole("from_months")
    if (years is None) == (months is None):
        part.refuse("from", "the age begins with either 'from' in years or 'from_months'")
    through = part.whole("through")
    band = AgeBand((months or 0) + 12 * (years or 0), through)
    if through is not None and 12 * (through + 1) <= band.from_months:
        part.refuse("through", "must not be below the beginning of the age")
    part.finish()
    return band


def _satisfied_by(part: Part, concepts: Mapping[str, Concept]) -> tuple[tuple[Way, ...], LatestValue | None]:
    if part.has("any_of") == part.has("latest"):
        part.refuse("any_of", "'satisfied_by' holds either 'any_of' or 'latest'")
    latest = _latest(part.part("latest"), concepts) if part.has("latest") else None
    ways = tuple(_way(each, concepts) for each in part.parts("any_of"))
    if len(ways) > 1 and any(way.season for way in ways):
        part.refuse("any_of", "a way with a season must stand alone")
    part.finish()
    return ways, latest


def _way(part: Part, concepts: Mapping[str, Concept]) -> Way:
    if part.has("window") == part.has("season"):
        part.refuse("window", "a way has either 'window' or 'season'")
    way = Way(
        concepts=_concepts(part, concepts),
        months=_months(part, "window") if part.has("window") else None,
        season=_season(part.part("season")) if part.has("season") else None,
        needs_result=part.flag("needs_result"),
    )
    part.finish()
    return way


def _latest(part: Part, concepts: Mapping[str, Concept]) -> LatestValue:
    at_most, months = part.number("at_most"), _months(part, "window")
    if at_most is None or months is None:
        part.refuse("at_most", "'latest' needs 'at_most' and a 'window' that is not lifetime")
    latest = LatestValue(_concepts(part, concepts), at_most, months)
    part.finish()
    return latest


def _season(part: Part) -> Season:
    season = Season(*(_month_day(part, key) for key in ("counts_from", "outreach_from", "outreach_through")))
    part.finish()
    return season


def _month_day(part: Part, key: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d\d)-(\d\d)", part.text(key))
    try:
        # 2001 is not a leap year: a season that begins on 29 February would be missing in most years.
        day = date(2001, int(found[1]), int(found[2])) if found else None
    except ValueError:
        day = None
    if day is None:
        part.refuse(key, "must be month and day such as '07-01'")
    return day.month, day.day


def _criterion(part: Part, concepts: Mapping[str, Concept]) -> Criterion:
    kinds = [kind for kind in ("all_of", "any_of", "age_from", "concept") if part.has(kind)]
    if len(kinds) != 1:
        part.refuse(part.key, "needs exactly one of 'all_of', 'any_of', 'age_from' and 'concept'")
    criterion: Criterion
    if kinds == ["age_from"]:
        criterion = Aged(part.whole("age_from") or 0)
    elif kinds == ["concept"]:
        criterion = _recorded(part, concepts)
    else:
        inner = tuple(_criterion(each, concepts) for each in part.parts(kinds[0]))
        criterion = AllOf(inner) if kinds == ["all_of"] else AnyOf(inner)
    part.finish()
    return criterion


def _recorded(part: Part, concepts: Mapping[str, Concept]) -> Recorded:
    recorded = Recorded(
        concepts=_concepts(part, concepts),
        months=_months(part, "within") if part.has("within") else None,
        active=part.flag("active"),
        answers=tuple(answer.casefold() for answer in part.texts("answer")),
        latest=part.flag("latest"),
    )
    if recorded.latest and not recorded.answers:
        part.refuse("latest", "'latest' needs 'answer'")
    return recorded


def _months(part: Part, key: str) -> int | None:
    words = part.text(key)
    found = re.fullmatch(r"(\d+)([my])", words)
    if not found and words != "lifetime":
        part.refuse(key, "must be months or years such as 6m or 10y, or lifetime")
    return int(found[1]) * (12 if found[2] == "y" else 1) if found else None


def _concepts(part: Part, concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    found = _known(part, "concept", concepts)
    if not found:
        part.refuse("concept", "is missing")
    return found


def _known(part: Part, key: str, known: Mapping[str, object]) -> tuple[str, ...]:
    found = part.texts(key)
    for each in found:
        if each not in known:
            part.refuse(key, f"'{each}' does not exist; there are {', '.join(sorted(known))}")
    return found


def _case(part: Part, concepts: Mapping[str, Concept]) -> Case:
    as_of = part.day("as_of")
    if as_of is None:
        part.refuse("as_of", "is missing")
    case = Case(
        name=part.text("name"),
        as_of=as_of,
        born=part.day("born"),
        sex=part.text("sex", words=("F", "M", "O", "U")) if part.has("sex") else None,
        status=part.text("status", default="active", words=_STATUSES),
        deceased_on=part.day("deceased_on"),
        facts=tuple(_case_fact(each, concepts) for each in part.parts("facts")),
        state=part.text("state", words=GAP_STATES),
        reason=part.text("reason"),
        due_on=part.day("due_on"),
    )
    part.finish()
    return case


def _case_fact(part: Part, concepts: Mapping[str, Concept]) -> CaseFact:
    on = part.day("on")
    if on is None:
        part.refuse("on", "is missing")
    fact = CaseFact(
        concept=_concepts(part, concepts)[0],
        on=on,
        end_on=part.day("end_on"),
        value_text=part.text("text", default=""),
        value=part.number("value"),
        kind=part.text("kind", words=EVENT_KINDS) if part.has("kind") else None,
    )
    part.finish()
    return fact
