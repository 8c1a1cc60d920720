"""What other parts of the editor say of a campaign's design: Summary and how many can be reached."""

from collections.abc import Collection

import streamlit as st

from core import designs
from core.domain.campaign import AB, Campaign
from core.domain.effects.allocation import B
from core.domain.effects.design import design_sentence
from core.domain.organisation import EMAIL
from core.domain.wording import day_text
from core.workbench import Workbench


def design_rows(draft: Campaign) -> dict[str, str]:
    """The rows of Summary."""
    rows = {"Who is contacted": design_sentence(draft)}
    if draft.design == AB and draft.channel == EMAIL and draft.variant:
        rows["Subject of version B"] = draft.version_for(B).message.subject
    return rows


def show_held_back(wb: Workbench, campaign: Campaign, reached: Collection[str]) -> None:
    """How many of those who can be reached chance leaves out, or lets wait."""
    found = designs.held_back(wb, campaign, reached)
    if found.later:
        days = ", ".join(f"{count:,} of them only from {day_text(on)}" for on, count in found.later.items())
        st.caption(f":material/schedule: {days}: chance decides who.")
    if found.held_out:
        st.caption(f":material/person_off: {found.held_out:,} of them held out: chance decides who.")
