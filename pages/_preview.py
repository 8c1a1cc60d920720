"""The live preview in the editor: the mail as a chosen recipient would see it, and the extremes among them."""

import streamlit as st

from core import campaigns, patients, templates
from core.domain.campaign import Campaign
from core.domain.findings import ERROR
from core.errors import CareloopError, MissingField
from core.workbench import Workbench
from pages._mail import mail_frame, width_choice
from pages._shared import plain

_CHOICES = 300  # names offered; more than anybody looks through


def preview(wb: Workbench, draft: Campaign) -> None:
    """Draw the preview of a draft, which need not have been saved."""
    st.markdown("**Preview**")
    options = _options(wb, draft)
    if not options:
        st.info("None of the campaign's patients may be seen by you.", icon=":material/visibility_off:")
        return
    patient_id = st.selectbox(
        "As", list(options), format_func=options.__getitem__, key="ce_patient", label_visibility="collapsed"
    )
    try:
        mail = templates.preview(wb, draft, patient_id)
    except MissingField as error:
        st.warning(f"This patient is not sent the message: {error}", icon=":material/block:")
        return
    except CareloopError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.markdown(f"**{plain(mail.subject)}**  \n:gray[{plain(draft.from_name)} · {plain(draft.from_email)}]")
    seen, text = st.tabs(["As seen", "Plain text"])
    with seen:
        mail_frame(mail.html, width=width_choice("ce_width"), height=620)
    with text:
        st.text(mail.text)


def findings(wb: Workbench, draft: Campaign) -> None:
    """What may not be said in this message, or should be said otherwise."""
    for finding in templates.findings(wb, draft):
        show = st.error if finding.level == ERROR else st.warning
        show(plain(finding.sentence), icon=":material/rule:")


def _options(wb: Workbench, draft: Campaign) -> dict[str, str]:
    """The extremes first, then the recipients by name."""
    ids = campaigns.patients(wb, draft.campaign_id)
    try:
        extremes = templates.extremes(wb, draft, ids)
    except CareloopError:
        extremes = {}
    names = {person.patient_id: person.name for person in patients.people(wb, [*extremes.values(), *ids[:_CHOICES]])}
    options = {
        patient_id: f"{names[patient_id]}  ({kind})" for kind, patient_id in extremes.items() if patient_id in names
    }
    return options | {patient_id: name for patient_id, name in names.items() if patient_id not in options}
