"""FHIR R4 bundles as clinical records with every code, for official test patients (core.domain.records).

Moments count as they are written: the zone is dropped, because official logic compares days.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from core.domain.calendar_months import shift
from core.domain.records import RECORD_CODES, RECORD_PATIENTS, RECORDS
from core.feeds.fhir_values import Resource, part, parts, text
from core.feeds.medication_period import medication_period
from core.feeds.words import CODE_SYSTEM_WORDS

_SEX = "us-core-sex"
_SEX_CODES = {"248152002": "F", "248153007": "M", "female": "F", "male": "M", "f": "F", "m": "M"}  # facts: US Core
_NOT_DONE = "notDoneReason"
_REFUSED = "doNotPerformReason"
_NOT_DONE_SET = "notDoneValueSet"
VALUE_SET = "VALUESET"  # the code system of codes that are identifiers of value sets
_DO_NOT = "doNotPerform"
_BEGAN_UNKNOWN = datetime(1, 1, 1)  # noqa: DTZ001 - moments of records have no zone
_ACTIVE = ("active", "recurrence", "relapse")

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


@dataclass
class Charts:
    """RECORD_PATIENTS, RECORDS and RECORD_CODES of some bundles."""

    patients: pl.DataFrame
    records: pl.DataFrame
    codes: pl.DataFrame


@dataclass
class _Rows:
    patients: list[tuple[Any, ...]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    codes: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, record: dict[str, Any], codes: Iterable[tuple[str, str, str]]) -> None:
        number = len(self.records)
        self.records.append(record | {"record": number})
        self.codes += [(number, *code) for code in codes]


def charts_of(bundles: Iterable[tuple[str, Resource]]) -> Charts:
    """The charts of test patients: pairs of the patient's id and the bundle with everything about them."""
    rows = _Rows()
    for patient_id, bundle in bundles:
        _add_bundle(rows, patient_id, bundle)
    return Charts(
        pl.DataFrame(rows.patients, schema=RECORD_PATIENTS, orient="row"),
        pl.DataFrame(rows.records, schema=RECORDS),
        pl.DataFrame(rows.codes, schema=RECORD_CODES, orient="row"),
    )


def _add_bundle(rows: _Rows, patient_id: str, bundle: Resource) -> None:
    resources = [part(entry, "resource") for entry in parts(bundle, "entry")]
    patient = next((each for each in resources if each.get("resourceType") == "Patient"), {})
    born = _day(text(patient.get("birthDate")))
    rows.patients.append((patient_id, born, _sex(patient), _SEX_CODES.get(str(patient.get("gender", "")).lower())))
    medications = {str(each.get("id")): each for each in resources if each.get("resourceType") == "Medication"}
    for resource in resources:
        if str(resource.get("resourceType")) in _TYPES:
            for record, codes in _records(resource, born, medications):
                rows.add({"patient_id": patient_id, **record}, codes)


def _sex(patient: Resource) -> str | None:
    for extension in parts(patient, "extension"):
        if str(extension.get("url", "")).endswith(_SEX):
            return _SEX_CODES.get(str(extension.get("valueCode", "")).lower())
    return None


_Found = tuple[dict[str, Any], list[tuple[str, str, str]]]


def _records(resource: Resource, born: date | None, medications: dict[str, Resource]) -> Iterator[_Found]:
    """The record of a resource; an observation has one more for each component."""
    kind, code_key, period_key = _TYPES[str(resource["resourceType"])]
    start, end, how = _period(resource, kind, period_key, born)
    record = {
        "resource": _not_requested(resource, kind),
        "own_id": text(resource.get("id")),
        "encounter_id": _reference(resource, "encounter"),
        "focus_id": _reference(resource, "focus"),
        "status": text(resource.get("status")),
        "intent": text(resource.get("intent")),
        "verification": _first_code(resource, "verificationStatus"),
        "clinical": _first_code(resource, "clinicalStatus"),
        "encounter_class": text(part(resource, "class").get("code")),
        "categories": [code for _, code in _codings(resource, "category")],
        "start_at": start,
        "end_at": end,
        "end": how,
        "authored_at": _moment(text(resource.get("authoredOn"))),
        "issued_at": _moment(text(resource.get("issued"))),
        **_value(resource),
    }
    yield record, _codes(resource, code_key, medications)
    if kind == "observation":
        for component in parts(resource, "component"):
            yield (
                {**record, "resource": "component", "own_id": None, **_value(component)},
                [
                    *(("code", *each) for each in _codings(component, "code")),
                    *(("value", *each) for each in _codings(component, "valueCodeableConcept")),
                ],
            )


