"""Which contacts the Overview page is about: when, whose patients, by which mode."""

from datetime import date, timedelta
from typing import Any

import streamlit as st

from core import overview
from core.domain.roll_up import Wanted
from core.workbench import Workbench
from pages._shared import MODE_NAMES, plain

_PERIODS = {"30 days": 30, "90 days": 90, "12 months": 365, "All time": None, "Dates": None}
_EVERY = ""


def wanted(wb: Workbench) -> Wanted:
    """What the filters say; at first the contacts of the last 12 months, since closing a gap takes months."""
    groups, providers = overview.choices(wb)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        period = st.segmented_control(
            "Contacts of",
            tuple(_PERIODS),
            default="12 months",
            required=True,
            wrap=True,
            key="ov_period",
            persist_state="session",
        )
        first_on, last_on = _days(wb, str(period))
        group_id = _choice("Group", groups, "ov_group")
        provider_id = _choice("Provider", providers, "ov_provider")
        channel = _choice("Mode", MODE_NAMES, "ov_mode")
    return Wanted(first_on, last_on, group_id, provider_id, channel)


def _choice(label: str, names: dict[str, str], key: str) -> str:
    if st.session_state.get(key, _EVERY) not in (_EVERY, *names):
        st.session_state[key] = _EVERY
    return str(
        st.selectbox(
            label,
            (_EVERY, *names),
            format_func=lambda each: plain(names[each]) if each else "All",
            key=key,
            width=158,
            persist_state="session",
        )
    )


def _days(wb: Workbench, period: str) -> tuple[date | None, date | None]:
    today = wb.today()
    if period == "All time":
        return None, None
    if period != "Dates":
        return today - timedelta(days=(_PERIODS[period] or 0) - 1), today
    usual = (today - timedelta(days=89), today)
    chosen: Any = st.date_input("From and to", usual, format="MM/DD/YYYY", key="ov_days", width=230)
    days = tuple(chosen) if isinstance(chosen, tuple | list) else (chosen,)
    return (days[0], days[-1]) if days else (None, None)  # while only the first day is chosen, that day
