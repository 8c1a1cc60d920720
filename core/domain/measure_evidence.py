"""Why a patient has a care gap or not: the rule that applies and everything that was looked at, in sentences for staff.

The state comes from the same evaluator that runs for everybody; a test holds the evidence against it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from core.domain.calendar_months import born_by, first_day, season_start
from core.domain.fact import numbers
from core.domain.fact_order import ONGOING_KINDS
from core.domain.gap_codes import gap_reason, gap_status
from core.domain.measure import (
    AgeBand,
    AllOf,
    AnyOf,
    Criterion,
    EveryWay,
    Exclusion,
    LatestValue,
    Measure,
    Recorded,
    Way,
)
from core.domain.measure_criteria_evaluation import is_aged, met
from core.domain.measure_evaluation import evaluate_panel
from core.domain.measure_panel import PATIENT_COLUMNS, Panel, build_panel
from core.domain.measure_ways import progress
from core.domain.measure_wording import as_day, as_interval, headline
from core.domain.measure_words import age_words
from core.domain.near_miss import NearMiss, latest_kind, near_misses

Row = Mapping[str, Any]
_SAME = 1e-6  # numbers nearer than this are one


@dataclass(frozen=True)
class Check:
    """One test and its answer; None means that our data cannot say. `sentence` holds the dates it rests on."""

    sentence: str
    is_met: bool | None


@dataclass(frozen=True)
class Search:
    """What was looked for: the window's days (None = no beginning), and the last event of the kind, in it or before."""

    sentence: str
    window_start: date | None
    window_end: date
    last_on: date | None
    last_value: str
    counts: bool


@dataclass(frozen=True)
class Explanation:
    """The evidence for one measure and one patient. `headline`, `rule` and `closes` are sentences for staff."""

    measure_id: str
    name: str
    as_of: date
    state: str
    reason: str
    headline: str
    rule: str
    source: str
    closes: str
    population: tuple[Check, ...]
    exclusions: tuple[Check, ...]
    searches: tuple[Search, ...]
    due_on: date | None
    last_on: date | None
    last_value: float | None
    window_start: date | None
    missing: str | None
    near_misses: tuple[NearMiss, ...] = ()

    @property
    def gap_status(self) -> str:
        """The gap state of the exchange guide (core.domain.gap_codes)."""
        return gap_status(self.state)

    @property
    def gap_reason(self) -> str:
        """Its care gap reason; '' when the gap is not open."""
        return gap_reason(self.state, self.reason, latest_kind(self.near_misses))

    def lines(self) -> list[str]:
        """Everything as lines of plain text."""
        marks = {True: "yes", False: "no", None: "not known"}
        tests = [f"{check.sentence}: {marks[check.is_met]}" for check in (*self.population, *self.exclusions)]
        searched = [search.sentence for search in self.searches] + [miss.sentence for miss in self.near_misses]
        return [self.headline, self.rule, *tests, *searched, self.closes, self.source]


def explain(
    measures: Iterable[Measure],
    patient: Row,
    facts: pl.DataFrame,
    *,
    names: Mapping[str, str],
    as_of: date,
    events: Iterable[Row] = (),
    data_until: date | None = None,
) -> list[Explanation]:
    """The evidence for one patient, a measure after the other.

    patient   a row with at least patient_id and measure_panel.PATIENT_COLUMNS
    facts     FACTS of this patient; those after `as_of` are ignored
    events    entries that are no facts, of which near misses are told (core.domain.near_miss.near_misses)
    names     what staff call each concept
    data_until   the last day that our data can know of, when that is before `as_of`
    """
    wanted = list(measures)
    people = pl.DataFrame([{name: patient[name] for name in _PATIENT}], schema=_PATIENT)
    panel = build_panel(wanted, people, facts, as_of=as_of)
    gaps = evaluate_panel(wanted, panel, as_of=as_of).rows(named=True)
    history = facts.filter(pl.col("on") <= as_of).with_columns(pl.col("concept").cast(pl.String)).rows(named=True)
    until = min(as_of, data_until or as_of)
    seen = _Seen(patient, panel, sorted(history, key=_order), list(events), names, as_of, until)
    return [_explanation(measure, gap, seen) for measure, gap in zip(wanted, gaps, strict=True)]


