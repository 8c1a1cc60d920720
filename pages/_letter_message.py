"""The step Message of a letter: the page, the logo in the letterhead, the greeting, and the body by language (L1)."""

from dataclasses import replace

import streamlit as st

from core.domain.campaign import DEFAULT_LANGUAGE, Campaign, Message
from core.domain.paper import PAGES
from core.workbench import Workbench
from pages._letter_logo import logo
from pages._letter_settings import letter_choice, letter_switch
from pages._message_language import choose_language, language_name
from pages._message_version import choose_version
from pages._rich_text import rich_text
from pages._step_parts import author_fields, author_inputs
from pages._typed import body_key, with_message


def letter_message(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Draw it and return the changed draft."""
    names = {key: page.name for key, page in PAGES.items()}
    draft = letter_choice(draft, "page", "Page", names, locked=locked, about="Choose what lies in the printer.")
    draft = logo(wb, draft, locked=locked)
    draft = letter_switch(
        draft,
        "greeting",
        "Include 'Dear [first name]' greeting",
        locked=locked,
        about="Stands above the body, in the patient's language. A letter about a child greets the parent or guardian.",
    )
    language = choose_language(wb, draft, is_fixed=False)
    if language == DEFAULT_LANGUAGE:
        draft = choose_version(draft, locked=locked)
    draft = _body(draft, language, locked=locked)
    return replace(draft, fields=author_inputs(draft, author_fields(draft), locked=locked))


def _body(draft: Campaign, language: str, *, locked: bool) -> Campaign:
    was = draft.messages.get(language, Message("", ""))
    body = rich_text(f"Letter in {language_name(language)}", was.body, key=body_key(draft, language), locked=locked)
    if language not in draft.messages and not locked:
        st.caption(
            f"No letter in {language_name(language)} yet: patients who read {language_name(language)} get the English "
            "one."
        )
    return draft if locked else with_message(draft, language, replace(was, body=body))
