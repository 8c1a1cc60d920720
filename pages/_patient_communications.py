"""What a patient was told, newest first: the answer to 'why did you text me?' (F3, F4)."""

import streamlit as st

from core import communications, opt_outs
from core.domain.patient_communication import PatientCommunication, PrintedLetter
from core.domain.person import Person
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._communication_row import HEADS, WIDTHS, draw
from pages._letter_words import letter_words
from pages._patient_message import show_message
from pages._shared import count, plain, result_badge, summary_link
from pages._width import on_laptop

_PAGE_SIZE = 25
_YEAR = 365


def show(wb: Workbench, person: Person) -> None:
    """The tab: how far back, the rows with their attempts, and below them the letters."""
    days = wb.organisation().communications_days
    spans: dict[str, int | None] = {f"Last {count(days, 'day')}": days, "Last year": _YEAR, "All": None}
    if days == _YEAR:
        del spans["Last year"]
    chosen = st.segmented_control("How far back", list(spans), default=next(iter(spans)), required=True, key="pc_span")
    span = str(chosen or next(iter(spans)))
    found = communications.of_patient(wb, person.patient_id, days=spans[span] or "all")
    if found:
        _rows(wb, person, found)
    else:
        _nothing(wb, person, span)
    _letters(wb, communications.letters_of(wb, person.patient_id))


def _rows(wb: Workbench, person: Person, found: list[PatientCommunication]) -> None:
    with on_laptop("pc-head"), st.container(border=True, key="pc_head"):
        for column, head in zip(st.columns(WIDTHS), HEADS, strict=True):
            column.caption(head)
    pages = -(-len(found) // _PAGE_SIZE)
    first = _PAGE_SIZE * (min(int(st.session_state.get("pc_page") or 1), pages) - 1)
    for place, one in enumerate(found[first : first + _PAGE_SIZE], start=first):
        if draw(wb, one, person.patient_id, place=place):
            show_message(wb, one)
    if pages > 1:
        st.pagination(pages, key="pc_page")


def _nothing(wb: Workbench, person: Person, span: str) -> None:
    """The caller's message may stand in the record of somebody else with the number, or in a second one of theirs."""
    when = "yet" if span == "All" else f"in the {span.lower()}"
    st.info(
        f"No email, text or call to this patient is known {when}. Emails that did not arrive and letters are not "
        "listed here.",
        icon=":material/inbox:",
    )
    others = {each.patient_id: each for shared in opt_outs.shared(wb, person.patient_id) for each in shared.people}
    if others:
        st.caption("Others have the same number or email address. Look there too:")
    for each in others.values():
        label = f"{plain(each.name or each.patient_id)}, born {day_text(each.birth_date)}"
        summary_link(each.patient_id, label, part="communications")


def _letters(wb: Workbench, letters: list[PrintedLetter]) -> None:
    if not letters:
        return
    st.markdown("**Letters printed**")
    st.caption("Whether and when a letter arrived is not known, so it is not among the communications.")
    for one in letters:
        about = f" – {plain(one.description)}" if one.description else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(
                f"{result_badge(one.result)} **{plain(one.title)}**{about}  \n:gray[{plain(letter_words(wb, one))}]",
                width="content",
            )
            if one.campaign_id:
                st.page_link(
                    "report.py", label="Report", icon=":material/monitoring:", query_params={"id": one.campaign_id}
                )
