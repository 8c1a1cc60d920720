"""Reading reporting rules from YAML. Every mistake is refused with file, line and key (core.domain.rule_file).

docs/reporting-rules.md describes the keys.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from core.domain.records import PARTS, RESOURCES
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
    PopulationGroup,
    Relation,
    ReportingCriterion,
    ReportingRule,
    SameId,
    Selection,
    Some,
)
from core.domain.reporting_words import KNOWN_WORDS, SETS, VERIFIED_SINCE, WHENS, age_point, comparison, words_of
from core.domain.rule_file import Part, read_part

_PART_KEYS = {"concept": "code"} | {part: part for part in PARTS if part != "code"}
_KEEP = ("latest_day", "lowest", "last_by_start", "last_by_end")
_CRITERIA = ("exists", "count", "days", "age", "sex", "met", "all_of", "any_of", "not")


@dataclass(frozen=True)
class Shared:
    """What several rules use: definitions and criteria by name."""

    definitions: Mapping[str, Selection] = field(default_factory=dict)
    criteria: Mapping[str, ReportingCriterion] = field(default_factory=dict)


@dataclass(frozen=True)
class _Reader:
    year: int
    concepts: Collection[str]
    definitions: Collection[str]
    criteria: Collection[str]


def read_shared(text: str, file: str, *, concepts: Collection[str], year: int) -> Shared:
    """The definitions and criteria of one file, as they are for a reporting year. Raises DataError."""
    part = read_part(text, file)
    shared = _parts(part, Shared(), concepts, year)
    part.finish()
    return shared


def read_reporting_rule(text: str, file: str, *, shared: Shared, concepts: Collection[str], year: int) -> ReportingRule:
    """The rule of one file, as it is for a reporting year. Raises DataError naming file, line and key."""
    part = read_part(text, file)
    known = _parts(part, shared, concepts, year)
    reader = _Reader(year, concepts, known.definitions, known.criteria)
    rule = ReportingRule(
        rule_id=part.text("id"),
        name=part.text("name"),
        source=part.text("source"),
        measure_id=part.text("measure", default=""),
        is_inverse=part.flag("inverse"),
        definitions=known.definitions,
        criteria=known.criteria,
        groups=tuple(_group(each, reader) for each in part.parts("groups")),
    )
    if not rule.groups:
        part.refuse("groups", "needs at least one group of populations")
    if len({group.group for group in rule.groups}) < len(rule.groups):
        part.refuse("groups", "holds two groups of one name")
    part.finish()
    return rule


def _parts(part: Part, shared: Shared, concepts: Collection[str], year: int) -> Shared:
    definitions, criteria = dict(shared.definitions), dict(shared.criteria)
    reader = _Reader(year, concepts, definitions, criteria)  # knows what stands above, so nothing is made of itself
    if part.has("definitions"):
        named = part.part("definitions")
        for name in named.names():
            definitions[name] = _selection(_of_year(named.part(name), reader.year), reader)
    if part.has("criteria"):
        judged = part.part("criteria")
        for name in judged.names():
            if (criterion := _criterion(judged.part(name), reader)) is not None:
                criteria[name] = criterion
    return Shared(definitions, criteria)


def _group(part: Part, reader: _Reader) -> PopulationGroup:
    criteria: dict[str, ReportingCriterion] = {}
    for population in POPULATIONS:
        if part.has(population) and (criterion := _criterion(part.part(population), reader)) is not None:
            criteria[population] = criterion
    for needed in ("initial_population", "numerator"):
        if needed not in criteria:
            part.refuse(needed, "is missing in this group")
    group = PopulationGroup(part.text("group"), criteria)
    part.finish()
    return group


# ---- criteria ------------------------------------------------------------------------------------------------------
def _criterion(part: Part, reader: _Reader) -> ReportingCriterion | None:
    """None when it is not of this year."""
    is_of_year = _is_of_year(part, reader.year)
    kinds = [kind for kind in _CRITERIA if part.has(kind)]
    if len(kinds) != 1:
        part.refuse(part.key, f"needs exactly one of {', '.join(_CRITERIA)}")
    criterion = _one_criterion(part, kinds[0], reader)
    part.finish()
    return criterion if is_of_year else None


def _is_of_year(part: Part, year: int) -> bool:
    since, until = part.whole("since"), part.whole("until")
    if since is not None and until is not None and since > until:
        part.refuse("until", "is before 'since'")
    return (since is None or year >= since) and (until is None or year <= until)


def _one_criterion(part: Part, kind: str, reader: _Reader) -> ReportingCriterion:
    if kind == "exists":
        names = _known(part, "exists", reader.definitions)
        return Exists(names[0]) if len(names) == 1 else Some(tuple(Exists(name) for name in names))
    if kind in ("count", "days"):
        least = part.whole("at_least")
        if not least:
            part.refuse("at_least", "is missing: how many there must be")
        return Exists(_one(part, kind, reader.definitions), least=least, by_day=kind == "days")
    if kind == "age":
        return Aged(_age(part.part("age")))
    if kind == "sex":
        column = part.text("recorded_as", default="sex", words=("sex", "administrative_sex"))
        return OfSex(part.text("sex", words=("F", "M")), column)
    if kind == "met":
        names = _known(part, "met", reader.criteria)
        return Named(names[0]) if len(names) == 1 else Some(tuple(Named(name) for name in names))
    if kind == "not":
        inner = _criterion(part.part("not"), reader)
        return Not(inner) if inner is not None else Every(())
    inside = tuple(c for each in part.parts(kind) if (c := _criterion(each, reader)) is not None)
    return Every(inside) if kind == "all_of" else Some(inside)


def _age(part: Part) -> AgeTest:
    at = age_point(part.text("at", default="period end"))
    if at is None:
        part.refuse("at", "must be 'period start', 'period end' or a point such as 'latest'")
    test = AgeTest(at, least=part.whole("from", default=0) or 0, through=part.whole("through"))
    if test.through is not None and test.through < test.least:
        part.refuse("through", "is below 'from'")
    part.finish()
    return test


# ---- selections ----------------------------------------------------------------------------------------------------
def _of_year(part: Part, year: int) -> Part:
    """The definition as it is for a year: with the keys that stand under `years` for it in place of its own."""
    for other in part.parts("years"):
        if not other.has("since") and not other.has("until"):
            other.refuse("since", "or 'until' must say of which years this is")
        is_of_year = _is_of_year(other, year)
        if is_of_year:
            part = part.replaced(other, without=("since", "until"))
    return part.replaced(None, without=("years",))


def _selection(part: Part, reader: _Reader) -> Selection:
    if part.has("from") == part.has("of"):
        part.refuse("from", "a definition has either 'from', a kind of record, or 'of', other definitions")
    columns = [(key, _words(part, key, reader.year)) for key in SETS]
    not_words = [("encounter_class", part.texts("not_class"))]
    if part.flag("verified") and reader.year >= VERIFIED_SINCE:
        not_words.append(("verification", ("refuted", "entered-in-error")))
    selection = Selection(
        resources=_known(part, "from", RESOURCES),
        union=_known(part, "of", reader.definitions),
        coded=tuple((each, _known(part, key, reader.concepts)) for key, each in _PART_KEYS.items() if part.has(key)),
        columns=tuple((name, words) for name, words in columns if words),
        not_words=tuple((name, words) for name, words in not_words if words),
        categories=part.texts("category"),
        has_value=part.flag("has_value") if part.has("has_value") else None,
        is_number=part.flag("is_number"),
        number=_number(part.part("number")) if part.has("number") else None,
        age=_age(part.part("age")) if part.has("age") else None,
        when=tuple(_comparisons(part, "when", is_alone=True)),
        relations=tuple(_relation(each, reader) for each in part.parts("with"))
        + tuple(_relation(each, reader, is_without=True) for each in part.parts("without")),
        keep=_known(part, "keep", _KEEP),
    )
    part.finish()
    return selection


def _words(part: Part, key: str, year: int) -> tuple[str, ...]:
    named = _known(part, key, {*SETS[key], *KNOWN_WORDS[key]})
    return tuple(word for each in named for word in words_of(key, each, year))


def _number(part: Part) -> NumberTest:
    bounds = {key: part.number(key) for key in ("above", "at_least", "below", "at_most")}
    test = NumberTest(**bounds, unit=part.text("unit", default="") or None, may_lack_unit=part.flag("may_lack_unit"))
    part.finish()
    if all(bound is None for bound in bounds.values()):
        part.refuse(part.key, f"needs one of {', '.join(bounds)}")
    if test.may_lack_unit and not test.unit:
        part.refuse(part.key, "says that the unit may be missing, but names none")
    return test


def _relation(part: Part, reader: _Reader, *, is_without: bool = False) -> Relation:
    name = _one(part, "of", reader.definitions)
    relation = Relation(name, tuple(_comparisons(part, "when", is_alone=False)), is_without)
    part.finish()
    return relation


def _comparisons(part: Part, key: str, *, is_alone: bool) -> list[Comparison]:
    found: list[Comparison] = []
    for line in (long for text in part.texts(key) for long in WHENS.get(text, (text,))):
        test = comparison(line)
        if test is None or (is_alone and (isinstance(test, SameId) or test.right.of == "their")):
            part.refuse(key, f"'{line}' is no comparison such as 'end >= period start - 2 years'")
        found.append(test)  # type: ignore[arg-type]
    return found


def _known(part: Part, key: str, known: Collection[str]) -> tuple[str, ...]:
    names = part.texts(key)
    if part.has(key) and not names:
        part.refuse(key, "names nothing")
    for name in names:
        if name not in known:
            part.refuse(key, f"'{name}' does not exist; there are {', '.join(sorted(known))}")
    return names


def _one(part: Part, key: str, known: Collection[str]) -> str:
    names = _known(part, key, known)
    if len(names) != 1:
        part.refuse(key, "names one definition")
    return names[0]
