"""A new campaign made of another: a replacement for those not contacted, or a follow-up for those of a result."""

from collections.abc import Collection

import streamlit as st

from core import campaigns, new_campaigns
from core.domain.organisation import LETTER
from core.domain.wording import day_text
from core.errors import CareloopError
from core.new_campaigns import CopyPlan
from core.workbench import Workbench
from pages._shared import count, notice, plain


@st.dialog("Copy", icon=":material/content_copy:")
def ask_for_copy(wb: Workbench, campaign_id: str) -> None:
    """Make a replacement of a stopped or finished campaign for the patients whom it did not contact."""
    st.markdown("A copy has the same message and settings, for the patients whom this campaign did not contact.")
    _ask(wb, campaign_id, None, nobody="Everybody was contacted. Choose patients by their result in the report.")


@st.dialog("Follow-up campaign", icon=":material/forward:")
def ask_for_follow_up(wb: Workbench, campaign_id: str, patient_ids: Collection[str]) -> None:
    """Make a campaign with the same message for patients of this one, such as all of a result."""
    st.markdown("A follow-up starts with the same message and settings. You can change everything before it goes out.")
    _ask(wb, campaign_id, patient_ids, nobody="None of these patients can be in a follow-up.")


def _ask(wb: Workbench, campaign_id: str, patient_ids: Collection[str] | None, *, nobody: str) -> None:
    try:
        planned = new_campaigns.plan_copy(wb, campaign_id, patient_ids)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if planned.patient_ids:
        st.markdown(f"**{count(len(planned.patient_ids), 'patient')}** will be in it. Nothing is sent yet.")
    else:
        st.info(nobody, icon=":material/group_off:")
    for why, number in planned.left_out.items():
        st.caption(f":material/person_off: {number:,} left out: they {why}.")
    if planned.patient_ids:
        _make(wb, campaign_id, patient_ids, planned)


def _make(wb: Workbench, campaign_id: str, patient_ids: Collection[str] | None, planned: CopyPlan) -> None:
    is_letter = campaigns.campaign(wb, campaign_id).channel == LETTER
    name = st.text_input("Campaign name", planned.name, key="fu_name", max_chars=120)
    when = _start(planned, is_letter=is_letter)
    st.caption(f":material/event: {when}  \n:material/group: Who can be reached is decided anew then.")
    if not st.button("Make the campaign", type="primary", key="fu_make"):
        return
    try:
        made = new_campaigns.copy(wb, campaign_id, patient_ids=patient_ids, name=name)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    notice("The new campaign is inactive: nothing is sent or printed yet")
    st.switch_page("campaign_editor.py", query_params={"id": made})


def _start(planned: CopyPlan, *, is_letter: bool) -> str:
    day = f"{'Mail Date' if is_letter else 'Start date'} {day_text(planned.start_on)}"
    if planned.waits_for_introduction:
        return f"{day}: the first whole day two days after their introductory emails"
    return f"{day}; you can change it in the editor"
