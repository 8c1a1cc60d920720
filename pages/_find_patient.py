"""The search box in the head of every page, and below the head whom it found. Nothing is asked while it is empty, and
what was typed stays in the session: never in an address or a log."""

from dataclasses import dataclass

import streamlit as st

from core import patient_search
from core.domain.address import phone_text
from core.domain.person import Person
from core.domain.wording import STATUSES, day_text
from core.errors import CareloopError
from core.patient_search import Found
from core.workbench import Workbench
from pages._shared import count, plain

_TEXT, _EVERYBODY, _SEARCH, _OPEN = "fp_text", "fp_everybody", "fp_search", "fp_open"
_FIRST = 25  # rows that are drawn at once
_HINT = (
    "A phone number with or without dashes, a part of one such as the last four digits, or the beginning of names in "
    "any order. Use the phone number even when an email was sent."
)
_LATELY = "sent a message in the last 90 days, or with a confirmed appointment in the last two years or ahead"
_COLOURS = {"deceased": "red", "inactive": "gray", "test": "violet"}


@dataclass(frozen=True)
class _Search:
    """What was looked for, and who was found. `opened` is the only one, whose summary was opened at once."""

    text: str
    everybody: bool
    found: Found
    opened: str = ""
    error: str = ""


def box(wb: Workbench) -> None:
    """The box itself. Opens the summary of whoever was chosen, or was the only one, in the run before."""
    if _OPEN in st.session_state:
        st.switch_page("patient.py", query_params={"id": st.session_state.pop(_OPEN)})
    with (
        st.form("fp_form", border=False, width=300),
        st.container(horizontal=True, vertical_alignment="center", gap="xsmall"),
    ):
        st.text_input(
            "Find a patient",
            key=_TEXT,
            type="search",
            icon="",
            placeholder="Phone or name",
            label_visibility="collapsed",
        )
        st.form_submit_button(
            "",
            key="fp_go",
            icon=":material/person_search:",
            help=f"Find a patient. {_HINT}",
            on_click=_look,
            args=(wb,),
        )


def results(wb: Workbench) -> None:
    """Whom the last search found, below the head, until something else is looked for or the list is closed."""
    search: _Search | None = st.session_state.get(_SEARCH)
    if search is None:
        return
    if search.opened:
        _beside(wb, search)
    elif st.session_state.get(_TEXT) != search.text:
        del st.session_state[_SEARCH]  # another page, whose box is empty
    else:
        with st.container(border=True, key="fp_results", gap="xsmall"):
            _head(wb, search)
            _rows(search.found)


def _look(wb: Workbench, *, everybody: bool = False) -> None:
    """Looks once for what is in the box, when it is sent: not in every run of the page."""
    text = str(st.session_state.get(_TEXT) or "").strip()
    st.session_state[_EVERYBODY] = everybody
    if not text:
        _close()
        return
    try:
        found = patient_search.find(wb, text, everybody=everybody)
    except CareloopError as error:
        st.session_state[_SEARCH] = _Search(st.session_state[_TEXT], everybody, Found(), error=str(error))
        return
    only = found.people[0].patient_id if len(found.people) == 1 else ""
    st.session_state[_SEARCH] = _Search(text if only else st.session_state[_TEXT], everybody, found, opened=only)
    if only:
        _choose(only)
    if found.people:
        patient_search.record_shown(wb, found, everybody=everybody)


def _choose(patient_id: str) -> None:
    st.session_state[_OPEN] = patient_id
    st.session_state[_TEXT] = ""


def _open(patient_id: str) -> None:
    _close()
    _choose(patient_id)


def _close() -> None:
    st.session_state.pop(_SEARCH, None)


def _switched(wb: Workbench) -> None:
    _look(wb, everybody=bool(st.session_state[_EVERYBODY]))


def _again(wb: Workbench, text: str) -> None:
    st.session_state[_TEXT] = text
    _look(wb, everybody=True)


# ---- what is shown -------------------------------------------------------------------------------------------------
def _beside(wb: Workbench, search: _Search) -> None:
    """The only one lately is open: that others match must be seen there, lest the wrong one is taken for the caller."""
    if st.query_params.get("id") != search.opened:
        _close()
    elif search.found.others:
        with st.container(horizontal=True, vertical_alignment="center", key="fp_beside"):
            st.caption(_others(search.found.others), width="content")
            st.button("Show everybody", key="fp_again", type="tertiary", on_click=_again, args=(wb, search.text))


def _head(wb: Workbench, search: _Search) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{_headline(search.found)}**", width="content")
        st.button("Close", key="fp_close", icon=":material/close:", type="tertiary", on_click=_clear)
    if search.error or search.found.problem:
        st.caption(plain(search.error or search.found.problem))
        return
    if search.found.is_more:
        st.caption("Type more letters, a first and a last name, or more digits to narrow the search.")
    elif not search.found.people and not search.found.others:
        st.caption(f"{_HINT} Record numbers, birth dates and emails are not looked at.")
    st.toggle(
        "Everybody, not only those contacted lately",
        key=_EVERYBODY,
        help=f"Without it: patients {_LATELY}.",
        on_change=_switched,
        args=(wb,),
    )
    if search.found.others:
        st.caption(_others(search.found.others))


def _clear() -> None:
    _close()
    st.session_state[_TEXT] = ""


def _headline(found: Found) -> str:
    if found.problem:
        return "Too little to look for"
    if found.is_more:
        return f"More than {patient_search.MOST} patients, of whom these come first"
    return f"{count(len(found.people), 'patient')} found" if found.people else "Nobody was found"


def _others(number: int) -> str:
    who = f"More than {patient_search.MOST} others match who were" if number > patient_search.MOST else ""
    who = who or ("1 other match was" if number == 1 else f"{number} others match who were")
    return f"{who} not contacted lately."


def _rows(found: Found) -> None:
    shown = len(found.people) if st.session_state.get("fp_all") else _FIRST
    for person in found.people[:shown]:
        name, born, others = st.columns([3, 2, 8], vertical_alignment="center", gap="small")
        label = plain(person.name) or "No name"
        name.button(
            label + _badge(person),
            key=f"fp_{person.patient_id}",
            type="tertiary",
            on_click=_open,
            args=(person.patient_id,),
        )
        born.caption(f"Born {day_text(person.birth_date)}")
        others.caption(" · ".join([_phones(person), *(plain(each) for each in (person.pcp, person.group) if each)]))
    if len(found.people) > shown:
        st.toggle(f"Show the other {len(found.people) - shown}", key="fp_all")


def _badge(person: Person) -> str:
    colour = _COLOURS.get(person.status or "")
    return f" :{colour}-badge[{STATUSES[person.status or '']}]" if colour else ""


def _phones(person: Person) -> str:
    numbers = (("mobile", person.phone_mobile), ("home", person.phone_home))
    return plain(" · ".join(f"{kind} {phone_text(number)}" for kind, number in numbers if number)) or "No phone"
