"""What a text comes to while it is written: characters left, segments as carriers count them, and the cost."""

import streamlit as st

from core import campaigns, message_costs, message_previews
from core.domain.campaign import Campaign
from core.domain.text_message import MOST_SEGMENTS
from core.domain.text_segments import UCS_2, Segments, replacements
from core.domain.text_segments import plain as in_plain_characters
from core.domain.text_segments import segments as segments_of
from core.errors import CareloopError
from core.workbench import Workbench
from pages._message_language import language_name
from pages._shared import count, plain


def text_count(wb: Workbench, draft: Campaign, language: str, *, may_replace: bool) -> bool:
    """Draw it; returns whether plain characters were asked for."""
    if language not in draft.messages:
        name = language_name(language)
        st.caption(f":material/translate: No text in {name}: patients who read {name} get the English one.")
        return False
    body = draft.messages[language].body
    st.markdown(f"{_left(wb, body)}  \n{_segments(draft, language)}")
    is_asked = may_replace and _offers_plain(draft, language)
    _cost(wb, draft)
    return is_asked


def segments_words(found: Segments) -> str:
    """'2 segments, GSM-7'."""
    return f"{count(found.count, 'segment')}, {found.encoding}"


def _left(wb: Workbench, body: str) -> str:
    limit = wb.organisation().text_limit
    left = limit - len(body)
    if left < 0:
        return f":red[**{count(-left, 'character')} too many**] of {limit}"
    return f"**{count(left, 'character')} left** of {limit}"


def _segments(draft: Campaign, language: str) -> str:
    """Of the text filled in with example values and with its end, because that is what is charged for."""
    try:
        found = message_previews.example_text(draft, language=language).segments
    except CareloopError:
        return ":gray[Segments are counted when the text can be filled in.]"
    words = segments_words(found)
    words = f":orange[{words}]" if found.count > MOST_SEGMENTS else words  # why, a warning says
    return f"{words} :gray[with its end and example values]"


def _offers_plain(draft: Campaign, language: str) -> bool:
    """The button that puts plain characters in place of those that make a text dear, where there are such."""
    body = draft.messages[language].body
    found, now, plainer = replacements(body), segments_of(body), segments_of(in_plain_characters(body))
    if now.encoding != UCS_2 or (plainer.encoding == UCS_2 and plainer.count >= now.count):
        return False
    named = ", ".join(f"{old} becomes {new or 'nothing'}" for old, new in list(found.items())[:6])
    return st.button(
        "Replace with plain characters", key="ce_plain", icon=":material/match_case:", help=f"They look alike: {named}"
    )


def _cost(wb: Workbench, draft: Campaign) -> None:
    try:
        found = message_costs.cost(wb, draft, campaigns.patients(wb, draft.campaign_id))
    except CareloopError:
        return
    st.caption(
        f":material/payments: It costs {plain(found.sentence)}",
        help="With the organisation's price of a segment, if everybody selected is sent the text in their language.",
    )
