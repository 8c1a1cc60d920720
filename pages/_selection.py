"""Which patients are selected: kept by id, so that sorting, paging and other pages do not lose them."""

from collections.abc import Sequence

import streamlit as st

from core import new_campaigns, preflight, templates, work_lists
from core.domain.found import Found
from core.domain.role import MAKE_CAMPAIGNS, refusal
from core.domain.template import Template
from core.errors import CareloopError, TooMany
from core.workbench import Workbench
from pages._holds import show_holds
from pages._reach import show_reached
from pages._shared import MODE_NAMES, count, plain

_SELECTED = "wl_selected"
_CHECKED_UP_TO = 5000  # reach is shown live up to so many; beyond that no campaign is possible anyway


def of(found: Found, *, is_another_list: bool) -> set[str]:
    """The ids selected, a set that is changed in place. Another list keeps only those who are on it."""
    selected: set[str] = st.session_state.setdefault(_SELECTED, set())
    if selected and is_another_list:
        before = len(selected)
        selected.intersection_update(found.ids)
        if len(selected) < before:
            gone = count(before - len(selected), "selected patient")
            st.warning(f"{gone} no longer on this list: not selected any more.", icon=":material/person_remove:")
    return selected


def select_all(found: Found) -> None:
    """Select everybody found, on all pages."""
    st.session_state[_SELECTED] = set(found.ids)
    changed()


def clear() -> None:
    """Select nobody."""
    st.session_state[_SELECTED] = set()
    changed()


def changed() -> None:
    """Makes tables take their marks from the set anew, after it was changed other than by a click in them."""
    st.session_state["wl_marks"] = st.session_state.get("wl_marks", 0) + 1


def bar(wb: Workbench, found: Found, selected: set[str]) -> None:
    """The bar at the bottom: how many are selected, how many can be reached, and Send campaign."""
    with st.bottom, st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if not wb.user.may(MAKE_CAMPAIGNS):
            st.caption(refusal(MAKE_CAMPAIGNS))
            return
        if not selected:
            st.caption("Select patients to send them a campaign.")
            return
        st.markdown(f"**{len(selected):,} selected**", width="content")
        for sentence in _reachable(wb, selected):
            st.caption(sentence, width="content")
        st.button("Clear", key="wl_clear", on_click=clear, type="tertiary")
        if st.button("Send campaign", type="primary", icon=":material/send:", key="wl_send"):
            _confirm(wb, found, [patient_id for patient_id in found.ids if patient_id in selected])


def _reachable(wb: Workbench, selected: set[str]) -> list[str]:
    """How many can be reached, asked again when others are selected; the dialog asks anew in any case."""
    if len(selected) > _CHECKED_UP_TO:
        return []
    if st.session_state.get("wl_reach_of") != selected:
        modes = preflight.reach(wb, selected)
        st.session_state["wl_reach"] = [f"reachable by {mode.channel} {mode.count:,}" for mode in modes]
        st.session_state["wl_reach_of"] = set(selected)
    return list(st.session_state["wl_reach"])


@st.dialog("Send campaign", width="large", icon=":material/send:")
def _confirm(wb: Workbench, found: Found, patient_ids: Sequence[str]) -> None:
    """Confirm the number, choose the template, and read who cannot be reached and why. Nothing is created before."""
    try:
        work_lists.check_limit(wb, len(patient_ids))
    except TooMany as error:
        st.error(plain(str(error)), icon=":material/group_off:")
        return
    library = {template.template_id: template for template in templates.offered(wb)}
    chosen = st.selectbox(
        "Template",
        list(library),
        index=_suggested(found, list(library.values())),
        format_func=lambda key: f"{MODE_NAMES[library[key].channel]} · {library[key].name}",
        key="wl_chosen_template",
        placeholder="Choose a template",
    )
    if chosen is None:
        st.caption("Choose a template to see who can be reached.")
        return
    template = library[chosen]
    own, others = _reach_by_mode(wb, template, patient_ids)
    show_holds(wb, with_buttons=False, channel=template.channel)
    show_reached(own)
    if others:
        st.caption("Other modes: " + ", ".join(f"{mode.count:,} by {mode.channel}" for mode in others))
    st.markdown(
        f"A new campaign is made with exactly these **{count(len(patient_ids), 'patient')}**. Nothing is sent yet."
    )
    if not own.count:
        st.warning(
            f"Nobody of them can be reached by {own.channel}, so there is nothing to send.", icon=":material/block:"
        )
    if st.button("Continue", type="primary", key="wl_continue", disabled=not own.count):
        try:
            campaign_id = new_campaigns.create(
                wb, template_id=chosen, patient_ids=patient_ids, work_list=found.work_list
            )
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        clear()
        st.switch_page("campaign_editor.py", query_params={"id": campaign_id})


def _reach_by_mode(
    wb: Workbench, template: Template, patient_ids: Sequence[str]
) -> tuple[preflight.Reach, list[preflight.Reach]]:
    """Reach by the template's own mode, and by the others."""
    modes = preflight.reach(
        wb, patient_ids, purpose=template.purpose, measures=template.measures, protocols=template.protocols
    )
    own = next(mode for mode in modes if mode.channel == template.channel)
    return own, [mode for mode in modes if mode is not own]


def _suggested(found: Found, offered: list[Template]) -> int | None:
    """The template whose patients were looked for, else one that fits the filters, else none."""
    ids = [template.template_id for template in offered]
    if st.session_state.get("wl_template") in ids:
        return ids.index(st.session_state["wl_template"])
    fitting = templates.fitting(found.work_list, offered)
    return offered.index(fitting) if fitting else None
