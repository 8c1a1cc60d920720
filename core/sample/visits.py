"""Visits that were, appointments that are to come, and what is measured when somebody comes."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from core.sample.days import YEAR, iso, workday
from core.sample.defects import has
from core.sample.draw import Weighted
from core.sample.person import Person
from core.sample.practice import Practice
from core.sample.rows import Appointment, Visit, Vital

_CHRONIC = ("diabetes", "hypertension", "copd", "asthma", "ckd", "heart failure", "depression", "coronary disease")
_LOOK_BACK = 900
_SCREEN_ADULT = ("73832-8", "Adult depression screening assessment")
_SCREEN_ADOLESCENT = ("73831-0", "Adolescent depression screening assessment")
_LAST_WELL_AGE = 21
_WELL_AGES = (4, 31, 62, 124, 188, 275, 368, 460, 550, 732)  # days, before there is one visit a year


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of visit: its words and its code. Virtual ones have no measurements."""

    type: str
    system: str
    code: str
    is_virtual: bool = False


OFFICE = Kind("office visit", "LOCAL", "OV-EST")
NEW = Kind("new patient", "LOCAL", "OV-NEW")
PHYSICAL = Kind("physical", "LOCAL", "PHYS")
WELL_CHILD = Kind("well child", "LOCAL", "WCC")
CHECK_UP = Kind("well child", "ICD-10-CM", "Z00.129")
NEWBORN = Kind("well child", "ICD-10-CM", "Z00.110")
NURSE = Kind("nurse visit", "LOCAL", "NURSE")
VIDEO = Kind("video visit", "LOCAL", "VIDEO", is_virtual=True)
TELEPHONE = Kind("telephone", "LOCAL", "TEL", is_virtual=True)
WELLNESS = Kind("wellness visit", "HCPCS", "G0439")
WELCOME = Kind("wellness visit", "HCPCS", "G0402")
CLINIC = Kind("office visit", "HCPCS", "G0463")
EMERGENCY = Kind("emergency", "LOCAL", "ED")
STAY = Kind("inpatient", "LOCAL", "INPT")
HOSPICE = Kind("hospice", "HCPCS", "T2042")
CONSULT = Kind("specialist visit", "LOCAL", "SPEC")

# Well visits of children come on top, by age.
_YOUNG = Weighted({OFFICE: 0.75, NURSE: 0.11, VIDEO: 0.11, EMERGENCY: 0.03})
_MIDDLE = Weighted(
    {
        OFFICE: 0.55,
        PHYSICAL: 0.17,
        CLINIC: 0.06,
        VIDEO: 0.08,
        TELEPHONE: 0.05,
        NURSE: 0.04,
        CONSULT: 0.03,
        EMERGENCY: 0.02,
    }
)
_SENIOR = Weighted(
    {
        OFFICE: 0.56,
        WELLNESS: 0.16,
        CLINIC: 0.06,
        TELEPHONE: 0.07,
        VIDEO: 0.04,
        NURSE: 0.04,
        CONSULT: 0.03,
        EMERGENCY: 0.025,
        STAY: 0.015,
    }
)
_WELL = Weighted({WELL_CHILD: 0.5, CHECK_UP: 0.5})
_KEPT = Weighted({0.97: 0.7, 0.2: 0.3})
_NOT_SCREENED = {kind.code for kind in (EMERGENCY, STAY, HOSPICE, CONSULT, NURSE)}
_MISSED = Weighted({"no-show": 0.45, "cancelled": 0.42, "rescheduled": 0.13})
_REASONS = ("patient request", "provider unavailable", "weather", "feeling better", "transportation")
_TO_COME = Weighted({"scheduled": 0.75, "confirmed": 0.22, "cancelled": 0.03})
_SPECIALTIES = ("Endocrinology", "Ophthalmology", "Cardiology", "Gastroenterology")


