"""Screenings and eye examinations: done here, done elsewhere, ordered and never done, or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.sample.days import YEAR, iso, workday
from core.sample.draw import Weighted
from core.sample.labs import FIT, STOOL_DNA, cytology, stool_test
from core.sample.person import Person
from core.sample.rows import Lab, Procedure

Days = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Coded:
    """A procedure as one of the systems of the group codes it."""

    system: str
    code: str
    text: str


_MAMMOGRAM = Weighted(
    {
        Coded("LOINC", "24606-6", "Screening mammogram"): 0.52,
        Coded("LOCAL", "MAMSCR", "Mammogram screening bilateral"): 0.36,
        Coded("LOINC", "26346-7", "Diagnostic mammogram"): 0.07,
        Coded("LOCAL", "MAMDX", "Mammogram diagnostic"): 0.05,
    }
)
_COLONOSCOPY = Weighted(
    {
        Coded("HCPCS", "G0121", "Colorectal cancer screening; colonoscopy, average risk"): 0.34,
        Coded("HCPCS", "G0105", "Colorectal cancer screening; colonoscopy, high risk"): 0.1,
        Coded("LOCAL", "COLO", "Colonoscopy"): 0.5,
        Coded("HCPCS", "G0104", "Colorectal cancer screening; flexible sigmoidoscopy"): 0.06,
    }
)
_EYE = Weighted(
    {
        Coded("LOCAL", "RETINAL", "Dilated retinal exam"): 0.7,
        Coded("LOCAL", "RETPHOTO", "Retinal photograph"): 0.22,
        Coded("LOCAL", "OPHTH-OUT", "Eye clinic report received"): 0.08,
    }
)
_BONE = Weighted(
    {
        Coded("LOINC", "24966-4", "DXA bone density, lumbar spine"): 0.45,
        Coded("LOINC", "24701-5", "DXA bone density, femur"): 0.2,
        Coded("LOCAL", "BONEDEN", "Bone density, hip and spine"): 0.27,
        Coded("LOCAL", "DXA", "Bone density scan"): 0.08,
    }
)
_FOOT = Coded("LOCAL", "FOOT-EX", "Diabetic foot exam")
_ELSEWHERE = Coded("", "", "colonoscopy at outside hospital, per patient")
_ELSEWHERE_MAMMOGRAM = Coded("", "", "mammogram at imaging center, report scanned")

# How long ago, in days; (0, 0) stands for never. The limits of the rules lie between, not on, the ranges.
_MAMMOGRAM_AGE = Weighted({(2, 710): 0.71, (745, 1800): 0.16, (0, 0): 0.13})
_COLONOSCOPY_AGE = Weighted({(10, 3620): 0.71, (3680, 5000): 0.05, (0, 0): 0.24})
_STOOL = Weighted({"fit": 0.24, "old fit": 0.1, "dna": 0.12, "none": 0.54})
_EYE_AGE = Weighted({(5, 700): 0.62, (750, 1500): 0.16, (0, 0): 0.22})


def screenings(person: Person) -> Iterator[Procedure | Lab]:
    """What prevention left in the record."""
    draw = person.draw
    if person.sex == "F" and person.age >= 40:
        yield from _breast(person)
    if person.age >= 45:
        yield from _bowel(person)
    if person.sex == "F" and 21 <= person.age <= 70 and draw.chance(0.68):
        yield cytology(person, draw.between(10, 1300))
    if person.sex == "F" and person.age >= 65 and draw.chance(0.71):
        yield _done(person, draw.one_of(_BONE), draw.between(20, 2500))
    if "diabetes" in person.conditions:
        yield from _diabetes_checks(person)


def _breast(person: Person) -> Iterator[Procedure]:
    draw = person.draw
    low, high = draw.one_of(_MAMMOGRAM_AGE)
    if not high or person.age > 84:
        if draw.chance(0.25):
            yield _ordered(person, draw.one_of(_MAMMOGRAM))
        elif draw.chance(0.12):
            yield _done(person, _ELSEWHERE_MAMMOGRAM, draw.between(30, 700))
        return
    ago = draw.between(low, high)
    for _ in range(2):
        if person.until - ago < person.born + int(38 * YEAR):
            return
        yield _done(person, draw.one_of(_MAMMOGRAM), ago)
        ago += draw.between(370, 800)


def _bowel(person: Person) -> Iterator[Procedure | Lab]:
    draw = person.draw
    low, high = draw.one_of(_COLONOSCOPY_AGE)
    ago = draw.between(low, high)
    if high and person.until - ago >= person.born + int(44 * YEAR):
        yield _done(person, draw.one_of(_COLONOSCOPY), ago)
        return
    kind = draw.one_of(_STOOL)
    if kind == "dna":
        yield stool_test(person, STOOL_DNA, draw.between(5, 1050))
    elif kind == "fit":
        yield stool_test(person, FIT, draw.between(3, 350))
    elif kind == "old fit":
        yield stool_test(person, FIT, draw.between(380, 1400))
    elif draw.chance(0.2):
        yield _ordered(person, draw.one_of(_COLONOSCOPY))
    elif draw.chance(0.08):
        yield _done(person, _ELSEWHERE, draw.between(300, 3000))


def _diabetes_checks(person: Person) -> Iterator[Procedure]:
    draw = person.draw
    low, high = draw.one_of(_EYE_AGE)
    if high:
        yield _done(person, draw.one_of(_EYE), draw.between(low, high))
    if draw.chance(0.45):
        yield _done(person, _FOOT, draw.between(5, 500))


def _done(person: Person, what: Coded, days_ago: int) -> Procedure:
    day = max(workday(person.until - days_ago), person.born)
    return Procedure(
        procedure_id=person.next_id("R"),
        patient_id=person.patient_id,
        code_system=what.system,
        code=what.code,
        text=what.text,
        ordered_on=iso(max(day - person.draw.between(0, 40), person.born)) if person.draw.chance(0.6) else "",
        performed_on=iso(day),
        status="completed",
    )


def _ordered(person: Person, what: Coded) -> Procedure:
    """An order that is not a screening: open, or cancelled."""
    return Procedure(
        procedure_id=person.next_id("R"),
        patient_id=person.patient_id,
        code_system=what.system,
        code=what.code,
        text=what.text,
        ordered_on=iso(max(person.until - person.draw.between(3, 200), person.born)),
        status="ordered" if person.draw.chance(0.75) else "cancelled",
    )
