"""What was typed into the section 'Who is contacted' when it is drawn no more; see pages._typed."""

from dataclasses import replace

import streamlit as st

from core.domain.campaign import AB, DELAYED, Campaign, Message
from core.domain.effects.design import DESIGNS, changed_to
from core.domain.organisation import EMAIL, LETTER
from pages._typed import body_key, widget_key


def typed_design(draft: Campaign) -> Campaign:
    """The draft with everything that the section's widgets held when this run began."""
    chosen = st.session_state.get(widget_key(draft, "design")) or draft.design
    if chosen != draft.design:
        draft = replace(draft, **changed_to(draft, chosen))
    if not DESIGNS[draft.design].arms:
        return draft
    share = st.session_state.get(widget_key(draft, f"share_{draft.design}"), draft.holdout_share)
    weeks = st.session_state.get(widget_key(draft, "delay_weeks"), draft.delay_weeks)
    draft = replace(draft, holdout_share=share, delay_weeks=weeks if draft.design == DELAYED else 0)
    if draft.design != AB:
        return draft
    return replace(draft, variant={language: _message(draft, language) for language in draft.variant})


def _message(draft: Campaign, language: str) -> Message:
    was = draft.variant[language]
    subject = st.session_state.get(body_key(draft, language, "b_subject"), was.subject)
    body, voicemail = (_in_box(draft, language, part) for part in ("b_body", "b_voicemail"))
    return Message(subject, was.body if body is None else body, was.voicemail if voicemail is None else voicemail)


def _in_box(draft: Campaign, language: str, part: str) -> str | None:
    found = st.session_state.get(body_key(draft, language, part), {})
    text: str | None = found.get("html" if draft.channel in (EMAIL, LETTER) else "text")
    return text
