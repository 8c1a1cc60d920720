"""FHIR R4 bundles as clinical records with every code, for official test patients (core.domain.records)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from core.domain.records import RECORD_CODES, RECORD_PATIENTS, RECORDS
from core.errors import DataError
from core.feeds.fhir_bundle import entries_of
from core.feeds.fhir_periods import period_of
from core.feeds.fhir_results import result_of
from core.feeds.fhir_values import References, Resource, kind_of, part, parts, text
from core.feeds.stated import Stated, stated
from core.feeds.words import CODE_SYSTEM_WORDS

_SEX = "us-core-sex"
_SEX_CODES = {"248152002": "F", "248153007": "M", "female": "F", "male": "M", "f": "F", "m": "M"}  # facts: US Core
_NOT_DONE = "notDoneReason"
_REFUSED = "doNotPerformReason"
_NOT_DONE_SET = "notDoneValueSet"
VALUE_SET = "VALUESET"  # the code system of codes that are identifiers of value sets
_DO_NOT = "doNotPerform"
_WHOSE = ("subject", "patient", "beneficiary", "for")  # where a resource names its patient

# How each type is read: kind of record, where its codes are, and the name of its period.
_TYPES: dict[str, tuple[str, str, str]] = {
    "Encounter": ("encounter", "type", ""),
    "Condition": ("condition", "code", "onset"),
    "Observation": ("observation", "code", "effective"),
    "Procedure": ("procedure", "code", "performed"),
    "Immunization": ("immunization", "vaccineCode", "occurrence"),
    "MedicationRequest": ("medication_request", "medicationCodeableConcept", ""),
    "ServiceRequest": ("service_request", "code", ""),
    "DeviceRequest": ("device_request", "codeCodeableConcept", ""),
    "Task": ("task", "code", ""),
}


# Whatever a resource of a shape that FHIR does not know runs into.
_ODD = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError, pl.exceptions.PolarsError)


@dataclass(frozen=True)
class Charts:
    """RECORD_PATIENTS, RECORDS and RECORD_CODES of some bundles; unusable: patient ids and why theirs is not among
    them."""

    patients: pl.DataFrame
    records: pl.DataFrame
    codes: pl.DataFrame
    unusable: dict[str, str] = field(default_factory=dict)


@dataclass
class _Rows:
    """What one bundle gives. first: the number of its first record."""

    first: int
    patients: list[tuple[Any, ...]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    codes: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, record: dict[str, Any], codes: Iterable[tuple[str, str, str]]) -> int:
        number = self.first + len(self.records)
        self.records.append(record | {"record": number})
        self.codes += [(number, *code) for code in codes]
        return number

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        return (
            pl.DataFrame(self.patients, schema=RECORD_PATIENTS, orient="row"),
            pl.DataFrame(self.records, schema=RECORDS),
            pl.DataFrame(self.codes, schema=RECORD_CODES, orient="row"),
        )


def charts_of(patient_ids: Iterable[str], bundle_of: Callable[[str], Resource]) -> Charts:
    """The charts of test patients.

    bundle_of   gives the bundle with everything about a patient, or raises DataError
    A patient whose bundle cannot be used is named in `unusable`; the others are not lost with it.
    """
    found = [(RECORD_PATIENTS.to_frame(), RECORDS.to_frame(), RECORD_CODES.to_frame())]
    unusable: dict[str, str] = {}
    count = 0
    for patient_id in patient_ids:
        try:
            found.append(_chart(patient_id, bundle_of(patient_id), first=count))
        except DataError as error:
            unusable[patient_id] = str(error)
        except _ODD:
            unusable[patient_id] = "The bundle is not written as FHIR R4 has it. Correct the file."
        else:
            count += found[-1][1].height
    patients, records, codes = (pl.concat(frames) for frames in zip(*found, strict=True))
    return Charts(patients, records, codes, unusable)


def _chart(patient_id: str, bundle: Resource, *, first: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    refs, resources = References(), []
    for url, resource in entries_of(bundle):
        refs.learn(url, resource)
        resources.append(resource)
    patient, is_alone = _patient(patient_id, resources)
    own_id = text(patient.get("id")) or patient_id
    born = stated(text(patient.get("birthDate")))
    days = (born.least.date(), born.most.date()) if born else (None, None)
    rows = _Rows(first)
    rows.patients.append((patient_id, *days, _sex(patient), _SEX_CODES.get(str(patient.get("gender", "")).lower())))
    for resource in resources:
        if str(resource.get("resourceType")) in _TYPES and _is_of(own_id, resource, refs, is_alone=is_alone):
            _add(rows, patient_id, resource, born, refs)
    return rows.frames()


def _patient(patient_id: str, resources: list[Resource]) -> tuple[Resource, bool]:
    """The Patient whom a bundle is about, and whether there is no other."""
    patients = [each for each in resources if each.get("resourceType") == "Patient"]
    if not patients:
        raise DataError("There is no Patient in the bundle. Add one, or take the case out of expected.csv.")
    different = {text(each.get("id")) for each in patients}
    meant = [each for each in patients if text(each.get("id")) == patient_id]
    if not meant and len(patients) > 1:
        raise DataError(
            f"There are {len(patients):,} Patients in the bundle, and none has the case as its id. Leave one of them."
        )
    return (meant or patients)[0], len(different) == 1


def _is_of(own_id: str, resource: Resource, refs: References, *, is_alone: bool) -> bool:
    """Whether a resource is about the patient. One that does not say about whom is about the only one there is."""
    reference = next((named for key in _WHOSE if (named := part(resource, key))), {})
    whose = refs.id_of(reference)
    if whose is None:
        return is_alone
    return whose == own_id and kind_of(reference) in ("", "Patient")


def _sex(patient: Resource) -> str | None:
    for extension in parts(patient, "extension"):
        if str(extension.get("url", "")).endswith(_SEX):
            return _SEX_CODES.get(str(extension.get("valueCode", "")).lower())
    return None


def _add(rows: _Rows, patient_id: str, resource: Resource, born: Stated | None, refs: References) -> None:
    """The record of a resource; an observation has one more for each component."""
    kind, code_key, period_key = _TYPES[str(resource["resourceType"])]
    clinical = _first_code(resource, "clinicalStatus")
    start, end, how = period_of(resource, kind, period_key, born=born, clinical=clinical)
    record = {
        "patient_id": patient_id,
        "resource": _not_requested(resource, kind),
        "own_id": text(resource.get("id")),
        "encounter_id": refs.id_of(resource.get("encounter")),
        "focus_id": refs.id_of(resource.get("focus")),
        "status": text(resource.get("status")),
        "intent": text(resource.get("intent")),
        "verification": _first_code(resource, "verificationStatus"),
        "clinical": clinical,
        "encounter_class": text(part(resource, "class").get("code")),
        "categories": [code for _, code in _codings(resource, "category")],
        **_bounds("start", start),
        **_bounds("end", end),
        "end": how,
        **_bounds("authored", stated(text(resource.get("authoredOn")))),
        **_bounds("issued", stated(text(resource.get("issued")))),
        **result_of(resource),
    }
    number = rows.add(record, _codes(resource, code_key, refs))
    for component in parts(resource, "component") if kind == "observation" else []:
        of_whole = {**record, "resource": "component", "own_id": None, "part_of": number, **result_of(component)}
        codes = {"code": _codings(component, "code"), "value": _codings(component, "valueCodeableConcept")}
        rows.add(of_whole, [(name, *each) for name, codings in codes.items() for each in codings])


def _bounds(point: str, at: Stated | None) -> dict[str, Any]:
    names = (f"{point}_least", f"{point}_most", f"{point}_offset")
    return dict(zip(names, (at.least, at.most, at.offset) if at else (None, None, None), strict=True))


def _codes(resource: Resource, code_key: str, refs: References) -> list[tuple[str, str, str]]:
    """(part, system, code) of everything that is coded."""
    stay = part(resource, "hospitalization")
    found = {
        "code": [*_codings(resource, code_key), *_codings(refs.medication_of(resource), "code")],
        "value": _codings(resource, "valueCodeableConcept"),
        "reason": [*_codings(resource, "reasonCode"), *_extended(resource, _REFUSED)],
        "site": _codings(resource, "bodySite"),
        "disposition": _codings(stay, "dischargeDisposition"),
        "not_done": _extended(resource, _NOT_DONE),
    }
    return [(name, system, code) for name, codings in found.items() for system, code in codings]


def _codings(resource: Resource, key: str) -> list[tuple[str, str]]:
    concepts = parts(resource, key)
    codings = [c for concept in concepts for c in parts(concept, "coding") or [concept]]
    found = [(code_system(text(c.get("system"))), code) for c in codings if (code := text(c.get("code")))]
    return found + [(VALUE_SET, identifier) for concept in concepts for identifier in _whole_sets(concept)]


def _whole_sets(concept: Resource) -> list[str]:
    """What was not done may be any code of a value set: the set is named instead of a code."""
    wanted = [each for each in parts(concept, "extension") if str(each.get("url", "")).endswith(_NOT_DONE_SET)]
    named = [text(each.get("valueCanonical")) or text(each.get("valueUri")) for each in wanted]
    return [each.partition("|")[0].rpartition("/")[2] for each in named if each]


def code_system(address: str | None) -> str:
    """The code system of an address: our word for it, or the address itself where there is none."""
    named = (address or "").strip()
    return CODE_SYSTEM_WORDS.get(named.lower(), named)


def _extended(resource: Resource, name: str) -> list[tuple[str, str]]:
    """The codes of an extension, of the resource itself or of one of its statuses."""
    extensions = [*parts(resource, "extension"), *parts(resource, "modifierExtension")]
    extensions += [inner for key in ("_status", "_doNotPerform") for inner in parts(part(resource, key), "extension")]
    wanted = [each for each in extensions if str(each.get("url", "")).endswith(name)]
    return [coding for each in wanted for coding in _codings(each, "valueCodeableConcept")]


def _not_requested(resource: Resource, kind: str) -> str:
    """Orders that say what shall not be done are records of another kind."""
    says_not = resource.get(_DO_NOT) is True or any(
        each.get("valueBoolean") is True
        for each in parts(resource, "modifierExtension")
        if str(each.get("url", "")).endswith(_DO_NOT)
    )
    if says_not and kind in ("medication_request", "service_request"):
        return kind.replace("_request", "_not_requested")
    return "task" if says_not and kind == "device_request" else kind


def _first_code(resource: Resource, key: str) -> str | None:
    return next((code for _, code in _codings(resource, key)), None)
