"""Home: what needs me today."""

import streamlit as st

from core import approvals, campaign_list, care_gaps, corrections, inbox, loads, users
from core.campaign_list import Listed
from core.domain.role import ANSWER_REPLIES, MAKE_CAMPAIGNS, READ_PATIENTS, SETTLE_CONFLICTS
from core.domain.work_list import Filter, WorkList
from core.workbench import Workbench
from pages import _views
from pages._arrivals import alarm_lines
from pages._campaign_menu import opens_editor
from pages._holds import ask_about_sending, pause_button, show_holds
from pages._letter_counts import done_share, printed_count
from pages._patient_links import lately_opened
from pages._shared import MODE_ICONS, count, moment, page_head, plain, status_badge, workbench


def show() -> None:
    wb = workbench()
    page_head(_greeting(wb), "What needs you today.")
    if loads.current(wb) is None:
        _first_steps()
        return
    show_holds(wb)
    alarm_lines(wb)
    _refused(wb)
    campaigns = campaign_list.campaigns(wb)
    if wb.settings.demo and wb.user.may(MAKE_CAMPAIGNS):
        _demo_steps()
    left, right = st.columns([3, 2], gap="large")
    with left:
        going = [one for one in campaigns if one.status in ("Pending", "Sending")]
        _section(wb, "Going out next", going, "Nothing is waiting to go out.")
        if going:
            pause_button(wb)
        _section(wb, "Drafts", [one for one in campaigns if one.status == "Inactive"], "No draft waits for anybody.")
        _section(
            wb,
            "Lately completed",
            [one for one in campaigns if one.status == "Completed"][:3],
            "No campaign has been sent yet.",
        )
    with right:
        _to_approve(wb)
        _to_decide(wb, campaigns)
        if wb.user.may(READ_PATIENTS):
            lately_opened(wb)
        _care_gaps(wb)
        _freshness(wb)
    ask_about_sending(wb)


def _greeting(wb: Workbench) -> str:
    hour = wb.now().astimezone(wb.zone()).hour
    return "Good morning" if 5 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"


def _refused(wb: Workbench) -> None:
    """Campaigns that carriers refuse: an administrator must act before the next one."""
    for campaign, sentence in campaign_list.refused_by_carriers(wb):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.error(f"'{plain(campaign.name)}': {sentence}", icon=":material/sms_failed:", width="stretch")
            st.page_link("report.py", label="Report", query_params={"id": campaign.campaign_id})


def _demo_steps() -> None:
    """What a first-time visitor of the demo can do, in order."""
    with st.container(border=True):
        st.markdown(
            "**This demo in three steps** :gray[– everybody in it is invented, and nothing leaves this machine]"
        )
        with st.container(horizontal=True, gap="medium"):
            st.page_link(
                "work_list.py", label="1. Choose a saved view and press Send campaign", icon=":material/filter_list:"
            )
            st.page_link(
                "campaigns.py", label="2. Save it as active, then move the demo clock", icon=":material/schedule:"
            )
            st.page_link("outbox.py", label="3. Look into the Outbox, then the report", icon=":material/outbox:")


def _first_steps() -> None:
    for number, (title, text) in enumerate(
        (
            ("Load data", "Run `careloop load FOLDER` with your feed, or try `careloop demo` with invented patients."),
            ("Look at care gaps", "Open the work list and filter by Alerts & Recommendations."),
            ("Send a first campaign", "Select patients, press Send campaign, and choose a template."),
        ),
        1,
    ):
        with st.container(border=True):
            st.markdown(f"**{number}. {title}**  \n{text}")


def _section(wb: Workbench, title: str, campaigns: list[Listed], empty: str) -> None:
    st.subheader(title, anchor=False)
    if not campaigns:
        st.caption(empty)
    for one in campaigns[:5]:
        with st.container(border=True):
            st.page_link(
                "campaign_editor.py" if opens_editor(wb, one.campaign) else "report.py",
                label=f"**{plain(one.campaign.name)}**",
                icon=MODE_ICONS[one.campaign.channel],
                query_params={"id": one.campaign.campaign_id},
            )
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                status_badge(one.status, one.icon)
                st.caption(f"{one.schedule} · {count(one.progress.selected, 'patient')}")
            if one.status in ("Sending", "Completed"):
                st.progress(done_share(one))


def _to_approve(wb: Workbench) -> None:
    """Campaigns that go out when this user has approved them."""
    waiting = approvals.waiting(wb)
    if waiting:
        st.subheader("Waits for approval", anchor=False)
    for campaign, asked in waiting:
        with st.container(gap=None):
            st.page_link(
                "campaign_editor.py",
                label=plain(campaign.name),
                icon=":material/how_to_reg:",
                query_params={"id": campaign.campaign_id, "step": "summary"},
            )
            st.caption(
                f"{plain(users.name_of(wb, asked.by))} asked {moment(asked.at, wb)}"
                if asked
                else "Active and held: nobody has approved it as it is now"
            )


def _to_decide(wb: Workbench, campaigns: list[Listed]) -> None:
    """Replies that wait, and messages whose outcome nobody knows: they are never sent again by themselves."""
    waiting = inbox.waiting_count(wb) if wb.user.may(ANSWER_REPLIES) else 0
    unknown = [one for one in campaigns if one.progress.results["Unknown"]]
    conflicts = corrections.waiting_count(wb) if wb.user.may(SETTLE_CONFLICTS) else 0
    printed = [one for one in campaigns if printed_count(one)]
    if waiting or unknown or conflicts or printed:
        st.subheader("To decide", anchor=False)
    if waiting:
        words = f"{count(waiting, 'reply', 'replies')} {'waits' if waiting == 1 else 'wait'} for you"
        st.page_link("replies.py", label=words, icon=":material/forum:")
    if conflicts:
        words = f"{count(conflicts, 'value')} of the feed against what staff or patients said"
        st.page_link("data.py", label=words, icon=":material/compare_arrows:", query_params={"decide": "1"})
    for one in printed:
        st.page_link(
            "report.py",
            label=f"{printed_count(one):,} not mailed yet: {plain(one.campaign.name)}",
            icon=":material/local_post_office:",
            query_params={"id": one.campaign.campaign_id},
        )
    for one in unknown:
        words = count(one.progress.results["Unknown"], "message") + " with an unknown outcome"
        st.page_link(
            "report.py",
            label=f"{plain(one.campaign.name)}: {words}",
            icon=":material/help:",
            query_params={"id": one.campaign.campaign_id},
        )


def _care_gaps(wb: Workbench) -> None:
    st.subheader("Care gaps", anchor=False)
    for row in care_gaps.rates(wb).iter_rows(named=True):
        share = row["rate"] or 0.0
        with st.container(gap=None):
            st.progress(share, text=f"{plain(row['name'])}: **{share:.0%}** up to date")
            is_pressed = st.button(
                count(row["open"], "patient") + " with an open gap",
                key=f"home_{row['measure_id']}",
                icon=":material/filter_list:",
                type="tertiary",
                disabled=not row["open"],
            )
        if is_pressed:
            _look_at(row["name"])


def _look_at(measure_name: str) -> None:
    """Open the work list with the patients whose gap is open."""
    _views.show(WorkList(filters=((Filter("alerts", "contains", measure_name),),)))
    st.switch_page("work_list.py")


def _freshness(wb: Workbench) -> None:
    last = next((row for row in loads.history(wb) if row.status == "loaded"), None)
    if last:
        st.caption(f"Data of {moment(last.received_at, wb)}, loaded {moment(last.finished_at, wb)}")
        st.page_link("data.py", label="What was wrong in the feed", icon=":material/database:")


show()
