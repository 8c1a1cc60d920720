"""Some templates offer several messages: choosing one puts it into the body."""

from dataclasses import replace

import streamlit as st

from core import templates
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from pages._typed import new_boxes, widget_key


def choose_version(draft: Campaign, *, locked: bool) -> Campaign:
    """Draw the choice, if there is one, and return the draft with what was chosen."""
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
    chosen_message = replace(draft.message, body=versions[chosen])
    return replace(draft, messages={**draft.messages, DEFAULT_LANGUAGE: chosen_message})


def _count_choice(flag: str) -> None:
    st.session_state[flag] = True
