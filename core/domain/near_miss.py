"""Near misses: entries of a patient's chart that nearly satisfy a measure, and why each does not count."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.domain.calendar_months import first_day, season_start
from core.domain.measure import Measure
from core.domain.measure_wording import as_day

NOT_FINAL, NO_VALUE, TOO_OLD, WRONG_CODE = "not_final", "no_value", "too_old", "wrong_code"
MOST = 5  # of one measure, the latest
Row = Mapping[str, Any]


@dataclass(frozen=True)
class NearMiss:
    """kind: why it does not count, NOT_FINAL, NO_VALUE, TOO_OLD or WRONG_CODE. on: its day; None when it has none."""

    kind: str
    on: date | None
    sentence: str


def near_misses(
    measure: Measure, facts: Iterable[Row], events: Iterable[Row], *, names: Mapping[str, str], as_of: date
) -> tuple[NearMiss, ...]:
    """The near misses of one measure for one patient, the latest first.

    facts    rows of FACTS up to `as_of`
    events   current rows of EVENTS that are no facts, with `concepts`, what their codes mean, and `resembles`, what the
             words of those without a meaning say (concept ids)
    names    what staff call each concept
    """
    wanted = {name for way in measure.ways for name in way.concepts}
    wanted |= set(measure.latest.concepts) if measure.latest else set()
    found = [*_facts(measure, facts, names, as_of), *_events(wanted, events, names)]
    by_day = sorted(found, key=lambda each: (each.on or date.min, each.sentence), reverse=True)
    return tuple({each.sentence: each for each in by_day}.values())[:MOST]


def _facts(measure: Measure, facts: Iterable[Row], names: Mapping[str, str], as_of: date) -> Iterator[NearMiss]:
    starts = _starts(measure, as_of)
    needs_result = {name for way in measure.ways if way.needs_result for name in way.concepts}
    for fact in facts:
        concept, on = fact["concept"], fact["on"]
        start = starts.get(concept)
        said = f"{names.get(concept, concept)} on {as_day(on)}"
        if start is not None and on < start:
            yield NearMiss(TOO_OLD, on, f"{said}: before {as_day(start)}, from when on it would count")
        elif _is_without(fact, concept in needs_result, measure):
            yield NearMiss(NO_VALUE, on, f"{said}: it has no result that can be used")


def _starts(measure: Measure, as_of: date) -> dict[str, date]:
    """Of each concept the first day that would count, of the longest window."""
    starts: dict[str, date] = {}
    for way in measure.ways:
        start = season_start(way.season, as_of) if way.season else None
        start = first_day(as_of, way.window) if way.window else start
        for concept in way.concepts if start else ():
            assert start is not None
            starts[concept] = min(start, starts.get(concept, start))
    if measure.latest:
        starts |= dict.fromkeys(measure.latest.concepts, first_day(as_of, measure.latest.window))
    return starts


def _is_without(fact: Row, needs_result: bool, measure: Measure) -> bool:
    if measure.latest and fact["concept"] in measure.latest.concepts:
        return fact["value"] is None
    return needs_result and fact["value"] is None and not (fact["value_text"] or "").strip()


def _events(wanted: set[str], events: Iterable[Row], names: Mapping[str, str]) -> Iterator[NearMiss]:
    for event in events:
        for concept in sorted(wanted & set(event["concepts"])):
            why = f": ‘{event['status']}’" if event["status"] else ""
            said = f"{names.get(concept, concept)}{_on(event)}"
            yield NearMiss(NOT_FINAL, event["on"], f"{said}{why}, so it does not count as done")
        for concept in sorted(wanted & set(event["resembles"])):
            why = f"its code {event['code']} ({event['system']}) is in no list that is loaded"
            why = "it has no code" if event["system"] == "TEXT" else why
            said = f"‘{event['text']}’{_on(event)}: it may be {names.get(concept, concept)}, but {why}"
            yield NearMiss(WRONG_CODE, event["on"], said)


def _on(event: Row) -> str:
    return f" on {as_day(event['on'])}" if event["on"] else " without a date"


def latest_kind(found: Sequence[NearMiss]) -> str:
    """The kind of the latest near miss; '' for none."""
    return found[0].kind if found else ""
