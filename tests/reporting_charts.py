"""Test patients for the rules of official measures, as FHIR R4: what a chart holds, and where a measure puts it.

A code is written with its system, 'HCPCS G0438'. A word without a system is an invented code: `INVENTED` says which
value set it stands in, so that concepts without free codes can be tested too.
"""

import csv
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.conformance import run_deck
from core.measures import concepts

Resource = dict[str, Any]
Chart = list[Resource]

# Where a patient stands in a rate. Who is excluded, excepted or in the numerator is in the denominator too.
OUTSIDE, INITIAL, OPEN = "outside", "initial population", "open"
EXCLUDED, EXCEPTED, NUMERATOR = "excluded", "excepted", "numerator"
_STANDS = {
    (False, False, False, False, False): OUTSIDE,
    (True, False, False, False, False): INITIAL,
    (True, True, False, False, False): OPEN,
    (True, True, True, False, False): EXCLUDED,
    (True, True, False, True, False): EXCEPTED,
    (True, True, False, False, True): NUMERATOR,
}
_POPULATIONS = (
    "initial_population",
    "denominator",
    "denominator_exclusion",
    "denominator_exception",
    "numerator",
)
_RATES = {"CMS138": ("1", "2", "3")}

_SYSTEMS = {
    "CPT": "http://www.ama-assn.org/go/cpt",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "HCPCS": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "ICD10CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD10PCS": "http://www.cms.gov/Medicare/Coding/ICD10",
    "LOINC": "http://loinc.org",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "SNOMED": "http://snomed.info/sct",
}
_INVENTED_SYSTEM = "http://example.org/codes"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_QICORE = "http://hl7.org/fhir/us/qicore/StructureDefinition"

# Invented codes and the value sets they stand in: one for each concept without codes, and some for second value sets.
INVENTED = {each.concept_id: each.value_sets[0] for each in concepts().values() if not each.codes and each.value_sets}
INVENTED |= {
    "established_patient_visit": "2.16.840.1.113883.3.464.1003.101.12.1025",
    "established_child_visit": "2.16.840.1.113883.3.464.1003.101.12.1024",
    "palliative_intervention": "2.16.840.1.113883.3.464.1003.198.12.1135",
}


# ---- codes and moments ---------------------------------------------------------------------------------------------
def coded(*codes: str) -> Resource:
    """A CodeableConcept of these codes: 'LOINC 4548-4', or the word of an invented code."""
    return {"coding": [_coding(each) for each in codes]}


def _coding(text: str) -> Resource:
    system, _, code = text.partition(" ")
    return {"system": _SYSTEMS[system], "code": code} if code else {"system": _INVENTED_SYSTEM, "code": text}


def _when(key: str, on: str | None, until: str | None) -> Resource:
    if until is not None:
        return {f"{key}Period": {"start": on, "end": until}}
    return {f"{key}DateTime": on} if on else {}


def _term(system: str, code: str | None) -> Resource:
    return {"coding": [{"system": f"{_TERMS}/{system}", "code": code}]} if code else {}


# ---- the patient ---------------------------------------------------------------------------------------------------
def chart(*resources: Resource, born: str, sex: str | None = "F", gender: str | None = None) -> Chart:
    """A patient and what the chart holds. sex: the current one; gender: as registered, the same when not given."""
    words = {"F": ("248152002", "female"), "M": ("248153007", "male"), None: (None, None)}
    patient: Resource = {"resourceType": "Patient", "birthDate": born, "gender": gender or words[sex][1]}
    if sex:
        url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex"
        patient["extension"] = [{"url": url, "valueCode": words[sex][0]}]
    return [patient, *resources]


# ---- what a chart holds --------------------------------------------------------------------------------------------
def encounter(
    code: str,
    on: str,
    until: str | None = None,
    *,
    status: str = "finished",
    kind: str = "AMB",
    own_id: str = "e",
    disposition: str = "",
) -> Resource:
    """A visit or stay. until: '' for one without an end. kind: its class."""
    last = on if until is None else until
    return {
        "resourceType": "Encounter",
        "id": own_id,
        "status": status,
        "class": {"system": f"{_TERMS}/v3-ActCode", "code": kind},
        "type": [coded(code)],
        "period": {"start": on, "end": last} if last else {"start": on},
        **({"hospitalization": {"dischargeDisposition": coded(disposition)}} if disposition else {}),
    }


