"""Reading FHIR R4: references of every form, values of every kind, bundles and NDJSON."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from core import loads
from core.errors import DataError
from core.workbench import Workbench
from tests.feeds import without_rules, write_bundle, write_ndjson

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"use": "official", "family": "Example", "given": ["Ann", "Maria"]}],
    "gender": "female",
    "birthDate": "1960-05-01",
    "telecom": [
        {"system": "phone", "value": "312-555-0142", "use": "mobile"},
        {"system": "phone", "value": "312-555-0143", "use": "home"},
        {"system": "email", "value": "Ann@Example.org"},
    ],
    "communication": [{"language": {"coding": [{"code": "es-US"}]}}],
    "generalPractitioner": [{"reference": "Practitioner/d1"}],
    "managingOrganization": {"reference": "Organization/g1"},
}
PRACTITIONER = {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Doctor", "given": ["Dana"]}]}
REFUTED = {"coding": [{"code": "refuted"}]}
ORGANIZATION = {"resourceType": "Organization", "id": "g1", "name": "Example Group"}


@pytest.fixture
def wb(wb: Workbench) -> Workbench:
    without_rules(wb)
    return wb


def observation(own: str, **values: Any) -> dict[str, Any]:
    usual = {
        "resourceType": "Observation",
        "id": own,
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": "4548-4", "display": "HbA1c"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-05-01T23:30:00Z",
    }
    return usual | values


def test_a_patient_has_contact_data_group_and_pcp(wb: Workbench, tmp_path: Path) -> None:
    write_bundle(tmp_path / "feed" / "bundle.json", PATIENT, PRACTITIONER, ORGANIZATION)

    loads.load(wb, tmp_path / "feed")

    columns = ("patient_id", "first", "middle", "last", "sex", "phone_mobile", "phone_home", "email", "language")
    assert _table(wb, "patients").select(columns).row(0) == (
        "p1", "Ann", "Maria", "Example", "F", "+13125550142", "+13125550143", "ann@example.org", "es",
    )  # fmt: skip
    assert _table(wb, "patients").select("pcp_id", "group_id").row(0) == ("d1", "g1")
    assert _table(wb, "groups")["name"].to_list() == ["Example Group"]


@pytest.mark.parametrize(
    "reference",
    ["Patient/p1", "urn:uuid:p1", "https://ehr.example.org/fhir/Patient/p1", "Patient/p1/_history/2"],
)
def test_references_of_every_form_lead_to_the_patient(wb: Workbench, tmp_path: Path, reference: str) -> None:
    write_bundle(tmp_path / "feed" / "b.json", PATIENT, observation("o1", subject={"reference": reference}))

    assert loads.load(wb, tmp_path / "feed").counts["Observation"].kept == 1


def test_an_entry_address_other_than_the_id_leads_to_the_patient(wb: Workbench, tmp_path: Path) -> None:
    entries = [
        {"fullUrl": "urn:uuid:1234", "resource": PATIENT},
        {"fullUrl": "urn:uuid:5678", "resource": observation("o1", subject={"reference": "urn:uuid:1234"})},
    ]
    (tmp_path / "b.json").write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))

    assert loads.load(wb, tmp_path).counts["Observation"].kept == 1


@pytest.mark.parametrize(
    ("values", "value", "text", "unit"),
    [
        ({"valueQuantity": {"value": 8.1, "unit": "%"}}, 8.1, "8.1", "%"),
        ({"valueQuantity": {"value": 14, "comparator": ">", "code": "%"}}, 14.000000001, ">14", "%"),
        ({"valueCodeableConcept": {"coding": [{"code": "LA33-6", "display": "Yes"}]}}, None, "Yes", None),
        ({"valueString": "see note"}, None, "see note", None),
        ({"valueInteger": 3}, 3.0, "3", None),
        ({"valueBoolean": True}, None, "true", None),
        ({"dataAbsentReason": {"text": "unknown"}}, None, None, None),
    ],
)
def test_a_value_of_any_kind_is_read(
    wb: Workbench, tmp_path: Path, values: dict[str, Any], value: float | None, text: str | None, unit: str | None
) -> None:
    write_bundle(tmp_path / "feed" / "b.json", PATIENT, observation("o1", **values))

    loads.load(wb, tmp_path / "feed")

    assert _events(wb).select("value", "value_text", "unit").row(0) == (value, text, unit)


def test_a_blood_pressure_counts_once_and_has_both_numbers(wb: Workbench, tmp_path: Path) -> None:
    def component(code: str, value: int) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mm[Hg]"},
        }

    pressure = observation(
        "o1",
        category=[{"coding": [{"code": "vital-signs"}]}],
        code={"coding": [{"system": LOINC, "code": "85354-9"}]},
        component=[component("8480-6", 128), component("8462-4", 77)],
    )
    write_bundle(tmp_path / "feed" / "b.json", PATIENT, pressure)

    report = loads.load(wb, tmp_path / "feed")

    assert (report.counts["Observation"].read, report.counts["Observation"].kept) == (1, 1)
    assert _events(wb).select("event_id", "code", "value").sort("event_id").rows() == [
        ("o1", "85354-9", None),
        ("o1#1", "8480-6", 128.0),
        ("o1#2", "8462-4", 77.0),
    ]


def test_the_written_day_counts_whatever_the_zone(wb: Workbench, tmp_path: Path) -> None:
    times = ["2026-05-01T00:00:00Z", "2025-12-31T23:59:59+00:00", "2026-05-01T23:30:00-11:00"]
    resources = [observation(f"o{n}", effectiveDateTime=at) for n, at in enumerate(times)]
    write_bundle(tmp_path / "feed" / "b.json", PATIENT, *resources)

    loads.load(wb, tmp_path / "feed")

    assert [str(day) for day in _events(wb).sort("event_id")["on"]] == ["2026-05-01", "2025-12-31", "2026-05-01"]


def test_of_several_codings_the_one_of_a_free_system_is_taken(wb: Workbench, tmp_path: Path) -> None:
    codings = [
        {"system": "http://hospital.example.org", "code": "DM2"},
        {"system": SNOMED, "code": "44054006"},
        {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"},
    ]
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "code": {"coding": codings},
        "subject": {"reference": "Patient/p1"},
    }
    write_bundle(tmp_path / "feed" / "b.json", PATIENT, condition | {"onsetDateTime": "2020-01-01"})

    loads.load(wb, tmp_path / "feed")

    assert _events(wb).select("system", "code").row(0) == ("ICD10CM", "E11.9")


@pytest.mark.parametrize(
    ("resource", "is_done"),
    [
        ({"resourceType": "Immunization", "status": "completed", "occurrenceDateTime": "2026-01-01"}, True),
        ({"resourceType": "Immunization", "status": "not-done", "occurrenceDateTime": "2026-01-01"}, False),
        ({"resourceType": "Procedure", "status": "completed", "performedPeriod": {"end": "2026-01-01"}}, True),
        ({"resourceType": "Procedure", "status": "preparation", "performedDateTime": "2026-01-01"}, False),
        ({"resourceType": "Condition", "verificationStatus": REFUTED, "onsetDateTime": "2026-01-01"}, False),
        ({"resourceType": "Encounter", "status": "planned", "period": {"start": "2026-01-01"}}, False),
    ],
)  # fmt: skip
def test_only_what_happened_is_done(wb: Workbench, tmp_path: Path, resource: dict[str, Any], is_done: bool) -> None:
    of_patient = {"patient": {"reference": "Patient/p1"}, "subject": {"reference": "Patient/p1"}}
    write_bundle(tmp_path / "feed" / "b.json", PATIENT, {"id": "x1", **of_patient, **resource})

    loads.load(wb, tmp_path / "feed")

    assert _events(wb)["is_done"].to_list() == [is_done]


def test_a_medicine_of_its_own_or_contained_is_found(wb: Workbench, tmp_path: Path) -> None:
    code = {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "860975"}],
        "text": "metformin",
    }
    request = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-01-01",
    }
    write_bundle(
        tmp_path / "feed" / "b.json",
        request | {"id": "r1", "medicationReference": {"reference": "Medication/m1"}},
        request | {"id": "r2", "medicationReference": {"reference": "#m2"}, "contained": [{"id": "m2", "code": code}]},
        request | {"id": "r3", "medicationCodeableConcept": code},
        {"resourceType": "Medication", "id": "m1", "code": code},
        PATIENT,
    )

    loads.load(wb, tmp_path / "feed")

    assert _events(wb)["code"].to_list() == ["860975"] * 3


def test_an_appointment_finds_its_participants(wb: Workbench, tmp_path: Path) -> None:
    actors = [{"actor": {"reference": "Patient/p1"}}, {"actor": {"reference": "Practitioner/d1"}}]
    appointment = {"resourceType": "Appointment", "id": "a1", "status": "booked", "start": "2026-12-01T15:00:00Z"}
    write_bundle(tmp_path / "feed" / "b.json", PATIENT, PRACTITIONER, appointment | {"participant": actors})

    loads.load(wb, tmp_path / "feed")

    found = _table(wb, "appointments").select("patient_id", "provider_id", "status", "start_at").row(0)
    assert found[:3] == ("p1", "d1", "scheduled")
    assert str(found[3]) == "2026-12-01 09:00:00"  # in Chicago


def test_ndjson_is_read_in_any_order_and_a_broken_line_is_rejected(wb: Workbench, tmp_path: Path) -> None:
    coverage = {"resourceType": "Coverage", "id": "v1", "status": "active", "beneficiary": {"reference": "Patient/p1"}}
    write_ndjson(tmp_path / "Observation.ndjson", observation("o1"), '{"resourceType": "Observ', observation("o2"))
    write_ndjson(tmp_path / "Coverage.ndjson", coverage | {"payor": [{"display": "Medicare"}]})
    write_ndjson(tmp_path / "Goal.ndjson", {"resourceType": "Goal", "id": "g1"})
    with gzip.open(tmp_path / "Patient.ndjson.gz", "wt") as stream:
        stream.write(json.dumps(PATIENT) + "\n")

    report = loads.load(wb, tmp_path)

    assert report.counts["Observation"].kept == 2
    assert report.skipped == {"Goal": 1}
    assert loads.rejects(wb).select("file", "line", "reason").rows() == [
        ("Observation.ndjson", 2, "the line is not readable JSON")
    ]
    assert _table(wb, "patients")["payer"].to_list() == ["Medicare"]


def test_lines_in_a_file_named_json_are_read(wb: Workbench, tmp_path: Path) -> None:
    write_ndjson(tmp_path / "all.json", PATIENT, observation("o1"), observation("o2"))

    assert loads.load(wb, tmp_path).counts["Observation"].kept == 2


def test_a_resource_of_another_shape_is_rejected_and_the_others_are_kept(wb: Workbench, tmp_path: Path) -> None:
    odd = observation("o1") | {"code": "4548-4", "category": "laboratory", "effectiveDateTime": {"value": 5}}
    odder = {"resourceType": "Patient", "id": "p2", "name": [{"given": 7}], "birthDate": "1960-01-01"}
    write_bundle(tmp_path / "feed" / "b.json", PATIENT, odd, odder, observation("o2"))

    report = loads.load(wb, tmp_path / "feed")

    assert report.counts["Patient"].kept == 1
    assert "o2" in _events(wb)["event_id"].to_list()


def test_a_bundle_that_is_no_json_is_refused_with_its_line(wb: Workbench, tmp_path: Path) -> None:
    write_bundle(tmp_path / "good.json", PATIENT)
    (tmp_path / "zbad.json").write_text('{"resourceType": "Bundle",\n "entry": [')

    with pytest.raises(DataError, match=r"zbad.json, line \d"):
        loads.load(wb, tmp_path)


@pytest.mark.parametrize("name", ["Patient.ndjson.gz", "Patient.NDJSON.GZ"])
@pytest.mark.parametrize("damage", ["cut", "changed", "no gzip at all", "empty"])
def test_a_damaged_packed_file_is_refused_by_its_name(wb: Workbench, tmp_path: Path, name: str, damage: str) -> None:
    whole = gzip.compress(b"".join(json.dumps({**PATIENT, "id": str(each)}).encode() + b"\n" for each in range(200)))
    changed = whole[:40] + bytes(255 - byte for byte in whole[40:80]) + whole[80:]
    (tmp_path / name).write_bytes(
        {"cut": whole[:-20], "changed": changed, "no gzip at all": b"{}\n", "empty": b""}[damage]
    )

    with pytest.raises(DataError, match=f"{name} cannot be read to its end" if damage != "empty" else "no patient"):
        loads.load(wb, tmp_path)


def test_files_that_are_not_read_are_named(wb: Workbench, tmp_path: Path) -> None:
    write_bundle(tmp_path / "feed" / "patients.JSON", PATIENT)
    for name in ("more.json.gz", "labs.xml", "notes.txt", ".hidden", "manifest.json"):
        (tmp_path / "feed" / name).write_text("{}")
    (tmp_path / "feed" / "package.json").write_text('{"name": "x"}')

    report = loads.load(wb, tmp_path / "feed")

    assert report.counts["Patient"].kept == 1
    assert report.notes == (
        "Not read: labs.xml, more.json.gz, notes.txt. Files that are read end with .json, .ndjson, .ndjson.gz, .jsonl. "
        "Unpack the others first.",
        "package.json holds no FHIR resource.",
    )


def _table(wb: Workbench, name: str) -> pl.DataFrame:
    generation = loads.current(wb)
    assert generation is not None
    return generation.table(name).collect()


def _events(wb: Workbench) -> pl.DataFrame:
    generation = loads.current(wb)
    assert generation is not None
    return generation.events().collect()
