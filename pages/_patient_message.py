"""What a patient got: the campaign's words in the language they were sent in, and the history of this message."""

import streamlit as st

from core import communications, message_previews, templates
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.merge_field import EXAMPLES
from core.domain.organisation import PHONE, TEXT
from core.domain.patient_communication import PatientCommunication
from core.errors import CareloopError
from core.workbench import Workbench
from pages._history import draw_history
from pages._mail import mail_frame
from pages._preview_call import spoken_call
from pages._preview_text import text_bubble
from pages._shared import plain

_NAMED = ("patient.full_name", "provider.name", "practice.name")


@st.dialog("The message", width="medium", icon=":material/mail:")
def show_message(wb: Workbench, one: PatientCommunication) -> None:
    """The dialog. The words are those of the campaign, which cannot change once it has been sent; the patient's own
    values are not filled in, because what is on file may have changed since."""
    assert one.campaign_id is not None
    try:
        campaign = communications.campaign_of(wb, one.campaign_id, one.patient_id)
        st.markdown(f"**{plain(campaign.name)}**  \n{plain(campaign.description)}")
        if one.is_introductory and campaign.kind == "campaign":
            st.caption("The patient got the organisation's introductory email; the campaign's own did not go out.")
        else:
            _words(wb, campaign, one.language or DEFAULT_LANGUAGE)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    draw_history(wb, one.campaign_id, one.patient_id)


def _words(wb: Workbench, campaign: Campaign, language: str) -> None:
    named = ", ".join(str(EXAMPLES[name]) for name in _NAMED)
    st.caption(f"The campaign's words, with example values instead of the patient's: {named}")
    if campaign.channel == TEXT:
        text_bubble(message_previews.example_text(campaign, language=language))
    elif campaign.channel == PHONE:
        spoken_call(message_previews.example_call(campaign, language=language))
    else:
        mail = templates.invented(wb, campaign, language=language)
        st.markdown(f"**{plain(mail.subject)}**")
        mail_frame(mail.html, width="Phone", height=420)
