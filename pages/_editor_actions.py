"""What can be done with a draft: save it, send a test, let it go out. Failures are shown at the top of the page."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from core import approvals, campaigns
from core.domain.campaign import Campaign
from core.domain.life_cycle import ACTIVATE, EDIT, INACTIVATE, TEST
from core.domain.organisation import LETTER
from core.errors import CareloopError, Conflict
from core.workbench import Workbench
from pages._approval import approval_buttons
from pages._draft import changes, discard, keep, opened
from pages._holds import show_holds
from pages._letter_actions import letter_actions
from pages._reach import show_reach
from pages._send_test import test_button
from pages._shared import count, notice, plain

_ERROR = "ce_error"


def actions(wb: Workbench, campaign: Campaign, draft: Campaign, *, locked: bool, problem_count: int) -> None:
    """The bar at the bottom. What is not allowed is off and says why."""
    may = campaigns.allowed(wb, draft)
    if draft.channel == LETTER:
        letter_actions(wb, campaign, draft, may, locked=locked, problem_count=problem_count, attempt=_try)
        return
    with st.bottom, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _inactive_button(wb, campaign, draft, may, locked=locked)
        test_button(wb, campaign, draft, locked=locked, why_not=may[TEST])
        if not approval_buttons(wb, campaign, draft, may, problem_count=problem_count, attempt=_try):
            _active_button(wb, campaign, draft, may, is_off=locked or problem_count > 0)
        if problem_count:
            st.caption(f":orange[{count(problem_count, 'thing')} to put right before it can be active]")


def _inactive_button(
    wb: Workbench, campaign: Campaign, draft: Campaign, may: Mapping[str, str], *, locked: bool
) -> None:
    is_active = campaign.status == "active"
    why = may[INACTIVATE if is_active else EDIT]
    if st.button(
        "Make inactive" if is_active else "Save as inactive",
        key="ce_inactive",
        icon=":material/save:",
        disabled=bool(why) or (locked and not is_active),
        help=why or None,
    ):
        _try(lambda: _save(wb, campaign, draft, active=False))


def _active_button(wb: Workbench, campaign: Campaign, draft: Campaign, may: Mapping[str, str], *, is_off: bool) -> None:
    is_active = campaign.status == "active"
    why = may[EDIT if is_active else ACTIVATE]
    if st.button(
        "Save changes" if is_active else "Save as active",
        key="ce_active",
        type="primary",
        icon=":material/schedule_send:",
        disabled=is_off or bool(why),
        help=why or None,
    ):
        _activate(wb, campaign, draft)


def show_error() -> None:
    """What went wrong with the last action, once."""
    if _ERROR in st.session_state:
        st.error(plain(st.session_state.pop(_ERROR)), icon=":material/error:")


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except Conflict:  # the page shows what differs
        st.rerun()
    except CareloopError as error:
        st.session_state[_ERROR] = str(error)
        st.rerun()


def _save(wb: Workbench, campaign: Campaign, draft: Campaign, *, active: bool) -> None:
    """Keep the draft and set the status; the draft then begins anew from what is kept."""
    saved, begun = campaign, opened(campaign)
    if saved.status == "active" and not active:
        saved = campaigns.inactivate(wb, campaign.campaign_id, version=draft.version, opened=begun)
        draft = replace(draft, version=saved.version)
        keep(saved, draft)
    changed = changes(saved, draft)
    if changed:
        saved = campaigns.save(wb, campaign.campaign_id, changed, version=draft.version, opened=begun)
    is_taken_back = campaign.status == "active" and active and saved.status == "inactive"
    if active and saved.status == "inactive" and not is_taken_back:
        discard(saved)
        version = saved.version if changed else draft.version
        saved = campaigns.activate(wb, campaign.campaign_id, version=version, opened=begun)
    discard(saved)
    more = ": what changed needs a new approval before it goes out" if is_taken_back else ""
    notice(f"'{saved.name}' is saved as {saved.status}{more}")
    if active and not is_taken_back:
        st.switch_page("campaigns.py")
    st.rerun()


@st.dialog("Save as active", icon=":material/schedule_send:")
def _activate(wb: Workbench, campaign: Campaign, draft: Campaign) -> None:
    show_holds(wb, with_buttons=False, channel=draft.channel)
    show_reach(wb, draft)
    if campaign.status == "active" and approvals.is_on(wb):
        st.warning("It becomes inactive: what you changed needs a new approval.", icon=":material/how_to_reg:")
    st.caption(campaigns.schedule_if_active(wb, draft))
    st.info(plain(wb.organisation().messaging_policy), icon=":material/policy:")
    if st.button("Save as active", type="primary", key="ce_active_yes"):
        _try(lambda: _save(wb, campaign, draft, active=True))
