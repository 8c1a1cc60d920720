"""Small panels drawn by hand, and a slow, obvious reading of the filters to hold the fast one against."""

import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from core.domain.panel import PANEL
from core.domain.panel_codes import PanelTables, merge_panel
from core.domain.panel_frame import Panel, open_panel
from core.domain.period import Period
from core.domain.work_list import Filter, Sort, WorkList

TODAY = date(2026, 11, 24)
LABS = {"hba1c": "HbA1c"}
GROUPS = {"g1": "Lakeside", "g2": "Hillside", "g3": "Élan Clinic"}
PROVIDERS = {"p1": "Dr. Ada Lake", "p2": "Dr. José Hill"}
MEASURES = {"dm-a1c": "DM: HbA1c Overdue", "imm-flu": "Imm: Missing Influenza Vaccination", "scr": "Scr: Mammogram"}
LANGUAGES = {"en": "English", "es": "Spanish"}
SEXES = {"F": "Female", "M": "Male", "O": "Other", "U": "Unknown"}

# The panel's words before they are coded, as build_panel makes them.
PART: dict[str, Any] = {
    **PANEL,
    **dict.fromkeys(
        ("sex", "status", "group", "pcp", "care_manager", "language", "payer", "race", "ethnicity", "zip3"), pl.String
    ),
    "alerts": pl.List(pl.String),
    "conditions": pl.List(pl.String),
    "lab_hba1c": pl.Float64,
    "lab_hba1c_on": pl.Date,
}


def tables_of(patients: Sequence[dict[str, Any]]) -> PanelTables:
    """The panel of patients given by the columns of PART; what is left out is empty."""
    rows = [_row(patient) for patient in patients]
    return merge_panel(
        [pl.DataFrame(rows, schema=PART)],
        groups=pl.DataFrame({"group_id": list(GROUPS), "name": list(GROUPS.values())}),
        providers=pl.DataFrame(
            [{"provider_id": key, "display_name": name} for key, name in PROVIDERS.items()],
            schema=dict.fromkeys(("provider_id", "first", "last", "credential", "display_name"), pl.String),
        ),
        measures=pl.DataFrame({"measure_id": list(MEASURES), "name": list(MEASURES.values())}),
        concepts=pl.DataFrame({"concept": list(LABS), "kind": ["lab"], "name": list(LABS.values())}),
    )


def panel_of(patients: Sequence[dict[str, Any]]) -> Panel:
    """The panel in memory of patients given by the columns of PART."""
    tables = tables_of(patients)
    return open_panel(tables.panel, tables.vocabularies, as_of=TODAY)


def _row(patient: dict[str, Any]) -> dict[str, Any]:
    name = patient.get("name")
    last, _, first = (name or "").partition(", ")
    alerts = patient.get("alerts") or []
    search = None if name is None else fold(name) + "\n" + fold(f"{first} {last}".strip())
    return patient | {"alerts": alerts, "alert_count": len(alerts), "name_search": search}


def no_live(_field: str, ids: pl.Series) -> pl.Series:
    """Nobody was contacted and nobody opted out."""
    raise AssertionError("this work list has no live field")


