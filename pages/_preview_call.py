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
    with st.container(border=True):
        _part("call", "A person answers", shown.script, shown.script_seconds, shown.language)
        st.caption(plain(words_of(shown.language).menu))
        if shown.is_shared:
            st.caption(":material/group: Others have this number, so nobody is named.")
    with st.container(border=True):
        _part("voicemail", "On an answering machine", shown.voicemail, shown.voicemail_seconds, shown.language)


def _part(icon: str, title: str, words: str, seconds: int, language: str) -> None:
    about = f"{language_name(language)} · about {count(seconds, 'second')}"
    st.markdown(f":material/{icon}: **{title}**  \n:gray[:small[{about}]]")
    st.markdown(plain(words))
