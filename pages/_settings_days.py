"""Holidays of the organisation's own: days as chips, one more by a calendar, and which holidays are next."""

from datetime import date, timedelta
from typing import Any

import streamlit as st

from core.domain.setting import Setting
from core.domain.wording import day_text


def days(setting: Setting, value: tuple[date, ...], key: str) -> tuple[date, ...]:
    """Draw them; returns them as they are chosen."""
    known: list[date] = st.session_state.setdefault(f"{key}_known", list(value))
    chosen = st.multiselect(
        setting.label,
        sorted(known),
        list(value),
        format_func=day_text,
        key=key,
        placeholder=setting.without,
        label_visibility="collapsed",
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        day = st.date_input(
            "Add a day",
            None,
            key=f"{key}_day",
            format="MM/DD/YYYY",
            width=170,
            min_value=date(2020, 1, 1),
            max_value=date.today() + timedelta(days=3660),  # noqa: DTZ011 (only how far the calendar goes)
        )
        st.button("Add", key=f"{key}_add", disabled=day is None, on_click=_add, args=(key, known, day))
    return tuple(sorted(chosen))


def _add(key: str, known: list[date], day: Any) -> None:
    if day not in known:
        known.append(day)
    st.session_state[key] = sorted({*st.session_state.get(key, []), day})
    st.session_state[f"{key}_day"] = None
