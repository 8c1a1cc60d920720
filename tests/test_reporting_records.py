"""What reporting rules read in a bundle: whose an entry is, when it was, and what its number says.

Each table says: name, what is in the bundle, where the patient stands. The period is the calendar year 2026.
"""

import itertools
import json
import operator
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from core.conformance import run_deck
from tests.drawn import drawn
from tests.reporting_charts import (
    EXCLUDED,
    NUMERATOR,
    OPEN,
    OUTSIDE,
    Chart,
    Resource,
    chart,
    coded,
    condition,
    dosage,
    encounter,
    medicine,
    observation,
    pressure,
    procedure,
    standing,
    supply,
)

Row = tuple[str, Chart, str]
DAY = "2026-05-01"
WELLNESS = encounter("HCPCS G0438", DAY, own_id="wellness")
DIABETES = condition("ICD10CM E11.9", "2020-02-01")


def diabetic(*more: Resource) -> Chart:
    return chart(WELLNESS, DIABETES, *more, born="1966-06-15")


def a1c(value: Any, on: str = DAY) -> Resource:
    return {**observation("LOINC 4548-4", on), "valueQuantity": value}


def quantity(value: float, comparator: str | None = None, **unit: str) -> Resource:
    return {"value": value, **({"comparator": comparator} if comparator else {}), **(unit or {"code": "%"})}


# The numerator of CMS122 holds who is above 9 percent, or has no result.
GLYCEMIC: list[Row] = [
    # ---- a result is a value
    ("a number", diabetic(a1c(quantity(7))), OPEN),
    ("a unit without a number", diabetic(a1c({"unit": "%", "code": "%"})), NUMERATOR),
    ("a comparator without a number", diabetic(a1c({"comparator": "<", "code": "%"})), NUMERATOR),
    ("a number that is null", diabetic(a1c({"value": None, "code": "%"})), NUMERATOR),
    ("an empty quantity", diabetic(a1c({})), NUMERATOR),
    ("why there is no number", diabetic(a1c({"extension": [{"url": "http://x", "valueCode": "unknown"}]})), NUMERATOR),
    # ---- comparators
    (">9", diabetic(a1c(quantity(9, ">"))), NUMERATOR),
    (">=9 leaves it open", diabetic(a1c(quantity(9, ">="))), OPEN),
    (">8 leaves it open", diabetic(a1c(quantity(8, ">"))), OPEN),
    (">=9.1", diabetic(a1c(quantity(9.1, ">="))), NUMERATOR),
    ("<9", diabetic(a1c(quantity(9, "<"))), OPEN),
    ("<=9", diabetic(a1c(quantity(9, "<="))), OPEN),
    ("<14 leaves it open", diabetic(a1c(quantity(14, "<"))), OPEN),
    ("a comparator that is none", diabetic(a1c(quantity(10, "about"))), OPEN),
    (">9 and 9.5 on one day", diabetic(a1c(quantity(9, ">")), a1c(quantity(9.5))), NUMERATOR),
    (">9 and 8.5 on one day", diabetic(a1c(quantity(9, ">")), a1c(quantity(8.5))), OPEN),
    ("<14 and 8.5 on one day", diabetic(a1c(quantity(14, "<")), a1c(quantity(8.5))), OPEN),
    # ---- units
    ("percent in words", diabetic(a1c(quantity(9.5, unit="percent"))), NUMERATOR),
    ("Percent in words", diabetic(a1c(quantity(9.5, unit="Percent"))), NUMERATOR),
    ("percent of hemoglobin", diabetic(a1c(quantity(9.5, code="%{Hb}"))), NUMERATOR),
    ("no unit", diabetic(a1c({"value": 9.5})), NUMERATOR),
    ("no unit, in range", diabetic(a1c({"value": 8.5})), OPEN),
    ("another unit", diabetic(a1c(quantity(95, unit="mmol/mol"))), OPEN),
    # ---- how exactly the day is stated
    ("in the year of the period", diabetic(a1c(quantity(7), "2026")), OPEN),
    ("in a month of the period", diabetic(a1c(quantity(7), "2026-12")), OPEN),
    ("in the year after", diabetic(a1c(quantity(7), "2027")), NUMERATOR),
    ("in the month before", diabetic(a1c(quantity(7), "2025-12")), NUMERATOR),
    ("high in a month after another's", diabetic(a1c(quantity(7), "2026-04"), a1c(quantity(10), DAY)), NUMERATOR),
    ("a day that there is not", diabetic(a1c(quantity(7), "2026-02-30")), NUMERATOR),
]