def condition(
    code: str,
    onset: str | None,
    *,
    abated: str | None = None,
    clinical: str | None = None,
    category: str | None = "encounter-diagnosis",
    verification: str | None = "confirmed",
    sites: tuple[str, ...] = (),
) -> Resource:
    """A diagnosis. clinical: 'active', or 'resolved' with an abatement, when not given; '' for none."""
    shown = ("resolved" if abated else "active") if clinical is None else clinical
    return {
        "resourceType": "Condition",
        "code": coded(code),
        "clinicalStatus": _term("condition-clinical", shown),
        "verificationStatus": _term("condition-ver-status", verification),
        "category": [_term("condition-category", category)] if category else [],
        "bodySite": [coded(each) for each in sites],
        **_when("onset", onset, None),
        **_when("abatement", abated, None),
    }


def observation(
    code: str,
    on: str | None,
    value: float | str | None = None,
    unit: str = "%",
    *,
    until: str | None = None,
    status: str = "final",
    category: str = "",
    of: str = "",
) -> Resource:
    """A result. value: a number in a unit, or a code. category: one or several words. of: id of the encounter."""
    return {
        "resourceType": "Observation",
        "status": status,
        "category": [_term("observation-category", each) for each in category.split()],
        "code": coded(code),
        **_when("effective", on, until),
        **_value(value, unit),
        **({"encounter": {"reference": f"Encounter/{of}"}} if of else {}),
    }


def _value(value: float | str | None, unit: str) -> Resource:
    if isinstance(value, str):
        return {"valueCodeableConcept": coded(value)}
    return {} if value is None else {"valueQuantity": {"value": value, "unit": unit, "code": unit}}


def pressure(
    on: str,
    systolic: float | None,
    diastolic: float | None,
    unit: str = "mm[Hg]",
    *,
    until: str | None = None,
    status: str = "final",
    of: str = "",
) -> Resource:
    """A panel of both pressures; None leaves out the component."""
    found = {"LOINC 8480-6": systolic, "LOINC 8462-4": diastolic}
    components = [{"code": coded(code), **_value(value, unit)} for code, value in found.items() if value is not None]
    panel = observation("LOINC 85354-9", on, until=until, status=status, category="vital-signs", of=of)
    return {**panel, "component": components}


def cancelled(code: str, on: str, reason: str, *, status: str = "cancelled") -> Resource:
    """A result that there is none of, and why; issued and dated on the same day."""
    why = {"url": f"{_QICORE}/qicore-notDoneReason", "valueCodeableConcept": coded(reason)}
    return {**observation(code, on, status=status), "issued": f"{on}T12:00:00.000Z", "extension": [why]}


def procedure(code: str, on: str, until: str | None = None, *, status: str = "completed", reason: str = "") -> Resource:
    """Something done."""
    return {
        "resourceType": "Procedure",
        "status": status,
        "code": coded(code),
        "reasonCode": [coded(reason)] if reason else [],
        **_when("performed", on, until),
    }


def immunization(code: str, on: str, *, status: str = "completed") -> Resource:
    """A vaccine given."""
    return {"resourceType": "Immunization", "status": status, "vaccineCode": coded(code), "occurrenceDateTime": on}


def order(code: str, on: str, *, status: str = "active", intent: str = "order", reason: str = "") -> Resource:
    """A service ordered."""
    return {**_request("ServiceRequest", on, status, intent, reason), "code": coded(code)}


def device(code: str, on: str, *, status: str = "active", intent: str = "order") -> Resource:
    """A device ordered."""
    return {**_request("DeviceRequest", on, status, intent, ""), "codeCodeableConcept": coded(code)}


def medicine(
    code: str, on: str | None, *more: Resource, status: str = "active", intent: str = "order", reason: str = ""
) -> Resource:
    """A medicine ordered. more: its supply and dosage."""
    request = _request("MedicationRequest", on, status, intent, reason)
    request["medicationCodeableConcept"] = coded(code)
    for each in more:
        request |= each
    return request


