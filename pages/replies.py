"""Replies: what patients answered to texts, those first that may be a wish to stop."""

import streamlit as st

from core import inbox
from core.domain.reply import ReplyPage
from core.workbench import Workbench
from pages import _replies
from pages._seen import seen
from pages._shared import count, page_head, workbench

_STATUSES = {"Waiting": "new", "Done": "done"}


def show() -> None:
    wb = workbench()
    page_head(
        "Replies",
        "What came back by text. STOP, START and HELP are answered by themselves; the rest waits for a person.",
    )
    status, search = _filters()
    if status == "done":
        if not _section(wb, "", "re_done_page", status=status, search=search):
            _nothing(search, "Nothing is done yet.")
        return
    unsure = _section(wb, "Waiting for your decision", "re_unsure_page", status=status, search=search, is_unsure=True)
    others = _section(wb, "New replies", "re_new_page", status=status, search=search, is_unsure=False)
    if not unsure and not others:
        _nothing(search, "No reply waits. When a patient answers a text, it is listed here.")


def _filters() -> tuple[str, str]:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        chosen = st.segmented_control(
            "Status",
            list(_STATUSES),
            default="Waiting",
            required=True,
            key="re_status",
            label_visibility="collapsed",
            persist_state="session",
        )
        search = st.text_input(
            "Search",
            key="re_search",
            type="search",
            placeholder="Words, a patient's name or a number",
            live=True,
            label_visibility="collapsed",
            icon=":material/search:",
        )
    return _STATUSES[str(chosen or "Waiting")], search or ""


def _section(wb: Workbench, title: str, key: str, *, status: str, search: str, is_unsure: bool | None = None) -> int:
    """The replies of one kind, page by page; returns how many there are."""
    number = st.session_state.get(key, 1)
    found = inbox.replies(wb, status=status, is_unsure=is_unsure, search=search, page=number - 1)
    if found.count and not found.replies:  # the last one of a page was dealt with
        found = inbox.replies(wb, status=status, is_unsure=is_unsure, search=search)
    if found.count:
        _list(wb, title, key, found)
    return found.count


def _list(wb: Workbench, title: str, key: str, found: ReplyPage) -> None:
    if title:
        st.subheader(title, anchor=False)
    st.caption(f"{count(found.count, 'reply', 'replies')}, newest first")
    seen(wb, "replies", [person.patient_id for reply in found.replies for person in reply.people], count=found.count)
    for reply in found.replies:
        _replies.card(wb, reply)
    if found.count > inbox.PAGE_SIZE:
        st.pagination(-(-found.count // inbox.PAGE_SIZE), key=key)


def _nothing(search: str, empty: str) -> None:
    if search:
        st.info("No reply has this. Clear the search to see all.", icon=":material/search_off:")
        return
    st.info(empty, icon=":material/forum:")


show()
