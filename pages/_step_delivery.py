"""The step Delivery of the campaign editor: from whom, when, what it is about, and who is skipped."""

from dataclasses import replace

import streamlit as st

from core import campaigns
from core.care_gaps import measure_names
from core.domain.address import phone_text
from core.domain.campaign import NAME_LENGTH, PURPOSES, Campaign, shift_sentence
from core.domain.eligibility import CARE_GAP
from core.domain.organisation import LETTER, PHONE, TEXT
from core.workbench import Workbench
from pages._design import design_section
from pages._letter_delivery import letter_delivery
from pages._reach import show_skipped
from pages._step_parts import day_input, number_input
from pages._typed import widget_key


def delivery(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Draw the step and return the changed draft."""
    if draft.channel == LETTER:
        draft = letter_delivery(wb, draft, locked=locked)
    else:
        draft = _sender(wb, draft, locked=locked)
        draft = replace(draft, start_on=day_input(wb, draft, "Start date", locked=locked))
        _when(wb, draft, locked=locked)
    draft = replace(draft, purpose=_purpose(draft, locked=locked))
    if draft.purpose == CARE_GAP:
        draft = _care_gaps(wb, draft, locked=locked)
    show_skipped(wb, draft)
    return design_section(wb, draft, locked=locked)


def schedule(wb: Workbench, draft: Campaign, *, locked: bool) -> str:
    """When it goes out, or would."""
    return (campaigns.schedule if locked else campaigns.schedule_if_active)(wb, draft)


def _sender(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Texts have none that could be set (T4), calls a caller ID, emails an address and a name."""
    if draft.channel == TEXT:
        st.caption(":material/sms: The text comes from the organisation's number. It cannot be set for one campaign.")
        return draft
    if draft.channel == PHONE:
        own = phone_text(wb.organisation().caller_id) or "The organisation's number"
        number = number_input(draft, "caller_id", locked=locked, placeholder=own)
        return replace(draft, fields={**draft.fields, "caller_id": number})
    from_email = _from_email(wb, draft, locked=locked)
    from_name = st.text_input(
        "From name",
        draft.from_name,
        key=widget_key(draft, "from_name"),
        max_chars=NAME_LENGTH,
        disabled=locked,
        persist_state="session",
    )
    return replace(draft, from_email=from_email, from_name=from_name)


def _from_email(wb: Workbench, draft: Campaign, *, locked: bool) -> str:
    """One of the organisation's. A draft's own that is on the list no more stays until another one is chosen."""
    offered = list(dict.fromkeys([*wb.organisation().senders, *filter(None, [draft.from_email])]))
    return st.selectbox(
        "From email address",
        offered,
        offered.index(draft.from_email) if draft.from_email in offered else 0,
        key=widget_key(draft, "from_email"),
        persist_state="session",
        disabled=locked,
        help="Often a do-not-reply address. An administrator adds others on the page Settings.",
    )


def _when(wb: Workbench, draft: Campaign, *, locked: bool) -> None:
    """Which day the campaign goes out, from when, and until when it takes."""
    shifted = shift_sentence(draft.start_on, wb.organisation(), channel=draft.channel)
    about = shifted or "Campaigns go out Monday to Saturday except holidays."
    st.caption(f"{about}  \n:material/schedule: {schedule(wb, draft, locked=locked)}")


def _purpose(draft: Campaign, *, locked: bool) -> str:
    return st.selectbox(
        "Purpose",
        list(PURPOSES),
        list(PURPOSES).index(draft.purpose),
        format_func=PURPOSES.__getitem__,
        key=widget_key(draft, "purpose"),
        persist_state="session",
        disabled=locked,
    )


def _care_gaps(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """The care gaps it is about, and whom it leaves out for that."""
    names = measure_names(wb)
    measures = st.multiselect(
        "Care gaps it is about",
        list(names),
        list(draft.measures),
        format_func=names.__getitem__,
        key=widget_key(draft, "measures"),
        persist_state="session",
        disabled=locked,
    )
    skip = st.checkbox(
        "Skip patients whose gap has closed meanwhile",
        draft.skip_closed_gaps,
        key=widget_key(draft, "skip"),
        disabled=locked,
        persist_state="session",
    )
    skip_booked = st.checkbox(
        "Skip patients who have made an appointment meanwhile",
        draft.skip_booked,
        key=widget_key(draft, "skip_booked"),
        disabled=locked,
        persist_state="session",
        help="Whoever had no appointment ahead when the campaign was made, and has one when it would be sent.",
    )
    return replace(draft, measures=tuple(measures), skip_closed_gaps=skip, skip_booked=skip_booked)
