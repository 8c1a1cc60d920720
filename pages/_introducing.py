"""Whose patients get introductory emails: the providers, and turning them on and off after saying what that does."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from core import introductions
from core.errors import CareloopError
from core.introductions import Introducing, Plan
from core.workbench import Workbench
from pages._shared import count, notice, plain

_ASKED = "in_asked"
Asked = tuple[str, list[str]]


def asked() -> Asked | None:
    """('on' or 'off', provider ids) when one of the buttons was just pressed."""
    found: Asked | None = st.session_state.pop(_ASKED, None)
    return found


def providers(wb: Workbench) -> None:
    """The table with check boxes, and the two buttons."""
    st.subheader("Whose patients get it", anchor=False)
    found = introductions.providers(wb)
    if not found:
        st.info("No provider has patients yet. Load data with `careloop load FOLDER`.", icon=":material/database:")
        return
    chosen = _table(found)
    if not introductions.may_turn(wb):
        st.caption("Somebody who may see all patients can turn providers on and off.")
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _button("on", "Turn on", [each.provider_id for each in chosen if not each.is_on])
        _button("off", "Turn off", [each.provider_id for each in chosen if each.is_on])
        st.caption(f"{len(chosen):,} chosen" if chosen else "Choose providers first", width="content")


def ask(wb: Workbench, found: Asked | None) -> None:
    """The question of the button that was just pressed, if one was."""
    if found is None:
        return
    what, ids = found
    if what == "off":
        _off(wb, ids)
        return
    with st.spinner("Counting who would be written to ..."):
        planned = introductions.plan(wb, ids)
    _on(wb, planned)


def _table(found: Sequence[Introducing]) -> list[Introducing]:
    """Returns those with a mark. After a change it is another table, without marks."""
    event = st.dataframe(
        pl.DataFrame(
            {
                "Provider": [each.name for each in found],
                "State": ["✓ On" if each.is_on else "Off" for each in found],
                "With email": [each.patients for each in found],
                "Introduced": [each.introduced for each in found],
                "To come": [each.to_come for each in found],
            }
        ),
        key=f"in_table_{hash(tuple((each.provider_id, each.is_on) for each in found))}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        alt="Providers and their patients",
        column_config={
            "State": st.column_config.TextColumn(width="small"),
            "With email": st.column_config.NumberColumn(
                format="localized", width="small", help="Active patients with an email address"
            ),
            "Introduced": st.column_config.NumberColumn(
                format="localized", width="small", help="Have had the email at their present address"
            ),
            "To come": st.column_config.NumberColumn(
                format="localized", width="small", help="Have not had it; opted-out patients are still counted here"
            ),
        },
    )
    return [found[row] for row in event.selection.rows if row < len(found)]


def _button(what: str, label: str, ids: list[str]) -> None:
    if st.button(label, key=f"in_{what}", icon=f":material/toggle_{what}:", disabled=not ids):
        st.session_state[_ASKED] = (what, ids)
        st.rerun()


@st.dialog("Turn on introductory emails", icon=":material/waving_hand:")
def _on(wb: Workbench, planned: Plan) -> None:
    whose = count(len(planned.patients), "provider")
    st.markdown(f"**{count(planned.count, 'patient')}** of {whose} will get the introductory email.")
    if planned.count:
        days = count(planned.days, "sending day")
        st.caption(
            f":material/schedule: At most {planned.per_day:,} a day: about {days}, in the windows for emails, those "
            "who wait for other providers included."
        )
    st.caption("New patients of theirs, and new addresses, get it as they come.")
    if planned.is_first:
        st.warning(
            "From then on **no campaign email goes to any patient** until two days after the introductory one; whoever "
            "has had none gets it instead of the campaign's.",
            icon=":material/warning:",
        )
    if st.button(f"Turn on {whose}", key="in_on_yes", type="primary"):
        try:
            introductions.turn_on_all(wb, planned.patients)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        notice(f"Introductory emails are on for {whose}")
        st.rerun()


@st.dialog("Turn off introductory emails", icon=":material/waving_hand:")
def _off(wb: Workbench, ids: Sequence[str]) -> None:
    whose = count(len(ids), "provider")
    st.markdown(f"No more patients of **{whose}** will get it. Those whose email waits already still do.")
    if not any(each.is_on and each.provider_id not in ids for each in introductions.providers(wb)):
        st.warning(
            "No other provider is on: campaign emails will go out without an introductory one.",
            icon=":material/warning:",
        )
    if st.button(f"Turn off {whose}", key="in_off_yes", type="primary"):
        try:
            for provider_id in ids:
                introductions.turn_off(wb, provider_id)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        notice(f"Introductory emails are off for {whose}")
        st.rerun()
