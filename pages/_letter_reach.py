"""Who gets a letter and who gets none, with exactly why; and how many want no messages at all and get a letter."""

import time
from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from core import letter_forecast, print_runs
from core.domain.campaign import Campaign
from core.errors import CareloopError
from core.letter_forecast import Forecast
from core.workbench import Workbench
from pages._shared import count, plain

_KNOWN, _SECONDS = "lr_forecast", 20


def show_letter_reach(wb: Workbench, draft: Campaign) -> None:
    """'**721 of 747 patients** get a letter', why the others get none, and who wants no messages at all."""
    if draft.status != "inactive":
        _what_was_printed(wb, draft)
        return
    try:
        found = _forecast(wb, draft)
    except CareloopError:
        st.caption("Who gets a letter is said when the letter can be filled in.")  # why not is said above
        return
    who = f"All **{count(found.selected, 'patient')}**"
    if found.patient_count < found.selected:
        who = f"**{found.patient_count:,} of {count(found.selected, 'patient')}**"
    verb = "gets" if found.selected == 1 else "get"
    st.markdown(f"{who} {verb} a letter as things are today{_together(found)}.")
    show_left_out(found)
    _cost(wb, found.letter_count)


def show_left_out(found: Forecast) -> None:
    """The reasons with their counts, what to do about them, and the notice about those who want no contact."""
    reasons_table(found.left_out)
    for advice in found.advice:
        st.caption(f":material/lightbulb: {plain(advice)}")
    if found.no_contact_count:
        st.caption(about_no_contact(found.no_contact_count))


def reasons_table(left_out: Mapping[str, int]) -> None:
    """How many get no letter, by the reason."""
    if left_out:
        st.table(
            {"Get no letter because": [plain(reason) for reason in left_out], "Patients": list(left_out.values())},
            border="horizontal",
            hide_index=True,
            alt="Why patients get no letter",
        )


def about_no_contact(number: int) -> str:
    """What is said of patients who want no messages at all and get a letter (O1)."""
    want = "wants" if number == 1 else "want"
    return (
        f":material/notifications_off: {number:,} of those who get a letter {want} no messages at all. An opt-out does "
        "not stop letters; 'Leave out who wants no messages at all' under Delivery does."
    )


def _forecast(wb: Workbench, draft: Campaign) -> Forecast:
    """Looked at anew when something that matters is changed, or after a while: for many patients it takes a second."""
    asked = (replace(draft, name="", description=""), wb.user.user_id)
    known = st.session_state.get(_KNOWN)
    if known is None or known[0] != asked or time.monotonic() - known[1] > _SECONDS:
        with st.spinner("Looking at every patient ..."):
            known = (asked, time.monotonic(), letter_forecast.forecast(wb, draft))
        st.session_state[_KNOWN] = known
    found: Forecast = known[2]
    return found


def _cost(wb: Workbench, letter_count: int) -> None:
    dollars = letter_count * wb.organisation().letter_price
    words = f"About ${dollars:,.2f} for {count(letter_count, 'letter')}, postage included."
    st.caption(f":material/payments: {plain(words)}")


def _together(found: Forecast) -> str:
    """How many letters, where that is another number."""
    return f": {count(found.letter_count, 'letter')}" if found.letter_count != found.patient_count else ""


def _what_was_printed(wb: Workbench, campaign: Campaign) -> None:
    run = print_runs.run_of(wb, campaign.campaign_id)
    if run is None or not run.has_letters:
        return
    if not run.letter_count:
        st.caption("Whoever made the campaign, or may see all of its patients, reads how many letters there are.")
        return
    letters = count(run.letter_count, "letter")
    st.markdown(f"**{letters}** for {count(run.patient_count, 'patient')} were planned.")
    reasons_table(run.not_printed)
    _cost(wb, run.letter_count)
