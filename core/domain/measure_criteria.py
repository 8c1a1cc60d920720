"""Reading criteria, ages and lengths of time of rule files (docs/measures.md)."""

import difflib
import re
from collections.abc import Mapping

from core.domain.concept import Concept
from core.domain.measure import AgeBand, Aged, AllOf, AnyOf, Criterion, Not, Numbered, Recorded, Says, Span
from core.domain.rule_file import Part

_LONGEST = {"d": 47_500, "m": 1560, "y": 130}  # no length of time is longer than a life
_FEW = 12
_KINDS = ("concept", "age", "number", "payer", "race", "not", "all_of", "any_of")


def read_criterion(part: Part, concepts: Mapping[str, Concept]) -> Criterion:
    """One criterion with everything in it."""
    kinds = [kind for kind in _KINDS if part.has(kind)]
    if len(kinds) != 1:
        part.refuse(part.key, f"needs exactly one of {', '.join(_KINDS)}")
    criterion = _criterion(part, kinds[0], concepts)
    part.finish()
    return criterion


def _criterion(part: Part, kind: str, concepts: Mapping[str, Concept]) -> Criterion:
    if kind == "age":
        return Aged(read_age(part.part("age")))
    if kind == "concept":
        return _recorded(part, concepts)
    if kind == "number":
        return _numbered(part, concepts)
    if kind in ("payer", "race"):
        return Says(kind, tuple(word.casefold() for word in part.texts(kind)))
    if kind == "not":
        return Not(read_criterion(part.part("not"), concepts))
    inner = tuple(read_criterion(each, concepts) for each in part.parts(kind))
    if not inner:
        part.refuse(kind, "must not be empty")
    return AllOf(inner) if kind == "all_of" else AnyOf(inner)


def _recorded(part: Part, concepts: Mapping[str, Concept]) -> Recorded:
    recorded = Recorded(
        concepts=read_concepts(part, "concept", concepts),
        within=read_window(part, "within") if part.has("within") else None,
        active=part.flag("active"),
        answers=tuple(answer.casefold() for answer in part.texts("answer")),
        latest=part.flag("latest"),
    )
    if recorded.latest and not recorded.answers:
        part.refuse("latest", "'latest' needs 'answer'")
    return recorded


def _numbered(part: Part, concepts: Mapping[str, Concept]) -> Numbered:
    bounds = part.number("at_least"), part.number("below")
    if bounds == (None, None):
        part.refuse("number", "needs 'at_least' or 'below'")
    within = read_window(part, "within") if part.has("within") else None
    return Numbered(read_concepts(part, "number", concepts), within, at_least=bounds[0], below=bounds[1])


def read_age(part: Part) -> AgeBand:
    """`{from: 40, through: 74}`, `{from_months: 6}` or `{from_months: 0, through_months: 29}`."""
    years, months = part.whole("from", most=150), part.whole("from_months", most=1800)
    if (years is None) == (months is None):
        part.refuse("from", "the age begins with either 'from' in years or 'from_months'")
    through, through_months = part.whole("through", most=150), part.whole("through_months", most=1800)
    if through is not None and through_months is not None:
        part.refuse("through_months", "the age ends with either 'through' in years or 'through_months'")
    last = 12 * through + 11 if through is not None else through_months
    band = AgeBand((months or 0) + 12 * (years or 0), last)
    if last is not None and last < band.from_months:
        part.refuse(
            "through" if through is not None else "through_months", "must not be below the beginning of the age"
        )
    part.finish()
    return band


def read_window(part: Part, key: str) -> Span | None:
    """`90d`, `24m` or `10y`; None for `lifetime`."""
    words = part.written(key)
    found = re.fullmatch(r"(\d+)([dmy])", words)
    if not found and words != "lifetime":
        part.refuse(key, "must be days, months or years such as 90d, 6m or 10y, or lifetime")
    if not found:
        return None
    count = _counted(part, key, found) or part.refuse(key, "must be at least 1d")
    return _span(count, found[2])


def read_span(part: Part, key: str) -> Span | None:
    """`42d`, `6m` or `2y`; None when the key is absent."""
    if not part.has(key):
        return None
    found = re.fullmatch(r"(\d+)([dmy])", part.written(key))
    if not found:
        part.refuse(key, "must be days, months or years such as 42d, 6m or 2y")
    return _span(_counted(part, key, found), found[2])


def _span(count: int, unit: str) -> Span:
    return Span(days=count) if unit == "d" else Span(months=count * (12 if unit == "y" else 1))


def _counted(part: Part, key: str, found: re.Match[str]) -> int:
    most = _LONGEST[found[2]]
    if len(found[1]) > 6 or int(found[1]) > most:
        part.refuse(key, f"must be at most {most}{found[2]}")
    return int(found[1])


def read_days(part: Part, key: str) -> int | None:
    """`28d` as a number of days; None when the key is absent."""
    span = read_span(part, key)
    if span is not None and span.months:
        part.refuse(key, "must be days such as 28d")
    return span.days if span else None


def read_concepts(part: Part, key: str, concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    """One or several concepts, which must exist."""
    found = read_known(part, key, concepts)
    if not found:
        part.refuse(key, "is missing")
    return found


def read_known(part: Part, key: str, known: Mapping[str, object]) -> tuple[str, ...]:
    """Names that must be among the known ones; none when the key is absent."""
    found = part.texts(key)
    for each in found:
        if each not in known:
            part.refuse(key, f"'{each}' does not exist; {_instead(each, known)}")
    return found


def _instead(word: str, known: Mapping[str, object]) -> str:
    """What may have been meant: all there is when that is little, else what is written nearly the same."""
    if len(known) <= _FEW:
        return f"there are {', '.join(sorted(known))}"
    close = difflib.get_close_matches(word.lower(), sorted(known), n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"none of the {len(known)} that exist is written like it"
