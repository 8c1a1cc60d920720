"""FHIR R4 resources as rows of the layout: one function for each type, giving (table, columns) pairs.

The first pair of a resource counts as the resource; further pairs are parts of it, such as the two numbers of a blood
pressure.
"""

from collections.abc import Callable

from core.feeds.fhir_people import Row, Rows, location, organization, patient, practitioner
from core.feeds.fhir_values import (
    References,
    Resource,
    code_in,
    code_word,
    coded,
    is_of,
    kind_of,
    moment,
    part,
    parts,
    text,
    value_of,
    words_of,
)

_MEASURED = {"vital-signs", "social-history", "exam", "survey", "activity", "sdoh"}


def appointment(resource: Resource, refs: References) -> Rows:
    """Appointment: the patient, practitioner and place are its participants."""
    services = parts(resource, "serviceType")
    actors = [part(p, "actor") for p in parts(resource, "participant")]
    yield "appointments", {
        "appointment_id": text(resource.get("id")),
        "patient_id": next((refs.id_of(a) for a in actors if is_of(a, "Patient", refs.by_url)), None),
        "provider_id": next((refs.id_of(a) for a in actors if kind_of(a).startswith("Practitioner")), None),
        "location_id": next((refs.id_of(a) for a in actors if kind_of(a) == "Location"), None),
        "start_at": text(resource.get("start")) or text(part(resource, "requestedPeriod").get("start")),
        "made_at": text(resource.get("created")),
        "type": words_of(part(resource, "appointmentType")) or next(map(words_of, services), None),
        "status": text(resource.get("status")),
        "cancel_reason": words_of(resource.get("cancelationReason")),
    }  # fmt: skip


def encounter(resource: Resource, refs: References) -> Rows:
    """Encounter."""
    kinds = parts(resource, "type")
    system, code, words = coded(kinds[0]) if kinds else (None, None, None)
    who = [part(p, "individual") or part(p, "actor") for p in parts(resource, "participant")]
    where = [part(place, "location") for place in parts(resource, "location")]
    yield "visits", {
        "visit_id": text(resource.get("id")),
        "patient_id": _subject(resource, refs),
        "provider_id": next((refs.id_of(w) for w in who if w), None),
        "location_id": next((refs.id_of(w) for w in where if w), None) or refs.id_of(resource.get("serviceProvider")),
        "visit_on": text(part(resource, "period").get("start")),
        "ended_on": text(part(resource, "period").get("end")),
        "type": words or words_of(resource.get("class")),
        "code_system": system,
        "code": code,
        "status": text(resource.get("status")),
    }  # fmt: skip


def condition(resource: Resource, refs: References) -> Rows:
    """Condition. A refuted one has that as its status, whatever its clinical status."""
    system, code, words = coded(part(resource, "code"))
    verified = code_word(resource.get("verificationStatus"))
    clinical = code_word(resource.get("clinicalStatus"))
    yield (
        "problems",
        {
            "problem_id": text(resource.get("id")),
            "patient_id": _subject(resource, refs),
            "code_system": system,
            "code": code,
            "text": words,
            "onset_on": moment(resource, "onset"),
            "resolved_on": moment(resource, "abatement"),
            "status": verified if verified in ("refuted", "entered-in-error") else clinical or verified,
            "recorded_on": text(resource.get("recordedDate")) or text(resource.get("assertedDate")),
        },
    )


def observation(resource: Resource, refs: References) -> Rows:
    """Observation: laboratory results are labs, everything that is measured or asked is a vital. Components follow."""
    categories = {str(c.get("code")) for k in parts(resource, "category") for c in parts(k, "coding")}
    row = _vital if categories & _MEASURED else _lab
    yield row(resource, resource, refs, ending="")
    for number, component in enumerate(parts(resource, "component"), 1):
        yield row(resource, component, refs, ending=f"#{number}")


def diagnostic_report(resource: Resource, refs: References) -> Rows:
    """A DiagnosticReport without results of its own: the report itself is the result."""
    yield _lab(resource, {"code": resource.get("code"), "valueString": resource.get("conclusion")}, refs, ending="")


