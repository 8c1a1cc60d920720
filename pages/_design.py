"""The section 'Who is contacted' of the step Delivery: the design of a campaign, and what it could show."""

from dataclasses import replace

import streamlit as st

from core.domain.campaign import AB, DELAYED, Campaign
from core.domain.effects.design import DELAY_WEEKS, DESIGNS, changed_to, designs_of
from core.domain.organisation import LETTER
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._design_outlook import show_outlook
from pages._shared import plain
from pages._typed import widget_key
from pages._version_b import version_b


def design_section(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Draw it and return the changed draft."""
    with st.container(border=True):
        draft = _chosen(draft, locked=locked)
        design = DESIGNS[draft.design]
        if not design.arms:
            return draft
        left, right = st.columns(2)
        with left:
            draft = _share(draft, locked=locked)
        if draft.design == DELAYED:
            with right:
                draft = _delay(draft, locked=locked)
            st.caption(f":material/schedule: {_when(draft, day_text(draft.later_on(wb.organisation())))}")
        if draft.design == AB:
            draft = version_b(wb, draft, locked=locked)
        show_outlook(wb, draft)
    return draft


def _when(draft: Campaign, first: str) -> str:
    if draft.channel != LETTER:
        return f"The later ones are contacted from {first}."
    return f"No letter is printed now for the later ones. From {first} on a copy of this campaign is for them."


def _chosen(draft: Campaign, *, locked: bool) -> Campaign:
    offered = designs_of(draft.channel, is_sister=draft.family_id is not None)
    if draft.design not in offered:
        offered = [*offered, draft.design]
    chosen = st.radio(
        "Who is contacted",
        offered,
        offered.index(draft.design),
        format_func=lambda key: DESIGNS[key].name,
        captions=[plain(DESIGNS[key].about) for key in offered],
        key=widget_key(draft, "design"),
        persist_state="session",
        disabled=locked,
        help="Those who share a household, number or address are always treated alike.",
    )
    return draft if chosen in (None, draft.design) else replace(draft, **changed_to(draft, chosen))


def _share(draft: Campaign, *, locked: bool) -> Campaign:
    design = DESIGNS[draft.design]
    share = st.slider(
        design.share,
        design.least,
        design.most,
        min(max(draft.holdout_share, design.least), design.most),
        step=5,
        format="%d %%",
        key=widget_key(draft, f"share_{draft.design}"),
        persist_state="session",
        disabled=locked,
    )
    return replace(draft, holdout_share=share)


def _delay(draft: Campaign, *, locked: bool) -> Campaign:
    least, most = DELAY_WEEKS
    weeks = st.number_input(
        "Weeks later",
        least,
        most,
        min(max(draft.delay_weeks, least), most),
        key=widget_key(draft, "delay_weeks"),
        persist_state="session",
        disabled=locked,
        help="The effect can be told for as long as the later ones wait: 13 weeks for 90 days.",
    )
    return replace(draft, delay_weeks=int(weeks))
