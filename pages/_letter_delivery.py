"""What Delivery asks of a letter: from whom, which date stands on it, and in which order the sheets lie (L1, L5)."""

from dataclasses import replace

import streamlit as st

from core import return_addresses
from core.domain.campaign import Campaign
from core.domain.letter import ORDERS
from core.domain.paper import LABEL_SHEETS
from core.domain.window import federal_holidays, holiday
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._letter_settings import letter_choice, letter_switch, with_setting
from pages._shared import plain
from pages._step_parts import day_input
from pages._typed import letter_texts, widget_key

_SUNDAY = 6


def letter_delivery(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Draw it and return the changed draft."""
    draft = _sender(wb, draft, locked=locked)
    draft = _mail_date(wb, draft, locked=locked)
    draft = letter_choice(draft, "order", "Order of the letters and labels", ORDERS, locked=locked)
    draft = letter_switch(
        draft,
        "per_household",
        "One letter per household",
        locked=locked,
        about="Patients of the campaign at one address get one letter together; the report counts each of them.",
    )
    draft = letter_switch(
        draft,
        "leave_out_global",
        "Leave out who wants no messages at all",
        locked=locked,
        about="An opt-out 'Global' stops emails, texts and calls; letters go on unless you leave these patients out.",
    )
    return _labels(draft, locked=locked)


def _sender(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """The list, and below it the address that is chosen, as it is printed."""
    known = return_addresses.return_addresses(wb)
    kept, first = letter_texts(draft.fields)["sender"], next(iter(known), "")
    # Until somebody chooses, the first one counts, and it is kept as no choice.
    names = {"" if not kept and key == first else key: address.name for key, address in known.items()}
    if not names:
        st.warning(
            "The organisation has no name and postal address yet, so there is nothing to print as the sender. An "
            "administrator enters them in the organisation's settings.",
            icon=":material/markunread_mailbox:",
        )
        return draft
    draft = letter_choice(draft, "sender", "From Name & Address", names, locked=locked)
    chosen = return_addresses.chosen(wb, draft)
    if chosen:
        st.caption("  \n".join(map(plain, chosen.lines)))
    return draft


def _mail_date(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    about = "Stands on every letter. Nothing is sent by itself: you print the files and mail them."
    day = day_input(wb, draft, "Mail Date", locked=locked, about=about)
    draft = replace(draft, start_on=day)
    st.caption(no_post(wb, draft) or f":material/event: Printed on every letter: {day_text(day)}.")
    return draft


def no_post(wb: Workbench, draft: Campaign) -> str:
    """What is said of a mail date on which no post goes; empty on other days."""
    day = draft.start_on  # whatever the organisation does on a federal holiday, the post does not work
    why = federal_holidays(day.year).get(day) or holiday(wb.organisation(), day)
    why = why or ("Sunday" if day.weekday() == _SUNDAY else "")
    if not why:
        return ""
    named = f"a {why}" if why == "Sunday" else why if why[0].isupper() else f"a {why}"
    return (
        f":material/info: {day_text(draft.start_on)} is {plain(named)}: no post goes on that day. The date is printed "
        "all the same."
    )


def _labels(draft: Campaign, *, locked: bool) -> Campaign:
    """Which sheet of labels, and from where on it, when some of it are used."""
    left, right = st.columns([3, 1.4])
    with left:
        sheets = {key: sheet.name for key, sheet in LABEL_SHEETS.items()}
        draft = letter_choice(draft, "sheet", "Label sheet", sheets, locked=locked)
    with right:
        return first_label(draft, locked=locked)


def first_label(draft: Campaign, *, locked: bool) -> Campaign:
    """From which label of the first sheet labels are printed."""
    texts = letter_texts(draft.fields)
    key, most = widget_key(draft, "letter_first_label"), LABEL_SHEETS[texts["sheet"]].count
    if st.session_state.get(key, 1) > most:  # another sheet was chosen
        st.session_state[key] = most
    number = st.number_input(
        "First label",
        min_value=1,
        max_value=most,
        value=min(int(texts["first_label"]), most),
        key=key,
        persist_state="session",
        disabled=locked,
        help="For a sheet of which some labels are used. They are counted row by row from the top left.",
    )
    return with_setting(draft, "first_label", int(number))
