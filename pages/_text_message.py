"""The step Message of a text: its words by language, the numbers in it, and what it comes to (T1-T4)."""

from dataclasses import replace

import streamlit as st

from core import templates
from core.domain.campaign import Campaign, Message
from core.domain.text_message import END_TEXTS
from core.domain.text_segments import plain as in_plain_characters
from core.workbench import Workbench
from pages._message_language import choose_language, language_name
from pages._plain_text import plain_text
from pages._step_parts import author_fields, author_inputs, fixed_wording, number_input
from pages._text_count import text_count
from pages._typed import body_key, new_boxes, with_message

_REPLACE = "ce_replace"


def text_message(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Draw it and return the changed draft."""
    is_fixed = templates.is_locked(draft.template_id)
    draft = replace(draft, fields=_numbers(draft, locked=locked))
    language = choose_language(wb, draft, is_fixed=is_fixed)
    draft = _body(_replaced(draft, language), language, locked=locked, is_fixed=is_fixed)
    others = [field for field in author_fields(draft) if field != "call_back_number"]
    draft = replace(draft, fields=author_inputs(draft, others, locked=locked))
    is_replacing = text_count(wb, draft, language, may_replace=not (locked or is_fixed))
    if is_replacing:
        st.session_state[_REPLACE] = language
        st.rerun()
    return draft


def _numbers(draft: Campaign, *, locked: bool) -> dict[str, str]:
    left, right = st.columns(2)
    with left:
        call = number_input(draft, "call_back_number", locked=locked)
    with right:
        help_number = number_input(draft, "help_number", locked=locked)
    return {**draft.fields, "call_back_number": call, "help_number": help_number}


def _body(draft: Campaign, language: str, *, locked: bool, is_fixed: bool) -> Campaign:
    was = draft.messages.get(language, Message("", ""))
    label = f"Text in {language_name(language)}"
    body = plain_text(label, was.body, key=body_key(draft, language), locked=locked or is_fixed)
    end = END_TEXTS.get(language, END_TEXTS["en"])
    st.caption(f":material/lock: Added at the end of every text: **{end}**")
    if is_fixed:
        fixed_wording()
        return draft
    return with_message(draft, language, replace(was, body=body))


def _replaced(draft: Campaign, language: str) -> Campaign:
    """The draft in plain characters, when that was asked for in the run before."""
    if st.session_state.pop(_REPLACE, None) != language or language not in draft.messages:
        return draft
    new_boxes()
    was = draft.messages[language]
    return with_message(draft, language, replace(was, body=in_plain_characters(was.body)))