def not_ordered(request: Resource, reason: str) -> Resource:
    """The same order, to be left out, and why."""
    why = {"url": f"{_QICORE}/qicore-doNotPerformReason", "valueCodeableConcept": coded(reason)}
    is_service = request["resourceType"] == "ServiceRequest"
    return {
        **request,
        "doNotPerform": True,
        **({"extension": [why]} if is_service else {"reasonCode": [coded(reason)]}),
    }


def _request(kind: str, on: str | None, status: str, intent: str, reason: str) -> Resource:
    return {
        "resourceType": kind,
        "status": status,
        "intent": intent,
        "reasonCode": [coded(reason)] if reason else [],
        **({"authoredOn": on} if on else {}),
    }


# ---- how long a medicine lasts -------------------------------------------------------------------------------------
def supply(
    days: float | None = None, *, unit: str = "d", refills: int = 0, pills: float = 0, valid: str = ""
) -> Resource:
    """What is dispensed each time: for so many days, or so many pills; valid: from when."""
    found: Resource = {"numberOfRepeatsAllowed": refills} if refills else {}
    if days is not None:
        found["expectedSupplyDuration"] = {"value": days, "code": unit}
    if pills:
        found["quantity"] = {"value": pills}
    if valid:
        found["validityPeriod"] = {"start": valid}
    return {"dispenseRequest": found}


def dosage(
    dose: float | tuple[float, float] = 1,
    *,
    times: int = 1,
    every: tuple[float, str] = (1, "d"),
    bounds: tuple[str, str | None] | None = None,
) -> Resource:
    """A dose (or the least and the most), so many times in each period; bounds: first and last day of it all."""
    rate: Resource = {"doseQuantity": {"value": dose}}
    if isinstance(dose, tuple):
        rate = {"doseRange": {"low": {"value": dose[0]}, "high": {"value": dose[1]}}}
    repeat: Resource = {"frequency": times, "period": every[0], "periodUnit": every[1]}
    if bounds:
        repeat["boundsPeriod"] = {"start": bounds[0], **({"end": bounds[1]} if bounds[1] else {})}
    return {"dosageInstruction": [{"timing": {"repeat": repeat}, "doseAndRate": [rate]}]}


# ---- where a measure puts the patients -----------------------------------------------------------------------------
def standing(measure: str, charts: Mapping[str, Chart], *, year: int = 2026) -> dict[str, str]:
    """Where each patient stands in the calendar year, by name. Of several rates: 'numerator, open, open'."""
    rates = _RATES.get(measure, ("1",))
    names = {f"{number:05}": name for number, name in enumerate(charts)}
    with TemporaryDirectory() as place:
        _write_deck(Path(place), measure, year, dict(zip(names, charts.values(), strict=True)), rates)
        cases = run_deck(Path(place)).cases
    found = {
        (case, rate): _STANDS[tuple(truths)]
        for case, rate, *truths in cases.select(
            "case", "group", *(f"found_{name}" for name in _POPULATIONS)
        ).iter_rows()
    }
    return {name: ", ".join(found[case, rate] for rate in rates) for case, name in names.items()}


def _write_deck(folder: Path, measure: str, year: int, charts: Mapping[str, Chart], rates: tuple[str, ...]) -> None:
    (folder / "patients").mkdir()
    (folder / "value_sets").mkdir()
    (folder / "deck.json").write_text(json.dumps({"measure": measure, "year": year}))
    (folder / "value_sets" / "invented.json").write_text(json.dumps(_bundle(_value_sets())))
    for case, resources in charts.items():
        (folder / "patients" / f"{case}.json").write_text(json.dumps(_bundle(resources)))
    period = (date(year, 1, 1).isoformat(), date(year, 12, 31).isoformat())
    with (folder / "expected.csv").open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["case", "group", "period_start", "period_end", *_POPULATIONS])
        lines.writerows([case, rate, *period, *("0" for _ in _POPULATIONS)] for case in charts for rate in rates)


def _bundle(resources: Chart) -> Resource:
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}


def _value_sets() -> Chart:
    sets: dict[str, Chart] = {}
    for word, identifier in INVENTED.items():
        sets.setdefault(identifier, []).append({"system": _INVENTED_SYSTEM, "code": word})
    return [
        {
            "resourceType": "ValueSet",
            "url": f"http://cts.nlm.nih.gov/fhir/ValueSet/{identifier}",
            "expansion": {"contains": contains},
        }
        for identifier, contains in sets.items()
    ]
