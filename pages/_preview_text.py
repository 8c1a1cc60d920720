"""A text in previews: a bubble on the patient's phone."""

import streamlit as st

from core import message_previews
from core.domain.campaign import Campaign
from core.message_previews import TextPreview
from core.workbench import Workbench
from pages._bubbles import bubble
from pages._message_language import language_name
from pages._text_count import segments_words


def text_preview(wb: Workbench, draft: Campaign, patient_id: str, *, written: str | None = None) -> None:
    """What this patient reads, and below it the language that is being written where that is another.

    Raises CareloopError when this patient would get none.
    """
    shown = message_previews.text(wb, draft, patient_id)
    text_bubble(shown)
    if written and written in draft.messages and written != shown.language:
        st.caption(f"For whoever gets {language_name(written)}")
        text_bubble(message_previews.text(wb, draft, patient_id, language=written))


def text_bubble(shown: TextPreview) -> None:
    """One text with its language and segments."""
    facts = [language_name(shown.language), segments_words(shown.segments)]
    if shown.is_shared:
        facts.append("others have this number, so nobody is named")
    bubble(shown.text, mine=False, caption=" · ".join(facts))
