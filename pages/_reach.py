"""How many of a campaign's patients could be written to now, and who lacks what the message needs."""

import streamlit as st

from core import campaigns, preflight, templates
from core.domain.campaign import Campaign
from core.domain.eligibility import CARE_GAP, SAME_NUMBER, is_remark, what_to_do
from core.domain.merge_field import FIELDS
from core.domain.organisation import LETTER, TEXT
from core.errors import CareloopError
from core.workbench import Workbench
from pages._design_words import show_held_back
from pages._letter_reach import about_no_contact, show_letter_reach
from pages._shared import MODE_ICONS, count, plain


def show_reach(wb: Workbench, campaign: Campaign) -> None:
    """'**721 of 747 patients** can be reached by email today', and a warning for each merge field that some lack."""
    if campaign.channel == LETTER:
        show_letter_reach(wb, campaign)
        return
    ids = campaigns.patients(wb, campaign.campaign_id)
    mode = preflight.of_campaign(wb, campaign, ids)
    st.markdown(_sentence(mode.count, len(ids), campaign.channel))
    show_held_back(wb, campaign, mode.reached)
    try:
        lacking = templates.unfillable(wb, campaign, mode.reached)
    except CareloopError:
        return  # what is wrong with the message is said where it is written
    for name, patient_ids in lacking.items():
        if FIELDS[name].source == "author":
            continue  # a problem of the message, which says so itself
        what = plain(FIELDS[name].about)
        st.warning(
            f"{count(len(patient_ids), 'patient')} of them would not be sent the message: {what} is not on file. "
            "Leave the field out, or put it between 'if' and 'end of if'.",
            icon=":material/person_off:",
        )


def show_skipped(wb: Workbench, draft: Campaign) -> None:
    """What the two check boxes of a care gap campaign come to by today's data: '3 whose gap has closed, 1 ...'; and how
    many are left out because of a remark, whatever the boxes say."""
    if draft.purpose != CARE_GAP:
        return
    mode = preflight.of_campaign(wb, draft, campaigns.patients(wb, draft.campaign_id))
    missed = {each.reason.key: each.count for each in mode.not_reached}
    _show_remarked(sum(number for key, number in missed.items() if is_remark(key)))
    words = []
    if draft.skip_closed_gaps and draft.measures:
        words.append(f"{count(missed.get('gap_closed', 0), 'patient')} without such a gap")
    if draft.skip_booked:
        words.append(f"{missed.get('booked', 0):,} with a new appointment")
    if words and any(key in missed for key in ("gap_closed", "booked")):
        st.caption(f":material/person_off: Skipped as of today: {' and '.join(words)}.")
    elif words:
        st.caption(":material/group: As of today nobody is skipped for that.")


def _show_remarked(number: int) -> None:
    if number:
        st.caption(
            f":material/notifications_off: {count(number, 'patient')} left out as of today because of a remark on the "
            "care gap, such as an order placed or a refusal."
        )


def show_reached(mode: preflight.Reach) -> None:
    """How many a mode reaches today, why it does not reach the others, and who shares an address or number."""
    total = mode.count + sum(missed.count for missed in mode.not_reached)
    st.metric(f"{MODE_ICONS[mode.channel]} Reachable by {mode.channel} today", f"{mode.count:,} of {total:,}")
    if mode.not_reached:
        st.dataframe(
            {
                "Patients": [missed.count for missed in mode.not_reached],
                "Not reachable because": [missed.reason.sentence for missed in mode.not_reached],
            },
            hide_index=True,
            alt="Why patients cannot be reached",
            column_config={"Patients": st.column_config.NumberColumn(format="localized", width="small")},
        )
    for advice in dict.fromkeys(what_to_do(missed.reason.key) for missed in mode.not_reached):
        if advice:
            st.caption(advice)
    if mode.no_contact:
        st.caption(about_no_contact(len(mode.no_contact)))
    if mode.same_household and mode.channel != LETTER:
        sharing = sum(map(len, mode.same_household))
        own = "each whose address is their own gets a message"
        st.caption(f"{sharing:,} patients share a household with another: {own}.")
    if sharing_number := next((each.count for each in mode.not_reached if each.reason.key == SAME_NUMBER), 0):
        st.caption(_about_numbers(sharing_number, mode.channel))
    if mode.introductory:
        st.caption(
            f"{count(len(mode.introductory), 'patient')} would get the introductory email instead of the campaign's: "
            "an earlier one to this address is not on record."
        )


def _about_numbers(sharing: int, channel: str) -> str:
    verb = "shares" if sharing == 1 else "share"
    what = "text" if channel == TEXT else "call"
    return f"{count(sharing, 'patient')} {verb} a number with another: each number gets one {what}."


def _sentence(reached: int, selected: int, channel: str) -> str:
    if reached == selected:
        return f"All **{count(selected, 'patient')}** can be reached by {channel} today."
    return (
        f"**{reached:,} of {count(selected, 'patient')}** can be reached by {channel} today. "
        "The others are not sent to; the report says why."
    )
