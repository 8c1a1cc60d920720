"""One row of a patient's communications: a line of a table on a laptop, a card on a phone, unfolded to its attempts."""

import streamlit as st

from core import rules
from core.domain.patient_communication import STATUSES, TYPES, PatientCommunication, Try
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._shared import MODE_ICONS, count, moment, plain
from pages._width import on_laptop, only_on_phone

HEADS = ("Status", "Comm. Date", "Reason", "Description", "Provider", "Facility", "Attempts")
WIDTHS = (1.5, 1.5, 1.4, 3.3, 1.5, 1.7, 1.1)
_COLOURS = {
    "unconfirmed": "orange",
    "canceled": "red",
    "no-show": "red",
    "rescheduled": "blue",
    "confirmed": "green",
    "successful": "green",
    "unsuccessful": "red",
    "under_way": "gray",
    "unknown": "violet",
}


def draw(wb: Workbench, one: PatientCommunication, patient_id: str, *, place: int) -> bool:
    """The row, `place` in the list; True when its message is to be opened."""
    when, cells = _when(wb, one.tries[0]), _cells(one)
    with st.container(border=True, gap="xsmall", key=f"pc-{place}"):
        with on_laptop(f"pc-{place}"):
            values = (badge(one.status), when, one.reason, cells, *_booking(one), f"{one.attempt_count}")
            for column, value in zip(st.columns(WIDTHS, vertical_alignment="center"), values, strict=True):
                column.markdown(value)
        with only_on_phone(f"pc-{place}"):
            st.markdown(f"{badge(one.status)} {when}  \n{cells}  \n:gray[{_line(one)}]")
        with st.expander(count(one.attempt_count, "attempt")):
            return _details(wb, one, patient_id, place=place)


def badge(status: str) -> str:
    """A status by colour, icon and word, as Markdown."""
    shown = STATUSES[status]
    return f":{_COLOURS[status]}-badge[:material/{shown.icon}: {shown.name}]"


def _cells(one: PatientCommunication) -> str:
    """Why: the name, and what staff tell a caller below it."""
    notes = ["Introductory email, instead of the campaign's message"] if one.is_introductory else []
    notes += [f"For {day_text(one.appointment_at.date())}, {one.appointment_at:%H:%M}"] if one.appointment_at else []
    notes += [one.description] if one.description else []
    way = MODE_ICONS.get(one.tries[-1].channel or "", "")
    return "  \n".join([f"{way} **{plain(one.title)}**".strip(), *(f":gray[{plain(note)}]" for note in notes)])


def _booking(one: PatientCommunication) -> tuple[str, str]:
    return plain(one.provider or "–"), plain(one.facility or "–")


def _line(one: PatientCommunication) -> str:
    parts = [one.reason, *(plain(part) for part in (one.provider, one.facility) if part)]
    return " · ".join(parts)


def _when(wb: Workbench, each: Try) -> str:
    """'Tue 24 Nov 2026, 14:10', or the day alone."""
    if each.at is None:
        return "date not known"
    return moment(each.at, wb) if each.has_time else day_text(each.at.astimezone(wb.zone()).date())


def _details(wb: Workbench, one: PatientCommunication, patient_id: str, *, place: int) -> bool:
    for each in one.tries:
        icon = MODE_ICONS.get(each.channel or "", ":material/help:")
        kind = TYPES.get(each.channel or "", "Type not known")
        st.markdown(f"{icon} **{each.number}. {kind}** · {_when(wb, each)} · {plain(each.outcome)}")
    if len(one.tries) < one.attempt_count:
        st.caption("Of the other attempts the feed tells nothing.")
    if one.measures:
        names = {key: rule.name for key, rule in rules.in_force(wb).measures.items()}
        gaps = ", ".join(plain(names.get(each, each)) for each in one.measures)
        st.markdown(f"**About** {gaps}")
    if one.campaign_id is None:
        st.caption("Sent by another system, which told of it in the feed.")
        return False
    if one.sent_by:
        st.caption(f"Sent for {plain(one.sent_by)}, who activated the campaign.")
    if one.patient_id != patient_id:
        st.caption(f"Kept under the patient's earlier id {plain(one.patient_id)}.")
        return False
    return st.button("Open the message", key=f"pc-open-{place}", icon=":material/open_in_new:")
