"""Reading measures and exclusions from YAML. Every mistake is refused with file, line and key (core.domain.rule_file).

docs/measures.md describes the keys.
"""

import re
from collections.abc import Mapping
from datetime import date

from core.domain.clinical import EVENT_KINDS, GAP_STATES
from core.domain.concept import Concept
from core.domain.measure import (
    Ages,
    AnyWay,
    Case,
    CaseFact,
    EveryWay,
    Exclusion,
    LatestValue,
    Limit,
    Measure,
    Partner,
    Population,
    Recorded,
    Requirement,
    Season,
    Series,
    Span,
    Way,
    YearRule,
    ways_of,
)
from core.domain.measure_criteria import (
    read_age,
    read_concepts,
    read_criterion,
    read_days,
    read_known,
    read_span,
    read_window,
)
from core.domain.rule_file import Part, read_part

_FIRST_YEAR = 1990
_LONGEST_NAME = 80
_STATUSES = ("active", "inactive", "deceased", "test")
_Concepts = Mapping[str, Concept]


def read_exclusions(text: str, file: str, *, concepts: _Concepts) -> list[Exclusion]:
    """The exclusions of one file. Raises RuleError naming file, line and key."""
    whole = read_part(text, file)
    found = []
    for exclusion_id in whole.names():
        part = whole.part(exclusion_id)
        found.append(Exclusion(exclusion_id, part.text("name"), read_criterion(part.part("when"), concepts)))
        part.finish()
    return found


def read_measure(text: str, file: str, *, concepts: _Concepts, exclusions: Mapping[str, Exclusion]) -> Measure:
    """The measure of one file. Raises RuleError naming file, line and key."""
    part = read_part(text, file)
    needs, latest = _satisfied_by(part.part("satisfied_by"), concepts)
    measure = Measure(
        measure_id=part.text("id"),
        name=_name(part),
        version=part.whole("version", default=1, most=1_000_000) or 1,
        purpose=part.text("purpose"),
        closes=part.text("closes"),
        source=part.text("source"),
        link=_link(part),
        protocol=part.text("protocol", default=""),
        due_soon_days=part.whole("due_soon_days", default=0, most=3660) or 0,
        population=_population(part.part("population"), concepts),
        needs=needs,
        latest=latest,
        exclusions=tuple(exclusions[each] for each in read_known(part, "exclusions", exclusions)),
        cases=tuple(_case(each, concepts) for each in part.parts("cases")),
        for_patients=part.text("for_patients", default=""),
        called=part.text("called", default=""),
        revealing=part.texts("revealing"),
        authority=part.text("authority", default=""),
        schedule=part.text("schedule", default=""),
        effective_from=part.day("effective_from"),
        reporting=part.text("reporting", default=""),
        year=_year(part.part("measurement_year"), concepts) if part.has("measurement_year") else None,
        is_sensitive=part.flag("sensitive"),
        is_on=part.text("default", default="on", words=("on", "off")) == "on",
    )
    for key in ("for_patients", "called"):
        if measure.is_sensitive and part.has(key):
            part.refuse(key, "a sensitive measure is never named in messages: leave this key out")
    part.finish()
    return measure


def _name(part: Part) -> str:
    name = part.text("name")
    if name != name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        part.refuse("name", f"must be one line of at most {_LONGEST_NAME} characters that can be seen")
    return name


def _link(part: Part) -> str:
    link = part.text("link", default="")
    if link and not re.fullmatch(r"https://[\w.-]+(/[^\s()<>\[\]]*)?", link):
        part.refuse("link", "must be an address that begins with https://")
    return link


def _population(part: Part, concepts: _Concepts) -> Population:
    if part.has("condition") and part.has("when"):
        part.refuse("when", "a population has either 'condition' or 'when'")
    condition = read_known(part, "condition", concepts)
    when = read_criterion(part.part("when"), concepts) if part.has("when") else None
    population = Population(
        age=read_age(part.part("age")) if part.has("age") else None,
        sex=part.text("sex", words=("F", "M")) if part.has("sex") else None,
        when=Recorded(condition, active=True) if condition else when,
        name=part.text("name", default=""),
    )
    if when is not None and not population.name:
        part.refuse("name", "'when' needs 'name', what staff call these patients")
    part.finish()
    return population


# ---- what satisfies a measure ----------------------------------------------------------------------------------------
def _satisfied_by(part: Part, concepts: _Concepts) -> tuple[Requirement | None, LatestValue | None]:
    if part.has("latest"):
        latest = _latest(part.part("latest"), concepts)
        part.finish()
        return None, latest
    needs = _requirement(part, concepts)
    ways = list(ways_of(needs))
    if len(ways) > 1 and any(way.season for way in ways):
        part.refuse("any_of" if part.has("any_of") else "all_of", "a way with a season must stand alone")
    return needs, None


def _requirement(part: Part, concepts: _Concepts) -> Requirement:
    lists = [key for key in ("any_of", "all_of") if part.has(key)]
    if not lists:
        return _way(part, concepts)
    if len(lists) > 1 or part.has("concept"):
        part.refuse(lists[0], "a requirement is one of 'any_of', 'all_of' and a way with 'concept'")
    parts = tuple(_requirement(each, concepts) for each in part.parts(lists[0]))
    if not parts:
        part.refuse(lists[0], "must not be empty")
    if lists[0] == "all_of" and not all(each.name for each in parts):
        part.refuse("all_of", "each part inside needs a 'name': what staff call what is missing")
    name = part.text("name", default="")
    part.finish()
    return AnyWay(parts, name) if lists[0] == "any_of" else EveryWay(parts, name)


