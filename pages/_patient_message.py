"""What a patient got: the campaign's words as they were sent, and the history of this patient's message."""

import streamlit as st

from core import campaigns
from core.domain.body_text import to_text
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign, Message
from core.domain.organisation import EMAIL, PHONE
from core.domain.patient_communication import PatientCommunication
from core.domain.wording import LANGUAGES
from core.errors import CareloopError
from core.workbench import Workbench
from pages._history import draw_history
from pages._shared import plain


@st.dialog("The message", width="medium", icon=":material/mail:")
def show_message(wb: Workbench, one: PatientCommunication) -> None:
    """The dialog. Nothing in it is filled in again: what is on file may have changed since it was sent."""
    assert one.campaign_id is not None
    try:
        campaign = campaigns.campaign(wb, one.campaign_id)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.markdown(f"**{plain(campaign.name)}**  \n{plain(campaign.description)}")
    if one.is_introductory and campaign.kind != "introductory":
        st.caption("The patient got the organisation's introductory email; the campaign's own message did not go out.")
    else:
        _words(campaign, one.language)
    draw_history(wb, one.campaign_id, one.patient_id)


def _words(campaign: Campaign, language: str | None) -> None:
    used = language if language and language in campaign.messages else DEFAULT_LANGUAGE
    message = campaign.messages[used]
    for label, text in _parts(campaign.channel, message):
        st.caption(label)
        st.code(text, language=None, wrap_lines=True)
    st.caption(
        f"In {plain(LANGUAGES.get(used, used))}. What stands in double braces was filled in for each patient when it "
        "was sent, and what must stand at its end was added."
    )


def _parts(channel: str, message: Message) -> list[tuple[str, str]]:
    if channel == EMAIL:
        return [("Subject", message.subject), ("Email", to_text(message.body))]
    if channel == PHONE:
        parts = [("What a person heard", message.body), ("What an answering machine took", message.voicemail)]
        return [(label, text) for label, text in parts if text]
    return [("Text", message.body)]
