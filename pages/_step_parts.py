"""What several steps of the campaign editor draw, and how one goes from step to step."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import streamlit as st

from core.domain.address import phone_text
from core.domain.campaign import NAME_LENGTH, Campaign
from core.domain.merge_field import FIELDS, field_label
from core.workbench import Workbench
from pages._typed import NUMBERS, number_kept, widget_key

# What numbers are called, and what is said of each.
_NUMBER_WORDS: Mapping[str, tuple[str, str]] = {
    "call_back_number": ("Number to call", "The number to call about this message, for patients."),
    "help_number": ("Help number", "Stands in the answer to a patient who replies HELP."),
    "caller_id": ("Caller ID number", "What the patient's phone shows. The provider must have verified it."),
}


def name_input(draft: Campaign, *, locked: bool) -> str:
    """The campaign's name."""
    return st.text_input(
        "Campaign name",
        draft.name,
        key=widget_key(draft, "name"),
        persist_state="session",
        max_chars=NAME_LENGTH,
        disabled=locked,
        help="Unique. Shown in the campaign list and the patient's history; patients never see it.",
    )


def number_input(draft: Campaign, field: str, *, locked: bool, placeholder: str = "(555) 010-0100") -> str:
    """One of NUMBERS, as it is kept."""
    label, about = _NUMBER_WORDS[field]
    text = st.text_input(
        label,
        phone_text(draft.fields.get(field, "")),
        key=widget_key(draft, field),
        persist_state="session",
        disabled=locked,
        help=about,
        placeholder=placeholder,
    )
    return number_kept(text or "")


def text_field(draft: Campaign, field: str, *, locked: bool) -> str:
    """Any other field that the author fills in."""
    return st.text_input(
        field_label(field),
        draft.fields.get(field, ""),
        key=widget_key(draft, field),
        persist_state="session",
        disabled=locked,
        help=FIELDS[field].about.capitalize() + ".",
        placeholder=str(FIELDS[field].example),
    )


def author_inputs(draft: Campaign, fields: Collection[str], *, locked: bool) -> dict[str, str]:
    """Every field that the author fills in, with those filled in already."""
    drawn = {field: (number_input if field in NUMBERS else text_field)(draft, field, locked=locked) for field in fields}
    return {**draft.fields, **{field: text for field, text in drawn.items() if text or field in draft.fields}}


def author_fields(draft: Campaign) -> list[str]:
    """What the author fills in: the fields of that kind which a message uses or which were filled in before."""
    source = "".join(each.subject + each.body + each.voicemail for each in draft.messages.values())
    return [
        name for name, field in FIELDS.items() if field.source == "author" and (name in source or name in draft.fields)
    ]


def written(draft: Campaign, *, but: Collection[str] = ()) -> dict[str, str]:
    """What the author filled in, as people read it."""
    return {
        _NUMBER_WORDS[name][0] if name in NUMBERS else field_label(name): phone_text(text) if name in NUMBERS else text
        for name, text in draft.fields.items()
        if text and name not in but
    }


def fixed_wording() -> None:
    """Why a message cannot be changed (T2)."""
    st.info(
        "The wording of this template is fixed: it was written so that it can be sent to everybody. You fill in the "
        "numbers. To write your own words, start from a template without fixed wording.",
        icon=":material/lock:",
    )


def step_key(draft: Campaign) -> str:
    """Where the session keeps which step of this campaign is open."""
    return f"ce_step_{draft.campaign_id}"


def go_to(draft: Campaign, step: str) -> None:
    """Open a step of the editor."""
    st.session_state[step_key(draft)] = step


def day_input(wb: Workbench, draft: Campaign, label: str, *, locked: bool, about: str | None = None) -> date:
    """The campaign's day, from today on or as it was, within a year."""
    return st.date_input(
        label,
        draft.start_on,
        key=widget_key(draft, "start_on"),
        persist_state="session",
        disabled=locked,
        min_value=min(draft.start_on, wb.today()),
        max_value=wb.today() + timedelta(days=366),
        format="YYYY-MM-DD",
        help=about,
    )