def hypertensive(*more: Resource) -> Chart:
    return chart(WELLNESS, condition("ICD10CM I10", "2020-02-01"), *more, born="1966-06-15")


GOOD = pressure("2026-03-01", 120, 80)
EMPTY: Resource = {**observation("LOINC 85354-9", "2026-04-01", category="vital-signs"), "component": []}


def without_value(panel: Resource) -> Resource:
    parts = [{key: value for key, value in each.items() if key != "valueQuantity"} for each in panel["component"]]
    return {**panel, "component": parts}


def compared(high: str, low: str) -> Resource:
    """A reading of 140 and 90 with these comparators."""
    panel = pressure("2026-03-01", 140, 90)
    for component, comparator in zip(panel["component"], (high, low), strict=True):
        component["valueQuantity"]["comparator"] = comparator
    return panel


# Of the readings of the latest day the lowest of each number counts; a number that is not there comes before all.
PRESSURES: list[Row] = [
    ("a good reading", hypertensive(GOOD), NUMERATOR),
    ("the same, as another panel", hypertensive({**GOOD, "code": coded("LOINC 55284-4")}), OPEN),
    ("another panel later", hypertensive(GOOD, {**pressure(DAY, 150, 95), "code": coded("other_panel")}), NUMERATOR),
    ("a later panel without numbers", hypertensive(GOOD, EMPTY), OPEN),
    ("a later panel without numbers, in error", hypertensive(GOOD, {**EMPTY, "status": "entered-in-error"}), NUMERATOR),
    ("an earlier panel without numbers", hypertensive(pressure(DAY, 120, 80), EMPTY), NUMERATOR),
    ("a panel without numbers on the day", hypertensive(pressure("2026-04-01", 120, 80), EMPTY), OPEN),
    ("a later panel with empty numbers", hypertensive(GOOD, without_value(pressure(DAY, 1, 1))), OPEN),
    ("<140 and <90", hypertensive(compared("<", "<")), NUMERATOR),
    ("<=140 leaves it open", hypertensive(compared("<=", "<")), OPEN),
    (">140", hypertensive(compared(">", "<")), OPEN),
]


def woman(*more: Resource, born: str = "1966-06-15", visit: Resource = WELLNESS) -> Chart:
    return chart(visit, *more, born=born)


def mammogram(on: str, until: str | None = None) -> Resource:
    return observation("LOINC 24606-6", on, until=until, category="imaging")


def removed(**onset: Any) -> Chart:
    return woman({**condition("ICD10CM Z90.13", None, clinical="inactive"), **onset})


def aged(value: Any, code: str | None = "a") -> Chart:
    """Both breasts removed at an age; the patient is 60 in the period."""
    return removed(onsetAge={"value": value, **({"code": code} if code else {})})


