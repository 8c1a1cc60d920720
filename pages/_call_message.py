"""The step Message of a call: whose call it is, what it says, and what a machine records (P1, C17)."""

from dataclasses import replace

import streamlit as st

from core import templates, work_lists
from core.domain.call_words import words_of
from core.domain.campaign import Campaign, Message
from core.domain.merge_field import FIELDS
from core.domain.spoken import speech_seconds
from core.errors import CareloopError
from core.message_previews import example_call
from core.workbench import Workbench
from pages._message_language import choose_language, language_name
from pages._plain_text import plain_text
from pages._shared import count, plain
from pages._step_parts import author_fields, author_inputs, fixed_wording, number_input
from pages._typed import body_key, widget_key, with_message


def call_message(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Draw it and return the changed draft."""
    draft = replace(draft, fields=_who(wb, draft, locked=locked))
    is_fixed = templates.is_locked(draft.template_id)
    language = choose_language(wb, draft, is_fixed=is_fixed)
    if is_fixed:
        fixed_wording()
    draft = _script(draft, language, locked=locked or is_fixed)
    return _voicemail(draft, language, locked=locked or is_fixed)


def _script(draft: Campaign, language: str, *, locked: bool) -> Campaign:
    """What a person hears, and what every call adds."""
    was = draft.messages.get(language, Message("", ""))
    label = f"What the call says in {language_name(language)}"
    script = plain_text(label, was.body, key=body_key(draft, language), locked=locked)
    draft = with_message(draft, language, replace(was, body=script))
    _length(draft, language, is_voicemail=False)
    st.caption(f":material/dialpad: Every call goes on with: **{plain(words_of(language).menu)}**")
    return draft


def _voicemail(draft: Campaign, language: str, *, locked: bool) -> Campaign:
    """What a machine records, which anybody may hear."""
    was = draft.messages.get(language, Message("", ""))
    label = f"What an answering machine records in {language_name(language)}: nothing about health"
    voicemail = plain_text(label, was.voicemail, key=body_key(draft, language, "voicemail"), locked=locked)
    draft = with_message(draft, language, replace(was, voicemail=voicemail))
    _length(draft, language, is_voicemail=True)
    return draft


def _who(wb: Workbench, draft: Campaign, *, locked: bool) -> dict[str, str]:
    """Provider, number to call, and what else the message uses, such as the care manager."""
    asked = author_fields(draft)
    fields, (left, right) = dict(draft.fields), st.columns(2)
    if "on_behalf_of" in asked:
        with left:
            fields["on_behalf_of"] = _provider(wb, draft, locked=locked)
    with right if "on_behalf_of" in asked else left:
        fields["call_back_number"] = number_input(draft, "call_back_number", locked=locked)
    fields = {name: text for name, text in fields.items() if text or name in draft.fields}
    others = [field for field in asked if field not in ("on_behalf_of", "call_back_number")]
    return author_inputs(replace(draft, fields=fields), others, locked=locked)


def _provider(wb: Workbench, draft: Campaign, *, locked: bool) -> str:
    """From the list of those whose patients the user may see; whoever was chosen before stays in it."""
    now = draft.fields.get("on_behalf_of", "")
    names = list(dict.fromkeys([*([now] if now else []), *(name for _, name in work_lists.provider_choices(wb))]))
    chosen = st.selectbox(
        "Provider",
        sorted(names),
        sorted(names).index(now) if now else None,
        key=widget_key(draft, "on_behalf_of"),
        persist_state="session",
        disabled=locked,
        placeholder="On whose behalf?",
        help=FIELDS["on_behalf_of"].about.capitalize() + ".",
    )
    return chosen or ""


def _length(draft: Campaign, language: str, *, is_voicemail: bool) -> None:
    """'About 24 seconds', with example values; of the script also what the menu adds."""
    if language not in draft.messages:
        name = language_name(language)
        if not is_voicemail:
            st.caption(f":material/translate: No call in {name}: patients who speak {name} hear the English one.")
        return
    try:
        found = example_call(draft, language=language)
    except CareloopError:
        st.caption(":material/timer: The length is counted when the words can be filled in.")
        return
    if is_voicemail:
        st.caption(f":material/timer: About {count(found.voicemail_seconds, 'second')}")
        return
    menu = speech_seconds(words_of(language).menu, language)
    st.caption(f":material/timer: About {count(found.script_seconds, 'second')}, and {menu} for the keys below")
