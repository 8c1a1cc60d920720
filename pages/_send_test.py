"""'Save & send test': the message to an address or number that the author types (C7)."""

import streamlit as st

from core import campaigns
from core.domain.address import phone_text
from core.domain.campaign import Campaign
from core.domain.organisation import EMAIL, PHONE, TEXT
from core.errors import CareloopError
from core.message_tests import TESTS_PER_HOUR
from core.workbench import Workbench
from pages._draft import changes, discard, opened
from pages._message_language import language_name, language_shown
from pages._preview import shown_patient
from pages._shared import notice, plain
from pages._version_b import shown_arm

# By mode: what the bar's button says, what the dialog asks for, what its button says, and the icon.
_TESTS = {
    EMAIL: ("Save & send test", "Email address", "Send test email", ":material/forward_to_inbox:"),
    TEXT: ("Save & send test text", "Mobile number", "Send test text", ":material/sms:"),
    PHONE: ("Save & send test call", "Mobile number", "Send test call", ":material/call:"),
}
_ALWAYS = f"Who said stop gets no test, a pause of all sending holds it, and {TESTS_PER_HOUR} an hour are possible."
_RULES = {
    EMAIL: f"It comes from the campaign's From Email Address, one of the organisation's. {_ALWAYS}",
    TEXT: f"It comes at once, but not in the quiet hours that texts keep. {_ALWAYS}",
    PHONE: f"It comes at once, but not in the quiet hours that calls keep. {_ALWAYS}",
}


def test_button(wb: Workbench, campaign: Campaign, draft: Campaign, *, locked: bool, why_not: str = "") -> None:
    """The button of the bar, and its dialog. `why_not` turns it off."""
    words, _, _, icon = _TESTS[draft.channel]
    if st.button(words, key="ce_test", icon=icon, disabled=bool(why_not), help=why_not or None):
        st.dialog(words, icon=icon)(_ask)(wb, campaign, draft, locked)


def _ask(wb: Workbench, campaign: Campaign, draft: Campaign, locked: bool) -> None:
    st.caption(
        "The test does not change the status. " + ("Nothing is saved today." if locked else "Changes are saved first.")
    )
    st.caption(plain(_RULES[draft.channel]))
    _, label, button, _ = _TESTS[draft.channel]
    is_email = draft.channel == EMAIL
    known = wb.user.email or "" if is_email else ""
    to = st.text_input(label, known, key="ce_test_to", placeholder="" if is_email else "(312) 555-0199")
    language = _test_language(draft)
    if st.button(button, type="primary", key="ce_test_send"):
        try:
            _send_test(wb, campaign, draft, to, language=language, locked=locked)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")


def _test_language(draft: Campaign) -> str:
    """In which of the campaign's languages, first the one that was written last."""
    offered = list(draft.messages)
    if len(offered) < 2:
        return offered[0]
    shown = language_shown(draft)
    chosen = st.segmented_control(
        "Language",
        offered,
        default=shown if shown in offered else offered[0],
        required=True,
        format_func=language_name,
        key="ce_test_language",
    )
    return str(chosen or offered[0])


def _send_test(wb: Workbench, campaign: Campaign, draft: Campaign, to: str, *, language: str, locked: bool) -> None:
    changed = {} if locked else changes(campaign, draft)
    campaigns.send_test(
        wb,
        campaign.campaign_id,
        to,
        patient_id=shown_patient(),
        changes=changed,
        version=draft.version,
        opened=opened(campaign),
        language=language,
        arm=shown_arm(draft),
    )
    if not locked:
        discard(campaign)
    shown = to.strip() if draft.channel == EMAIL else phone_text(to.strip())
    notice(f"The test was sent to {shown}. It is in the Outbox.")
    st.rerun()
