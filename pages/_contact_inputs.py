"""The boxes in which staff type contact data, one kind for each field."""

from collections.abc import Callable, Mapping
from datetime import date

import streamlit as st

from core.corrections import OnFile
from core.domain.address import phone_text
from core.domain.correction import ADDRESS, TEXT_CONSENT, TEXT_CONSENT_ON, TEXT_CONSENT_SOURCE
from core.domain.typed_contact import CONSENT_SOURCES
from core.domain.wording import LANGUAGES
from pages._shared import MODE_NAMES

Typed = dict[str, str | None]
_LABELS = {"address1": "Street", "address2": "Apartment or unit", "city": "City", "state": "State", "zip": "ZIP code"}
_ANSWERS = {"yes": "Yes", "no": "No"}


def typed_values(here: OnFile, *, today: date) -> Typed:
    """Draw the boxes of a field, filled with what is on file, and return what they hold by its columns; None in each
    when staff say that what is on file is not the patient's."""
    if here.field.key == TEXT_CONSENT:
        return _text_consent(here, today)
    return _INPUTS.get(here.field.key, _one)(here)


def _one(here: OnFile) -> Typed:
    """A number or an email address."""
    (column,) = here.field.columns
    now = here.values[column] or ""
    shown = now if here.field.key == "email" else phone_text(now)
    text = st.text_input(here.field.name, value=shown, key=f"pc_{here.field.key}", max_chars=200)
    return _unless_removed(here, {column: text})


def _address(here: OnFile) -> Typed:
    typed = {
        column: st.text_input(_LABELS[column], value=here.values[column] or "", key=f"pc_{column}", max_chars=200)
        for column in ADDRESS
    }
    return _unless_removed(here, typed)


def _unless_removed(here: OnFile, typed: Mapping[str, str]) -> Typed:
    """An empty box removes nothing by itself: that what is on file is wrong has to be said."""
    is_on_file = any(here.values.values())
    if is_on_file and st.checkbox("What is on file is not the patient's, and nothing else is known", key="pc_remove"):
        return dict.fromkeys(typed)
    return dict(typed)


def _choice(words: dict[str, str]) -> Callable[[OnFile], Typed]:
    def draw(here: OnFile) -> Typed:
        column = here.field.says[0]
        known = [*words, *({here.values[column]} - {None, *words})]
        place = known.index(here.values[column]) if here.values[column] in known else None
        chosen = st.selectbox(
            here.field.name,
            known,
            index=place,
            key=f"pc_{here.field.key}",
            format_func=lambda each: words.get(each or "", each or ""),
            placeholder="Not known",
        )
        return {column: chosen}

    return draw


def _text_consent(here: OnFile, today: date) -> Typed:
    """`today` is the organisation's day; the server's may be another one."""
    typed = _choice(_ANSWERS)(here)
    said = st.date_input("Said on", value=today, key="pc_consent_on", max_value=today, format="YYYY-MM-DD")
    source = st.selectbox("How", CONSENT_SOURCES, key="pc_consent_source", accept_new_options=True)
    st.caption("A yes counts for the mobile number that is on file now, and for no other.")
    return typed | {TEXT_CONSENT_ON: said.isoformat() if said else None, TEXT_CONSENT_SOURCE: source}


_INPUTS: dict[str, Callable[[OnFile], Typed]] = {
    "address": _address,
    "language": _choice(dict(sorted(LANGUAGES.items(), key=lambda pair: pair[1]))),
    "channel": _choice(MODE_NAMES),
    "email_consent": _choice(_ANSWERS),
    "call_consent": _choice(_ANSWERS),
}
