"""The campaign editor: steps on the left, the step's settings in the middle, a live preview on the right."""

from collections.abc import Callable, Collection
from dataclasses import fields, replace
from typing import Any

import streamlit as st

from core import campaigns
from core.domain.campaign import EDITABLE, Campaign, edit_lock
from core.errors import CareloopError
from core.workbench import Workbench
from pages import _steps
from pages._preview import findings, preview
from pages._shared import count, notice, page_head, plain, workbench
from pages._steps import step_key
from pages._typed import typed

STEPS = ("Message", "Delivery", "Summary")


def show() -> None:
    wb, campaign_id = workbench(), st.query_params.get("id", "")
    if not campaign_id:
        page_head("Campaign")
        st.info("Choose a campaign from the list, or a template in the Library.", icon=":material/campaign:")
        st.page_link("campaigns.py", label="Go to Campaigns", icon=":material/campaign:")
        return
    campaign = campaigns.campaign(wb, campaign_id)
    draft = typed(_draft(campaign))
    lock = edit_lock(campaign, wb.organisation(), on=wb.today())
    page_head(
        draft.name or "Campaign", f"{count(campaigns.progress(wb, campaign_id).selected, 'patient')} by {draft.channel}"
    )
    if lock:
        st.warning(lock, icon=":material/lock:")
    steps, form, seen = st.columns([1.1, 3.6, 3.3], gap="medium")
    with steps:
        step = _pick_step(wb, draft)
    with form:
        draft = _form(wb, draft, step, locked=bool(lock))
        if not lock:
            findings(wb, draft)
    st.session_state[_key(campaign)] = draft
    with seen:
        preview(wb, draft)
    _actions(wb, campaign, draft, locked=bool(lock))


def _key(campaign: Campaign) -> str:
    return f"ce_draft_{campaign.campaign_id}"


def _draft(campaign: Campaign) -> Campaign:
    """The campaign with what was typed since; what somebody else saved meanwhile is told when saving."""
    draft = st.session_state.get(_key(campaign))
    return draft if isinstance(draft, Campaign) else campaign


def _pick_step(wb: Workbench, draft: Campaign) -> str:
    """The pane on the left; the step is kept in the link, a mark says which steps still need something."""
    wrong = _wrong_steps(campaigns.problems_of(wb, draft).keys())
    asked = st.query_params.get("step", "").capitalize()
    st.session_state.setdefault(step_key(draft), asked if asked in STEPS else STEPS[0])
    step = st.radio(
        "Step",
        STEPS,
        key=step_key(draft),
        label_visibility="collapsed",
        format_func=lambda step: f"{step} :gray[:material/{'error' if step in wrong else 'check_circle'}:]",
    )
    st.query_params["step"] = step.lower()
    return step


def _wrong_steps(problems: Collection[str]) -> set[str]:
    delivery = {"from_email", "from_name", "start_on", "purpose"} & set(problems)
    message = set(problems) - delivery
    return {step for step, found in (("Message", message), ("Delivery", delivery), ("Summary", problems)) if found}


def _form(wb: Workbench, draft: Campaign, step: str, *, locked: bool) -> Campaign:
    if step == "Message":
        return _steps.message(draft, locked=locked)
    if step == "Delivery":
        return _steps.delivery(wb, draft, locked=locked)
    return _steps.summary(wb, draft, selected=campaigns.progress(wb, draft.campaign_id).selected, locked=locked)


def _actions(wb: Workbench, campaign: Campaign, draft: Campaign, *, locked: bool) -> None:
    problems = campaigns.problems_of(wb, draft, was=campaign)
    with st.bottom, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Save as inactive", key="ce_inactive", icon=":material/save:", disabled=locked):
            _try(lambda: _save(wb, campaign, draft, active=False))
        if st.button("Save & send test", key="ce_test", icon=":material/forward_to_inbox:"):
            _test(wb, campaign, draft, locked)
        if st.button(
            "Save as active",
            key="ce_active",
            type="primary",
            icon=":material/schedule_send:",
            disabled=locked or bool(problems),
        ):
            _activate(wb, campaign, draft)
        for sentence in problems.values():
            st.caption(f":orange[{plain(sentence)}]")


def _changes(campaign: Campaign, draft: Campaign) -> dict[str, Any]:
    names = [field.name for field in fields(Campaign) if field.name in EDITABLE]
    return {name: getattr(draft, name) for name in names if getattr(draft, name) != getattr(campaign, name)}


def _save(wb: Workbench, campaign: Campaign, draft: Campaign, *, active: bool) -> None:
    """Keep the draft and set the status; the draft then begins anew from what is kept."""
    saved = campaigns.campaign(wb, campaign.campaign_id)
    if saved.status == "active" and not active:
        saved = campaigns.inactivate(wb, campaign.campaign_id, version=draft.version)
        draft = replace(draft, version=saved.version)
    changes = _changes(saved, draft)
    if changes:
        saved = campaigns.save(wb, campaign.campaign_id, changes, version=draft.version)
    if active and saved.status == "inactive":
        saved = campaigns.activate(wb, campaign.campaign_id, version=saved.version)
    st.session_state.pop(_key(campaign), None)
    notice(f"'{saved.name}' is saved as {saved.status}")
    if active:
        st.switch_page("campaigns.py")
    st.rerun()


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except CareloopError as error:
        st.error(str(error), icon=":material/error:")


@st.dialog("Save as active", icon=":material/schedule_send:")
def _activate(wb: Workbench, campaign: Campaign, draft: Campaign) -> None:
    selected = campaigns.progress(wb, campaign.campaign_id).selected
    st.markdown(f"**{count(selected, 'patient')}** are contacted in the next window from the start date.")
    st.caption(campaigns.schedule_if_active(wb, draft))
    st.info(wb.organisation().messaging_policy, icon=":material/policy:")
    if st.button("Save as active", type="primary", key="ce_active_yes"):
        _try(lambda: _save(wb, campaign, draft, active=True))


@st.dialog("Save & send test email", icon=":material/forward_to_inbox:")
def _test(wb: Workbench, campaign: Campaign, draft: Campaign, locked: bool) -> None:
    st.caption(
        "The test does not change the status. " + ("Nothing is saved today." if locked else "Changes are saved first.")
    )
    to = st.text_input("Email address", wb.user.email or "", key="ce_test_to", type="email")
    if st.button("Send test email", type="primary", key="ce_test_send"):
        _try(lambda: _send_test(wb, campaign, draft, to, locked=locked))


def _send_test(wb: Workbench, campaign: Campaign, draft: Campaign, to: str, *, locked: bool) -> None:
    changes = {} if locked else _changes(campaign, draft)
    patient_id = st.session_state.get("ce_patient")
    campaigns.send_test(wb, campaign.campaign_id, to, patient_id=patient_id, changes=changes, version=draft.version)
    if not locked:
        st.session_state.pop(_key(campaign), None)
    notice("The test was sent. It is in the Outbox.")
    st.rerun()


show()
