"""What was typed into a step of the campaign editor that is drawn no more.

Leaving a field and pressing on another step may reach the server as one change: the step left is not drawn again, so
its widgets cannot return what was typed. Until that run ends the session still knows it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.domain.address import phone_link
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign, Message
from core.domain.letter import settings
from core.domain.merge_field import FIELDS
from core.domain.message_findings import is_dialled
from core.domain.organisation import EMAIL, LETTER, MESSAGE_LANGUAGES

NUMBERS = ("call_back_number", "help_number", "caller_id")
LETTER_SETTINGS = (
    "page", "logo", "greeting", "sender", "per_household", "leave_out_global", "order", "sheet", "first_label",
)  # fmt: skip
_FORMATTED = (EMAIL, LETTER)  # whose bodies are HTML
_NO_WORDS = re.compile(r"<[^>]*>|&nbsp;|\s")
_PLAIN = ("name", "from_email", "from_name", "start_on", "purpose", "description")


def typed(draft: Campaign) -> Campaign:
    """The draft with everything that the widgets of its steps held when this run began."""
    changes = {name: _now(draft, name, getattr(draft, name)) for name in _PLAIN}
    messages = _messages(draft)
    return replace(
        draft,
        **changes,
        messages=messages,
        measures=tuple(_now(draft, "measures", draft.measures)),
        skip_closed_gaps=_now(draft, "skip", draft.skip_closed_gaps),
        skip_booked=_now(draft, "skip_booked", draft.skip_booked),
        fields={**draft.fields, **_written(draft), **_letter_settings(draft)},
    )


def widget_key(draft: Campaign, name: str) -> str:
    """Where the session keeps a widget of this version of a campaign."""
    return f"ce_{draft.campaign_id}_{draft.version}_{name}"


def body_key(draft: Campaign, language: str = DEFAULT_LANGUAGE, part: str = "body") -> str:
    """Where the session keeps the box of a part; another one after each text that was put into a box."""
    return widget_key(draft, f"{part}_{language}_{st.session_state.get('ce_body_seed', 0)}")


def new_boxes() -> None:
    """Boxes begin anew with what the draft holds, because a text was put into one other than by typing."""
    st.session_state["ce_body_seed"] = st.session_state.get("ce_body_seed", 0) + 1


def newly_chosen(
    label: str, options: Sequence[str], present: int | None = None, *, key: str, placeholder: str, help: str
) -> str | None:
    """Draw a list of texts to take; returns the one chosen just now, None when none was. Boxes then begin anew."""
    flag = f"{key}_new"
    chosen = st.selectbox(
        label,
        options,
        present,
        key=key,
        placeholder=placeholder,
        on_change=_flag,
        args=(flag,),
        help=help,
    )
    if chosen is None or not st.session_state.pop(flag, False):
        return None
    new_boxes()
    return chosen


def _flag(name: str) -> None:
    st.session_state[name] = True


def with_message(draft: Campaign, language: str, message: Message) -> Campaign:
    """The draft with the message of a language. One of another language that is empty is none: English is sent then."""
    messages = {**draft.messages, language: message}
    body = _NO_WORDS.sub("", message.body) if draft.channel in _FORMATTED else message.body
    if language != DEFAULT_LANGUAGE and not (message.subject + body + message.voicemail).strip():
        del messages[language]
    return replace(draft, messages=messages)


def number_kept(text: str) -> str:
    """A number as it is kept, '+13125550199', when it can be dialled; what is none stays as it was typed."""
    return phone_link(text) if is_dialled(text) else text.strip()


def setting_text(value: Any) -> str:
    """What a widget of a letter's setting holds, as it is kept: 'yes' and 'no' for a switch."""
    return ("no", "yes")[value] if isinstance(value, bool) else str("" if value is None else value)


def _messages(draft: Campaign) -> dict[str, Message]:
    changed = draft
    for language in dict.fromkeys([*draft.messages, *MESSAGE_LANGUAGES]):
        was = draft.messages.get(language, Message("", ""))
        subject = _now(draft, "subject", was.subject) if language == DEFAULT_LANGUAGE else was.subject
        body, voicemail = (_in_box(draft, language, part) for part in ("body", "voicemail"))
        message = Message(
            subject, was.body if body is None else body, was.voicemail if voicemail is None else voicemail
        )
        changed = with_message(changed, language, message)
    return dict(changed.messages)


def _in_box(draft: Campaign, language: str, part: str) -> str | None:
    found = st.session_state.get(body_key(draft, language, part), {})
    text: str | None = found.get("html" if draft.channel in _FORMATTED else "text")
    return text


def _now(draft: Campaign, name: str, otherwise: Any) -> Any:
    return st.session_state.get(widget_key(draft, name), otherwise)


def _written(draft: Campaign) -> dict[str, str]:
    """What stands in the fields; one that was empty and still is stays absent."""
    names = [name for name, field in FIELDS.items() if field.source == "author"]
    found = {name: _now(draft, name, None) for name in [*names, *NUMBERS]}
    return {
        name: number_kept(text) if name in NUMBERS else text
        for name, text in found.items()
        if text or (text is not None and name in draft.fields)
    }


def _letter_settings(draft: Campaign) -> dict[str, str]:
    """The settings of a letter whose widgets were drawn and changed."""
    if draft.channel != LETTER:
        return {}
    shown = letter_texts(draft.fields)
    held = {name: _now(draft, f"letter_{name}", None) for name in LETTER_SETTINGS}
    texts = {name: setting_text(value) for name, value in held.items() if value is not None}
    return {name: text for name, text in texts.items() if text != shown[name]}


def letter_texts(fields: Mapping[str, str]) -> dict[str, str]:
    """The settings of a letter as they count, each as it would be kept."""
    known = settings(fields)
    return {
        "page": known.page.key,
        "logo": known.logo_id,
        "greeting": setting_text(known.has_greeting),
        "sender": known.sender,
        "per_household": setting_text(known.per_household),
        "leave_out_global": setting_text(known.leave_out_global),
        "order": known.order,
        "sheet": known.sheet.key,
        "first_label": str(known.first_label),
    }
