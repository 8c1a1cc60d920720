"""A campaign as it is being changed: kept in the session until it is saved or thrown away."""

from dataclasses import fields
from typing import Any

import streamlit as st

from core.domain.campaign import EDITABLE, Campaign
from pages._typed import typed
from pages._typed_design import typed_design


def current(campaign: Campaign) -> Campaign:
    """The campaign with what was typed since it was opened. A newer one replaces a draft in which nothing was typed."""
    kept = st.session_state.get(_key(campaign))
    if kept is None:
        return typed_design(typed(campaign))
    opened, draft = kept
    is_untouched = not changes(opened, draft)
    return typed_design(typed(campaign if is_untouched and opened.version != campaign.version else draft))


def keep(campaign: Campaign, draft: Campaign) -> None:
    """Remember the draft, and as what it was opened."""
    opened = st.session_state.get(_key(campaign), (campaign, None))[0]
    st.session_state[_key(campaign)] = (opened if opened.version == draft.version else campaign, draft)


def discard(campaign: Campaign) -> None:
    """Forget what was typed; the campaign is then shown as it is kept."""
    st.session_state.pop(_key(campaign), None)


def opened(campaign: Campaign) -> Campaign:
    """As what the campaign was opened, before anything was typed."""
    found: tuple[Campaign, Campaign] = st.session_state.get(_key(campaign), (campaign, campaign))
    return found[0]


def adopt(campaign: Campaign, draft: Campaign) -> None:
    """Go on with this draft on the campaign as it is kept now."""
    st.session_state[_key(campaign)] = (campaign, draft)


def changes(before: Campaign, draft: Campaign) -> dict[str, Any]:
    """What the draft changes, by the names that `core.campaigns.save` takes."""
    names = [field.name for field in fields(Campaign) if field.name in EDITABLE]
    return {name: getattr(draft, name) for name in names if getattr(draft, name) != getattr(before, name)}


def _key(campaign: Campaign) -> str:
    return f"ce_draft_{campaign.campaign_id}"
