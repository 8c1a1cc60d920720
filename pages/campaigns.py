"""The list of campaigns: status, when each goes out, how far it is, and what can be done with it."""

import streamlit as st

from core import campaign_list, campaigns, new_campaigns
from core.campaign_list import Listed
from core.domain.campaign import activation_lock, edit_lock
from core.domain.introduction import INTRODUCTORY
from core.domain.organisation import LETTER
from core.workbench import Workbench
from pages._also_by import ask_also_by
from pages._follow_up import ask_for_copy
from pages._holds import ask_about_sending, pause_button, show_holds
from pages._letter_counts import done_share, printed_count
from pages._reach import show_reach
from pages._shared import MODE_ICONS, count, guarded, notice, page_head, plain, result_badge, status_badge, workbench

SIZE = 20
_ALSO_BY = "Also by …"
_FILTERS = ("All", "Inactive", "Pending", "Completed", "Stopped")


def show() -> None:
    wb = workbench()
    page_head("Campaigns", "What was sent, what goes out next, and the drafts that wait for somebody.")
    show_holds(wb)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        chosen = st.segmented_control(
            "Status",
            _FILTERS,
            default="All",
            required=True,
            key="cl_status",
            label_visibility="collapsed",
            persist_state="session",
        )
        pause_button(wb)
    ask_about_sending(wb)
    _list(wb, str(chosen or "All"))


@st.fragment(run_every=2)
def _list(wb: Workbench, status: str) -> None:
    listed = [one for one in campaign_list.campaigns(wb) if status in ("All", _group(one))]
    if not listed:
        _empty(status)
        return
    pages = -(-len(listed) // SIZE)
    number = min(st.session_state.get("cl_page", 1), pages)
    for one in listed[(number - 1) * SIZE : number * SIZE]:
        _row(wb, one)
    if pages > 1:
        st.pagination(pages, key="cl_page")


def _group(one: Listed) -> str:
    return "Pending" if one.status == "Sending" else one.status


def _empty(status: str) -> None:
    if status != "All":
        st.info(f"No campaign is {status.lower()}.", icon=":material/filter_alt_off:")
        return
    st.info("No campaign yet. Select patients on the work list and press Send campaign.", icon=":material/campaign:")
    st.page_link("work_list.py", label="Go to the work list", icon=":material/filter_list:")


def _row(wb: Workbench, one: Listed) -> None:
    campaign, key = one.campaign, one.campaign.campaign_id
    with st.container(border=True):
        left, middle, right = st.columns([5, 4, 1.4], vertical_alignment="center")
        with left:
            st.page_link(
                "campaign_editor.py" if one.status == "Inactive" else "report.py",
                label=f"**{plain(campaign.name)}**",
                icon=MODE_ICONS[campaign.channel],
                query_params={"id": key},
            )
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                status_badge(one.status, one.icon)
                st.caption(one.schedule)
        with middle:
            _progress(one)
        with right:
            _actions(wb, one)


def _progress(one: Listed) -> None:
    results = [
        result_badge(result, f"{result} {number:,}")
        for result, number in one.progress.results.items()
        if number and result != "Waiting"
    ]
    if printed := printed_count(one):
        results.append(result_badge("Waiting", f"Not mailed yet {printed:,}"))
    words = " ".join(results) or count(one.progress.selected, "patient")
    done = one.progress.finished - printed
    st.progress(done_share(one), text=f"{words}  ({done:,} of {one.progress.selected:,})")


def _actions(wb: Workbench, one: Listed) -> None:
    campaign, today, organisation = one.campaign, wb.today(), wb.organisation()
    possible = ["Report", _ALSO_BY]
    if not edit_lock(campaign, organisation, on=today):
        possible.append("Edit")
    if campaign.channel != LETTER and not activation_lock(campaign, organisation, on=today):
        possible.append("Activate")
    if campaign.status in ("inactive", "active"):
        possible.append("Stop")
    if new_campaigns.may_be_replaced(campaign):
        possible.append("Copy")
    if campaign.kind == INTRODUCTORY:
        possible.remove(_ALSO_BY)
    chosen = st.menu_button("Actions", possible, key=f"cl_do_{campaign.campaign_id}", width="stretch")
    if chosen in ("Report", "Edit"):
        page = "report.py" if chosen == "Report" else "campaign_editor.py"
        st.switch_page(page, query_params={"id": campaign.campaign_id})
    elif chosen:
        st.session_state["cl_asked"] = (chosen, campaign.campaign_id)
        st.rerun()


@st.dialog("Please confirm")
def _ask(wb: Workbench, action: str, campaign_id: str) -> None:
    campaign, progress = campaigns.campaign(wb, campaign_id), campaigns.progress(wb, campaign_id)
    if action == "Activate":
        st.markdown(f"**{plain(campaign.name)}**")
        show_holds(wb, with_buttons=False, channel=campaign.channel)
        show_reach(wb, campaign)
        st.caption(
            f"{campaigns.schedule_if_active(wb, campaign)}. On that day it cannot be edited any more, only stopped."
        )
        st.caption(plain(wb.organisation().messaging_policy))
        if st.button("Activate", type="primary", key="cl_yes"):
            _activate(wb, campaign_id)
    else:
        left = count(progress.selected - progress.finished, "patient")
        st.markdown(
            f"**{plain(campaign.name)}** ends for good: {left} will not be contacted, the report "
            f"keeps the {progress.finished:,} already decided. It cannot be resumed."
        )
        if st.button("Stop for good", type="primary", key="cl_yes"):
            _stop(wb, campaign_id)


@guarded
def _activate(wb: Workbench, campaign_id: str) -> None:
    notice(f"'{campaigns.activate(wb, campaign_id).name}' is active")
    st.rerun()


@guarded
def _stop(wb: Workbench, campaign_id: str) -> None:
    notice(f"Stopped: {count(campaigns.stop(wb, campaign_id), 'patient')} will not be contacted")
    st.rerun()


show()
if "cl_asked" in st.session_state:
    asked, of = st.session_state.pop("cl_asked")
    if asked == "Copy":
        ask_for_copy(workbench(), of)
    elif asked == _ALSO_BY:
        ask_also_by(workbench(), of)
    else:
        _ask(workbench(), asked, of)
