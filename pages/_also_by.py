"""'Also by ...': a sister campaign of another mode for the same patients, and the way to those that exist (C16)."""

from dataclasses import replace

import streamlit as st

from core import campaigns, new_campaigns, preflight
from core.domain.campaign import Campaign
from core.domain.introduction import INTRODUCTORY
from core.domain.role import MAKE_CAMPAIGNS
from core.domain.template import Template
from core.errors import CareloopError
from core.workbench import Workbench
from pages._reach import show_reached
from pages._shared import MODE_ICONS, MODE_NAMES, count, notice, plain

WHAT = "A campaign of another mode for the same patients. The limit of messages counts the two as one."


def also_by(wb: Workbench, campaign: Campaign) -> None:
    """The links to the sisters, and the button where a mode is left. Drawn by a page, not by its live part."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        sister_links(wb, campaign)
        if also_by_button(wb, campaign, key="ce_also_by"):
            ask_also_by(wb, campaign.campaign_id)


def sister_links(wb: Workbench, campaign: Campaign) -> None:
    """'Also by email: NAME' for every sister that the user may see."""
    for one in new_campaigns.sisters(wb, campaign):
        st.page_link(
            "campaign_editor.py" if one.status == "inactive" and wb.user.may(MAKE_CAMPAIGNS) else "report.py",
            label=f"Also by {one.channel}: {plain(one.name)}",
            icon=MODE_ICONS[one.channel],
            query_params={"id": one.campaign_id},
        )


def also_by_button(wb: Workbench, campaign: Campaign, *, key: str) -> bool:
    """Whether the button was pressed; it is there as long as a mode is left."""
    if (
        campaign.kind == INTRODUCTORY
        or not wb.user.may(MAKE_CAMPAIGNS)
        or not new_campaigns.sister_templates(wb, campaign)
    ):
        return False
    return st.button("Also by …", key=key, icon=":material/add_circle:", type="tertiary", help=WHAT)


@st.dialog("Also by another mode", width="large", icon=":material/add_circle:")
def ask_also_by(wb: Workbench, campaign_id: str) -> None:
    """Choose a template of another mode, see whom that mode reaches, and make the sister."""
    campaign = campaigns.campaign(wb, campaign_id)
    st.markdown(f"For the patients of **{plain(campaign.name)}**. {WHAT}")
    offered = {one.template_id: one for one in new_campaigns.sister_templates(wb, campaign)}
    if not offered:
        st.info("These patients have a campaign by every mode already.", icon=":material/done_all:")
        return
    chosen = st.selectbox(
        "Template",
        list(offered),
        index=None,
        format_func=lambda key: template_words(offered[key]),
        key="ab_template",
        placeholder="Choose a template",
    )
    if chosen is not None:
        _make(wb, campaign, offered[chosen])


def template_words(template: Template) -> str:
    """'Text · Ad hoc text', as select boxes show a template."""
    return f"{MODE_NAMES[template.channel]} · {template.name}"


def _make(wb: Workbench, campaign: Campaign, template: Template) -> None:
    ids = campaigns.patients(wb, campaign.campaign_id)
    mode = preflight.of_campaign(wb, replace(campaign, channel=template.channel), ids)
    show_reached(mode)
    st.caption(f"It is made with the same {count(len(ids), 'patient')} and stays inactive. Nothing is sent yet.")
    if not mode.count:
        st.warning(f"Nobody of them can be reached by {template.channel}.", icon=":material/block:")
    if st.button("Make the campaign", type="primary", key="ab_make", disabled=not mode.count):
        try:
            made = new_campaigns.also_by(wb, campaign.campaign_id, template.template_id)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        notice("The campaign is inactive: nothing is sent or printed yet")
        st.switch_page("campaign_editor.py", query_params={"id": made})
