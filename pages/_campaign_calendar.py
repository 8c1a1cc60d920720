"""The campaigns of a month by the day on which they go out, after Sundays and holidays."""

from datetime import date, timedelta

import streamlit as st

from core import campaign_list
from core.campaign_list import Listed
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._campaign_menu import opens_editor
from pages._shared import MODE_ICONS, plain, status_badge

_MONTH = "cc_month"


def calendar(wb: Workbench, status: str) -> None:
    """The month, with the way to the one before and the one after."""
    month = st.session_state.setdefault(_MONTH, wb.today().replace(day=1))
    found = campaign_list.by_day(wb, month)
    days = {day: [one for one in listed if status in ("All", one.group)] for day, listed in found.items()}
    _head(wb, month)
    if not any(days.values()):
        st.caption(f"No campaign goes out in {month:%B %Y}.")
    for day, listed in days.items():
        if listed:
            _day(wb, day, listed)


def _head(wb: Workbench, month: date) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Earlier", key="cc_before", icon=":material/chevron_left:", type="tertiary", on_click=_show,
            args=(month - timedelta(days=1),),
        )  # fmt: skip
        st.subheader(f"{month:%B %Y}", anchor=False, width="content")
        st.button(
            "Later", key="cc_after", icon=":material/chevron_right:", icon_position="right", type="tertiary",
            on_click=_show, args=(month + timedelta(days=31),),
        )  # fmt: skip
        st.button("This month", key="cc_now", type="tertiary", on_click=_show, args=(wb.today(),))


def _show(day: date) -> None:
    st.session_state[_MONTH] = day.replace(day=1)


def _day(wb: Workbench, day: date, listed: list[Listed]) -> None:
    left, right = st.columns([1, 4], gap="medium")
    today = "  \n:blue[Today]" if day == wb.today() else ""
    left.markdown(f"**{day_text(day)}**{today}")
    with right:
        for one in listed:
            _line(wb, one, day)


def _line(wb: Workbench, one: Listed, day: date) -> None:
    campaign = one.campaign
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        status_badge(one.status, one.icon)
        st.page_link(
            "campaign_editor.py" if opens_editor(wb, campaign) else "report.py",
            label=plain(campaign.name),
            icon=MODE_ICONS[campaign.channel],
            query_params={"id": campaign.campaign_id},
        )
        moved = f" · instead of {day_text(campaign.start_on)}" if campaign.start_on != day else ""
        st.caption(f"{one.size}{moved}", width="content")
