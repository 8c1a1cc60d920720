"""Remarks on one care gap of a patient: those that count with what follows, a way to add one and to take one back."""

from datetime import date

import streamlit as st

from core import remarks
from core.domain.gap_codes import gap_remark
from core.domain.person import Person
from core.domain.remark import Remark, consequence, how_long, in_force, kind_of
from core.domain.role import REMARK, refusal
from core.domain.wording import day_text
from core.errors import CareloopError
from core.workbench import Workbench
from pages._add_remark import adding, show_error
from pages._shared import plain

_EARLIER = 5  # ended ones that are listed


def remarks_of(wb: Workbench, person: Person, measure_id: str, *, on: date | None = None) -> None:
    """Draw the remarks on the care gap; with an earlier day `on` those of that day, to be read only."""
    found = remarks.of_patient(wb, person.patient_id, measure_id=measure_id)
    key = f"{person.patient_id}_{measure_id}"
    may = wb.user.may(REMARK) and on is None
    counting = [remark for remark in found if in_force(remark, on or wb.today())]
    for remark in counting:
        _remark(wb, remark, key, may=may)
    if on is not None:
        return
    _undo(wb, key, found)
    with st.container(horizontal=True, vertical_alignment="center"):
        adding(wb, person.patient_id, measure_id, key)
        _earlier([remark for remark in found if remark not in counting], key)
    show_error(key)
    if counting and not may:
        st.caption(refusal(REMARK))


def _remark(wb: Workbench, remark: Remark, key: str, *, may: bool) -> None:
    kind = kind_of(remark.kind)
    colour, icon = ("violet", "notifications_off") if kind.stops_outreach else ("gray", "comment")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f":{colour}-badge[:material/{icon}: {kind.name}] {how_long(remark)}, {_said(remark)}",
            width="content",
            help=f"Made on {day_text(remark.starts_on)}. In data exchange (DEQM): {gap_remark(remark.kind)}",
        )
        if may:
            st.button(
                "Remove",
                key=f"rm_remove_{remark.remark_id}_{key}",
                type="tertiary",
                icon=":material/close:",
                on_click=_remove,
                args=(wb, key, remark),
            )
    st.caption(consequence(remark))


def _said(remark: Remark) -> str:
    """Who remarked it and what they wrote, in one line."""
    comment = " ".join(remark.comment.split())
    return plain(f"{remark.made_by_name}: {comment}" if comment else remark.made_by_name)


def _undo(wb: Workbench, key: str, found: list[Remark]) -> None:
    """What was removed just now, with the way back."""
    last = st.session_state.get(f"rm_removed_{key}")
    for remark in found:
        if remark.remark_id == last and remark.removed_on == wb.today():
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.caption(f":material/check: Removed: {kind_of(remark.kind).name}", width="content")
                st.button("Undo", key=f"rm_undo_{key}", type="tertiary", on_click=_put_back, args=(wb, key, last))


def _earlier(ended: list[Remark], key: str) -> None:
    if not ended:
        return
    with st.popover(f"Earlier remarks ({len(ended)})", type="tertiary", key=f"rm_earlier_{key}"):
        for remark in ended[:_EARLIER]:
            if remark.removed_at:
                end = f"removed on {day_text(remark.removed_on)} by {plain(remark.removed_by_name)}"
            else:
                end = how_long(remark)
            head = f"**{kind_of(remark.kind).name}**, from {day_text(remark.starts_on)}, {end}"
            st.markdown(f"{head}; {_said(remark)}")
        if len(ended) > _EARLIER:
            st.caption(f"and {len(ended) - _EARLIER} before")


def _remove(wb: Workbench, key: str, remark: Remark) -> None:
    try:
        remarks.remove(wb, [remark.remark_id or 0])
        st.session_state[f"rm_removed_{key}"] = remark.remark_id
    except CareloopError as error:
        st.session_state[f"rm_error_{key}"] = str(error)


def _put_back(wb: Workbench, key: str, remark_id: int) -> None:
    try:
        remarks.put_back(wb, remark_id)
    except CareloopError as error:
        st.session_state[f"rm_error_{key}"] = str(error)
