"""Who falls ill: conditions by age, the problem list they leave, and the medicines they bring."""

from collections.abc import Iterator

from core.sample.conditions import ILLNESSES, OBESITY
from core.sample.days import YEAR, iso
from core.sample.draw import Weighted
from core.sample.person import Person
from core.sample.rows import Medication, Problem

_BANDS = (18, 40, 55, 65, 75)
_STATUS = Weighted({"active": 0.93, "resolved": 0.045, "inactive": 0.015, "entered-in-error": 0.01})
# Words without a code, as typed by hand: nothing can map them by code.
_LAY = {"diabetes": "sugar diabetes", "hypertension": "high blood pressure", "asthma": "asthma", "copd": "COPD"}


def fall_ill(person: Person) -> None:
    """Draw weight and conditions; `conditions` maps each name to the day it began."""
    draw = person.draw
    band = sum(person.age >= limit for limit in _BANDS)
    for illness in ILLNESSES:
        rate = illness.rates[band]
        for other, factor in illness.times.items():
            rate *= factor if other in person.conditions else 1.0
        if draw.chance(rate) and illness.sex in ("", person.sex):
            person.conditions[illness.name] = _onset(person, illness.name)
    person.bmi = _bmi(person)
    if person.bmi >= 30 and person.age >= 18 and draw.chance(0.62):
        person.conditions["obesity"] = _onset(person, "obesity")


def _onset(person: Person, name: str) -> int:
    lived = person.until - person.born
    longest = 200 if name == "pregnancy" else int(15 * YEAR)
    return person.until - int(person.draw.random() * min(lived, longest))


def _bmi(person: Person) -> float:
    draw = person.draw
    if person.age < 18:
        return round(max(12.5, 15.5 + 0.35 * person.age + 1.8 * draw.bell()), 1)
    spread = draw.bell()
    mean = 31.5 if "diabetes" in person.conditions else 28.0
    return round(max(16.4, mean + 5.4 * spread + 1.1 * spread * spread), 1)


def problems(person: Person) -> Iterator[Problem]:
    """The problem list, with words instead of codes here and there."""
    draw = person.draw
    for illness in (*ILLNESSES, OBESITY):
        onset = person.conditions.get(illness.name)
        if onset is None:
            continue
        (code, text), status = draw.one_of(illness.codes), draw.one_of(_STATUS)
        if draw.chance(0.015):
            code, text = "", _LAY.get(illness.name, text)
        resolved = onset + int(draw.random() * (person.until - onset)) if status == "resolved" else 0
        yield Problem(
            problem_id=person.next_id("D"),
            patient_id=person.patient_id,
            code_system="ICD-10-CM" if code else "",
            code=code,
            text=text,
            onset_on=iso(onset) if draw.chance(0.9) else "",
            resolved_on=iso(resolved) if resolved else "",
            status=status,
            recorded_on=iso(min(onset + draw.between(0, 30), person.until)),
        )


def medications(person: Person) -> Iterator[Medication]:
    """What is prescribed for the conditions; some of it stopped."""
    draw = person.draw
    for illness in ILLNESSES:
        onset = person.conditions.get(illness.name)
        if onset is None:
            continue
        for rxnorm, name, share in illness.medicines:
            if not draw.chance(share):
                continue
            start = min(onset + draw.between(0, 500), person.until)
            stop = start + int(draw.random() * (person.until - start)) if draw.chance(0.16) else 0
            yield Medication(
                medication_id=person.next_id("M"),
                patient_id=person.patient_id,
                rxnorm=rxnorm,
                name=name,
                start_on=iso(start),
                stop_on=iso(stop) if stop else "",
                status="stopped" if stop else "active",
            )