def _way(part: Part, concepts: _Concepts) -> Way:
    if part.has("window") == part.has("season"):
        part.refuse("window", "a way has either 'window' or 'season'")
    way = Way(
        concepts=read_concepts(part, "concept", concepts),
        window=read_window(part, "window") if part.has("window") else None,
        season=_season(part.part("season")) if part.has("season") else None,
        is_active=part.flag("active"),
        needs_result=part.flag("needs_result"),
        series=_series(part),
        ages=_ages(part),
        partner=_partner(part.part("with"), concepts) if part.has("with") else None,
        unless=read_criterion(part.part("unless"), concepts) if part.has("unless") else None,
        name=part.text("name", default=""),
    )
    if way.season and not (way.is_plain and way.unless is None and not way.is_active):
        part.refuse("season", "goes with 'concept' and 'needs_result' only")
    if way.partner and (way.series or way.ages):
        part.refuse("with", "goes with 'window' only, not with doses and ages")
    if way.is_active and not (way.is_plain and way.window and not way.needs_result):
        part.refuse("active", "goes with 'concept', 'window' and 'unless' only, and the window is not lifetime")
    part.finish()
    return way


def _series(part: Part) -> Series | None:
    count, spacing, following = part.whole("doses", most=100), read_days(part, "spacing"), read_span(part, "next_dose")
    if count is None:
        if spacing or following:
            part.refuse("spacing" if spacing else "next_dose", "needs 'doses'")
        return None
    if count < 1:
        part.refuse("doses", "must be at least 1")
    if spacing == 0:
        part.refuse("spacing", "must be at least 1d: doses of one day count once")
    return Series(count, spacing_days=spacing or 1, next_after=following)


def _surely_after(one: Span | None, other: Span | None) -> bool:
    """Whether a span is longer than another, however long the months are."""
    if one is None or other is None:
        return False
    return one.months * 28 + one.days > other.months * 31 + other.days


def _ages(part: Part) -> Ages | None:
    first, last, due = (read_span(part, key) for key in ("from_age", "by_age", "due_age"))
    if _surely_after(first, last):
        part.refuse("by_age", "is before 'from_age'")
    return Ages(first, last, due or last) if first or last or due else None


def _partner(part: Part, concepts: _Concepts) -> Partner:
    days = read_days(part, "within")
    if days is None:
        part.refuse("within", "is missing: the number of days, such as 4d")
    partner = Partner(read_concepts(part, "concept", concepts), days)
    part.finish()
    return partner


def _latest(part: Part, concepts: _Concepts) -> LatestValue:
    window = read_window(part, "window")
    if window is None:
        part.refuse("window", "'latest' needs a window that is not lifetime")
    if part.has("all_of"):
        limits = tuple(_limit(each, concepts) for each in part.parts("all_of"))
        limits = limits or part.refuse("all_of", "must not be empty")
    else:
        limits = (_limit(part, concepts, is_whole=False),)
    missing = part.text("when_missing", default="cannot_determine", words=("overdue", "cannot_determine"))
    latest = LatestValue(limits, window, missing == "overdue", read_known(part, "outside", concepts))
    part.finish()
    return latest


def _limit(part: Part, concepts: _Concepts, *, is_whole: bool = True) -> Limit:
    at_most, below = part.number("at_most"), part.number("below")
    if (at_most is None) == (below is None):
        part.refuse("at_most", "a limit has either 'at_most' or 'below'")
    limit = Limit(read_concepts(part, "concept", concepts), at_most, below)
    if is_whole:
        part.finish()
    return limit


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


# ---- measurement year ------------------------------------------------------------------------------------------------
def _year(part: Part, concepts: _Concepts) -> YearRule:
    needs, latest = _satisfied_by(part.part("satisfied_by"), concepts) if part.has("satisfied_by") else (None, None)
    rule = YearRule(
        population=_population(part.part("population"), concepts) if part.has("population") else None,
        needs=needs,
        latest=latest,
        ends=_month_day(part, "ends") if part.has("ends") else None,
        source=part.text("source"),
    )
    if needs is not None and any(way.season for way in ways_of(needs)):
        part.refuse(
            "satisfied_by", "a measurement year has no season: give a window, such as 12m, and its last day 'ends'"
        )
    part.finish()
    return rule


# ---- test patients ---------------------------------------------------------------------------------------------------
def _case(part: Part, concepts: _Concepts) -> Case:
    as_of, year = part.day("as_of"), part.whole("year", most=2200)
    if (as_of is None) == (year is None):
        part.refuse("as_of", "a test patient has either 'as_of', a day, or 'year', a measurement year")
    if year is not None and year < _FIRST_YEAR:
        part.refuse("year", f"must be {_FIRST_YEAR} or later")
    case = Case(
        name=part.text("name"),
        as_of=as_of,
        year=year,
        born=part.day("born"),
        sex=part.text("sex", words=("F", "M", "O", "U")) if part.has("sex") else None,
        status=part.text("status", default="active", words=_STATUSES),
        deceased_on=part.day("deceased_on"),
        payer=part.text("payer", default="") or None,
        race=part.text("race", default="") or None,
        facts=tuple(_case_fact(each, concepts) for each in part.parts("facts")),
        state=part.text("state", words=GAP_STATES),
        reason=part.text("reason"),
        due_on=part.day("due_on"),
        missing=part.text("missing", default="") or None,
        line=part.node.start_mark.line + 1,
    )
    part.finish()
    return case


def _case_fact(part: Part, concepts: _Concepts) -> CaseFact:
    on = part.day("on")
    if on is None:
        part.refuse("on", "is missing")
    fact = CaseFact(
        concept=read_concepts(part, "concept", concepts)[0],
        on=on,
        end_on=part.day("end_on"),
        value_text=part.text("text", default=""),
        value=part.number("value"),
        kind=part.text("kind", words=EVENT_KINDS) if part.has("kind") else None,
    )
    part.finish()
    return fact