def _codes(resource: Resource, code_key: str, medications: dict[str, Resource]) -> list[tuple[str, str, str]]:
    """(part, system, code) of everything that is coded."""
    own = _codings(resource, code_key)
    if (reference := _reference(resource, "medicationReference")) in medications:
        own += _codings(medications[str(reference)], "code")
    stay = part(resource, "hospitalization")
    found = {
        "code": own,
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


def _value(resource: Resource) -> dict[str, Any]:
    quantity = part(resource, "valueQuantity")
    number = quantity.get("value")
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if not is_number and isinstance(resource.get("valueInteger"), int):
        number, is_number = resource["valueInteger"], True
    return {
        "has_value": any(key.startswith("value") and resource[key] not in (None, {}) for key in resource),
        "number": float(number) if is_number and number is not None else None,
        "unit": text(quantity.get("code")) or text(quantity.get("unit")),
    }


# ---- when ----------------------------------------------------------------------------------------------------------
_When = tuple[datetime | None, datetime | None, str]


def _period(resource: Resource, kind: str, key: str, born: date | None) -> _When:
    if kind == "condition":
        return _prevalence(resource, born)
    if kind == "encounter":
        return _of_period(part(resource, "period"))
    if kind == "medication_request":
        covered = medication_period(resource)
        if covered is None:
            return None, None, "unknown"
        return (
            datetime.combine(covered[0], datetime.min.time()),
            datetime.combine(covered[1], datetime.min.time()),
            "known",
        )
    if not key:  # an order counts on the day it was written
        at = _moment(text(resource.get("authoredOn")))
        return at, at, "known"
    return _choice(resource, key, born)


def _prevalence(resource: Resource, born: date | None) -> _When:
    """From onset to abatement. Without an abatement an active condition goes on; of any other the end is unknown."""
    start = _choice(resource, "onset", born)[0] or _BEGAN_UNKNOWN
    _, end, how = _choice(resource, "abatement", born)
    if end is not None and how == "known":
        return start, end, "known"
    return start, None, "ongoing" if _first_code(resource, "clinicalStatus") in _ACTIVE else "unknown"


def _choice(resource: Resource, key: str, born: date | None) -> _When:
    """The period of a choice such as effective[x] or onset[x]: a moment, a period, or an age."""
    for ending in ("DateTime", "Instant", "Date", ""):
        if at := _moment(text(resource.get(key + ending))):
            return at, at, "known"
    if period := part(resource, f"{key}Period"):
        return _of_period(period)
    ages = [part(resource, f"{key}Age")] if f"{key}Age" in resource else []
    if aged := part(resource, f"{key}Range"):
        ages = [part(aged, "low"), part(aged, "high")]
    if ages and born:
        first, last = (_at_age(born, age) for age in (ages[0], ages[-1]))
        return first, (shift_year(last) - timedelta(microseconds=1)) if last else None, "known"
    return None, None, "unknown"


def _of_period(period: Resource) -> _When:
    start, end = _moment(text(period.get("start"))), _moment(text(period.get("end")))
    if end is None:
        return start, None, "ongoing" if start else "unknown"
    return start, end, "known"


def _at_age(born: date, age: Resource) -> datetime | None:
    count = age.get("value")
    if not isinstance(count, int | float):
        return None
    unit = str(age.get("code") or age.get("unit") or "a")
    if unit.startswith(("d", "wk", "week")):
        days = count * (7 if unit.startswith("w") else 1)
        return datetime.combine(born + timedelta(days=days), datetime.min.time())
    months = round(count * (1 if unit.startswith("mo") else 12))
    return datetime.combine(shift(born, months=months), datetime.min.time())


def shift_year(at: datetime) -> datetime:
    """The same moment a year later."""
    return datetime.combine(shift(at.date(), months=12), at.time())


def _moment(value: str | None) -> datetime | None:
    """A moment as it is written, without its zone. A day counts from its beginning; a month or year from its first."""
    if not value:
        return None
    if len(value) in (4, 7):
        value += "-01" if len(value) == 7 else "-01-01"
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        return None


def _day(value: str | None) -> date | None:
    at = _moment(value)
    return at.date() if at else None


def _reference(resource: Resource, key: str) -> str | None:
    named = text(part(resource, key).get("reference"))
    return named.rstrip("/").rpartition("/")[2] if named else None


def _first_code(resource: Resource, key: str) -> str | None:
    return next((code for _, code in _codings(resource, key)), None)