def visit_days(person: Person) -> list[tuple[int, Kind]]:
    """The last two and a half years' visits, newest first."""
    found = _visits_as_needed(person)
    if person.age <= _LAST_WELL_AGE:
        found = sorted([*found, *_well_visits(person)], key=itemgetter(0), reverse=True)
    draw = person.draw
    if found and draw.chance(0.09):
        found[-1] = (found[-1][0], NEW)
    if person.age >= 70 and draw.chance(0.012):
        found.insert(0, (person.until - draw.between(1, 150), HOSPICE))
    return found


def _visits_as_needed(person: Person) -> list[tuple[int, Kind]]:
    draw = person.draw
    rate = person.engaged * (_base_rate(person.age) + 0.55 * sum(name in person.conditions for name in _CHRONIC))
    mix = _YOUNG if person.age < 18 else _MIDDLE if person.age < 65 else _SENIOR
    day = person.until - int(draw.random() * 430.0 / rate)
    found = []
    oldest = max(person.until - _LOOK_BACK, person.born + 2)
    while day >= oldest:
        found.append((max(workday(day), oldest), draw.one_of(mix)))
        day -= 1 + int(365.0 / rate * (0.4 + 1.2 * draw.random()))
    return found


def _well_visits(person: Person) -> Iterator[tuple[int, Kind]]:
    """Often as an infant, then about once a year. Most families keep nearly all of them, the others few."""
    draw, kept = person.draw, person.draw.one_of(_KEPT)
    oldest = max(person.until - _LOOK_BACK, person.born + 2)
    yearly = (int(years * YEAR) for years in range(max(3, person.age - 3), person.age + 1))
    for age in (*_WELL_AGES, *yearly) if person.age < 6 else yearly:
        day = workday(person.born + age + draw.between(0, 6 if age < YEAR else 40))
        share = 1.0 if age < 3 * YEAR else 0.85 if age < 18 * YEAR else 0.5
        if oldest <= day <= person.until and draw.chance(kept * share):
            yield day, NEWBORN if age < 8 else PHYSICAL if age >= 18 * YEAR else draw.one_of(_WELL)


def _base_rate(age: int) -> float:
    return 2.0 if age < 2 else 0.6 if age < 18 else 0.95 if age < 40 else 1.2 if age < 65 else 1.7


def visits(person: Person, days: list[tuple[int, Kind]], practice: Practice) -> Iterator[Visit | Appointment]:
    """The visits, and the appointments that most of them had."""
    draw = person.draw
    for day, kind in days:
        provider = _seen_by(person, kind, practice)
        stay = draw.between(1, 6) if kind is STAY else 0
        yield Visit(
            visit_id=person.next_id("V"),
            patient_id=person.patient_id,
            provider_id=provider,
            location_id=person.location_id,
            visit_on=iso(day),
            ended_on=iso(min(day + stay, person.until)) if stay else "",
            type=kind.type,
            code_system=kind.system,
            code=kind.code,
            status="finished",
        )
        if kind not in (EMERGENCY, STAY, HOSPICE) and draw.chance(0.92):
            yield _appointment(person, day, kind.type, "completed", provider)
        if draw.chance(0.13):
            yield _appointment(person, day - draw.between(3, 60), kind.type, draw.one_of(_MISSED), provider)


def _seen_by(person: Person, kind: Kind, practice: Practice) -> str:
    draw = person.draw
    if kind is CONSULT:
        return practice.specialists[draw.pick(_SPECIALTIES)]
    if kind in (EMERGENCY, STAY, HOSPICE):
        return ""
    at_hand = practice.pcps[person.location_id]
    return person.pcp_id if person.pcp_id in at_hand and draw.chance(0.8) else draw.pick(at_hand)


def _appointment(person: Person, day: int, type_: str, status: str, provider: str, *, made: int = 0) -> Appointment:
    draw = person.draw
    minute = draw.between(0, 35) * 15  # from 8:00 to 16:45
    day = workday(day)
    made = min(made or day - draw.between(0, 75), day)
    made_time = f"{draw.between(8, 16):02d}:{draw.between(0, 59):02d}" if made < day else "07:30"
    return Appointment(
        appointment_id=person.next_id("A"),
        patient_id=person.patient_id,
        provider_id=provider,
        location_id=person.location_id,
        start_at=f"{iso(day)}T{8 + minute // 60:02d}:{minute % 60:02d}",
        made_at=f"{iso(made)}T{made_time}",
        type=type_,
        status=status,
        cancel_reason=draw.pick(_REASONS) if status == "cancelled" else "",
    )