_DATES = ("birth_date", "deceased_on")
_PATIENT = {name: pl.Date if name in _DATES else pl.String for name in ("patient_id", *PATIENT_COLUMNS)}


def _order(fact: Row) -> tuple[date, str, str]:
    return fact["on"], fact["value_text"] or "", fact["event_id"] or ""


@dataclass(frozen=True)
class _Seen:
    """One patient's data up to the day, and what staff call the concepts."""

    patient: Row
    panel: Panel
    facts: Sequence[Row]
    events: Sequence[Row]
    names: Mapping[str, str]
    as_of: date
    data_until: date

    def of(self, concepts: Sequence[str]) -> list[Row]:
        return [fact for fact in self.facts if fact["concept"] in concepts]

    def called(self, concepts: Sequence[str]) -> str:
        return " or ".join(self.names.get(concept, concept) for concept in concepts)

    def meets(self, criterion: Criterion) -> bool:
        return bool(met(criterion, self.panel, as_of=self.as_of).item())

    @property
    def so_far(self) -> str:
        return f"in our data up to {as_day(self.data_until)}"


def _explanation(measure: Measure, gap: Row, seen: _Seen) -> Explanation:
    return Explanation(
        measure_id=measure.measure_id,
        name=measure.name,
        as_of=seen.as_of,
        state=gap["state"],
        reason=gap["reason"],
        headline=headline(measure, gap, data_until=seen.data_until),
        rule=measure.purpose,
        source=f"{measure.source} Rule version {measure.version}.",
        closes=measure.closes,
        population=tuple(_population(measure, seen)),
        exclusions=(_standing(seen), *(_exclusion(each, seen) for each in measure.exclusions)),
        searches=_searches(measure, gap, seen),
        due_on=gap["due_on"],
        last_on=gap["last_on"],
        last_value=gap["last_value"],
        window_start=gap["window_start"],
        missing=gap["missing"],
        near_misses=_nearly(measure, gap, seen),
    )


def _nearly(measure: Measure, gap: Row, seen: _Seen) -> tuple[NearMiss, ...]:
    """Of open gaps and of those that cannot be decided: who is up to date or not meant needs no near misses."""
    if gap_status(gap["state"]) == "not-applicable" or gap["state"] == "satisfied":
        return ()
    return near_misses(
        _open_part(measure, seen), _not_shown(gap, seen), seen.events, names=seen.names, as_of=seen.as_of
    )


def _open_part(measure: Measure, seen: _Seen) -> Measure:
    """The measure with the parts of its outermost all_of that are not up to date: nothing else could close the gap."""
    if not isinstance(measure.needs, EveryWay):
        return measure
    found = [(part, progress(part, seen.panel, as_of=seen.as_of)) for part in measure.needs.parts]
    is_open = [
        part
        for part, each in found
        if not (each.is_complete.item() and each.due.item() is not None and each.due.item() >= seen.as_of)
    ]
    return replace(measure, needs=EveryWay(tuple(is_open), measure.needs.name)) if is_open else measure


def _not_shown(gap: Row, seen: _Seen) -> list[Row]:
    """The facts that the searches do not show: later ones than the last that counts. A value that is out of range is
    what it is, whatever came before it."""
    if gap["state"] == "out_of_range":
        return []
    last = gap["last_on"]
    return [fact for fact in seen.facts if last is None or fact["on"] > last]


