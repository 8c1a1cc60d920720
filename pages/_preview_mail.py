"""An email in the preview: as on a phone, as plain text, and large."""

import streamlit as st

from core import templates
from core.domain.campaign import Campaign
from core.workbench import Workbench
from pages._mail import mail_frame
from pages._shared import plain


def mail_preview(wb: Workbench, draft: Campaign, patient_id: str) -> None:
    """Draw it. Raises CareloopError when this patient would get none."""
    mail = templates.preview(wb, draft, patient_id)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"**{plain(mail.subject)}**  \n:gray[{plain(draft.from_name)} · {plain(draft.from_email)}]", width="stretch"
        )
        if st.button("", icon=":material/open_in_full:", key="ce_large", type="tertiary", help="As on a desktop"):
            _large(mail.subject, mail.html)
    seen, text = st.tabs(["As on a phone", "Plain text"])
    with seen:
        mail_frame(mail.html, width="Phone", height=640)
    with text:
        st.text(mail.text)


@st.dialog("As on a desktop", width="large", icon=":material/mail:")
def _large(subject: str, html: str) -> None:
    st.markdown(f"**{plain(subject)}**")
    mail_frame(html, height=640)