def appointments_to_come(person: Person, practice: Practice, *, as_of: int) -> Iterator[Appointment]:
    """A third of the patients have an appointment ahead, made before today; most are more than a month away."""
    draw = person.draw
    chronic = sum(name in person.conditions for name in _CHRONIC)
    if person.until < as_of - 1 or not draw.chance(min(0.6, 0.2 + 0.09 * chronic)):
        return
    type_ = "wellness visit" if person.age >= 65 and draw.chance(0.3) else "office visit"
    for _ in range(2 if draw.chance(0.08) else 1):
        day = as_of + int(180 * draw.random() ** 2)
        day += (7 - (day + 6) % 7) if (day + 6) % 7 >= 5 else 0
        yield _appointment(
            person,
            day,
            type_,
            draw.one_of(_TO_COME),
            "PR-GONE" if has("unknown provider", person.number) else draw.pick(practice.pcps[person.location_id]),
            made=as_of - draw.between(1, 90),
        )


def measurements(person: Person, days: list[tuple[int, Kind]]) -> Iterator[Vital]:
    """Body mass index at half of the visits, blood pressure at most visits of adults; the last two years of both."""
    draw = person.draw
    for day, kind in days:
        if kind.is_virtual or kind is HOSPICE or day < person.until - 730:
            continue
        if draw.chance(0.55):
            value = f"{max(12.0, person.bmi + 0.7 * draw.bell()):.1f}"
            yield _vital(person, "39156-5", "Body mass index", value, "kg/m2", day)
        if person.age >= 18 and draw.chance(0.75):
            high = 131 if "hypertension" in person.conditions else 119
            systolic = high + 13 * draw.bell()
            yield _vital(person, "8480-6", "Systolic blood pressure", f"{systolic:.0f}", "mm[Hg]", day)
            diastolic = 76 + 0.2 * (systolic - high) + 7 * draw.bell()
            yield _vital(person, "8462-4", "Diastolic blood pressure", f"{diastolic:.0f}", "mm[Hg]", day)


def questionnaires(person: Person, days: list[tuple[int, Kind]]) -> Iterator[Vital]:
    """From twelve on, a depression screen at half of the visits at which the last one is about a year old."""
    draw, last = person.draw, 0
    share = 0.5 if "depression" in person.conditions else 0.07
    for day, kind in reversed(days):
        age = (day - person.born) / YEAR
        if age < 12 or day - last < 330 or kind.code in _NOT_SCREENED or not draw.chance(0.55):
            continue
        code, name = _SCREEN_ADULT if age >= 18 else _SCREEN_ADOLESCENT
        yield _vital(person, code, name, "Positive" if draw.chance(share) else "Negative", "", day)
        last = day


def _vital(person: Person, code: str, name: str, value: str, unit: str, day: int) -> Vital:
    return Vital(person.next_id("T"), person.patient_id, "LOINC", code, name, value, unit, iso(day), "final")


def visit_defects(person: Person, practice: Practice, *, as_of: int) -> Iterator[Visit | Appointment]:
    """Visits that cannot have been, and an appointment that nobody closed."""
    number = person.number
    stray = 0
    if has("visit in the future", number):
        stray = as_of + 365
    elif has("care after death", number) and person.died:
        stray = person.died + 60
    if stray:
        yield Visit(
            visit_id=person.next_id("V"),
            patient_id=person.patient_id,
            location_id=person.location_id,
            visit_on=iso(stray),
            type=OFFICE.type,
            code_system=OFFICE.system,
            code=OFFICE.code,
        )
    if has("stale appointment", number):
        provider = practice.pcps[person.location_id][0]
        yield _appointment(person, person.until - 120, OFFICE.type, "scheduled", provider)
