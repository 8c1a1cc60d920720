"""Why a patient has a care gap or not: the rule that applies and everything that was looked at, in sentences for staff.

The state comes from the same evaluator that runs for everybody; a test holds the evidence against it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from core.domain.calendar_months import born_by, season_start, window_start
from core.domain.measure import Aged, AllOf, Criterion, Exclusion, LatestValue, Measure, Recorded, Way
from core.domain.measure_evaluation import PATIENT_COLUMNS, evaluate_shard
from core.domain.measure_panel import ONGOING_KINDS
from core.domain.measure_wording import as_day, as_interval, headline

Row = Mapping[str, Any]


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

    def lines(self) -> list[str]:
        """Everything as lines of plain text."""
        marks = {True: "yes", False: "no", None: "not known"}
        tests = [f"{check.sentence}: {marks[check.is_met]}" for check in (*self.population, *self.exclusions)]
        return [self.headline, self.rule, *tests, *(each.sentence for each in self.searches), self.closes, self.source]


def explain(
    measures: Iterable[Measure],
    patient: Row,
    facts: pl.DataFrame,
    *,
    names: Mapping[str, str],
    as_of: date,
    data_until: date | None = None,
) -> list[Explanation]:
    """The evidence for one patient, a measure after the other.

    patient   a row with at least measure_evaluation.PATIENT_COLUMNS
    facts     FACTS of this patient; those after `as_of` are ignored
    names     what staff call each concept
    data_until   the last day that our data can know of, when that is before `as_of`
    """
    wanted = list(measures)
    people = pl.DataFrame([{name: patient[name] for name in PATIENT_COLUMNS}], schema=_PATIENT)
    gaps = evaluate_shard(wanted, people, facts, as_of=as_of).rows(named=True)
    history = facts.filter(pl.col("on") <= as_of).with_columns(pl.col("concept").cast(pl.String)).rows(named=True)
    seen = _Seen(patient, sorted(history, key=_order), names, as_of, min(as_of, data_until or as_of))
    return [_explanation(measure, gap, seen) for measure, gap in zip(wanted, gaps, strict=True)]


_PATIENT = {name: pl.Date if name in ("birth_date", "deceased_on") else pl.String for name in PATIENT_COLUMNS}


def _order(fact: Row) -> tuple[date, str, str]:
    return fact["on"], fact["value_text"] or "", fact["event_id"] or ""


@dataclass(frozen=True)
class _Seen:
    """One patient's data up to the day, and what staff call the concepts."""

    patient: Row
    facts: Sequence[Row]
    names: Mapping[str, str]
    as_of: date
    data_until: date

    def of(self, concepts: Sequence[str]) -> list[Row]:
        return [fact for fact in self.facts if fact["concept"] in concepts]

    def called(self, concepts: Sequence[str]) -> str:
        return " or ".join(self.names.get(concept, concept) for concept in concepts)

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
        searches=_searches(measure, seen),
        due_on=gap["due_on"],
        last_on=gap["last_on"],
        last_value=gap["last_value"],
        window_start=gap["window_start"],
    )


def _population(measure: Measure, seen: _Seen) -> Iterable[Check]:
    meant = measure.population
    if meant.age:
        yield _age(meant.age.from_months, meant.age.through_years, seen)
    if meant.sex:
        sex, birth = seen.patient["sex"], seen.patient["sex_at_birth"]
        is_known = sex in ("F", "M") and birth in (None, "U", sex)
        word = {"F": "Female", "M": "Male"}[meant.sex]
        yield Check(
            word if is_known else f"{word}; our data does not say clearly", sex == meant.sex if is_known else None
        )
    if meant.condition:
        recorded = Recorded((meant.condition,), active=True)
        yield _recorded_check(f"{seen.called(recorded.concepts)}, active", recorded, seen)


def _age(from_months: int, through_years: int | None, seen: _Seen) -> Check:
    begins = f"{from_months} months" if from_months % 12 else f"{from_months // 12}"
    words = f"From {begins} through {through_years} years old" if through_years else f"{begins} or older"
    born = seen.patient["birth_date"]
    if born is None:
        return Check(f"{words}; no birth date in our data", None)
    is_met = born <= born_by(seen.as_of, months=from_months)
    if through_years is not None:
        is_met = is_met and born > born_by(seen.as_of, months=12 * (through_years + 1))
    years = sum(born <= born_by(seen.as_of, months=12 * year) for year in range(1, 130))
    return Check(f"{words}; {years} on {as_day(seen.as_of)}", is_met)


