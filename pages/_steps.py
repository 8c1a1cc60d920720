"""The three steps of the campaign editor. Each draws its widgets on a draft and returns the changed draft."""

from dataclasses import replace
from datetime import timedelta

import streamlit as st

from core import campaigns, templates
from core.care_gaps import measure_names
from core.domain.address import phone_text
from core.domain.campaign import DEFAULT_LANGUAGE, PURPOSES, Campaign, Message, shift_sentence
from core.domain.merge_field import FIELDS
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._reach import show_reach, show_skipped
from pages._rich_text import rich_text
from pages._shared import MODE_ICONS, count, plain
from pages._typed import body_key


def message(draft: Campaign, *, locked: bool) -> Campaign:
    """Name, subject, body and what the author fills in."""
    key = f"ce_{draft.campaign_id}_{draft.version}"
    name = st.text_input(
        "Campaign name",
        draft.name,
        key=f"{key}_name",
        persist_state="session",
        max_chars=120,
        disabled=locked,
        help="Unique. Shown in the campaign list and the patient's history; patients never see it.",
    )
    subject = st.text_input(
        "Subject", draft.message.subject, key=f"{key}_subject", max_chars=200, disabled=locked, persist_state="session"
    )
    draft = _choose_version(draft, locked=locked)
    body = rich_text(
        "Body",
        draft.message.body,
        key=body_key(draft),
        locked=locked,
    )
    written = dict(draft.fields)
    for field in _author_fields(draft, subject + body):
        written[field] = st.text_input(
            field.replace("_", " ").capitalize(),
            phone_text(written.get(field, "")) if field == "call_back_number" else written.get(field, ""),
            key=f"{key}_{field}",
            persist_state="session",
            disabled=locked,
            help=FIELDS[field].about.capitalize() + ".",
            placeholder=str(FIELDS[field].example),
        )
    return replace(draft, name=name, messages={DEFAULT_LANGUAGE: Message(subject, body)}, fields=written)


def _choose_version(draft: Campaign, *, locked: bool) -> Campaign:
    """Some templates offer several messages: choosing one puts it into the body."""
    versions = {version.name: version.body for version in templates.versions(draft.template_id)}
    if len(versions) < 2 or locked:
        return draft
    key = f"ce_{draft.campaign_id}_{draft.version}_version"
    present = next((place for place, body in enumerate(versions.values()) if body == draft.message.body), None)
    chosen = st.selectbox(
        "Message of the template",
        list(versions),
        present,
        key=key,
        placeholder="Changed by hand",
        on_change=_count_choice,
        args=(f"{key}_new",),
        help="Choosing another one replaces the body.",
    )
    if chosen is None or not st.session_state.pop(f"{key}_new", False):
        return draft
    st.session_state["ce_body_seed"] = st.session_state.get("ce_body_seed", 0) + 1
    return replace(draft, messages={DEFAULT_LANGUAGE: Message(draft.message.subject, versions[chosen])})


def _count_choice(flag: str) -> None:
    st.session_state[flag] = True


