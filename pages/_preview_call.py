"""A call in previews: what a person hears, and what an answering machine records."""

import streamlit as st

from core import message_previews
from core.domain.call_words import words_of
from core.domain.campaign import Campaign
from core.message_previews import CallPreview
from core.workbench import Workbench
from pages._message_language import language_name
from pages._shared import count, plain


def call_preview(wb: Workbench, draft: Campaign, patient_id: str, *, written: str | None = None) -> None:
    """What this patient hears, and below it the language that is being written where that is another.

    Raises CareloopError when this patient would not be called.
    """
    shown = message_previews.call(wb, draft, patient_id)
    spoken_call(shown)
    if written and written in draft.messages and written != shown.language:
        st.caption(f"For whoever gets {language_name(written)}")
        spoken_call(message_previews.call(wb, draft, patient_id, language=written))


def spoken_call(shown: CallPreview) -> None:
    """The words as a voice reads them, numbers digit by digit."""
    shared = " · others have this number, so nobody is named" if shown.is_shared else ""
    with st.container(border=True):
        _part("call", "A person answers", shown.script, shown.script_seconds)
        st.caption(plain(words_of(shown.language).menu))
        st.caption(f"{language_name(shown.language)}{shared}")
    with st.container(border=True):
        _part("voicemail", "On an answering machine", shown.voicemail, shown.voicemail_seconds)


def _part(icon: str, title: str, words: str, seconds: int) -> None:
    st.markdown(f":material/{icon}: **{title}** :gray[about {count(seconds, 'second')}]")
    st.markdown(plain(words))
