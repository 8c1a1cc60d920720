"""The filter rows of a work list: field, action, value. Rows combine with AND, groups of rows with OR.

The rows live in the session under ids of their own, so that a value typed stays when rows above it go or when
another page was looked at meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

import streamlit as st

from core.domain.fields import ACTIONS, CHOICE, WORDS, Action, Field, action, field
from core.domain.found import Step
from core.domain.period import UNITS, Period
from core.domain.work_list import Filter, checked_filter
from core.errors import CareloopError

_GROUPS = "wl_filter_groups"  # the ids of the rows, group by group
_NUMBERS = count(1)
_DAYS: dict[str, Any] = {"min_value": date(1900, 1, 1), "max_value": date(2100, 12, 31), "format": "YYYY-MM-DD"}

Choices = Callable[[str], Sequence[str]]
Notes = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Drawn:
    """What the rows say: the complete ones as filters, where to write how many each one removes, and how many rows
    lack a value and are not used."""

    filters: tuple[tuple[Filter, ...], ...]
    notes: Notes
    unused: int


def write_notes(notes: Notes, attrition: Sequence[Step]) -> None:
    """Beside each row: how many patients it takes out and how many are left."""
    for step in attrition:
        if step.place is not None:
            group, row = step.place
            notes[group][row].caption(f"−{step.removed:,} → **{step.left:,}** left")


def fill(filters: Sequence[Sequence[Filter]]) -> None:
    """Put filters into the rows, as when a saved view is opened."""
    st.session_state[_GROUPS] = [[_new_row(row) for row in rows] for rows in filters] or [[]]


def draw(fields: Sequence[Field], choices: Choices) -> Drawn:
    """Draw the rows and return what they say. `choices(key)` gives the words known for a field."""
    by_key = {each.key: each for each in fields}
    groups = st.session_state.setdefault(_GROUPS, [[]])
    filters, notes, unused = [], [], 0
    for number, rows in enumerate(groups):
        if number:
            st.markdown(":gray[**or**]")
        drawn = [_draw_row(row_id, number, by_key, choices) for row_id in rows]
        complete = [(row, note) for row, note in drawn if row is not None]
        unused += len(drawn) - len(complete)
        if complete:
            filters.append(tuple(row for row, _ in complete))
            notes.append(tuple(note for _, note in complete))
        _group_buttons(number, is_last=number == len(groups) - 1)
    return Drawn(tuple(filters), tuple(notes), unused)


def _group_buttons(number: int, *, is_last: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Add filter", icon=":material/add:", key=f"wl_add_{number}", on_click=_add, args=(number,), type="tertiary"
        )
        if is_last:
            st.button(
                "Add group (or)",
                icon=":material/library_add:",
                key="wl_add_group",
                on_click=_add_group,
                type="tertiary",
                help="Patients who pass every row of at least one group are found.",
            )


def _draw_row(row_id: int, group: int, fields: Mapping[str, Field], choices: Choices) -> tuple[Filter | None, Any]:
    cells = st.columns([3, 2.4, 4, 2.2, 0.6], vertical_alignment="center", gap="small")
    chosen = cells[0].selectbox(
        "Field",
        list(fields),
        format_func=lambda key: fields[key].name,
        key=f"wl_{row_id}_field",
        persist_state="session",
        label_visibility="collapsed",
        on_change=_reset_action,
        args=(row_id, fields),
    )
    of = fields[chosen]
    keys = [possible.key for possible in ACTIONS[of.kind]]
    how = action(
        of,
        cells[1].selectbox(
            "Action",
            keys,
            format_func=lambda key: action(of, key).name,
            key=f"wl_{row_id}_action",
            persist_state="session",
            label_visibility="collapsed",
        ),
    )
    with cells[2]:
        value = _value(row_id, of, how, choices)
    cells[4].button(
        "",
        icon=":material/close:",
        key=f"wl_{row_id}_remove",
        help="Remove this filter",
        type="tertiary",
        on_click=_remove,
        args=(group, row_id),
    )
    try:
        return checked_filter(Filter(of.key, how.key, value)), cells[3].empty()
    except CareloopError as error:
        cells[3].caption(":orange[needs a value]", help=str(error))
        return None, None


def _value(row_id: int, of: Field, how: Action, choices: Choices) -> Any:
    key = f"wl_{row_id}_{how.value}"
    quiet: Any = {"label_visibility": "collapsed", "persist_state": "session"}
    if how.value == "":
        return None
    if how.value == "text" and of.kind in (CHOICE, WORDS):
        known = _with_current(choices(of.key), st.session_state.get(key))
        return st.selectbox(
            "Value", known, key=key, index=None, accept_new_options=True, placeholder="type or choose", **quiet
        )
    if how.value == "text":
        return st.text_input("Value", key=key, placeholder="type a value", **quiet)
    if how.value == "texts":
        known = _with_current(choices(of.key), *st.session_state.get(key, ()))
        return tuple(
            st.multiselect("Values", known, key=key, accept_new_options=True, placeholder="type or choose", **quiet)
        )
    return _number_or_date(key, how, quiet)


def _number_or_date(key: str, how: Action, quiet: dict[str, Any]) -> Any:
    if how.value == "number":
        return st.number_input("Value", value=None, key=key, placeholder="a number", format="%g", **quiet)
    if how.value == "date":
        return st.date_input("Value", value=None, key=key, **_DAYS, **quiet)
    first, second = st.columns(2, gap="small")
    if how.value == "numbers":
        low = first.number_input("From", value=None, key=f"{key}_1", placeholder="from", format="%g", **quiet)
        return _in_order(
            low, second.number_input("To", value=None, key=f"{key}_2", placeholder="to", format="%g", **quiet)
        )
    if how.value == "dates":
        low = first.date_input("From", value=None, key=f"{key}_1", **_DAYS, **quiet)
        return _in_order(low, second.date_input("To", value=None, key=f"{key}_2", **_DAYS, **quiet))
    st.session_state.setdefault(f"{key}_1", 1)
    st.session_state.setdefault(f"{key}_2", "months")
    number = first.number_input("How many", min_value=0, step=1, key=f"{key}_1", **quiet)
    return Period(int(number), second.selectbox("Unit", UNITS, key=f"{key}_2", **quiet))


def _in_order(one: Any, other: Any) -> tuple[Any, Any]:
    """From the lower to the higher, however they were typed."""
    return (other, one) if one is not None and other is not None and other < one else (one, other)


def _with_current(known: Sequence[str], *current: str | None) -> list[str]:
    return [*known, *(word for word in current if word and word not in known)]


def _new_row(row: Filter) -> int:
    row_id = next(_NUMBERS)
    st.session_state[f"wl_{row_id}_field"] = row.field
    st.session_state[f"wl_{row_id}_action"] = row.action
    value = row.value
    if value is None:
        return row_id
    how = action(field(row.field), row.action).value
    key = f"wl_{row_id}_{how}"
    if isinstance(value, Period):
        st.session_state[f"{key}_1"], st.session_state[f"{key}_2"] = value.count, value.unit
    elif how in ("numbers", "dates") and isinstance(value, tuple):
        st.session_state[f"{key}_1"], st.session_state[f"{key}_2"] = value
    else:
        st.session_state[key] = list(value) if how == "texts" and isinstance(value, tuple) else value
    return row_id


def _add(group: int) -> None:
    st.session_state[_GROUPS][group].append(_new_row(Filter("alerts", "contains")))


def _add_group() -> None:
    st.session_state[_GROUPS].append([_new_row(Filter("alerts", "contains"))])


def _remove(group: int, row_id: int) -> None:
    groups = st.session_state[_GROUPS]
    groups[group].remove(row_id)
    if not groups[group] and len(groups) > 1:
        groups.pop(group)


def _reset_action(row_id: int, fields: Mapping[str, Field]) -> None:
    """Another field may not know the action chosen before."""
    kind = fields[st.session_state[f"wl_{row_id}_field"]].kind
    if st.session_state.get(f"wl_{row_id}_action") not in [possible.key for possible in ACTIONS[kind]]:
        st.session_state[f"wl_{row_id}_action"] = ACTIONS[kind][0].key