# The window of mammograms begins on 1 October 2024, and what was removed must have been by the end of the period.
BREASTS: list[Row] = [
    # ---- years and months
    ("mammogram in a year within the window", woman(mammogram("2025")), NUMERATOR),
    ("mammogram in the year in which the window begins", woman(mammogram("2024")), OPEN),
    ("mammogram in the first month of the window", woman(mammogram("2024-10")), NUMERATOR),
    ("mammogram in the month before", woman(mammogram("2024-09")), OPEN),
    ("mammogram in the last month of the period", woman(mammogram("2026-12")), NUMERATOR),
    ("removed in the year of the period", removed(onsetDateTime="2026"), EXCLUDED),
    ("removed in the year after", removed(onsetDateTime="2027"), OPEN),
    ("visit in the year of the period", woman(visit=encounter("HCPCS G0438", "2026")), OPEN),
    ("visit from the year before", woman(visit=encounter("HCPCS G0438", "2025", DAY)), OUTSIDE),
    # ---- births
    ("born in a year that is old enough", woman(born="1983"), OPEN),
    ("born in the year of the youngest", woman(born="1984"), OPEN),
    ("born in a year that is too young", woman(born="1985"), OUTSIDE),
    ("born in the year of the oldest", woman(born="1952"), OPEN),
    ("born in a year that is too old", woman(born="1951"), OUTSIDE),
    ("born nobody knows when", woman(born=""), OUTSIDE),
    # ---- the day is the one that is written, whatever its zone
    ("last day, far west", woman(mammogram("2026-12-31T23:30:00-08:00")), NUMERATOR),
    ("next day, far east", woman(mammogram("2027-01-01T00:30:00+05:00")), OPEN),
    # ---- ages in every unit
    ("removed at 40 years", aged(40), EXCLUDED),
    ("removed at 61 years", aged(61), OPEN),
    ("removed at 40 y", aged(40, "y"), EXCLUDED),
    ("removed at 480 months", aged(480, "mo"), EXCLUDED),
    ("removed at 732 months", aged(732, "mo"), OPEN),
    ("removed at 2,000 weeks", aged(2000, "wk"), EXCLUDED),
    ("removed at 3,300 weeks", aged(3300, "wk"), OPEN),
    ("removed at 14,000 days", aged(14_000, "d"), EXCLUDED),
    ("removed at 22,200 days", aged(22_200, "d"), OPEN),
    ("removed at 400,000 hours", aged(400_000, "h"), EXCLUDED),
    ("removed at 540,000 hours", aged(540_000, "h"), OPEN),
    ("removed at 25,000,000 minutes", aged(25_000_000, "min"), EXCLUDED),
    ("removed at 33,000,000 minutes", aged(33_000_000, "min"), OPEN),
    ("removed at 40 of what is not said", aged(40, None), OPEN),
    ("removed at 40 of what is no time", aged(40, "kg"), OPEN),
    ("removed at an age that is no number", aged("forty"), OPEN),
    ("removed at an age that no calendar has", aged(10**9), OPEN),
    ("removed on a day that cannot be read", removed(onsetDateTime="long ago"), OPEN),
    ("removed at some time", removed(onsetString="long ago"), EXCLUDED),
    ("removed, not said when", removed(), EXCLUDED),
]


def treated(on: str | None, *more: Resource) -> Chart:
    """Somebody frail of 70, with a medicine for dementia: its days count from a year before the period on."""
    return woman(condition("ICD10CM M62.84", "2026-03-01"), medicine("RXNORM 310436", on, *more), born="1956-06-15")


COVERED: list[Row] = [
    ("ordered in a month, long enough from any day of it", treated("2024-11", supply(62)), EXCLUDED),
    ("ordered in a month, long enough from its last days", treated("2024-11", supply(60)), OPEN),
    ("ordered in a year of the window", treated("2025", supply(30)), EXCLUDED),
    ("ordered in the year before, for a year", treated("2024", supply(366)), OPEN),
    ("ordered at the end of the calendar", treated("9999-12-31", supply(30)), OPEN),
    ("once in no time", treated(DAY, supply(pills=30), dosage(1, every=(0, "d"))), EXCLUDED),
    ("ever less of it", treated(DAY, supply(pills=30), dosage(1e-300, every=(1e300, "d"))), OPEN),
    ("ever more of it", treated(DAY, supply(pills=1e300), dosage(1)), OPEN),
]
TABLES: dict[str, list[Row]] = {"CMS122": GLYCEMIC, "CMS165": PRESSURES, "CMS125": [*BREASTS, *COVERED]}


