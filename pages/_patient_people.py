"""The people around a patient: the adult who answers, who shares a number or an email, and who lives there."""

import streamlit as st

from core.domain.eligibility import is_minor
from core.domain.patient_summary import TIES, PatientSummary, Tied
from core.domain.person import Person
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._seen import seen
from pages._shared import count, plain, summary_link

_SHOWN = 6
_ORDER = ("ward", "number", "email", "household")


def people_around(wb: Workbench, shown: PatientSummary) -> None:
    """Draw them as links to their summaries; those the user may not see are counted."""
    others = sorted((each for each in shown.tied if not _is_guarantor(each, shown)), key=_rank)
    if not others and not shown.tied_hidden and not shown.has_guarantor:
        return
    around = [each.patient_id for each in (*(one.person for one in others), shown.guarantor) if each]
    seen(wb, "people_around", around, subject=shown.person.patient_id)
    with st.container(horizontal=True, gap="medium", vertical_alignment="top", key="pa_people"):
        if shown.has_guarantor:
            _guarantor(wb, shown)
        for each in others[:_SHOWN]:
            _link(each.person, _ties(each))
        left = len(others) - _SHOWN
        if left > 0:
            with st.popover(f"{left} more", icon=":material/group:"):
                for each in others[_SHOWN:]:
                    _link(each.person, _ties(each))
        if shown.tied_hidden:
            hidden = count(shown.tied_hidden, "other patient")
            st.caption(f"{hidden} you may not see: same number, email or household", width="content")


def _guarantor(wb: Workbench, shown: PatientSummary) -> None:
    minor = is_minor(shown.person.birth_date, on=wb.today())
    what = "answers for the patient" if minor else "guarantor"
    if shown.guarantor is None:
        st.caption(f":material/supervisor_account: Somebody you may not see {'answers' if minor else 'is guarantor'}")
        return
    tied = next((each for each in shown.tied if _is_guarantor(each, shown)), None)
    _link(shown.guarantor, ", ".join(word for word in (what, _ties(tied) if tied else "") if word))


def _is_guarantor(each: Tied, shown: PatientSummary) -> bool:
    return shown.guarantor is not None and each.person.patient_id == shown.guarantor.patient_id


def _rank(each: Tied) -> int:
    return min(_ORDER.index(tie) for tie in each.ties)


def _ties(each: Tied) -> str:
    return ", ".join(TIES[tie] for tie in _ORDER if tie in each.ties)


def _link(person: Person, ties: str) -> None:
    """'Ada Example', below it 'born Wed 4 May 1966 · same number'."""
    born = f"born {day_text(person.birth_date)}" if person.birth_date else ""
    with st.container(gap=None, width="content"):
        summary_link(person.patient_id, plain(person.name or person.patient_id), icon=":material/group:")
        st.caption(" · ".join(word for word in (born, ties) if word), width="content")