# ---- the slow, obvious reading --------------------------------------------------------------------------------------
def fold(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def cell(patient: dict[str, Any], field: str) -> Any:
    """What a person would read in a field: a text, a number, a date, a list of texts, or None."""
    column = {
        "next_appointment": "next_appointment_on",
        "last_visit": "last_visit_on",
        "lab:hba1c": "lab_hba1c",
        "lab_date:hba1c": "lab_hba1c_on",
    }.get(field, field)
    value = patient.get(column)
    if field == "alert_count":
        return len(patient.get("alerts") or [])
    if field == "alerts":
        return sorted(MEASURES[key] for key in value or [])
    if field == "conditions":
        return sorted(value or [])
    words = {"group": GROUPS, "pcp": PROVIDERS, "care_manager": PROVIDERS, "language": LANGUAGES, "sex": SEXES}
    if field in words and value is not None:
        return words[field].get(value, value)
    return value


def passes(patient: dict[str, Any], row: Filter, *, on: date = TODAY) -> bool:
    value = cell(patient, row.field)
    is_empty = value is None or value == []
    if row.action == "empty":
        return is_empty
    if row.action.startswith("not_"):
        return not passes(patient, Filter(row.field, row.action.removeprefix("not_"), row.value), on=on)
    if is_empty:
        return False
    if isinstance(value, str | list):
        return _text_passes(value if isinstance(value, list) else _writings(value, row.field), row)
    return _ordered_passes(value, row, on)


def _writings(value: str, field: str) -> list[str]:
    """A name may be written last name first or first name first."""
    last, _, first = value.partition(", ")
    return [value, f"{first} {last}".strip()] if field == "name" else [value]


def _text_passes(items: list[str], row: Filter) -> bool:
    wanted = [w for w in (row.value if isinstance(row.value, tuple) else (row.value,)) if isinstance(w, str)]
    if row.field.startswith("phone"):
        numbers = ["".join(c for c in item if c.isdecimal()) for item in items]
        digits = ["".join(c for c in w if c.isdecimal()) for w in wanted]
        if row.action == "contains":
            return any(digits[0] in number for number in numbers)
        pairs = [{number, asked} for number in numbers for asked in digits]
        return any(len(pair) == 1 or any("1" + number in pair for number in pair) for pair in pairs)
    wanted = [fold(" ".join(w.split())) for w in wanted]
    if row.action == "contains" and row.field == "name":
        return all(word in fold(items[0]) for word in wanted[0].replace(",", " ").split())
    if row.action == "contains":
        return any(wanted[0] in fold(item) for item in items)
    return any(fold(item) in wanted for item in items)


def _ordered_passes(value: Any, row: Filter, on: date) -> bool:
    if row.action == "between":
        assert isinstance(row.value, tuple)
        return bool(row.value[0] <= value <= row.value[1])
    if row.action in ("in_next", "in_last"):
        assert isinstance(row.value, Period)
        end = days_away(on, row.value.count * (1 if row.action == "in_next" else -1), row.value.unit)
        return bool(min(on, end) <= value <= max(on, end))
    tests: dict[str, bool] = {
        "greater": value > row.value,
        "after": value > row.value,
        "less": value < row.value,
        "before": value < row.value,
        "equals": value == row.value,
    }
    return tests[row.action]


def days_away(on: date, count: int, unit: str) -> date:
    if unit != "months":
        return on + timedelta(days=count * {"days": 1, "weeks": 7}[unit])
    month = on.year * 12 + on.month - 1 + count
    for day in range(on.day, 0, -1):
        try:
            return date(month // 12, month % 12 + 1, day)
        except ValueError:
            continue
    raise AssertionError


def found_slowly(patients: Sequence[dict[str, Any]], work_list: WorkList) -> list[str]:
    """The ids that a work list must find, in order."""
    kept = [
        patient
        for patient in patients
        if (not work_list.groups or patient.get("group") in work_list.groups)
        and (not work_list.providers or patient.get("pcp") in work_list.providers)
        and (
            not any(work_list.filters)
            or any(rows and all(passes(patient, row) for row in rows) for rows in work_list.filters)
        )
    ]
    kept.sort(key=lambda patient: patient["patient_id"])
    kept.sort(key=lambda patient: (patient.get("name") is None, fold(patient.get("name") or "")))
    for sort in reversed(work_list.sorts):
        kept = _sorted(kept, sort)
    return [patient["patient_id"] for patient in kept]


def _sorted(patients: list[dict[str, Any]], sort: Sort) -> list[dict[str, Any]]:
    def key(patient: dict[str, Any]) -> Any:
        value = cell(patient, sort.field)
        if isinstance(value, list):
            return sorted(fold(item) for item in value)
        return fold(value) if isinstance(value, str) else value

    full = [patient for patient in patients if cell(patient, sort.field) not in (None, [])]
    empty = [patient for patient in patients if cell(patient, sort.field) in (None, [])]
    return sorted(full, key=key, reverse=sort.descending) + empty  # equal ones stay in the order they came in