def _standing(seen: _Seen) -> Check:
    status, died = seen.patient["status"] or "active", seen.patient["deceased_on"]
    is_dead = died <= seen.as_of if died else status == "deceased"
    word = "test" if status == "test" else "deceased" if is_dead else status if status == "inactive" else "active"
    return Check(f"Deceased, inactive or a test patient; the status is {word}", word != "active")


def _exclusion(exclusion: Exclusion, seen: _Seen) -> Check:
    found = _evidence(exclusion.when, seen)
    name = exclusion.name[0].upper() + exclusion.name[1:]
    if found is None:
        return Check(f"{name}; nothing {seen.so_far} says so", False)
    listed = "; ".join(dict.fromkeys(_fact_words(fact, seen) for fact in found))
    return Check(f"{name}; {listed}" if listed else name, True)


def _evidence(criterion: Criterion, seen: _Seen) -> list[Row] | None:
    """The facts by which a criterion is met, or None when it is not."""
    if isinstance(criterion, Recorded):
        return _matching(criterion, seen) or None
    if isinstance(criterion, Aged):
        born = seen.patient["birth_date"]
        return [] if born and born <= born_by(seen.as_of, months=12 * criterion.years) else None
    parts = [_evidence(each, seen) for each in criterion.criteria]
    met = [part for part in parts if part is not None]
    is_met = len(met) == len(parts) if isinstance(criterion, AllOf) else bool(met)
    return [fact for part in met for fact in part] if is_met else None


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
    until = fact["end_on"] or (date.max if fact["kind"] in ONGOING_KINDS else fact["on"])
    if recorded.active:
        return bool(until > as_of)
    return recorded.months is None or until >= window_start(as_of, months=recorded.months)


def _recorded_check(words: str, recorded: Recorded, seen: _Seen) -> Check:
    found = _matching(recorded, seen)
    if not found:
        return Check(f"{words}; nothing {seen.so_far} says so", False)
    return Check(f"{words}; since {as_day(found[0]['on'])}", True)


def _fact_words(fact: Row, seen: _Seen) -> str:
    answer = f" ({fact['value_text']})" if fact["value_text"] else ""
    until = f" until {as_day(fact['end_on'])}" if fact["end_on"] and fact["end_on"] != fact["on"] else ""
    return f"{seen.called([fact['concept']])}{answer} on {as_day(fact['on'])}{until}"


def _searches(measure: Measure, seen: _Seen) -> tuple[Search, ...]:
    if measure.latest:
        return (_search(measure.latest, window_start(seen.as_of, months=measure.latest.months), seen),)
    return tuple(_search(way, _way_start(way, seen.as_of), seen) for way in measure.ways)


def _way_start(way: Way, as_of: date) -> date | None:
    if way.season:
        return season_start(way.season, as_of)
    return window_start(as_of, months=way.months) if way.months else None


def _search(wanted: Way | LatestValue, start: date | None, seen: _Seen) -> Search:
    facts = seen.of(wanted.concepts)
    if isinstance(wanted, Way) and wanted.needs_result:
        facts = [fact for fact in facts if fact["value"] is not None or (fact["value_text"] or "").strip()]
    what = f"{seen.called(wanted.concepts)}, {as_interval(start, seen.as_of)}"
    if not facts:
        return Search(f"{what}: no record {seen.so_far}", start, seen.as_of, None, "", False)
    last, value = facts[-1]["on"], _results(facts)
    counts = start is None or last >= start
    result = f" with the result {value}" if value else ""
    place = "" if counts else ", before this window"
    return Search(f"{what}: last on {as_day(last)}{result}{place}", start, seen.as_of, last, value, counts)


def _results(facts: Sequence[Row]) -> str:
    """The results of the last day, as they were reported."""
    texts = [
        (fact["value_text"] or "").strip() or (f"{fact['value']:g}" if fact["value"] is not None else "")
        for fact in facts
        if fact["on"] == facts[-1]["on"]
    ]
    return " and ".join(dict.fromkeys(text for text in texts if text))
