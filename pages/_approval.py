"""Approval by a second person in the editor: how it stands, asking for it, and giving it (C11)."""

from collections.abc import Callable, Mapping
from typing import Literal

import streamlit as st

from core import approvals, campaigns, users
from core.domain.approval import APPROVED, VOID, WAITS, Approval
from core.domain.campaign import Campaign
from core.domain.life_cycle import APPROVE, ASK
from core.errors import CareloopError
from core.workbench import Workbench
from pages._draft import changes, discard
from pages._reach import show_reach
from pages._shared import count, moment, notice, plain

# What a list says of a draft: words, icon and colour.
APPROVAL_BADGES: dict[str, tuple[str, str, Literal["orange", "green"]]] = {
    WAITS: ("Waits for approval", "hourglass_top", "orange"),
    APPROVED: ("Approved", "verified", "green"),
}
Attempt = Callable[[Callable[[], None]], None]


def approval_badge(wb: Workbench, campaign: Campaign) -> None:
    """How a draft stands with its approval, beside its status; nothing where nobody has asked for one."""
    if not approvals.is_on(wb) or campaign.status != "inactive":
        return
    found = APPROVAL_BADGES.get(approvals.state(wb, campaign.campaign_id).state)
    if found:
        word, icon, colour = found
        st.badge(word, icon=f":material/{icon}:", color=colour)


def approval_line(wb: Workbench, campaign: Campaign) -> None:
    """One line on Summary: who has approved it, that it waits, or which edit ended the approval."""
    if not approvals.is_on(wb) or campaign.status not in ("inactive", "active"):
        return
    found = approvals.state(wb, campaign.campaign_id)
    icon = {APPROVED: "verified", WAITS: "hourglass_top", VOID: "history"}.get(found.state, "how_to_reg")
    (st.success if found.state == APPROVED else st.warning)(approval_words(wb, found), icon=f":material/{icon}:")


def approval_words(wb: Workbench, found: Approval) -> str:
    """'Approved by Omar Sample, Tue 24 Nov 2026, 12:00.' and the like."""
    kept, asked = found.kept, found.asked
    if found.state == APPROVED and kept:
        note = f" “{plain(kept.note)}”" if kept.note else ""
        return f"Approved by {_name(wb, kept.approved_by)}, {moment(kept.approved_at, wb)}.{note}"
    ended = ""
    if kept:
        edited = (
            f"{_name(wb, kept.voided_by)} changed it"
            if kept.voided_by
            else "what patients see of the organisation in it changed"
        )
        when = f", {moment(kept.voided_at, wb)}" if kept.voided_at else ""
        ended = f" The approval by {_name(wb, kept.approved_by)} ended when {edited}{when}."
    if found.state == WAITS and asked:
        return f"Waits for approval since {moment(asked.at, wb)}; {_name(wb, asked.by)} asked.{ended}"
    return f"Needs approval by somebody who neither made it nor changed it.{ended}"


def approval_buttons(
    wb: Workbench, campaign: Campaign, draft: Campaign, may: Mapping[str, str], *, problem_count: int, attempt: Attempt
) -> bool:
    """The buttons of the bar while an approval is missing; False when none is, so that the campaign may be activated or
    printed. What is asked for is saved first; approved is only what is saved. An active one that is held keeps its own
    buttons beside these."""
    if not approvals.is_on(wb) or campaign.status not in ("inactive", "active"):
        return False
    is_active = campaign.status == "active"
    is_saved = not changes(campaign, draft) and draft.version == campaign.version
    if is_saved and approvals.state(wb, campaign.campaign_id).state == APPROVED:
        return False
    if not may[APPROVE]:
        _approve_button(wb, campaign, is_saved=is_saved, is_off=problem_count > 0)
    if not may[ASK]:
        if st.button(
            "Ask for approval", key="ce_ask", type="primary", icon=":material/how_to_reg:", disabled=problem_count > 0
        ):
            attempt(lambda: _ask(wb, campaign, draft))
    elif may[APPROVE] and not is_active:
        st.caption(plain(may[ASK]))
    return not is_active


def _approve_button(wb: Workbench, campaign: Campaign, *, is_saved: bool, is_off: bool) -> None:
    about = None if is_saved else "Only what is saved can be approved"
    if st.button("Approve", key="ce_approve", icon=":material/verified:", disabled=is_off or not is_saved, help=about):
        ask_to_approve(wb, campaign)


def _ask(wb: Workbench, campaign: Campaign, draft: Campaign) -> None:
    changed = changes(campaign, draft)
    if changed:
        campaigns.save(wb, campaign.campaign_id, changed, version=draft.version)
    discard(campaign)
    if approvals.state(wb, campaign.campaign_id).state == WAITS:
        notice("Saved; it waits for approval already")
    else:
        told = approvals.ask(wb, campaign.campaign_id)
        gets = "gets" if told == 1 else "get"
        notice(f"It waits for approval; {count(told, 'person', 'people')} {gets} an email")
    st.rerun()


@st.dialog("Approve", icon=":material/verified:")
def ask_to_approve(wb: Workbench, campaign: Campaign) -> None:
    """Confirm what is approved: exactly the version that was looked at."""
    st.markdown(
        f"**{plain(campaign.name)}**, by {campaign.channel}. You approve its words in every language, its day, its "
        "settings and its patients as they are now, with the organisation's name, numbers, address and logo that they "
        "show. Any edit ends the approval."
    )
    show_reach(wb, campaign)
    st.caption(plain(wb.organisation().messaging_policy))
    note = st.text_input("Note", key="ap_note", max_chars=approvals.LONGEST_NOTE, placeholder="Optional")
    if st.button("Approve", type="primary", key="ap_yes"):
        try:
            approvals.approve(wb, campaign.campaign_id, version=campaign.version, note=note)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        then = "It goes on by itself." if campaign.status == "active" else "It is not active by that."
        notice(f"'{campaign.name}' is approved. {then}")
        st.rerun()


def _name(wb: Workbench, user_id: str | None) -> str:
    return plain(users.name_of(wb, user_id or ""))