def _population(measure: Measure, seen: _Seen) -> Iterable[Check]:
    meant = measure.population
    if meant.age:
        yield _age(meant.age, seen)
    if meant.sex:
        sex, birth = seen.patient["sex"], seen.patient["sex_at_birth"]
        is_known = sex in ("F", "M") and birth in (None, "U", sex)
        word = {"F": "Female", "M": "Male"}[meant.sex]
        yield Check(
            word if is_known else f"{word}; our data does not say clearly", sex == meant.sex if is_known else None
        )
    if meant.when:
        yield _meant(meant.when, meant.name, seen)


def _meant(when: Criterion, name: str, seen: _Seen) -> Check:
    """The condition of a population, with what our data says of it."""
    words = name or (f"{seen.called(when.concepts)}, active" if isinstance(when, Recorded) else "")
    if not seen.meets(when):
        return Check(f"{words}; nothing {seen.so_far} says so", False)
    if isinstance(when, Recorded):
        return Check(f"{words}; since {as_day(_matching(when, seen)[0]['on'])}", True)
    listed = _listed(_evidence(when, seen), seen)
    return Check(f"{words}; {listed}" if listed else words, True)


def _age(band: AgeBand, seen: _Seen) -> Check:
    words = age_words(band)
    born = seen.patient["birth_date"]
    if born is None:
        return Check(f"{words}; no birth date in our data", None)
    is_young = born > born_by(seen.as_of, months=36)
    length, unit = (1, " months") if is_young else (12, "")
    age = sum(born <= born_by(seen.as_of, months=length * count) for count in range(1, 130))
    is_inside = is_aged(band, seen.panel.patients["birth_date"], as_of=seen.as_of).item()
    return Check(f"{words}; {age}{unit} on {as_day(seen.as_of)}", bool(is_inside))


def _standing(seen: _Seen) -> Check:
    status, died = seen.patient["status"] or "active", seen.patient["deceased_on"]
    is_dead = died <= seen.as_of if died else status == "deceased"
    word = "test" if status == "test" else "deceased" if is_dead else status if status == "inactive" else "active"
    return Check(f"Deceased, inactive or a test patient; the status is {word}", word != "active")


def _exclusion(exclusion: Exclusion, seen: _Seen) -> Check:
    name = exclusion.name[0].upper() + exclusion.name[1:]
    if not seen.meets(exclusion.when):
        return Check(f"{name}; nothing {seen.so_far} says so", False)
    listed = _listed(_evidence(exclusion.when, seen), seen)
    return Check(f"{name}; {listed}" if listed else name, True)


def _evidence(criterion: Criterion, seen: _Seen) -> list[Row]:
    """The facts by which a criterion is met; none when it is not, or when something else meets it."""
    if isinstance(criterion, Recorded):
        return _matching(criterion, seen)
    parts = criterion.criteria if isinstance(criterion, AllOf | AnyOf) else ()
    return [fact for part in parts if seen.meets(part) for fact in _evidence(part, seen)]


def _listed(facts: Sequence[Row], seen: _Seen) -> str:
    return "; ".join(dict.fromkeys(_fact_words(fact, seen) for fact in facts))


def _matching(recorded: Recorded, seen: _Seen) -> list[Row]:
    found = []
    for concept in recorded.concepts:
        facts = seen.of([concept])
        if recorded.latest and facts:
            facts = [fact for fact in facts if fact["on"] == facts[-1]["on"]]
        if recorded.answers:
            facts = [fact for fact in facts if (fact["value_text"] or "").strip().lower() in recorded.answers]
        found += [fact for fact in facts if _reaches(fact, recorded, seen.as_of)]
    return found


def _reaches(fact: Row, recorded: Recorded, as_of: date) -> bool:
    until = max(fact["on"], fact["end_on"] or (date.max if fact["kind"] in ONGOING_KINDS else fact["on"]))
    if recorded.active:
        return bool(until > as_of)
    return recorded.within is None or until >= first_day(as_of, recorded.within)


