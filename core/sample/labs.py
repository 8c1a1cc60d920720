"""Laboratory results: what was ordered, what came back, and the many ways in which a value is written."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.sample.days import YEAR, iso, workday
from core.sample.defects import has
from core.sample.draw import Weighted
from core.sample.person import Person
from core.sample.rows import Lab


@dataclass(frozen=True, slots=True)
class Test:
    """A laboratory test: LOINC where the laboratory gives one, else its own code."""

    loinc: str
    code: str
    name: str
    unit: str
    low: str = ""
    high: str = ""


A1C = Test("4548-4", "A1C", "Hemoglobin A1c", "%", "4.0", "5.6")
A1C_HPLC = Test("17856-6", "A1CH", "Hemoglobin A1c (HPLC)", "%", "4.0", "5.6")
A1C_OFFICE = Test("", "POCA1C", "HbA1c point of care", "%", "4.0", "5.6")
A1C_UNMAPPED = Test("", "A1C-QK", "A1C QUICK KIT", "%")
LDL = Test("13457-7", "LDLC", "LDL cholesterol, calculated", "mg/dL", "", "100")
EGFR = Test("98979-8", "EGFR", "eGFR (CKD-EPI 2021)", "mL/min/{1.73_m2}", "60", "")
UACR = Test("9318-7", "UACR", "Albumin/creatinine ratio, urine", "mg/g", "", "30")
TSH = Test("3016-3", "TSH", "Thyrotropin", "m[IU]/L", "0.4", "4.5")
FIT = Test("57905-2", "FIT", "Fecal immunochemical test", "")
STOOL_DNA = Test("77354-9", "SDNA", "Stool DNA and blood test", "")
HCV = Test("16128-1", "HCVAB", "Hepatitis C virus antibody", "")
HIV = Test("56888-1", "HIVAGAB", "HIV 1 and 2 antigen and antibodies", "")
GLUCOSE = Test("2345-7", "GLU", "Glucose", "mg/dL", "70", "99")
GLUCOSE_FASTING = Test("1558-6", "GLUF", "Glucose, fasting", "mg/dL", "70", "99")
PAP = Test("10524-7", "PAP", "Cervical cytology", "")

_A1C_TESTS = Weighted({A1C: 0.82, A1C_HPLC: 0.08, A1C_OFFICE: 0.08, A1C_UNMAPPED: 0.02})
_GLUCOSE_TESTS = Weighted({GLUCOSE: 0.7, GLUCOSE_FASTING: 0.3})
_STATUS = Weighted({"final": 0.955, "corrected": 0.015, "preliminary": 0.008, "cancelled": 0.022})
_LAG = Weighted({0: 0.25, 1: 0.45, 2: 0.2, 3: 0.07, 6: 0.03})
# Days since the newest HbA1c of somebody with diabetes; 0 stands for none at all.
_A1C_AGE = Weighted({(3, 176): 0.77, (186, 364): 0.12, (366, 880): 0.075, (0, 0): 0.035})


def labs(person: Person) -> Iterator[Lab]:
    """All results of a patient, oldest trouble included."""
    draw = person.draw
    has_diabetes = "diabetes" in person.conditions
    if has_diabetes:
        yield from _glucose_control(person)
    elif person.age >= 35 and draw.chance(0.3):
        value = (5.9 if "prediabetes" in person.conditions else 5.4) + 0.3 * draw.bell()
        yield _result(person, A1C, _back(person, 20, 900), _a1c_text(person, value))
    is_watched = has_diabetes or "hypertension" in person.conditions or "ckd" in person.conditions
    if person.age >= 40 and draw.chance(0.7 if is_watched else 0.5):
        for day in _series(person, 250, 420, 2):
            yield _result(person, LDL, day, f"{max(38, 108 + 32 * draw.bell()):.0f}")
    if is_watched and person.age >= 18 and draw.chance(0.8):
        yield from _kidneys(person, has_diabetes=has_diabetes)
    if "hypothyroidism" in person.conditions:
        for day in _series(person, 300, 420, 2):
            yield _result(person, TSH, day, f"{max(0.1, 2.4 + 1.1 * draw.bell()):.2f}")
    yield from _just_ordered(person, A1C if has_diabetes else LDL)
    if has("event of nobody", person.number):
        yield _result(person, LDL, _back(person, 10, 100), "101")._replace(patient_id=f"P9{person.number:06d}")


def _glucose_control(person: Person) -> Iterator[Lab]:
    draw = person.draw
    usual = 7.1 + 0.7 * draw.bell()
    if draw.chance(0.34):  # poor control; a few beyond what the analyser can measure
        usual = 14.6 if draw.chance(0.04) else 9.8 + 1.1 * draw.bell()
    low, high = draw.one_of(_A1C_AGE)
    if not high:
        return
    day, oldest = person.until - draw.between(low, high), person.until - 900
    while day >= max(oldest, person.born):
        value = max(5.0, usual + 0.5 * draw.bell())
        yield _result(person, draw.one_of(_A1C_TESTS), workday(day), _a1c_text(person, value))
        day -= draw.between(85, 260)


def _a1c_text(person: Person, value: float) -> tuple[str, str]:
    """The value and its unit, written as laboratories and people do."""
    draw = person.draw
    if value > 14:
        return ">14", "%"
    if value < 5.7 and draw.chance(0.1):
        return "<5.7", "%"
    if draw.chance(0.03):
        return f"{value:.1f}%", ""
    if draw.chance(0.015):
        return f"{(value - 2.15) * 10.929:.0f}", "mmol/mol"
    if draw.chance(0.01):
        return "see note", ""
    return f"{value:.1f}", "%"


def _kidneys(person: Person, *, has_diabetes: bool) -> Iterator[Lab]:
    draw = person.draw
    mean = 47.0 if "ckd" in person.conditions else 112 - 0.55 * person.age
    for day in _series(person, 200, 420, 3):
        yield _result(person, EGFR, day, f"{max(8.0, mean + 7 * draw.bell()):.0f}")
        if has_diabetes and draw.chance(0.72):
            ratio = 90 + 60 * draw.bell() if draw.chance(0.3) else 14 + 7 * draw.bell()
            yield _result(person, UACR, day, f"{max(3.0, ratio):.0f}")


def _series(person: Person, low: int, high: int, count: int) -> Iterator[int]:
    day = _back(person, 5, 400)
    for _ in range(count):
        if day < person.born:
            return
        yield day
        day = workday(day - person.draw.between(low, high))


def _back(person: Person, low: int, high: int) -> int:
    return max(workday(person.until - person.draw.between(low, high)), person.born)


def _just_ordered(person: Person, test: Test) -> Iterator[Lab]:
    """Ordered at a visit of the last weeks and not yet done."""
    draw = person.draw
    if person.age >= 30 and draw.chance(0.045):
        yield Lab(
            lab_id=person.next_id("L"),
            patient_id=person.patient_id,
            loinc=test.loinc,
            local_code=test.code,
            local_name=test.name,
            status="ordered",
            ordered_on=iso(_back(person, 1, 28)),
        )


def _result(person: Person, test: Test, collected: int, value: str | tuple[str, str]) -> Lab:
    """One result. What was collected too late for the feed has no result yet."""
    draw = person.draw
    text, unit = value if isinstance(value, tuple) else (value, test.unit)
    status, resulted = draw.one_of(_STATUS), collected + draw.one_of(_LAG)
    if resulted > person.until:
        status = "ordered"
    is_pending = status in ("ordered", "cancelled")
    ordered = collected - draw.between(0, 10)
    return Lab(
        person.next_id("L"),
        person.patient_id,
        test.loinc,
        test.code,
        test.name,
        "" if is_pending else text,
        "" if is_pending else unit,
        test.low,
        test.high,
        "" if is_pending else _flag(text, test),
        status,
        iso(ordered),
        iso(collected),
        "" if is_pending else iso(resulted),
    )


def _flag(text: str, test: Test) -> str:
    """H or L as a laboratory prints it; nothing where the value is not a plain number."""
    if not text.replace(".", "", 1).isdigit():
        return "A" if text in ("Positive", "Reactive") else ""
    if test.high and float(text) > float(test.high):
        return "H"
    return "L" if test.low and float(text) < float(test.low) else ""


def stool_test(person: Person, test: Test, days_ago: int) -> Lab:
    """A stool test of that many days before the last day; a few in a hundred find something."""
    share = 0.05 if test is FIT else 0.13
    return _result(person, test, person.until - days_ago, "Positive" if person.draw.chance(share) else "Negative")


def cytology(person: Person, days_ago: int) -> Lab:
    """A Pap test of that many days before the last day."""
    return _result(person, PAP, max(person.until - days_ago, person.born), "Negative for intraepithelial lesion")


def blood_screens(person: Person) -> Iterator[Lab]:
    """What the healthy are tested for: hepatitis C and HIV once, blood glucose every few years."""
    draw = person.draw
    if person.age >= 18 and draw.chance(0.62):
        yield from _once(person, HCV, from_age=18, reactive=0.008)
    if 15 <= person.age <= 66 and draw.chance(0.57):
        yield from _once(person, HIV, from_age=15)
    if 35 <= person.age <= 72 and "diabetes" not in person.conditions and draw.chance(0.6):
        value = (107 if "prediabetes" in person.conditions else 93) + 8 * draw.bell()
        day = _back(person, 10, 1090) if draw.chance(0.8) else _back(person, 1100, 2200)
        yield _result(person, draw.one_of(_GLUCOSE_TESTS), day, f"{value:.0f}")


def _once(person: Person, test: Test, *, from_age: int, reactive: float = 0.0) -> Iterator[Lab]:
    """A test of the last eight years, at that age or later."""
    draw, first = person.draw, person.born + int(from_age * YEAR) + 1
    if first <= person.until:
        value = "Reactive" if draw.chance(reactive) else "Non-reactive"
        yield _result(person, test, max(_back(person, 20, 2900), first), value)
