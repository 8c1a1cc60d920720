"""One type of opt-out in the form: for how long, why, and what it will do."""

from datetime import date, timedelta

import streamlit as st

from core import opt_out_topics
from core.domain.opt_out import (
    DAYS,
    DO_NOT_CALL,
    DURATION_NAMES,
    GLOBAL,
    MOST_DAYS,
    PERMANENT,
    PROTOCOL,
    UNTIL,
    OptOut,
    OptOutType,
    last_day,
)
from core.domain.opt_out_words import stops
from core.domain.wish import Wish
from core.errors import NotAllowed
from core.workbench import Workbench
from pages._shared import plain

_FOR_GOOD = {  # what to take instead when the patient names a day
    GLOBAL: "Only for good. Until a day: choose the types of each form instead.",
    DO_NOT_CALL: "Only for good. Until a day: choose Health Reminders - Phone and Appt Conf - Phone instead.",
}


def wishes_of(wb: Workbench, kind: OptOutType, key: str) -> list[Wish]:
    """How long and why, for one type; several wishes when several health topics are chosen."""
    own = f"{key}{kind.key}_"
    with st.container(border=True, key=f"oo_type_{kind.key}"):
        st.markdown(f"**{plain(kind.name)}**")
        topics: list[str | None] = [*_topics(wb, own)] if kind.key == PROTOCOL else []
        left, right = st.columns([3, 2], vertical_alignment="top")
        with left:
            duration, until, days = _lasts(wb, kind, own)
        with right:
            reason = st.selectbox("Reason", kind.reasons, index=None, key=f"{own}reason", placeholder="Choose a reason")
        wishes = [
            Wish(kind.key, reason or "", duration=duration, until=until, days=days, protocol=each)
            for each in topics or [None]
        ]
        for wish in wishes:
            _what_it_does(wb, wish)
    return wishes


def _topics(wb: Workbench, own: str) -> list[str]:
    known = opt_out_topics.topics(wb)
    chosen = st.multiselect(
        "Health topics", known, key=f"{own}topics", accept_new_options=True, placeholder="Choose, or type another one"
    )
    words = {each.casefold() for each in known}
    for each in chosen:
        if each.strip().casefold() not in words:
            st.caption(
                f":material/info: No rule or template is about “{plain(each)}” yet: it stops what is tagged so later."
            )
    return list(chosen)


def _lasts(wb: Workbench, kind: OptOutType, own: str) -> tuple[str, date | None, int | None]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        duration = st.segmented_control(
            "How long",
            kind.durations,
            default=kind.preset,
            required=True,
            format_func=lambda each: DURATION_NAMES[each],
            key=f"{own}duration",
            width="content",
            wrap=True,
        )
        if duration == UNTIL:
            return UNTIL, _until(wb, own), None
        if duration == DAYS:
            days = st.number_input("Days", min_value=1, max_value=MOST_DAYS, value=30, key=f"{own}days", width=130)
            return DAYS, None, int(days)
    if kind.key in _FOR_GOOD:
        st.caption(_FOR_GOOD[kind.key])
    return duration or kind.preset, None, None


def _until(wb: Workbench, own: str) -> date | None:
    today = wb.today()
    chosen = st.date_input(
        "Through",
        value=today + timedelta(days=30),
        min_value=today,
        max_value=today + timedelta(days=MOST_DAYS),
        key=f"{own}until",
        format="YYYY-MM-DD",
        width=150,
    )
    return chosen if isinstance(chosen, date) else None


def _what_it_does(wb: Workbench, wish: Wish) -> None:
    """In plain words, with the last day it counts."""
    try:
        until = last_day(
            wish.type, on=wb.today(), duration=wish.duration or PERMANENT, until=wish.until, days=wish.days
        )
    except NotAllowed:
        return
    st.caption(plain(f"{stops(OptOut(wish.type, wb.today(), until=until, protocol=wish.protocol))}."))
