"""Which language of a text or call is being written; each patient gets the one that is on file."""

import streamlit as st

from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.wording import LANGUAGES
from core.workbench import Workbench


def choose_language(wb: Workbench, draft: Campaign, *, is_fixed: bool) -> str:
    """The language whose message is shown. Fixed wording has those that it has."""
    more = () if is_fixed else wb.organisation().languages
    offered = list(dict.fromkeys([DEFAULT_LANGUAGE, *draft.messages, *more]))
    with st.container(gap="xsmall"):
        chosen = st.segmented_control(
            "Language",
            offered,
            default=DEFAULT_LANGUAGE,
            required=True,
            key=_key(draft),
            format_func=lambda key: LANGUAGES.get(key, key),
            label_visibility="collapsed",
            persist_state="session",
        )
        st.caption("The patient's language decides; English when there is none.")
    return str(chosen or DEFAULT_LANGUAGE)


def language_shown(draft: Campaign) -> str:
    """The language that was last chosen."""
    return str(st.session_state.get(_key(draft)) or DEFAULT_LANGUAGE)


def language_name(language: str) -> str:
    """'Spanish' for es."""
    return LANGUAGES.get(language, language)


def _key(draft: Campaign) -> str:
    return f"ce_{draft.campaign_id}_language"