def immunization(resource: Resource, refs: References) -> Rows:
    """Immunization."""
    vaccine = part(resource, "vaccineCode")
    yield (
        "immunizations",
        {
            "immunization_id": text(resource.get("id")),
            "patient_id": refs.id_of(resource.get("patient")),
            "cvx": code_in([vaccine], "CVX"),
            "name": coded(vaccine)[2] or coded(vaccine)[1],
            "administered_on": moment(resource, "occurrence") or text(resource.get("date")),
            "status": "not-done" if resource.get("wasNotGiven") is True else text(resource.get("status")),
            "source": {"True": "administered", "False": "historical"}.get(str(resource.get("primarySource"))),
            "lot": text(resource.get("lotNumber")),
            "dose_no": next((text(p.get("doseNumberPositiveInt")) for p in parts(resource, "protocolApplied")), None),
            "refusal_reason": words_of(resource.get("statusReason")),
        },
    )


def procedure(resource: Resource, refs: References) -> Rows:
    """Procedure. What ended later counts on its last day."""
    system, code, words = coded(part(resource, "code"))
    yield (
        "procedures",
        {
            "procedure_id": text(resource.get("id")),
            "patient_id": _subject(resource, refs),
            "code_system": system,
            "code": code,
            "text": words,
            "performed_on": moment(resource, "performed", last=True) or moment(resource, "occurrence", last=True),
            "status": text(resource.get("status")),
        },
    )


def medication_request(resource: Resource, refs: References) -> Rows:
    """MedicationRequest: the medicine stands in it, is contained in it, or is a resource of its own."""
    medicine = part(resource, "medicationCodeableConcept") or part(refs.medication_of(resource), "code")
    valid = part(part(resource, "dispenseRequest"), "validityPeriod")
    words = coded(medicine)[2] or coded(medicine)[1] or text(part(resource, "medicationReference").get("display"))
    yield (
        "medications",
        {
            "medication_id": text(resource.get("id")),
            "patient_id": _subject(resource, refs),
            "rxnorm": code_in([medicine], "RXNORM"),
            "name": words,
            "start_on": text(resource.get("authoredOn")) or text(valid.get("start")),
            "stop_on": text(valid.get("end")),
            "status": text(resource.get("status")),
        },
    )


ROWS: dict[str, Callable[[Resource, References], Rows]] = {
    "Patient": patient,
    "Practitioner": practitioner,
    "Organization": organization,
    "Location": location,
    "Appointment": appointment,
    "Encounter": encounter,
    "Condition": condition,
    "Observation": observation,
    "DiagnosticReport": diagnostic_report,
    "Immunization": immunization,
    "Procedure": procedure,
    "MedicationRequest": medication_request,
}


def _vital(resource: Resource, result: Resource, refs: References, *, ending: str) -> tuple[str, Row]:
    system, code, words = coded(part(result, "code"))
    value, unit = value_of(result)
    return "vitals", {
        "vital_id": _with_ending(resource, ending),
        "patient_id": _subject(resource, refs),
        "code_system": system,
        "code": code,
        "name": words,
        "value": value,
        "unit": unit,
        "taken_on": moment(resource, "effective", last=True) or text(resource.get("issued")),
        "status": text(resource.get("status")),
    }


def _lab(resource: Resource, result: Resource, refs: References, *, ending: str) -> tuple[str, Row]:
    system, code, words = coded(part(result, "code"))
    value, unit = value_of(result)
    normal = next(iter(parts(result, "referenceRange")), {})
    return "labs", {
        "lab_id": _with_ending(resource, ending),
        "patient_id": _subject(resource, refs),
        "loinc": code if system == "LOINC" else None,
        "local_code": None if system == "LOINC" else code,
        "local_name": words,
        "value": value,
        "unit": unit,
        "ref_low": text(part(normal, "low").get("value")),
        "ref_high": text(part(normal, "high").get("value")),
        "abnormal": next(map(code_word, parts(result, "interpretation")), None),
        "status": text(resource.get("status")),
        "collected_on": moment(resource, "effective", last=True),
        "resulted_on": text(resource.get("issued")),
    }


def _with_ending(resource: Resource, ending: str) -> str | None:
    own = text(resource.get("id"))
    return own + ending if own else None


def _subject(resource: Resource, refs: References) -> str | None:
    reference = resource.get("subject") or resource.get("patient")
    return refs.id_of(reference)
