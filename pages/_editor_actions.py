"""What can be done with a draft: save it, send a test, let it go out. Failures are shown at the top of the page."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from core import campaigns
from core.domain.campaign import Campaign
from core.domain.organisation import LETTER
from core.errors import CareloopError
from core.workbench import Workbench
from pages._draft import changes, discard, keep
from pages._holds import show_holds
from pages._letter_actions import letter_actions
from pages._reach import show_reach
from pages._send_test import test_button
from pages._shared import count, notice, plain

_ERROR = "ce_error"


def actions(wb: Workbench, campaign: Campaign, draft: Campaign, *, locked: bool, problem_count: int) -> None:
    """The bar at the bottom."""
    if draft.channel == LETTER:
        letter_actions(wb, campaign, draft, locked=locked, problem_count=problem_count, attempt=_try)
        return
    is_active = campaign.status == "active"
    with st.bottom, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(
            "Make inactive" if is_active else "Save as inactive",
            key="ce_inactive",
            icon=":material/save:",
            disabled=locked,
        ):
            _try(lambda: _save(wb, campaign, draft, active=False))
        test_button(wb, campaign, draft, locked=locked)
        if st.button(
            "Save changes" if is_active else "Save as active",
            key="ce_active",
            type="primary",
            icon=":material/schedule_send:",
            disabled=locked or problem_count > 0,
        ):
            _activate(wb, campaign, draft)
        if problem_count:
            st.caption(f":orange[{count(problem_count, 'thing')} to put right before it can be active]")


def show_error() -> None:
    """What went wrong with the last action, once."""
    if _ERROR in st.session_state:
        st.error(plain(st.session_state.pop(_ERROR)), icon=":material/error:")


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except CareloopError as error:
        st.session_state[_ERROR] = str(error)
        st.rerun()


def _save(wb: Workbench, campaign: Campaign, draft: Campaign, *, active: bool) -> None:
    """Keep the draft and set the status; the draft then begins anew from what is kept."""
    saved = campaign
    if saved.status == "active" and not active:
        saved = campaigns.inactivate(wb, campaign.campaign_id, version=draft.version)
        draft = replace(draft, version=saved.version)
        keep(saved, draft)
    changed = changes(saved, draft)
    if changed:
        saved = campaigns.save(wb, campaign.campaign_id, changed, version=draft.version)
    if active and saved.status == "inactive":
        discard(saved)
        saved = campaigns.activate(wb, campaign.campaign_id, version=saved.version)
    discard(saved)
    notice(f"'{saved.name}' is saved as {saved.status}")
    if active:
        st.switch_page("campaigns.py")
    st.rerun()


@st.dialog("Save as active", icon=":material/schedule_send:")
def _activate(wb: Workbench, campaign: Campaign, draft: Campaign) -> None:
    show_holds(wb, with_buttons=False, channel=draft.channel)
    show_reach(wb, draft)
    st.caption(campaigns.schedule_if_active(wb, draft))
    st.info(plain(wb.organisation().messaging_policy), icon=":material/policy:")
    if st.button("Save as active", type="primary", key="ce_active_yes"):
        _try(lambda: _save(wb, campaign, draft, active=True))