def delivery(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """From whom and when, and who is skipped."""
    key = f"ce_{draft.campaign_id}_{draft.version}"
    from_email = st.text_input(
        "From email address",
        draft.from_email,
        key=f"{key}_from_email",
        persist_state="session",
        disabled=locked,
        help="Often a do-not-reply address made by your IT department.",
    )
    from_name = st.text_input(
        "From name", draft.from_name, key=f"{key}_from_name", max_chars=120, disabled=locked, persist_state="session"
    )
    start_on = st.date_input(
        "Start date",
        draft.start_on,
        key=f"{key}_start_on",
        persist_state="session",
        disabled=locked,
        min_value=min(draft.start_on, wb.today()),
        max_value=wb.today() + timedelta(days=366),
        format="YYYY-MM-DD",
    )
    _when(wb, replace(draft, start_on=start_on), locked=locked)
    purpose = st.selectbox(
        "Purpose",
        list(PURPOSES),
        list(PURPOSES).index(draft.purpose),
        format_func=PURPOSES.__getitem__,
        key=f"{key}_purpose",
        persist_state="session",
        disabled=locked,
    )
    names = measure_names(wb)
    measures, skip, skip_booked = draft.measures, draft.skip_closed_gaps, draft.skip_booked
    if purpose == "care_gap":
        measures = tuple(
            st.multiselect(
                "Care gaps it is about",
                list(names),
                list(draft.measures),
                format_func=names.__getitem__,
                key=f"{key}_measures",
                persist_state="session",
                disabled=locked,
            )
        )
        skip = st.checkbox(
            "Skip patients whose gap has closed meanwhile",
            draft.skip_closed_gaps,
            key=f"{key}_skip",
            disabled=locked,
            persist_state="session",
        )
        skip_booked = st.checkbox(
            "Skip patients who have made an appointment meanwhile",
            draft.skip_booked,
            key=f"{key}_skip_booked",
            disabled=locked,
            persist_state="session",
            help="Whoever had no appointment ahead when the campaign was made, and has one when it would be sent.",
        )
    changed = replace(
        draft,
        from_email=from_email,
        from_name=from_name,
        start_on=start_on,
        purpose=purpose,
        measures=measures,
        skip_closed_gaps=skip,
        skip_booked=skip_booked,
    )
    show_skipped(wb, changed)
    return changed


def _when(wb: Workbench, draft: Campaign, *, locked: bool) -> None:
    """Which day the campaign goes out, from when, and until when it takes."""
    shifted = shift_sentence(draft.start_on, wb.organisation(), channel=draft.channel)
    about = shifted or "Campaigns go out Monday to Saturday except holidays."
    st.caption(f"{about}  \n:material/schedule: {_schedule(wb, draft, locked=locked)}")


def _schedule(wb: Workbench, draft: Campaign, *, locked: bool) -> str:
    return (campaigns.schedule if locked else campaigns.schedule_if_active)(wb, draft)


def summary(wb: Workbench, draft: Campaign, *, selected: int, locked: bool) -> Campaign:
    """Every setting with a way to change it, the description, and the organisation's policy."""
    description = st.text_area(
        "Campaign description",
        draft.description,
        key=f"ce_{draft.campaign_id}_{draft.version}_description",
        persist_state="session",
        disabled=locked,
        height=90,
        max_chars=1000,
        help="Shown in the patient's history, so that staff can tell a caller why they were contacted.",
    )
    _part(draft, "Message", {"Name": draft.name, "Subject": draft.message.subject} | _written(draft))
    _part(draft, "Delivery", _delivery_rows(wb, draft, locked=locked))
    with st.container(border=True):
        st.markdown(f"**Patients** {MODE_ICONS[draft.channel]}  \n{count(selected, 'patient')} selected.")
        show_reach(wb, draft)
    st.info(wb.organisation().messaging_policy, icon=":material/policy:")
    return replace(draft, description=description)


def _author_fields(draft: Campaign, source: str) -> list[str]:
    """What the author fills in: the fields of that kind which the message uses or which were filled in before."""
    return [
        name for name, field in FIELDS.items() if field.source == "author" and (name in source or name in draft.fields)
    ]


def _written(draft: Campaign) -> dict[str, str]:
    return {
        name.replace("_", " ").capitalize(): phone_text(text) if name == "call_back_number" else text
        for name, text in draft.fields.items()
        if text
    }


def _delivery_rows(wb: Workbench, draft: Campaign, *, locked: bool) -> dict[str, str]:
    names = measure_names(wb)
    rows = {
        "From": f"{draft.from_name} ({draft.from_email})",
        "Start date": day_text(draft.start_on),
        "Schedule": _schedule(wb, draft, locked=locked),
        "Purpose": PURPOSES[draft.purpose],
    }
    if draft.purpose == "care_gap":
        rows["Care gaps"] = ", ".join(names.get(key, key) for key in draft.measures) or "none"
        rows["No such gap open"] = "skipped" if draft.skip_closed_gaps else "contacted all the same"
        rows["Appointment made meanwhile"] = "skipped" if draft.skip_booked else "contacted all the same"
    if draft.protocols:
        rows["Protocol"] = ", ".join(draft.protocols)
    return rows


def _part(draft: Campaign, step: str, rows: dict[str, str]) -> None:
    with st.container(border=True):
        head, link = st.columns([4, 1], vertical_alignment="center")
        head.markdown(f"**{step}**")
        link.button("Edit", key=f"ce_edit_{step}", type="tertiary", on_click=go_to, args=(draft, step))
        st.table({name: plain(text) for name, text in rows.items()}, border="horizontal", hide_header=True)


def step_key(draft: Campaign) -> str:
    """Where the session keeps which step of this campaign is open."""
    return f"ce_step_{draft.campaign_id}"


def go_to(draft: Campaign, step: str) -> None:
    """Open a step of the editor."""
    st.session_state[step_key(draft)] = step
