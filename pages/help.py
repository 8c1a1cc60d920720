"""Help: the documentation with a search, how to reach support, and for administrators the support cases."""

import streamlit as st

from core import manual, support
from core.domain.address import phone_text
from core.domain.role import OPERATE
from core.workbench import Workbench
from pages._shared import count, page_head, plain, workbench
from pages._support_cases import support_cases


def show() -> None:
    wb = workbench()
    key = st.query_params.get("topic", "")
    page_head("Help", "How Careloop works, and whom to ask.")
    if key:
        _topic(key)
        return
    if wb.user.may(OPERATE):
        waiting = support.open_count(wb)
        names = ["Documentation", f"Support cases ({waiting})" if waiting else "Support cases"]
        documentation, cases = st.tabs(names, default=names["cases" in st.query_params])
        with cases:
            support_cases(wb)
        with documentation:
            _documentation(wb)
    else:
        _documentation(wb)


def _documentation(wb: Workbench) -> None:
    left, right = st.columns([5, 2], gap="large")
    with right:
        _reach(wb)
    with left:
        words = st.text_input(
            "Search the documentation",
            key="he_search",
            placeholder="Such as introductory email",
            icon=":material/search:",
        )
        if words.strip():
            _found(words)
        else:
            _contents()


def _contents() -> None:
    for section, topics in manual.CONTENTS.items():
        st.subheader(section, anchor=False)
        lines = [f'- <a href="/help?topic={one.key}" target="_self">{one.title}</a> – {one.about}' for one in topics]
        st.markdown("\n".join(lines), unsafe_allow_html=True)


def _found(words: str) -> None:
    found = manual.search(words)
    if not found and (meant := manual.meant(words)) != words.lower():
        found = manual.search(meant)
        if found:
            st.caption(f"Nothing has “{plain(words)}”. This has **{plain(meant)}**.")
    if not found:
        st.info(
            "Nothing has all of these words. Try one of them, or send a support request.", icon=":material/search_off:"
        )
        return
    st.caption(count(len(found), "part of the documentation", "parts of the documentation"))
    for number, one in enumerate(found):
        with st.expander(f"{one.topic.title}{f' – {plain(one.heading)}' if one.heading else ''}", expanded=number == 0):
            st.markdown(one.text, unsafe_allow_html=True)
            st.page_link("help.py", label=f"All of “{one.topic.title}”", query_params={"topic": one.topic.key})


def _topic(key: str) -> None:
    st.page_link("help.py", label="All of Help", icon=":material/arrow_back:")
    st.markdown(manual.text(key), unsafe_allow_html=True)


def _reach(wb: Workbench) -> None:
    organisation = wb.organisation()
    with st.container(border=True):
        st.markdown("**Support**")
        st.link_button("Support request", "/support", icon=":material/support_agent:", width="stretch")
        lines = (
            ("Hours", organisation.support_hours),
            ("Voicemail", phone_text(organisation.support_phone)),
            ("Email", organisation.support_email),
            ("Questions", organisation.question_address),
        )
        for label, value in lines:
            if value:
                st.markdown(f":gray[{label}]  \n{plain(value)}")
        st.caption("Never write who a patient is. Name the message instead, by its message id.")


show()
