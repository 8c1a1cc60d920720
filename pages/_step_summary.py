"""The step Summary of the campaign editor: every setting with a way to change it, and the organisation's policy."""

from dataclasses import replace

import streamlit as st

from core import campaigns, message_costs, message_previews
from core.care_gaps import measure_names
from core.domain.address import phone_text
from core.domain.campaign import PURPOSES, Campaign
from core.domain.eligibility import CARE_GAP
from core.domain.organisation import EMAIL, LETTER, TEXT
from core.domain.wording import day_text
from core.errors import CareloopError
from core.workbench import Workbench
from pages._also_by import also_by
from pages._approval import approval_line
from pages._design_words import design_rows
from pages._letter_summary import letter_delivery_rows, letter_message_rows
from pages._message_language import language_name
from pages._reach import show_reach
from pages._shared import MODE_ICONS, count, plain
from pages._step_delivery import schedule
from pages._step_parts import go_to, written
from pages._text_count import segments_words
from pages._typed import LETTER_SETTINGS, widget_key


def summary(wb: Workbench, draft: Campaign, *, selected: int, locked: bool) -> Campaign:
    """Draw the step and return the draft with the description as it is now."""
    approval_line(wb, draft)
    description = st.text_area(
        "Campaign description",
        draft.description,
        key=widget_key(draft, "description"),
        persist_state="session",
        disabled=locked,
        height=90,
        max_chars=1000,
        help="Shown in the patient's history, so that staff can tell a caller why they were contacted.",
    )
    _part(draft, "Message", _message_rows(wb, draft))
    _part(draft, "Delivery", _delivery_rows(wb, draft, locked=locked))
    with st.container(border=True):
        st.markdown(f"**Patients** {MODE_ICONS[draft.channel]}  \n{count(selected, 'patient')} selected.")
        show_reach(wb, draft)
        also_by(wb, draft)
    st.info(plain(wb.organisation().messaging_policy), icon=":material/policy:")
    return replace(draft, description=description)


def _message_rows(wb: Workbench, draft: Campaign) -> dict[str, str]:
    if draft.channel == LETTER:
        return {"Name": draft.name} | letter_message_rows(wb, draft) | written(draft, but=LETTER_SETTINGS)
    if draft.channel == EMAIL:
        return {"Name": draft.name, "Subject": draft.message.subject} | written(draft)
    languages = {language_name(each): _comes_to(draft, each) for each in draft.messages}
    return {"Name": draft.name} | languages | written(draft, but=("caller_id",)) | _cost(wb, draft)


def _comes_to(draft: Campaign, language: str) -> str:
    """What the message of a language comes to: segments, or seconds."""
    try:
        if draft.channel == TEXT:
            return segments_words(message_previews.example_text(draft, language=language).segments)
        found = message_previews.example_call(draft, language=language)
    except CareloopError:
        return "cannot be filled in yet"
    return f"{count(found.script_seconds, 'second')}, on a machine {count(found.voicemail_seconds, 'second')}"


def _cost(wb: Workbench, draft: Campaign) -> dict[str, str]:
    try:
        return {"Cost": message_costs.cost(wb, draft, campaigns.patients(wb, draft.campaign_id)).sentence}
    except CareloopError:
        return {}


def _sender(wb: Workbench, draft: Campaign) -> dict[str, str]:
    if draft.channel == EMAIL:
        return {"From": f"{draft.from_name} ({draft.from_email})"}
    if draft.channel == TEXT:
        return {"From": "The organisation's number"}
    number = draft.fields.get("caller_id") or wb.organisation().caller_id
    return {"Caller ID": phone_text(number) or "The organisation's number"}


def _delivery_rows(wb: Workbench, draft: Campaign, *, locked: bool) -> dict[str, str]:
    rows = _how(wb, draft, locked=locked) | {"Purpose": PURPOSES[draft.purpose]}
    if draft.purpose == CARE_GAP:
        rows |= _care_gap_rows(wb, draft)
    if draft.protocols:
        rows["Protocol"] = ", ".join(draft.protocols)
    return rows | design_rows(draft)


def _how(wb: Workbench, draft: Campaign, *, locked: bool) -> dict[str, str]:
    """From whom and when."""
    if draft.channel == LETTER:
        return letter_delivery_rows(wb, draft)
    schedule_now = schedule(wb, draft, locked=locked)
    return _sender(wb, draft) | {"Start date": day_text(draft.start_on), "Schedule": schedule_now}


def _care_gap_rows(wb: Workbench, draft: Campaign) -> dict[str, str]:
    names = measure_names(wb)
    return {
        "Care gaps": ", ".join(names.get(key, key) for key in draft.measures) or "none",
        "No such gap open": "skipped" if draft.skip_closed_gaps else "contacted all the same",
        "Remark against outreach": "skipped",
        "Appointment made meanwhile": "skipped" if draft.skip_booked else "contacted all the same",
    }


def _part(draft: Campaign, step: str, rows: dict[str, str]) -> None:
    with st.container(border=True):
        head, link = st.columns([4, 1], vertical_alignment="center")
        head.markdown(f"**{step}**")
        link.button("Edit", key=f"ce_edit_{step}", type="tertiary", on_click=go_to, args=(draft, step))
        st.table({name: plain(text) for name, text in rows.items()}, border="horizontal", hide_header=True)
