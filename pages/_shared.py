"""What every page needs: the workbench, the head of the page, and how errors, dates and counts are shown."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Literal, ParamSpec

import polars as pl
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import home_mode, sessions, tabs
from core.domain.csv_cells import neutral
from core.domain.message import ICONS
from core.domain.role import READ_PATIENTS
from core.domain.user import User
from core.domain.wording import day_text
from core.domain.wording import percent as percent
from core.errors import CareloopError
from core.sessions import Session
from core.settings import read_settings
from core.workbench import VISITOR, Workbench, open_workbench

_WHOSE = "whose_session"  # in the session: the user to whom everything else in it belongs
OPENED_PATIENT = "pa_opened"  # in the session: whose summary is open, until another page is
HERE = Path(__file__).parent
P = ParamSpec("P")
_SANDBOX = "Nothing leaves this machine: mails, texts and calls go to the local Outbox."
_LIVE = "Messages leave for patients in their windows."
_MARKDOWN = frozenset("\\`*_{}[]()#+-!|<>~$:&=")
_LIST_NUMBER = re.compile(r"^(\s*\d{1,9})([.)])(?=\s|$)", re.MULTILINE)
# What the browser makes a link, an icon or an emoji after it has read the Markdown, escaped or not. An invisible letter
# that forbids a break keeps it text.
_MADE_LATER = re.compile(
    r"(?i:(?<=http):(?=//)|(?<=https):(?=//)|(?<=www)(?=\.))|:(?=[\w+/-]*[A-Za-z+-][\w+/-]*:|1(?:00|234):)"
)
_JOINER = "\u2060"
# Controls, and what turns the direction of the text around it.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
MODE_ICONS = {
    "email": ":material/mail:",
    "text": ":material/sms:",
    "phone": ":material/call:",
    "letter": ":material/description:",
}
MODE_NAMES = {"email": "Email", "text": "Text", "phone": "Phone", "letter": "Letter"}
STATUS_COLOURS: dict[str, Literal["gray", "blue", "orange", "green", "red"]] = {
    "Inactive": "gray",
    "Pending": "blue",
    "Sending": "orange",
    "Completed": "green",
    "Stopped": "red",
}

_RESULT_COLOURS = {
    "Successful": "green",
    "Returned": "red",
    "Unsuccessful": "red",
    "Introductory Email": "blue",
    "Not sent": "gray",
    "Waiting": "orange",
    "Unknown": "violet",
}


@st.cache_resource(show_spinner="Opening Careloop ...")
def _opened() -> Workbench:
    return open_workbench(read_settings(os.environ), user=VISITOR)


def current_session() -> Session | None:
    """The session of the browser that shows this page; None without one."""
    opened = _opened()
    return sessions.find(opened, _token(sessions.cookie_name(opened.settings)))


def current_user() -> User:
    """Who is signed in: the only place where pages learn it. Without anybody the page ends here; the gate lets nobody
    come so far. What a tab still holds of somebody else is forgotten first: a tab outlives a sign-in."""
    session = current_session()
    if session is None:
        st.info("You are signed out. [Sign in](/sign-in) to go on.", icon=":material/lock:")
        st.stop()
    _begin_anew_for(session.user.user_id)
    if (context := get_script_run_ctx()) is not None:
        tabs.belongs_to(context.session_id, session.session_id)
    return session.user


def workbench() -> Workbench:
    """The workbench of the person who is signed in."""
    return replace(_opened(), user=current_user())


def _begin_anew_for(user_id: str) -> None:
    """What one person chose on a page is gone when another one signs in and an open tab comes back by itself."""
    before = st.session_state.setdefault(_WHOSE, user_id)
    if before != user_id:
        st.session_state.clear()
        st.session_state[_WHOSE] = user_id
        st.rerun()


def _token(cookie: str) -> str:
    return str(st.context.cookies.get(cookie, ""))


def page_head(title: str, caption: str = "") -> None:
    """The title of a page with one quiet sentence below it; at its right the search for a patient, that nothing can
    leave, and as of when. Below, whom a search found."""
    from pages import _find_patient  # which needs what is here

    wb = workbench()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(plain(title), anchor=False, width="content")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            if wb.user.may(READ_PATIENTS):
                _find_patient.box(wb)
            _mode_badge(wb)
            st.caption(f"As of {day_text(wb.today())}", width="content")
    if caption:
        st.caption(plain(caption))
    if wb.user.may(READ_PATIENTS):
        _find_patient.results(wb)


def _mode_badge(wb: Workbench) -> None:
    """Loud as long as nothing can leave, quiet when that is as usual."""
    if home_mode.is_live(wb):
        st.badge("LIVE", icon=":material/cell_tower:", color="gray", help=_LIVE)
    else:
        st.badge("SANDBOX", icon=":material/science:", color="orange", help=_SANDBOX)


def guarded(action: Callable[P, None]) -> Callable[P, None]:
    """Shows what went wrong instead of a broken page when a person can put it right."""

    @wraps(action)
    def shown(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            action(*args, **kwargs)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")

    return shown


def moment(value: datetime | None, wb: Workbench, *, seconds: bool = False) -> str:
    """'Tue 24 Nov 2026, 14:10' in the organisation's time zone; with seconds where their order matters."""
    if value is None:
        return "–"
    local = value.astimezone(wb.zone())
    return f"{day_text(local.date())}, {local.strftime('%H:%M:%S' if seconds else '%H:%M')}"


