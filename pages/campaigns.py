"""The list of campaigns: status, when each goes out, how far it is, and what can be done with it."""

from collections.abc import Mapping

import streamlit as st

from core import campaign_list, campaigns, readers
from core.campaign_list import Listed
from core.domain.role import MAKE_CAMPAIGNS
from core.workbench import Workbench
from pages._approval import APPROVAL_BADGES
from pages._campaign_calendar import calendar
from pages._campaign_menu import ask_about_campaign, menu, opens_editor
from pages._holds import ask_about_sending, pause_button, show_holds
from pages._letter_counts import done_share, printed_count
from pages._shared import MODE_ICONS, page_head, plain, result_badge, status_badge, workbench

SIZE = 20
_VIEWS = {"List": ":material/view_list: List", "Calendar": ":material/calendar_month: Calendar"}
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
            wrap=True,
            persist_state="session",
        )
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            view = st.segmented_control(
                "View",
                tuple(_VIEWS),
                default="List",
                required=True,
                format_func=lambda key: _VIEWS[key],
                key="cl_view",
                label_visibility="collapsed",
                persist_state="session",
            )
            pause_button(wb)
    ask_about_sending(wb)
    (calendar if view == "Calendar" else _list)(wb, str(chosen or "All"))


@st.fragment(run_every=2)
def _list(wb: Workbench, status: str) -> None:
    group = "" if status == "All" else status
    page = campaign_list.page(wb, group=group, number=st.session_state.get("cl_page", 1), size=SIZE)
    if not page.listed:
        _empty(wb, status)
        return
    for note in readers.notes_of_all(wb):
        st.caption(f":material/visibility_off: {note}")
    may = campaigns.allowed_each(wb, [one.campaign for one in page.listed])
    for one in page.listed:
        _row(wb, one, may[one.campaign.campaign_id])
    if page.count > SIZE:
        st.pagination(-(-page.count // SIZE), key="cl_page")


def _empty(wb: Workbench, status: str) -> None:
    if status != "All":
        st.info(f"No campaign is {status.lower()}.", icon=":material/filter_alt_off:")
        return
    st.info("No campaign yet. Select patients on the work list and press Send campaign.", icon=":material/campaign:")
    if wb.user.may(MAKE_CAMPAIGNS):
        st.page_link("work_list.py", label="Go to the work list", icon=":material/filter_list:")


def _row(wb: Workbench, one: Listed, may: Mapping[str, str]) -> None:
    campaign, key = one.campaign, one.campaign.campaign_id
    with st.container(border=True):
        left, middle, right = st.columns([5, 4, 1.4], vertical_alignment="center")
        with left:
            st.page_link(
                "campaign_editor.py" if opens_editor(wb, one.campaign) else "report.py",
                label=f"**{plain(campaign.name)}**",
                icon=MODE_ICONS[campaign.channel],
                query_params={"id": key},
            )
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                status_badge(one.status, one.icon)
                if one.approval in APPROVAL_BADGES:
                    word, icon, colour = APPROVAL_BADGES[one.approval]
                    st.badge(word, icon=f":material/{icon}:", color=colour)
                st.caption(one.schedule)
        with middle:
            _progress(one)
        with right:
            menu(wb, one.campaign, may)


def _progress(one: Listed) -> None:
    results = [
        result_badge(result, f"{result} {number:,}")
        for result, number in one.progress.results.items()
        if number and result != "Waiting"
    ]
    if printed := printed_count(one):
        results.append(result_badge("Waiting", f"Not mailed yet {printed:,}"))
    words = " ".join(results) or one.progress.size
    done = one.progress.finished - printed
    so_far = "" if one.progress.is_rough else f"  ({done:,} of {one.progress.selected:,})"
    st.progress(done_share(one), text=f"{words}{so_far}")


show()
ask_about_campaign(workbench())
