"""A work list: which patients, in what order, with which columns. Rows of filters combine with AND, groups with OR.

As JSON, for saved views and for templates that suggest one (version 1):

    {"version": 1, "groups": [ids], "providers": [ids],
     "filters": [[{"field": "alerts", "action": "contains", "value": "mammogram"},
                  {"field": "next_appointment", "action": "not_in_next", "value": {"count": 1, "unit": "months"}}]],
     "sorts": [{"field": "alert_count", "descending": true}], "columns": ["name", "age"]}
"""

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from core.domain.fields import PHONE, Action, Field, action, field
from core.domain.period import LONGEST, UNITS, Period
from core.domain.wording import digits
from core.errors import CareloopError

Value = str | float | date | Period | tuple[str, ...] | tuple[float, ...] | tuple[date, ...] | None


@dataclass(frozen=True)
class Filter:
    """One row: a field, an action that fits it, and a value where the action needs one."""

    field: str
    action: str
    value: Value = None


@dataclass(frozen=True)
class Sort:
    """One key of the order. Patients whose field is empty come last either way."""

    field: str
    descending: bool = False


COLUMNS = ("name", "age", "sex", "alerts", "alert_count", "next_appointment", "last_visit", "pcp", "email")
SORTS = (Sort("alert_count", descending=True), Sort("name"))


@dataclass(frozen=True)
class WorkList:
    """groups, providers: ids, empty = all that the user may see. filters: a tuple of groups, each a tuple of rows;
    a patient is found who passes every row of at least one group; no groups = everybody."""

    groups: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    filters: tuple[tuple[Filter, ...], ...] = ()
    sorts: tuple[Sort, ...] = SORTS
    columns: tuple[str, ...] = COLUMNS

    def to_json(self) -> dict[str, Any]:
        """The work list as plain JSON values."""
        return {
            "version": 1,
            "groups": list(self.groups),
            "providers": list(self.providers),
            "filters": [[_filter_to_json(row) for row in rows] for rows in self.filters],
            "sorts": [{"field": sort.field, "descending": sort.descending} for sort in self.sorts],
            "columns": list(self.columns),
        }

    @staticmethod
    def from_json(definition: dict[str, Any]) -> "WorkList":
        """The work list of `to_json`. Raises CareloopError for another version, an unknown field or a wrong value."""
        if definition.get("version") != 1:
            raise CareloopError("This work list was made by another version of Careloop. Make it again and save it.")
        try:
            return checked(
                WorkList(
                    groups=tuple(definition.get("groups", ())),
                    providers=tuple(definition.get("providers", ())),
                    filters=tuple(tuple(map(_filter_from_json, rows)) for rows in definition.get("filters", ())),
                    sorts=tuple(
                        Sort(sort["field"], bool(sort.get("descending", False))) for sort in definition.get("sorts", ())
                    ),
                    columns=tuple(definition.get("columns", COLUMNS)),
                )
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise CareloopError("This work list cannot be read: a part is missing or has the wrong form.") from None


def checked(work_list: WorkList) -> WorkList:
    """The work list with values in the form that filters use. Raises CareloopError saying what a field expects.
    Groups without a row are left out."""
    for key in (*work_list.columns, *(sort.field for sort in work_list.sorts)):
        field(key)
    return replace(work_list, filters=tuple(tuple(map(checked_filter, rows)) for rows in work_list.filters if rows))


def checked_filter(row: Filter) -> Filter:
    """The row with its value in the form that filters use: texts stripped, numbers finite, two values in order.
    Raises CareloopError saying what is expected (never the value)."""
    of = field(row.field)
    chosen = action(of, row.action)
    value = _CHECKS[chosen.value](row.value)
    if of.kind == PHONE and any(not digits(number) for number in _as_texts(value)):
        value = None
    if value is None and chosen.value:
        raise CareloopError(f"{of.name} {chosen.name} needs {_expected(of, chosen)}.")
    return replace(row, value=value)


def _as_texts(value: Value) -> tuple[str, ...]:
    items = value if isinstance(value, tuple) else (value,)
    return tuple(item for item in items if isinstance(item, str))


def _expected(of: Field, chosen: Action) -> str:
    if of.kind == PHONE and chosen.value in ("text", "texts"):
        return "a phone number or some of its digits"
    return {
        "text": "a text",
        "texts": "at least one text",
        "number": "a number",
        "numbers": "two numbers, the lower one first",
        "date": "a date",
        "dates": "two dates, the earlier one first",
        "period": f"a whole number of {', '.join(UNITS[:-1])} or {UNITS[-1]}, at most a hundred years",
    }[chosen.value]


def _text(value: Any) -> str | None:
    words = " ".join(value.split()) if isinstance(value, str) else ""
    return words or None


def _texts(value: Any) -> tuple[str, ...] | None:
    items = (value,) if isinstance(value, str) else value
    if not isinstance(items, tuple | list):
        return None
    texts = [_text(item) for item in items]
    return tuple(text for text in texts if text) if texts and all(texts) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def _date(value: Any) -> date | None:
    return value if type(value) is date else None


def _numbers(value: Any) -> tuple[float, ...] | None:
    ends = [_number(item) for item in value] if isinstance(value, tuple | list) else []
    low, high = ends if len(ends) == 2 else (None, None)
    return (low, high) if low is not None and high is not None and low <= high else None


def _dates(value: Any) -> tuple[date, ...] | None:
    ends = [_date(item) for item in value] if isinstance(value, tuple | list) else []
    first, last = ends if len(ends) == 2 else (None, None)
    return (first, last) if first is not None and last is not None and first <= last else None


def _period(value: Any) -> Period | None:
    if not isinstance(value, Period) or value.unit not in UNITS or type(value.count) is not int:
        return None
    return value if 0 <= value.count <= LONGEST[value.unit] else None


_CHECKS: dict[str, Any] = {
    "": lambda _value: None,
    "text": _text,
    "texts": _texts,
    "number": _number,
    "numbers": _numbers,
    "date": _date,
    "dates": _dates,
    "period": _period,
}


def _filter_to_json(row: Filter) -> dict[str, Any]:
    return {"field": row.field, "action": row.action} | ({} if row.value is None else {"value": _plain(row.value)})


def _plain(value: Any) -> Any:
    if isinstance(value, Period):
        return {"count": value.count, "unit": value.unit}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _filter_from_json(row: dict[str, Any]) -> Filter:
    value = row.get("value")
    expected = action(field(row["field"]), row["action"]).value
    if value is not None and expected == "period":
        value = Period(value["count"], value["unit"])
    elif value is not None and expected == "date":
        value = date.fromisoformat(value)
    elif value is not None and expected == "dates":
        value = tuple(date.fromisoformat(item) for item in value)
    elif isinstance(value, list):
        value = tuple(value)
    return Filter(row["field"], row["action"], value)
