"""The step Message of an email: subject, body and what the author fills in."""

from dataclasses import replace

import streamlit as st

from core.domain.campaign import DEFAULT_LANGUAGE, SUBJECT_LENGTH, Campaign, Message
from pages._message_version import choose_version
from pages._rich_text import rich_text
from pages._step_parts import author_fields, author_inputs
from pages._typed import body_key, widget_key


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
    draft = choose_version(draft, locked=locked)
    body = rich_text("Body", draft.message.body, key=body_key(draft), locked=locked)
    draft = replace(draft, messages={**draft.messages, DEFAULT_LANGUAGE: Message(subject, body)})
    return replace(draft, fields=author_inputs(draft, author_fields(draft), locked=locked))
