"""The list of measures: search, what each is about, how many gaps are open today, and turning it on or off."""

from collections.abc import Callable

import streamlit as st

from core import care_gaps, rules
from core.domain.role import READ_PATIENTS
from core.domain.work_list import Filter, WorkList
from core.rules import Listed
from core.workbench import Workbench
from pages import _measure_schedule, _measure_switch, _views
from pages._measure_badges import badges, source
from pages._shared import count, percent, plain

_SHOWN: dict[str, Callable[[Listed], bool]] = {
    "All": lambda _: True,
    "On": lambda each: each.is_on,
    "Off": lambda each: not each.is_on,
    "Own or edited": lambda each: each.is_own or each.is_edited,
}


def show(wb: Workbench) -> None:
    """Draw the list and, when somebody just used a switch, the question whether that is meant."""
    chosen = _chosen(wb)
    rates = {row["measure_id"]: row for row in care_gaps.rates(wb).rows(named=True)}
    if not chosen:
        st.info("No measure is like this. Clear the search to see all.", icon=":material/search_off:")
    with st.container(gap="small", key="ms_list"):
        for each in chosen:
            _row(wb, each, rates.get(each.measure.measure_id))
    _measure_switch.ask(wb)


def _chosen(wb: Workbench) -> list[Listed]:
    left, middle, right = st.columns([3, 3, 1.6], vertical_alignment="bottom")
    kind = left.segmented_control(
        "Show", list(_SHOWN), default="All", required=True, key="ms_show", label_visibility="collapsed"
    )
    word = middle.text_input(
        "Search",
        key="ms_search",
        type="search",
        placeholder="Search measures",
        live=True,
        label_visibility="collapsed",
        icon=":material/search:",
    )
    with right:
        _measure_schedule.button(wb)
    found = [each for each in rules.listed(wb) if _SHOWN[str(kind)](each)]
    return [each for each in found if (word or "").casefold() in _words(each).casefold()]


def _words(each: Listed) -> str:
    measure = each.measure
    return " ".join((measure.name, measure.measure_id, measure.purpose, measure.authority, measure.protocol))


def _row(wb: Workbench, each: Listed, rate: dict[str, int | float | None] | None) -> None:
    measure = each.measure
    with st.container(border=True, key=f"ms_row_{measure.measure_id}"):
        left, middle, right = st.columns([6, 3, 1.1], vertical_alignment="center")
        with left.container(gap="xxsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                label, link = f"**{plain(measure.name)}**", {"id": measure.measure_id}
                st.page_link("measures.py", label=label, query_params=link, width="content")
                st.markdown(badges(each), width="content")
            st.caption(f"{plain(measure.purpose)}  \n{source(measure)}")
        with middle.container(gap="xxsmall"):
            _open(wb, each, rate)
        with right:
            _measure_switch.switch(wb, each)


def _open(wb: Workbench, each: Listed, rate: dict[str, int | float | None] | None) -> None:
    if rate is None or not each.is_on:
        st.caption("Off: nobody is looked for.")
        return
    share = rate["rate"]
    up_to_date = "Nobody is eligible" if share is None else f"{percent(share)} of {rate['eligible']:,} up to date"
    st.progress(share or 0.0, text=up_to_date)
    number = int(rate["open"] or 0)
    words = f"{count(number, 'open gap')} today"
    if not wb.user.may(READ_PATIENTS):
        st.caption(words)
    elif st.button(
        words,
        key=f"ms_open_{each.measure.measure_id}",
        type="tertiary",
        icon=":material/filter_list:",
        help="Opens the work list with these patients.",
        disabled=not number,
    ):
        _views.show(WorkList(filters=((Filter("alerts", "contains", each.measure.name),),)))
        st.switch_page("work_list.py")
