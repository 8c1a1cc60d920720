"""Version B of a message, where chance decides who gets which: from which template its words are, and the words."""

from dataclasses import replace

import streamlit as st

from core import templates
from core.domain.campaign import DEFAULT_LANGUAGE, SUBJECT_LENGTH, Campaign, Message
from core.domain.effects.allocation import A, B
from core.domain.effects.design import ARM_NAMES
from core.domain.organisation import EMAIL, PHONE
from core.workbench import Workbench
from pages._message_language import language_name
from pages._plain_text import plain_text
from pages._rich_text import rich_text
from pages._typed import body_key, newly_chosen, widget_key


def version_b(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Draw it and return the changed draft. Version B has the languages of version A."""
    is_fixed = templates.is_locked(draft.template_id)
    if not locked:
        draft = _from_template(wb, draft)
    known = {each: draft.variant.get(each) or draft.messages[each] for each in draft.messages}
    language = _language(draft) if len(known) > 1 else DEFAULT_LANGUAGE
    known[language] = _words(draft, known[language], language, locked=locked or is_fixed)
    return replace(draft, variant=known)


def shown_arm(draft: Campaign) -> str:
    """Which version the preview shows."""
    return str(st.session_state.get(_preview_key(draft)) or A) if draft.design == "ab" else A


def choose_version_shown(draft: Campaign) -> Campaign:
    """Where there are two versions, the choice above the preview; returns the draft with the words of that version."""
    if draft.design != "ab":
        return draft
    st.segmented_control(
        "Version",
        (A, B),
        default=A,
        required=True,
        format_func=ARM_NAMES.__getitem__,
        key=_preview_key(draft),
        label_visibility="collapsed",
        persist_state="session",
    )
    return draft.version_for(shown_arm(draft))


def _from_template(wb: Workbench, draft: Campaign) -> Campaign:
    """The list of templates of the mode; choosing one replaces version B."""
    offered = {
        f"{one.name}{' – ' if version.name else ''}{version.name}": templates.wording_in(draft.messages, one, version)
        for one in templates.offered(wb)
        if one.channel == draft.channel
        for version in one.versions
    }
    chosen = newly_chosen(
        "Words of version B",
        list(offered),
        key=widget_key(draft, "b_template"),
        placeholder="As below; or take those of a template",
        help="Choosing a template replaces version B.",
    )
    return draft if chosen is None else replace(draft, variant=offered[chosen])


def _language(draft: Campaign) -> str:
    chosen = st.segmented_control(
        "Language of version B",
        list(draft.messages),
        default=DEFAULT_LANGUAGE,
        required=True,
        format_func=language_name,
        key=widget_key(draft, "b_language"),
        label_visibility="collapsed",
        persist_state="session",
    )
    return str(chosen or DEFAULT_LANGUAGE)


def _words(draft: Campaign, was: Message, language: str, *, locked: bool) -> Message:
    named = f"version B in {language_name(language)}"
    if draft.channel == EMAIL:
        subject = st.text_input(
            f"Subject of {named}",
            was.subject,
            key=body_key(draft, language, "b_subject"),
            max_chars=SUBJECT_LENGTH,
            disabled=locked,
            persist_state="session",
        )
        body = rich_text(f"Body of {named}", was.body, key=body_key(draft, language, "b_body"), locked=locked)
        return Message(subject, body)
    body = plain_text(f"Words of {named}", was.body, key=body_key(draft, language, "b_body"), locked=locked)
    if draft.channel != PHONE:
        return replace(was, body=body)
    label = f"What an answering machine records of {named}: nothing about health"
    voicemail = plain_text(label, was.voicemail, key=body_key(draft, language, "b_voicemail"), locked=locked)
    return replace(was, body=body, voicemail=voicemail)


def _preview_key(draft: Campaign) -> str:
    return f"ce_{draft.campaign_id}_version_shown"
