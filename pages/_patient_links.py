"""Links from a number or an email to the patients who have it, and to those whom the user opened last."""

from email.utils import parseaddr

import streamlit as st

from core import patient_records
from core.domain.address import normal_email
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._seen import seen
from pages._shared import count, plain, summary_link

_MOST = 6


def whose(wb: Workbench, address: str, *, part: str = "") -> None:
    """Who gets what is sent to an email address or E.164 number: each as a link to the summary."""
    number_or_email = normal_email(parseaddr(address)[1]) if "@" in address else address
    found = patient_records.at_address(wb, number_or_email) if number_or_email else []
    if not found:
        return
    seen(wb, "outbox", [person.patient_id for person in found])
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="outbox_whose"):
        if len(found) > 1:
            st.caption(f":material/group: Shared by {count(len(found), 'patient')}", width="content")
        for person in found[:_MOST]:
            born = f" (born {day_text(person.birth_date)})" if person.birth_date else ""
            summary_link(person.patient_id, plain(f"{person.name or person.patient_id}{born}"), part=part)


def lately_opened(wb: Workbench) -> None:
    """On the home page: the patients whose summaries the user opened last."""
    found = patient_records.lately_opened(wb)
    if not found:
        return
    st.subheader("Patients you opened", anchor=False)
    with st.container(gap="xxsmall"):
        for person in found:
            summary_link(person.patient_id, plain(person.name or person.patient_id))