def status_badge(status: str, icon: str) -> None:
    """A campaign's status by colour, icon and word."""
    st.badge(status, icon=f":material/{icon}:", color=STATUS_COLOURS[status])


def result_badge(result: str, words: str = "") -> str:
    """A result by colour, icon and word, as Markdown; with other words, such as its count, in the same badge."""
    return f":{_RESULT_COLOURS[result]}-badge[:material/{ICONS[result]}: {words or result}]"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """'1 patient', '1,204 patients'."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def interval(low: float | None, high: float | None) -> str:
    """'62.1–66.3 %'; a dash where there is no rate."""
    return "–" if low is None or high is None else f"{100 * low:.1f}–{100 * high:.1f} %"


def plain(text: str) -> str:
    """Text as it is: nothing that a person or a feed wrote is read as Markdown, made a link, an icon or an emoji, or
    turns the direction of what stands beside it."""
    kept = _MADE_LATER.sub(lambda found: found[0] + _JOINER, _UNSEEN.sub("", text))
    escaped = "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in kept)
    return _LIST_NUMBER.sub(lambda found: f"{found[1]}{chr(92)}{found[2]}", escaped)


def summary_link(patient_id: str, label: str, *, part: str = "", icon: str = ":material/person:") -> None:
    """A link to a patient's summary; `part` is a key of pages/patient.py, such as 'communications'. The address holds
    the id alone, so the label is what people read."""
    query = {"id": patient_id, "part": part} if part else {"id": patient_id}
    st.page_link("patient.py", label=label, icon=icon, query_params=query)


def progress_bar(text: str) -> Callable[[str, float], None]:
    """A bar that says what is being done; what it returns is told that and how much is done, 0 to 1."""
    bar = st.progress(0.0, text=text)

    def show(what: str, share: float) -> None:
        bar.progress(share, text=what)

    return show


def notice(text: str, icon: str = ":material/check_circle:") -> None:
    """A short confirmation that also survives the change to another page."""
    st.session_state["notice"] = (text, icon)


def show_notice() -> None:
    """Shows and forgets the confirmation left by `notice`."""
    if "notice" in st.session_state:
        text, icon = st.session_state.pop("notice")
        st.toast(text, icon=icon)


def download(rows: pl.DataFrame, name: str, *, key: str) -> None:
    """A button that saves the rows as CSV, made when it is pressed."""
    st.download_button(
        "Export CSV",
        data=lambda: neutral(rows).write_csv(),
        file_name=name,
        mime="text/csv",
        key=key,
        icon=":material/download:",
        on_click="ignore",
    )
