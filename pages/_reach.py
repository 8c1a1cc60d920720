"""How many of a campaign's patients could be written to now, and who lacks what the message needs."""

import streamlit as st

from core import campaigns, preflight, templates
from core.domain.campaign import Campaign
from core.domain.merge_field import FIELDS
from core.errors import CareloopError
from core.workbench import Workbench
from pages._shared import count, plain


def show_reach(wb: Workbench, campaign: Campaign) -> None:
    """'**721 of 747 patients** can be reached by email today', and a warning for each merge field that some lack."""
    ids = campaigns.patients(wb, campaign.campaign_id)
    mode = preflight.of_campaign(wb, campaign, ids)
    st.markdown(_sentence(mode.count, len(ids), campaign.channel))
    try:
        lacking = templates.unfillable(wb, campaign, mode.reached)
    except CareloopError:
        return  # what is wrong with the message is said where it is written
    for name, patient_ids in lacking.items():
        what = plain(FIELDS[name].about)
        st.warning(
            f"{count(len(patient_ids), 'patient')} of them would not be sent the message: {what} is not on file. "
            "Leave the field out, or put it between 'if' and 'end of if'.",
            icon=":material/person_off:",
        )


def _sentence(reached: int, selected: int, channel: str) -> str:
    if reached == selected:
        return f"All **{count(selected, 'patient')}** can be reached by {channel} today."
    return (
        f"**{reached:,} of {count(selected, 'patient')}** can be reached by {channel} today. "
        "The others are not sent to; the report says why."
    )