@pytest.mark.parametrize("measure", TABLES)
def test_what_is_not_known_for_certain_is_not_met(measure: str) -> None:
    rows = TABLES[measure]

    found = standing(measure, {name: patient for name, patient, _ in rows})

    assert found == {name: stands for name, _, stands in rows}


FIRST, LAST = date(2024, 10, 1), date(2026, 12, 31)  # of the window of mammograms
PARTS = st.builds(
    lambda day, length: day.isoformat()[:length],
    st.dates(date(2024, 1, 1), date(2027, 12, 31)) | st.sampled_from([FIRST, LAST]),
    st.sampled_from([4, 7, 10]),
)


def days_of(part: str) -> list[date]:
    """Every day that '2025', '2025-03' or '2025-03-01' may be."""
    each = date(int(part[:4]), 1, 1)
    year = [each + timedelta(days=number) for number in range(366)]
    return [day for day in year if day.isoformat().startswith(part)]


@drawn(daily=2, many=10, parts=st.lists(PARTS, min_size=15, max_size=15, unique=True))
def test_a_part_of_a_date_counts_when_every_day_that_it_may_be_counts(parts: list[str]) -> None:
    found = standing("CMS125", {part: woman(mammogram(part)) for part in parts})

    assert found == {part: NUMERATOR if all(FIRST <= day <= LAST for day in days_of(part)) else OPEN for part in parts}


NUMBERS = st.tuples(st.sampled_from(["", "<", "<=", ">", ">="]), st.sampled_from([8.0, 8.9, 9.0, 9.1, 10.0]))


def may_be(comparator: str, number: float) -> list[float]:
    """Numbers near and far that a result may be."""
    every = [0.0, 7.9, 8.0, 8.1, 8.9, 8.95, 9.0, 9.05, 9.1, 9.2, 10.0, 10.1, 99.0]
    holds = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "": operator.eq}[comparator]
    return [each for each in every if holds(each, number)]


@drawn(daily=2, many=10, patients=st.lists(st.lists(NUMBERS, min_size=1, max_size=3), min_size=15, max_size=15))
def test_the_lowest_of_a_day_is_above_a_limit_when_it_is_whatever_the_results_may_be(
    patients: list[list[tuple[str, float]]],
) -> None:
    def stands(results: list[tuple[str, float]]) -> str:
        lowest = [min(each) for each in itertools.product(*(may_be(*result) for result in results))]
        return NUMERATOR if all(number > 9 for number in lowest) else OPEN

    charts = {
        str(place): diabetic(*(a1c(quantity(number, comparator or None)) for comparator, number in results))
        for place, results in enumerate(patients)
    }

    assert list(standing("CMS122", charts).values()) == [stands(results) for results in patients]


# ---- moments are compared as instants ------------------------------------------------------------------------------
def kidneys(albumin: str, creatinine: str) -> Chart:
    """Albumin and creatinine in urine count together when they are at most four days apart, to the minute."""
    lasting = condition("ICD10CM E11.9", "2020-02-01")
    tests = [("LOINC 62238-1", "2026-04-01", 70, "mL/min"), ("LOINC 14957-5", albumin, 20, "mg/L")]
    tests.append(("LOINC 2161-8", creatinine, 90, "mg/dL"))
    return chart(WELLNESS, lasting, *(observation(*each) for each in tests), born="1966-06-15")


