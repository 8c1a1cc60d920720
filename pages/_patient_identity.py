"""Who the patient is, at a glance: enough to verify a caller, and to see why somebody gets no message."""

import streamlit as st

from core import patient_records
from core.domain.address import phone_text
from core.domain.eligibility import is_minor
from core.domain.organisation import LETTER
from core.domain.patient_summary import BOUNCED, PatientSummary, age_words
from core.domain.person import Person
from core.domain.wording import LANGUAGES, SEXES, day_text
from core.workbench import Workbench
from pages._paper_forms import both_form_buttons
from pages._patient_correct import correct_button
from pages._patient_merge import earlier_ids, merge_button
from pages._patient_people import people_around
from pages._shared import MODE_NAMES, moment, plain

_UNUSABLE = {"text": "texts", "phone": "calls", "letter": "letters"}
_ANSWERS = {"yes": "yes", "no": "no", None: "not on file"}
_STYLE = "<style>.st-key-pa_identity table tr > :first-child { width: 1%; vertical-align: top; }</style>"


def show(wb: Workbench, person: Person) -> None:
    """Draw it."""
    shown = patient_records.summary(wb, person.patient_id)
    with st.container(border=True, key="pa_identity"):
        st.html(_STYLE)
        _name(wb, shown)
        _dead(wb, shown)
        left, middle, right = st.columns(3, gap="medium")
        with left:
            _facts(_who(wb, shown), "Who it is")
        with middle:
            _facts(_contact(shown), "How to reach the patient")
            _actions(wb, person)
        with right:
            _facts(_care(wb, shown), "Care")
        people_around(wb, shown)
        earlier_ids(wb, person)


def _actions(wb: Workbench, person: Person) -> None:
    """What staff can do about the record while the caller is on the line."""
    with st.container(horizontal=True, gap="small"):
        correct_button(wb, person)
        box = st.popover("Forms", icon=":material/picture_as_pdf:", key="pa_forms", on_change="rerun")
        if box.open:
            with box:
                st.caption("With the patient's name and numbers in them, to print or to fill in on the screen.")
                both_form_buttons(wb, person, place="summary")
        merge_button(wb, person)


def _name(wb: Workbench, shown: PatientSummary) -> None:
    person = shown.person
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(plain(person.name or person.patient_id), anchor=False, width="content")
        if shown.preferred_name and shown.preferred_name != person.first:
            st.markdown(f"likes to be called **{plain(shown.preferred_name)}**", width="content")
        if shown.is_deceased:
            on = f" {day_text(shown.deceased_on)}" if shown.deceased_on else ""
            st.badge(f"Deceased{on}", icon=":material/sentiment_sad:", color="gray")
        elif person.status == "inactive":
            st.badge("Inactive: no longer a patient here", icon=":material/person_off:", color="gray")
        if person.status == "test":
            st.badge("Test patient", icon=":material/science:", color="orange")
        if not shown.is_deceased and is_minor(person.birth_date, on=wb.today()):
            st.badge("Under 18", icon=":material/child_care:", color="blue")


def _dead(wb: Workbench, shown: PatientSummary) -> None:
    """Right under the name: a bounced email in F4's words, and quietly the numbers that take no message."""
    bounced = shown.bounced
    if bounced is not None:
        since = f"Since {moment(bounced.since, wb)}: {bounced.reason}."
        st.markdown(f":red[:material/unsubscribe: **{BOUNCED}**] :gray[{plain(since)}]")
    for each in shown.dead:
        if each is not bounced:
            is_letter = each.channel == LETTER
            where = "the postal address" if is_letter else phone_text(each.address)
            what = f"No {_UNUSABLE.get(each.channel, 'messages')} to {where}"
            since = f"{what} since {moment(each.since, wb)}: {each.reason}."
            st.caption(f":material/{'markunread_mailbox' if is_letter else 'phone_disabled'}: {plain(since)}")


def _facts(facts: dict[str, str], alt: str) -> None:
    st.table(
        {name.replace(" ", "\u00a0"): text for name, text in facts.items() if text},
        border="horizontal",
        hide_header=True,
        alt=alt,
    )


def _who(wb: Workbench, shown: PatientSummary) -> dict[str, str]:
    person = shown.person
    born = f"**{day_text(person.birth_date)}**"
    age = "" if shown.is_deceased else age_words(person.birth_date, on=wb.today())
    return {
        "Born": f"{born} · {age}" if age else born,
        "Sex": SEXES.get(person.sex or "", ""),
        "Address": "  \n".join(plain(line) for line in shown.address) or "not on file",
        "MRN": plain(person.mrn or "not on file"),
        "Id": _exactly(person.patient_id),
        "Language": plain(LANGUAGES.get(person.language or "", person.language or "not on file")),
    }


def _contact(shown: PatientSummary) -> dict[str, str]:
    person = shown.person
    preferred = MODE_NAMES.get(shown.preferred_channel or "", "")
    consents = {MODE_NAMES[each.channel]: each for each in shown.consents}
    words = []
    for name, each in consents.items():
        when = ", ".join(part for part in (day_text(each.on) if each.on else "", plain(each.source or "")) if part)
        words.append(f"{name}: {_ANSWERS.get(each.answer, 'not on file')}{f' ({when})' if when else ''}")
    return {
        "Mobile": _number(person.phone_mobile) or "not on file",
        "Home": _number(person.phone_home),
        "Work": _number(shown.phone_work),
        "Email": _exactly(person.email) or "not on file",
        "Prefers": preferred,
        "Consent": "  \n".join(words),
    }


def _care(wb: Workbench, shown: PatientSummary) -> dict[str, str]:
    person = shown.person
    clinic = ", ".join(part for part in (shown.clinic, phone_text(shown.clinic_phone or "")) if part)
    coming = person.next_appointment_at
    is_ahead = coming is not None and coming >= wb.now()
    with_whom = f", {shown.next_provider}" if shown.next_provider else ""
    return {
        "Provider": plain(person.pcp or "no PCP"),
        "Group": plain(person.group or ""),
        "Clinic": plain(clinic),
        "Care manager": plain(shown.care_manager or ""),
        "Payer": plain(person.payer or ""),
        "Next visit": plain(f"{moment(coming, wb)}{with_whom}") if is_ahead else "none booked",
        "Last visit": day_text(person.last_visit_on),
        "Portal": _portal(shown),
    }


def _portal(shown: PatientSummary) -> str:
    if not shown.has_portal:
        return "no account"
    return f"account since {day_text(shown.portal_since)}" if shown.portal_since else "has an account"


def _number(number: str | None) -> str:
    return plain(phone_text(number)) if number else ""


def _exactly(text: str | None) -> str:
    """As code, so that it can be copied, and an address is no link."""
    return f"`{text.replace('`', ' ')}`" if text else ""
