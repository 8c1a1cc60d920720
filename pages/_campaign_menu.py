"""What can be done with a campaign from a list: the menu of what is allowed, and the dialogs that confirm it."""

from collections.abc import Mapping

import streamlit as st

from core import campaigns
from core.domain.campaign import Campaign
from core.domain.introduction import INTRODUCTORY
from core.domain.life_cycle import ACTIVATE, APPROVE, COPY, DELETE, EDIT, STOP
from core.domain.role import MAKE_CAMPAIGNS
from core.errors import CareloopError, Conflict
from core.workbench import Workbench
from pages._also_by import ask_also_by
from pages._approval import ask_to_approve
from pages._conflict import show_differences
from pages._follow_up import ask_for_copy
from pages._holds import show_holds
from pages._reach import show_reach
from pages._shared import count, notice, plain

_REPORT, _ALSO_BY = "Report", "Also by …"
_WORDS = {EDIT: "Edit", APPROVE: "Approve", ACTIVATE: "Activate", STOP: "Stop", COPY: "Copy", DELETE: "Delete"}
_ASKED = "cl_asked"  # what was chosen, and the campaign as it was seen then


def opens_editor(wb: Workbench, campaign: Campaign) -> bool:
    """Whether its name leads to the editor: a draft does, for who may edit drafts; else to the report (C12)."""
    return campaign.status == "inactive" and wb.user.may(MAKE_CAMPAIGNS)


def menu(wb: Workbench, campaign: Campaign, may: Mapping[str, str]) -> None:
    """The button with everything that this user may do to the campaign now; `may` as core.campaigns.allowed says it."""
    words = [word for action, word in _WORDS.items() if not may[action] and action != DELETE]
    if campaign.kind != INTRODUCTORY and wb.user.may(MAKE_CAMPAIGNS):
        words.append(_ALSO_BY)
    words += [_WORDS[DELETE]] if not may[DELETE] else []
    chosen = st.menu_button("Actions", [_REPORT, *words], key=f"cl_do_{campaign.campaign_id}", width="stretch")
    if chosen in (_REPORT, _WORDS[EDIT]):
        page = "report.py" if chosen == _REPORT else "campaign_editor.py"
        st.switch_page(page, query_params={"id": campaign.campaign_id})
    elif chosen:
        st.session_state[_ASKED] = (chosen, campaign)
        st.rerun()


def ask_about_campaign(wb: Workbench) -> None:
    """The dialog of what was chosen. Drawn by a page, not by its live part."""
    if _ASKED not in st.session_state:
        return
    word, campaign = st.session_state.pop(_ASKED)
    if word == _WORDS[COPY]:
        ask_for_copy(wb, campaign.campaign_id)
    elif word == _ALSO_BY:
        ask_also_by(wb, campaign.campaign_id)
    elif word == _WORDS[APPROVE]:
        ask_to_approve(wb, campaign)
    else:
        {_WORDS[ACTIVATE]: _ask_to_activate, _WORDS[STOP]: _ask_to_stop, _WORDS[DELETE]: _ask_to_delete}[word](
            wb, campaign
        )


@st.dialog("Activate", icon=":material/schedule_send:")
def _ask_to_activate(wb: Workbench, campaign: Campaign) -> None:
    st.markdown(f"**{plain(campaign.name)}**")
    show_holds(wb, with_buttons=False, channel=campaign.channel)
    show_reach(wb, campaign)
    st.caption(f"{campaigns.schedule_if_active(wb, campaign)}. On that day it cannot be edited any more, only stopped.")
    st.caption(plain(wb.organisation().messaging_policy))
    if st.button("Activate", type="primary", key="cl_yes"):
        try:
            campaigns.activate(wb, campaign.campaign_id, version=campaign.version, opened=campaign)
        except CareloopError as error:
            _show(error)
            return
        notice(f"'{campaign.name}' is active")
        st.rerun()


@st.dialog("Stop", icon=":material/cancel:")
def _ask_to_stop(wb: Workbench, campaign: Campaign) -> None:
    progress = campaigns.progress(wb, campaign.campaign_id)
    left, told = progress.selected - progress.finished, progress.contacted_count
    st.markdown(
        f"**{plain(campaign.name)}** ends for good and cannot be resumed.  \n"
        f"**{told:,}** {'has' if told == 1 else 'have'} been contacted already and stay in the report.  \n"
        f"**{left:,}** {'is' if left == 1 else 'are'} not contacted any more."
    )
    if st.button("Stop for good", type="primary", key="cl_yes"):
        try:
            number = campaigns.stop(wb, campaign.campaign_id, version=_version(wb, campaign), opened=campaign)
        except CareloopError as error:
            _show(error)
            return
        notice(f"Stopped: {count(number, 'patient')} will not be contacted")
        st.rerun()


@st.dialog("Delete", icon=":material/delete:")
def _ask_to_delete(wb: Workbench, campaign: Campaign) -> None:
    try:
        plan = campaigns.plan_deletion(wb, campaign.campaign_id)
    except CareloopError as error:
        _show(error)
        return
    st.markdown(
        f"**{plain(campaign.name)}** is gone from every list, with its report; its name is free again.  \n"
        f"**{plan.contacted:,}** of {count(plan.selected, 'patient')} were contacted: that stays in their histories "
        "and counts as before."
    )
    if plan.not_contacted:
        st.markdown(f"**{plan.not_contacted:,}** still wait and will not be contacted.")
    if plan.unknown:
        st.warning(f"Of {count(plan.unknown, 'message')} nobody knows the outcome, and nobody can decide it any more.")
    if plan.not_mailed:
        st.warning(
            f"{count(plan.not_mailed, 'letter')} cannot be marked as mailed any more; the files are thrown away."
        )
    if st.button("Delete the campaign", type="primary", key="cl_yes"):
        try:
            campaigns.delete(wb, campaign.campaign_id, version=campaign.version)
        except CareloopError as error:
            _show(error)
            return
        notice(f"'{campaign.name}' is deleted")
        st.rerun()


def _version(wb: Workbench, campaign: Campaign) -> int:
    """That of the campaign as it was seen. What sending changes by itself, such as that it goes on, is no edit."""
    now = campaigns.campaign(wb, campaign.campaign_id)
    return now.version if now.edited_at == campaign.edited_at and now.status == campaign.status else campaign.version


def _show(error: CareloopError) -> None:
    st.error(plain(str(error)), icon=":material/error:")
    if isinstance(error, Conflict):
        show_differences(error.differences)
