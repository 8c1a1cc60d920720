"""The campaign editor: steps on the left, the step's settings in the middle, a live preview on the right."""

from collections.abc import Collection

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import campaigns
from core.domain.campaign import STATUS_ICONS, Campaign
from core.domain.life_cycle import EDIT
from core.domain.message_findings import is_dialled
from core.domain.organisation import LETTER
from core.domain.progress import status_shown
from core.workbench import Workbench
from pages._approval import approval_badge
from pages._conflict import conflict
from pages._draft import changes, current, keep
from pages._editor_actions import actions, show_error
from pages._letter_run import printing_lock, show_run
from pages._message_language import language_shown
from pages._preview import preview
from pages._shared import count, page_head, plain, status_badge, workbench
from pages._step_delivery import delivery
from pages._step_message import message
from pages._step_parts import go_to, step_key
from pages._step_summary import summary
from pages._warnings import warnings

STEPS = ("Message", "Delivery", "Summary")
_DELIVERY = {"from_email", "from_name", "start_on", "purpose", "sender", "settings", "design", "variant"}


def show() -> None:
    wb, campaign_id = workbench(), st.query_params.get("id", "")
    if not campaign_id:
        page_head("Campaign")
        st.info("Choose a campaign from the list, or a template in the Library.", icon=":material/campaign:")
        st.page_link("campaigns.py", label="Go to Campaigns", icon=":material/campaign:")
        return
    campaign = campaigns.campaign(wb, campaign_id)
    draft = current(campaign)
    selected = campaigns.progress(wb, campaign_id).selected
    lock = campaigns.allowed(wb, campaign)[EDIT] or printing_lock(wb, campaign)
    page_head(draft.name or "Campaign", f"{count(selected, 'patient')} selected, by {draft.channel}")
    _state(wb, campaign, draft)
    _above(wb, campaign, draft, lock)
    if draft.channel == LETTER:
        show_run(wb, campaign_id)
    pane, form, seen = st.columns([1.1, 3.6, 3.3], gap="medium")
    step = _step(draft)
    with form:
        draft = _form(wb, draft, step, selected=selected, locked=bool(lock))
        problems = campaigns.problems_of(wb, draft, was=campaign) if not lock else {}
        for sentence in problems.values():
            st.error(plain(sentence), icon=":material/error:")
        if not lock:
            warnings(wb, draft)
    keep(campaign, draft)
    _draw_steps(pane, draft, step, problems)
    with seen:
        written = language_shown(draft) if step == "Message" else None
        preview(wb, draft, is_readable=not {"messages", "variant"} & set(problems), written=written)
    actions(wb, campaign, draft, locked=bool(lock), problem_count=len(problems))


def _state(wb: Workbench, campaign: Campaign, draft: Campaign) -> None:
    """The status, when it goes out, and whether something typed is not saved yet."""
    progress = campaigns.progress(wb, campaign.campaign_id)
    status = status_shown(campaign, progress)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        status_badge(status, STATUS_ICONS[status])
        approval_badge(wb, campaign)
        st.caption(campaigns.schedule(wb, campaign), width="content")
        if changes(campaign, draft):
            st.badge("Not saved yet", icon=":material/edit:", color="orange")


def _above(wb: Workbench, campaign: Campaign, draft: Campaign, lock: str) -> None:
    """What must be known before anything is changed."""
    show_error()
    if lock:
        st.warning(plain(lock), icon=":material/lock:")
    elif draft.version != campaign.version:
        conflict(wb, campaign, draft)


def _step(draft: Campaign) -> str:
    """The step that is open; it stands in the link too."""
    asked = st.query_params.get("step", "").capitalize()
    step = str(st.session_state.setdefault(step_key(draft), asked if asked in STEPS else STEPS[0]))
    st.query_params["step"] = step.lower()
    return step


def _draw_steps(pane: DeltaGenerator, draft: Campaign, step: str, problems: Collection[str]) -> None:
    """The pane on the left, with a mark at each step that still needs something."""
    late = _DELIVERY & set(problems) | _about_caller_id(draft)
    wrong = {"Delivery": late, "Message": set(problems) - late, "Summary": set(problems)}
    for name in STEPS:
        pane.button(
            name,
            key=f"ce_go_{name}",
            icon=f":material/{'error' if wrong[name] else 'check_circle'}:",
            type="secondary" if name == step else "tertiary",
            on_click=go_to,
            args=(draft, name),
            help="Something is missing or wrong here" if wrong[name] else None,
        )


def _about_caller_id(draft: Campaign) -> set[str]:
    """The caller ID is one of the fields, and the only one that stands under Delivery."""
    number = draft.fields.get("caller_id", "")
    return {"fields"} if number and not is_dialled(number) else set()


def _form(wb: Workbench, draft: Campaign, step: str, *, selected: int, locked: bool) -> Campaign:
    if step == "Message":
        return message(wb, draft, locked=locked)
    if step == "Delivery":
        return delivery(wb, draft, locked=locked)
    return summary(wb, draft, selected=selected, locked=locked)


show()
