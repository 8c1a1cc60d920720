"""The step Message of an email: subject, body and what the author fills in."""

from dataclasses import replace

import streamlit as st

from core import templates
from core.domain.campaign import DEFAULT_LANGUAGE, SUBJECT_LENGTH, Campaign, Message
from pages._rich_text import rich_text
from pages._step_parts import author_fields, author_inputs
from pages._typed import body_key, new_boxes, widget_key


def email_message(draft: Campaign, *, locked: bool) -> Campaign:
    """Draw it and return the changed draft."""
    subject = st.text_input(
        "Subject",
        draft.message.subject,
        key=widget_key(draft, "subject"),
        max_chars=SUBJECT_LENGTH,
        disabled=locked,
        persist_state="session",
    )
    draft = _choose_version(draft, locked=locked)
    body = rich_text("Body", draft.message.body, key=body_key(draft), locked=locked)
    draft = replace(draft, messages={**draft.messages, DEFAULT_LANGUAGE: Message(subject, body)})
    return replace(draft, fields=author_inputs(draft, author_fields(draft), locked=locked))


def _choose_version(draft: Campaign, *, locked: bool) -> Campaign:
    """Some templates offer several messages: choosing one puts it into the body."""
    versions = {version.name: version.body for version in templates.versions(draft.template_id)}
    if len(versions) < 2 or locked:
        return draft
    key = widget_key(draft, "version")
    present = next((place for place, body in enumerate(versions.values()) if body == draft.message.body), None)
    chosen = st.selectbox(
        "Message of the template",
        list(versions),
        present,
        key=key,
        placeholder="Changed by hand",
        on_change=_count_choice,
        args=(f"{key}_new",),
        help="Choosing another one replaces the body.",
    )
    if chosen is None or not st.session_state.pop(f"{key}_new", False):
        return draft
    new_boxes()
    chosen_message = Message(draft.message.subject, versions[chosen])
    return replace(draft, messages={**draft.messages, DEFAULT_LANGUAGE: chosen_message})


def _count_choice(flag: str) -> None:
    st.session_state[flag] = True
