"""A new campaign made of another: a replacement for those not contacted, or a follow-up for those of a result."""

from collections.abc import Collection

import streamlit as st

from core import campaigns, new_campaigns, templates
from core.domain.organisation import LETTER
from core.domain.wording import day_text
from core.errors import CareloopError
from core.new_campaigns import CopyPlan
from core.workbench import Workbench
from pages._also_by import template_words
from pages._shared import count, notice, plain


@st.dialog("Copy", icon=":material/content_copy:")
def ask_for_copy(wb: Workbench, campaign_id: str) -> None:
    """Make a replacement of a stopped or finished campaign for the patients whom it did not contact."""
    st.markdown("A copy has the same message and settings, for the patients whom this campaign did not contact.")
    _ask(wb, campaign_id, None, nobody="Everybody was contacted. Choose patients by their result in the report.")


@st.dialog("Follow-up campaign", icon=":material/forward:")
def ask_for_follow_up(wb: Workbench, campaign_id: str, patient_ids: Collection[str], *, mode: str = "") -> None:
    """Make a campaign for patients of this one, such as all of a result: with the same message, or from a template.

    mode   by which it is proposed; '' for that of the campaign
    """
    template_id = _message(wb, campaign_id, mode)
    about = "It starts with the same message and settings." if not template_id else "It is about the same care gaps."
    st.markdown(f"{about} You can change everything before it goes out.")
    _ask(
        wb,
        campaign_id,
        patient_ids,
        template_id=template_id,
        nobody="None of these patients can be in a follow-up.",
    )


def _message(wb: Workbench, campaign_id: str, mode: str) -> str:
    """The template to start from; '' for the campaign's own message."""
    channel = campaigns.campaign(wb, campaign_id).channel
    offered = {one.template_id: one for one in templates.offered(wb)}
    keys = ["", *offered]
    wanted = mode if mode != channel else ""
    proposed = next((key for key, one in offered.items() if one.channel == wanted), "")
    return st.selectbox(
        "Message",
        keys,
        index=keys.index(proposed),
        format_func=lambda key: template_words(offered[key]) if key else f"The same, by {channel}",
        key="fu_template",
    )


_NOBODY = "None of these patients can be in a campaign made of this one now."


def _ask(
    wb: Workbench, campaign_id: str, patient_ids: Collection[str] | None, *, nobody: str, template_id: str = ""
) -> None:
    try:
        planned = new_campaigns.plan_copy(wb, campaign_id, patient_ids)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if planned.patient_ids:
        st.markdown(f"**{count(len(planned.patient_ids), 'patient')}** will be in it. Nothing is sent yet.")
    else:
        st.info(_NOBODY if planned.left_out else nobody, icon=":material/group_off:")
    for why, number in planned.left_out.items():
        st.caption(f":material/person_off: {number:,} left out: they {why}.")
    if planned.patient_ids:
        _make(wb, campaign_id, patient_ids, planned, template_id)


def _make(
    wb: Workbench, campaign_id: str, patient_ids: Collection[str] | None, planned: CopyPlan, template_id: str
) -> None:
    template = templates.template(template_id) if template_id else None
    is_letter = (template or campaigns.campaign(wb, campaign_id)).channel == LETTER
    proposed = template.proposed_name(wb.today()) if template else planned.name
    name = st.text_input("Campaign name", proposed, key="fu_name", max_chars=120)
    when = _start(planned, is_letter=is_letter)
    st.caption(f":material/event: {when}  \n:material/group: Who can be reached is decided anew then.")
    if not st.button("Make the campaign", type="primary", key="fu_make"):
        return
    try:
        if template_id and patient_ids is not None:
            made = new_campaigns.follow_by(wb, campaign_id, template_id, patient_ids=patient_ids, name=name)
        else:
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