INSTANTS: list[Row] = [
    ("four days", kidneys("2026-03-06T10:00:00Z", "2026-03-02T10:00:00Z"), NUMERATOR),
    ("four days and a second", kidneys("2026-03-06T10:00:01Z", "2026-03-02T10:00:00Z"), OPEN),
    ("less, written far west", kidneys("2026-03-06T05:00:00-05:00", "2026-03-02T11:00:00Z"), NUMERATOR),
    ("more, written far west", kidneys("2026-03-06T09:00:00-05:00", "2026-03-02T11:00:00Z"), OPEN),
    ("more by the clock, less in truth", kidneys("2026-03-06T12:00:00+03:00", "2026-03-02T10:00:00Z"), NUMERATOR),
    ("two days without a time", kidneys("2026-03-06", "2026-03-02"), NUMERATOR),
    ("a day without a time, perhaps more", kidneys("2026-03-06", "2026-03-02T10:00:00Z"), OPEN),
    ("a day without a time, surely less", kidneys("2026-03-05", "2026-03-02T10:00:00Z"), NUMERATOR),
    ("months", kidneys("2026-03", "2026-04"), OPEN),
]


def test_moments_are_compared_as_instants_and_a_day_alone_is_none() -> None:
    found = standing("CMS951", {name: patient for name, patient, _ in INSTANTS})

    assert found == {name: stands for name, _, stands in INSTANTS}


# ---- whose an entry is, and what references lead to ----------------------------------------------------------------
OTHER: Resource = {"resourceType": "Patient", "id": "other", "birthDate": "1966-06-15", "gender": "female"}
SEX = {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex", "valueCode": "248152002"}
ME: Resource = {
    "resourceType": "Patient",
    "id": "me",
    "birthDate": "1966-06-15",
    "gender": "female",
    "extension": [SEX],
}
BASE = "https://ehr.example.org/fhir"
REFERENCES = {
    "relative": "Patient/me",
    "absolute": f"{BASE}/Patient/me",
    "versioned": "Patient/me/_history/3",
    "absolute and versioned": f"{BASE}/Patient/me/_history/3",
    "by the address of its entry": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
}


def bundle(*entries: tuple[str, Resource]) -> Resource:
    held = [{"fullUrl": url, "resource": resource} if url else {"resource": resource} for url, resource in entries]
    return {"resourceType": "Bundle", "entry": held}


def deck(folder: Path, measure: str = "CMS125", **cases: Resource | str) -> Path:
    """A deck of these bundles, or texts of files, in which nobody is expected to be anywhere."""
    (folder / "patients").mkdir(parents=True)
    (folder / "value_sets").mkdir()
    (folder / "deck.json").write_text(json.dumps({"measure": measure, "year": 2026}))
    for case, content in cases.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "patients" / f"{case}.json").write_text(text)
    rows = [f"{case},1,2026-01-01,2026-12-31,0,0,0,0,0" for case in cases]
    head = "case,group,period_start,period_end,initial_population,denominator,denominator_exclusion"
    (folder / "expected.csv").write_text("\n".join([f"{head},denominator_exception,numerator", *rows]) + "\n")
    return folder


def is_in(folder: Path, population: str) -> bool | None:
    return run_deck(folder).cases[f"found_{population}"].item()  # type: ignore[no-any-return]


def of(reference: str, resource: Resource, key: str = "subject") -> Resource:
    return {**resource, key: {"reference": reference}}


@pytest.mark.parametrize("form", REFERENCES)
def test_a_reference_of_every_form_leads_to_the_patient(tmp_path: Path, form: str) -> None:
    me = (REFERENCES["by the address of its entry"], ME)
    visit = of(REFERENCES[form], WELLNESS)

    assert is_in(deck(tmp_path / "deck", me=bundle(me, ("", OTHER), ("", visit))), "denominator") is True


@pytest.mark.parametrize("reference", ["Patient/other", f"{BASE}/Patient/other", "Group/me", "urn:uuid:nobody"])
def test_what_is_about_somebody_else_does_not_count(tmp_path: Path, reference: str) -> None:
    whole = bundle(("", ME), ("", of("Patient/me", WELLNESS)), ("", of(reference, mammogram(DAY))))

    assert is_in(deck(tmp_path / "deck", me=whole), "numerator") is False