def _fact_words(fact: Row, seen: _Seen) -> str:
    answer = f" ({fact['value_text']})" if fact["value_text"] else ""
    until = f" until {as_day(fact['end_on'])}" if fact["end_on"] and fact["end_on"] != fact["on"] else ""
    return f"{seen.called([fact['concept']])}{answer} on {as_day(fact['on'])}{until}"


def _searches(measure: Measure, gap: Row, seen: _Seen) -> tuple[Search, ...]:
    if measure.latest:
        return (_reported(measure.latest, gap, seen),)
    return tuple(_way(way, seen) for way in measure.ways)


def _way(way: Way, seen: _Seen) -> Search:
    """What there is of one way, and whether it is up to date by itself."""
    found = progress(way, seen.panel, as_of=seen.as_of)
    start = season_start(way.season, seen.as_of) if way.season else None
    if way.window:
        start = first_day(seen.as_of, way.window)
    facts = seen.of(way.concepts)
    if way.needs_result:
        facts = [fact for fact in facts if fact["value"] is not None or (fact["value_text"] or "").strip()]
    last, due = found.last.item(), found.due.item()
    if way.season:
        counts = last is not None and start is not None and last >= start
    else:
        counts = bool(found.is_complete.item()) and due is not None and due >= seen.as_of
    called = f"{_called(way, seen)}{_so_many(way, found.count)}"
    return _search(called, facts, last, start, seen, counts=counts)


def _so_many(way: Way, count: pl.Series | None) -> str:
    """How many of a series there are."""
    return f", {count.item()} of {way.series.count} found" if count is not None and way.series else ""


def _reported(latest: LatestValue, gap: Row, seen: _Seen) -> Search:
    start = first_day(seen.as_of, latest.window)
    facts = [fact for fact in seen.of(latest.concepts) if fact["on"] == gap["last_on"]]
    return _search(seen.called(latest.concepts), facts, gap["last_on"], start, seen, counts=gap["state"] == "satisfied")


def _search(
    called: str, facts: Sequence[Row], last: date | None, start: date | None, seen: _Seen, *, counts: bool
) -> Search:
    what = f"{called}, {as_interval(start, seen.as_of)}"
    if last is None:
        other = f"; the last one, on {as_day(facts[-1]['on'])}, is outside the ages that count" if facts else ""
        return Search(f"{what}: no record {seen.so_far}{other}", start, seen.as_of, None, "", False)
    value = _results([fact for fact in facts if fact["on"] == last], seen)
    result = f" with the result {value}" if value else ""
    place = ", before this window" if start is not None and last < start else ""
    return Search(f"{what}: last on {as_day(last)}{result}{place}", start, seen.as_of, last, value, counts)


def _called(way: Way, seen: _Seen) -> str:
    doses = f", {way.series.count} on different days" if way.series and way.series.count > 1 else ""
    partner = f" with {seen.called(way.partner.concepts)}" if way.partner else ""
    return f"{seen.called(way.concepts)}{partner}{doses}"


def _results(facts: Sequence[Row], seen: _Seen) -> str:
    """The results as they were reported, each named when they are of several kinds."""
    named = len({fact["concept"] for fact in facts}) > 1
    texts = [
        f"{seen.called([fact['concept']])} {_result(fact)}" if named else _result(fact)
        for fact in facts
        if _result(fact)
    ]
    return " and ".join(dict.fromkeys(texts))


def _result(fact: Row) -> str:
    """A result with its unit; beside one that was converted what it is by the rule's unit."""
    reported, number = (fact["value_text"] or "").strip(), fact["value"]
    unit = f" {fact['unit']}" if fact["unit"] else ""
    if number is None:
        return reported
    if not reported:
        return f"{number:g}{unit}"
    as_number = numbers(pl.Series([reported])).item()
    if as_number is not None and abs(as_number - number) > _SAME:
        return f"{reported} ({number:.4g}{unit})"
    return reported if unit.strip() in reported else f"{reported}{unit}"
