"""Settings of a letter as widgets. They are kept as texts in the campaign's fields (core.domain.letter)."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from core.domain.campaign import Campaign
from pages._typed import letter_texts, setting_text, widget_key


def letter_choice(
    draft: Campaign, name: str, label: str, options: Mapping[str, str], *, locked: bool, about: str = ""
) -> Campaign:
    """A list with what each option is called; the draft with the one chosen. What is kept and no longer offered shows
    as not chosen yet."""
    keys = list(options)
    now = letter_texts(draft.fields)[name]
    key = widget_key(draft, f"letter_{name}")
    coming = st.session_state.pop(f"{key}_next", None)
    if coming in options:
        st.session_state[key] = coming
        now = keys[0]  # the session's counts; Streamlit complains of two that differ
    chosen = st.selectbox(
        label,
        keys,
        keys.index(now) if now in keys else None,
        format_func=options.__getitem__,
        key=key,
        persist_state="session",
        disabled=locked,
        help=about or None,
        placeholder="Please choose",
    )
    return draft if chosen is None else with_setting(draft, name, chosen)


def choose_next(draft: Campaign, name: str, value: str) -> None:
    """Let the list of a setting begin its next run with another option."""
    st.session_state[f"{widget_key(draft, f'letter_{name}')}_next"] = value


def letter_switch(draft: Campaign, name: str, label: str, *, locked: bool, about: str = "") -> Campaign:
    """A check box; the draft with what it says."""
    is_on = st.checkbox(
        label,
        letter_texts(draft.fields)[name] == "yes",
        key=widget_key(draft, f"letter_{name}"),
        persist_state="session",
        disabled=locked,
        help=about or None,
    )
    return with_setting(draft, name, is_on)


def with_setting(draft: Campaign, name: str, value: object) -> Campaign:
    """The draft with a setting; one that says what counts already changes nothing."""
    text = setting_text(value)
    if text == letter_texts(draft.fields)[name]:
        return draft
    return replace(draft, fields={**draft.fields, name: text})
