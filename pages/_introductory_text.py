"""The introductory email's text: how it looks, editing it, and its versions."""

import streamlit as st

from core import introductory_email, users
from core.domain.campaign import Message
from core.domain.wording import LANGUAGES
from core.errors import CareloopError
from core.introductory_email import Text
from core.workbench import Workbench
from pages._mail import mail_frame, width_choice
from pages._rich_text import rich_text
from pages._shared import moment, notice, plain

_EDITED = "in_edited"  # the language being edited, how often the editor was filled anew, and with what


def show(wb: Workbench) -> None:
    """The email in the language chosen, or its editor."""
    st.subheader("The email", anchor=False)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        language, width = _language(), width_choice("in_width")
    found = introductory_email.versions(wb)[language]
    edited = st.session_state.get(_EDITED, {}).get(language)
    if edited is not None and introductory_email.may_save(wb):
        _editor(wb, found[0], *edited, width=width)
        return
    _mail(wb, language, width)
    st.caption(f"{_history(wb, found[0])} Shown with example values. Who prefers another language gets it in English.")
    if introductory_email.may_save(wb):
        if st.button("Edit the text", icon=":material/edit:", key=f"in_edit_{language}"):
            _edit(language, found[0].message)
    else:
        st.caption("Somebody who may see all patients can change it.")
    if len(found) > 1:
        _versions(wb, found)


def _language() -> str:
    known = {LANGUAGES[code]: code for code in introductory_email.LANGUAGES}
    chosen = st.segmented_control(
        "Language", list(known), default="English", required=True, key="in_language", label_visibility="collapsed"
    )
    return known[str(chosen or "English")]


def _edit(language: str, message: Message) -> None:
    """Open the editor with a text."""
    edited = st.session_state.setdefault(_EDITED, {})
    number = edited.get(language, (0, message))[0] + 1
    edited[language] = (number, message)
    st.rerun()


def _close(language: str) -> None:
    st.session_state.get(_EDITED, {}).pop(language, None)


def _editor(wb: Workbench, now: Text, number: int, begun: Message, *, width: str) -> None:
    key = f"in_{now.language}_{now.version}_{number}"
    subject = st.text_input("Subject", begun.subject, key=f"{key}_subject", max_chars=200, persist_state="session")
    body = rich_text("Body", begun.body, key=f"{key}_body")
    written = Message(subject, body)
    found = introductory_email.problems(wb, written)
    for problem in found:
        st.warning(plain(problem), icon=":material/edit_note:")
    with st.container(horizontal=True, gap="small"):
        if st.button("Save", type="primary", key=f"{key}_save", disabled=bool(found)):
            _save(wb, now, written)
        if st.button("Cancel", key=f"{key}_cancel"):
            _close(now.language)
            st.rerun()
    if not found:
        _mail(wb, now.language, width, written)
        st.caption("As it would look. It goes out like this once it is saved.")


def _save(wb: Workbench, now: Text, written: Message) -> None:
    try:
        saved = introductory_email.save(wb, now.language, written, seen=now.version)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _close(now.language)
    is_same = saved.version == now.version
    notice("Nothing was changed." if is_same else "Saved. It goes out like this from now on.")
    st.rerun()


def _mail(wb: Workbench, language: str, width: str, message: Message | None = None) -> None:
    mail = introductory_email.preview(wb, language, message)
    st.markdown(f"**{plain(mail.subject)}**")
    mail_frame(mail.html, width=width, height=560)


def _versions(wb: Workbench, found: list[Text]) -> None:
    """Every version, the newest first; an older one can be taken as a beginning."""
    with st.expander(f"Versions ({len(found)})", icon=":material/history:"):
        for text in found:
            left, right = st.columns([3, 2], vertical_alignment="center")
            mark = " :green-badge[Counts now]" if text is found[0] else ""
            left.markdown(f"**{_name(text)}**{mark}  \n{plain(text.message.subject)}")
            left.caption(_history(wb, text))
            may_take = text is not found[0] and introductory_email.may_save(wb)
            if may_take and right.button("Begin with this", key=f"in_take_{text.language}_{text.version}"):
                _edit(text.language, text.message)


def _name(text: Text) -> str:
    return f"Version {text.version}" if text.version else "As it comes with Careloop"


def _history(wb: Workbench, text: Text) -> str:
    if text.saved_at is None:
        return "This is the text that comes with Careloop."
    return f"Version {text.version}, saved {moment(text.saved_at, wb)} by {plain(users.name_of(wb, text.saved_by))}."
