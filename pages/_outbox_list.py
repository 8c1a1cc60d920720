"""Lists of the Outbox that keep themselves up to date: texts and calls, each row with what became of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import streamlit as st

from core import outbox_texts
from core.domain.address import phone_text
from core.workbench import Workbench
from pages._shared import count, guarded, plain

T = TypeVar("T")
EVERY = 2  # seconds: texts and calls move on by themselves
_STYLE = """<style>
.st-key-outbox_rows { max-height: 560px; overflow-y: auto; }
@media (max-width: 640px) { .st-key-outbox_rows { max-height: 300px; } }
.st-key-outbox_rows button { justify-content: flex-start; text-align: start; padding: 6px 10px;
  border-color: transparent; }
.st-key-outbox_rows button > div { justify-content: flex-start; width: 100%; min-width: 0; }
.st-key-outbox_rows button p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.st-key-outbox_rows button[kind='secondary'] { background: color-mix(in srgb, currentColor 9%, transparent); }
</style>"""


@dataclass(frozen=True)
class Standing:
    """What became of a text or call: an icon in a colour, and words for it."""

    icon: str
    colour: str
    words: str


@dataclass(frozen=True)
class Row:
    """One row of a list."""

    sid: str
    at: str
    number: str
    words: str
    standing: Standing


def rows(wb: Workbench, listed: Sequence[Row], *, chosen: str, found_count: int, noun: str) -> str | None:
    """Draw the rows; returns the SID of the one that was pressed."""
    st.html(_STYLE)
    st.caption(f"{count(found_count, noun)}, newest first")
    pressed = None
    with st.container(key="outbox_rows", gap="xxsmall"):
        for row in listed:
            if st.button(
                _label(wb, row),
                key=f"outbox_row_{row.sid}",
                type="secondary" if row.sid == chosen else "tertiary",
                width="stretch",
                help=row.standing.words,
            ):
                pressed = row.sid
    if found_count > outbox_texts.PAGE_SIZE:
        st.pagination(-(-found_count // outbox_texts.PAGE_SIZE), key=f"outbox_page_{noun}")
    return pressed


def chosen(key: str, search: str, first: T) -> T:
    """What was pressed last, else the first. A new search begins with the first that it finds."""
    is_new = search != st.session_state.get(f"{key}_search", "")
    st.session_state[f"{key}_search"] = search
    if (is_new and search) or key not in st.session_state:
        st.session_state[key] = first
    kept: T = st.session_state[key]
    return kept


def page_number(noun: str) -> int:
    """The page that was turned to, from 0."""
    return int(st.session_state.get(f"outbox_page_{noun}", 1)) - 1


def nothing(look: Callable[[], int], empty: Callable[[], None]) -> None:
    """What stands there while there is nothing, or no stand-in to ask: it goes by itself."""

    @st.fragment(run_every=EVERY)
    @guarded
    def wait() -> None:
        if look():
            st.rerun()
        empty()

    wait()


def time_text(at: str, wb: Workbench) -> str:
    """'14:10' in the organisation's time zone."""
    return f"{datetime.fromisoformat(at).astimezone(wb.zone()):%H:%M}"


def _label(wb: Workbench, row: Row) -> str:
    words = plain(" ".join(row.words.split())[:90])
    icon = f":{row.standing.colour}[:material/{row.standing.icon}:]"
    when = datetime.fromisoformat(row.at).astimezone(wb.zone())
    head = f"{icon} **{plain(phone_text(row.number))}** :gray[{when:%a} {when.day}, {plain(f'{when:%H:%M}')}]"
    return f"{head}  \n{words}" if words else head