def test_of_several_patients_in_a_bundle_each_has_what_is_about_them(tmp_path: Path) -> None:
    whole = bundle(
        ("", {**ME, "id": "other"}),
        ("", ME),
        *(("", of(f"Patient/{each}", {**WELLNESS, "id": each})) for each in ("me", "other")),
        ("", of("Patient/other", mammogram(DAY))),
    )

    cases = run_deck(deck(tmp_path / "deck", me=whole, other=whole)).cases

    assert cases.select("case", "found_numerator").rows() == [("me", False), ("other", True)]


def test_what_does_not_say_whose_it_is_belongs_to_the_only_patient(tmp_path: Path) -> None:
    alone = bundle(("", ME), ("", WELLNESS))
    among_two = bundle(("", ME), ("", OTHER), ("", WELLNESS))

    cases = run_deck(deck(tmp_path / "deck", alone=alone, me=among_two)).cases

    assert cases["found_denominator"].to_list() == [True, False]


MEDICINE = coded("RXNORM 310436")
MEDICATIONS: dict[str, Callable[[Resource], list[tuple[str, Resource]]]] = {
    "a resource of its own": lambda order: [
        ("", {"resourceType": "Medication", "id": "m", "code": MEDICINE}),
        ("", {**order, "medicationReference": {"reference": "Medication/m"}}),
    ],
    "by its address": lambda order: [
        ("urn:uuid:medicine", {"resourceType": "Medication", "id": "m", "code": MEDICINE}),
        ("", {**order, "medicationReference": {"reference": "urn:uuid:medicine"}}),
    ],
    "a version of it": lambda order: [
        ("", {"resourceType": "Medication", "id": "m", "code": MEDICINE}),
        ("", {**order, "medicationReference": {"reference": "Medication/m/_history/2"}}),
    ],
    "contained": lambda order: [
        ("", {**order, "contained": [{"resourceType": "Medication", "id": "m", "code": MEDICINE}]}
         | {"medicationReference": {"reference": "#m"}}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", MEDICATIONS)
def test_a_medicine_is_found_by_a_reference_of_every_form(tmp_path: Path, form: str) -> None:
    order = medicine("RXNORM 310436", DAY, supply(30))
    del order["medicationCodeableConcept"]
    frail = condition("ICD10CM M62.84", "2026-03-01")
    entries = [("", {**ME, "birthDate": "1956-06-15"}), ("", WELLNESS), ("", frail), *MEDICATIONS[form](order)]

    assert is_in(deck(tmp_path / "deck", me=bundle(*entries)), "denominator_exclusion") is True


def test_a_reading_belongs_to_the_visit_that_its_address_leads_to(tmp_path: Path) -> None:
    emergency = encounter("emergency_visit", "2026-04-02", kind="EMER", own_id="er")
    good = {**pressure("2026-04-02", 120, 80), "encounter": {"reference": "urn:uuid:emergency"}}
    entries = [("", ME), ("", WELLNESS), ("", condition("ICD10CM I10", "2020-02-01"))]
    whole = bundle(*entries, ("urn:uuid:emergency", emergency), ("", good))
    folder = deck(tmp_path / "deck", "CMS165", me=whole)
    (folder / "deck.json").write_text(json.dumps({"measure": "CMS165", "year": 2025}))
    expected = (folder / "expected.csv").read_text().replace("2026-", "2025-")
    (folder / "expected.csv").write_text(expected)
    (folder / "patients" / "me.json").write_text(json.dumps(whole).replace("2026-", "2025-"))

    assert is_in(folder, "denominator") is True
    assert is_in(folder, "numerator") is False


def test_bundles_in_a_bundle_are_read(tmp_path: Path) -> None:
    inner = bundle(("", WELLNESS), ("", procedure("ICD10PCS 0HTV0ZZ", "1999-01-01")))

    assert is_in(deck(tmp_path / "deck", me=bundle(("", ME), ("", inner))), "denominator_exclusion") is True
