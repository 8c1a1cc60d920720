"""The live preview in the editor: the mail as a chosen recipient would see it, and the extremes among them."""

import streamlit as st

from core import campaigns, patients, templates
from core.domain.campaign import Campaign
from core.domain.findings import WARNING
from core.errors import CareloopError, MissingField
from core.workbench import Workbench
from pages._mail import mail_frame
from pages._shared import plain

_PATIENT = "ce_patient"
_CHOICES = 300  # names offered; more than anybody looks through


def preview(wb: Workbench, draft: Campaign, *, is_readable: bool) -> None:
    """Draw the preview of a draft, which need not have been saved."""
    st.markdown("**Preview**")
    patient_id = _chosen(wb, draft, is_readable=is_readable)
    if patient_id is None:
        st.info("None of the campaign's patients may be seen by you.", icon=":material/visibility_off:")
        return
    try:
        mail = templates.preview(wb, draft, patient_id)
    except MissingField as error:
        st.warning(f"This patient is not sent the message: {plain(str(error))}", icon=":material/block:")
        return
    except CareloopError:
        st.info("The preview comes back when the message can be filled in again.", icon=":material/visibility_off:")
        return
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


def warnings(wb: Workbench, draft: Campaign) -> None:
    """What should be said otherwise. What may not be said at all is among the campaign's problems."""
    for finding in templates.findings(wb, draft):
        if finding.level == WARNING:
            st.warning(plain(finding.sentence), icon=":material/rule:")


@st.dialog("As on a desktop", width="large", icon=":material/mail:")
def _large(subject: str, html: str) -> None:
    st.markdown(f"**{plain(subject)}**")
    mail_frame(html, height=640)


def _chosen(wb: Workbench, draft: Campaign, *, is_readable: bool) -> str | None:
    """The recipient chosen from the list by name, or by a press on one of the extremes."""
    ids = campaigns.patients(wb, draft.campaign_id)
    extremes = templates.extremes(wb, draft, ids) if is_readable else {}
    offered = list(dict.fromkeys([*ids[:_CHOICES], *extremes.values()]))
    people = sorted(patients.people(wb, offered), key=lambda person: (person.last or "", person.first or ""))
    names = {person.patient_id: person.name or person.patient_id for person in people}
    if not names:
        return None
    if st.session_state.get(_PATIENT) not in names:
        st.session_state[_PATIENT] = extremes.get("longest name", next(iter(names)))
    chosen = st.selectbox("As", list(names), format_func=names.__getitem__, key=_PATIENT, label_visibility="collapsed")
    with st.container(horizontal=True, gap="small"):
        for kind, patient_id in extremes.items():
            st.button(
                kind.capitalize(),
                key=f"ce_extreme_{kind}",
                type="tertiary",
                on_click=_choose,
                args=(patient_id,),
                disabled=chosen == patient_id,
            )
    return chosen


def _choose(patient_id: str) -> None:
    st.session_state[_PATIENT] = patient_id
