"""Home: what needs me today."""

from collections.abc import Iterator

import streamlit as st

from core import approvals, campaign_list, campaigns, care_gaps, corrections, inbox, loads, support, users
from core.campaign_list import Listed
from core.domain.role import ANSWER_REPLIES, MAKE_CAMPAIGNS, OPERATE, READ_PATIENTS, SETTLE_CONFLICTS
from core.domain.work_list import Filter, WorkList
from core.workbench import Workbench
from pages import _views
from pages._arrivals import alarm_lines
from pages._campaign_menu import opens_editor
from pages._holds import ask_about_sending, pause_button, show_holds
from pages._letter_counts import done_share, printed_count
from pages._patient_links import lately_opened
from pages._shared import MODE_ICONS, count, moment, page_head, plain, status_badge, workbench

_Link = tuple[str, str, str, dict[str, str]]  # page, words, icon, what stands in the address


def show() -> None:
    wb = workbench()
    page_head(_greeting(wb), "What needs you today.")
    if loads.current(wb) is None:
        _first_steps()
        return
    show_holds(wb)
    alarm_lines(wb)
    _refused(wb)
    if not wb.user.may(MAKE_CAMPAIGNS):  # who answers for campaigns rather than making them
        st.page_link("overview.py", label="How all campaigns went", icon=":material/monitoring:")
    listed = campaign_list.campaigns(wb)
    _to_approve(wb)
    _to_decide(wb, listed)
    if wb.settings.demo and wb.user.may(MAKE_CAMPAIGNS):
        _demo_steps()
    left, right = st.columns([3, 2], gap="large")
    with left:
        going = [one for one in listed if one.status in ("Pending", "Sending")]
        _section(wb, "Going out next", going, "Nothing is waiting to go out.")
        if going:
            pause_button(wb)
        _section(wb, "Drafts", [one for one in listed if one.status == "Inactive"], "No draft waits for anybody.")
        _section(
            wb,
            "Lately completed",
            [one for one in listed if one.status == "Completed"][:3],
            "No campaign has been sent yet.",
        )
    with right:
        if wb.user.may(READ_PATIENTS):
            lately_opened(wb)
        _care_gaps(wb)
        _freshness(wb)
    ask_about_sending(wb)


def _greeting(wb: Workbench) -> str:
    hour = wb.now().astimezone(wb.zone()).hour
    if hour < 5:
        return "Hello"
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
                st.caption(f"{one.schedule} · {one.progress.size}")
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


def _to_decide(wb: Workbench, listed: list[Listed]) -> None:
    """Replies and support cases that wait, and messages whose outcome nobody knows: they are never sent again by
    themselves. Of each only what this user may decide; first on the page, also where it is narrow."""
    found = [*_waiting(wb), *_about_campaigns(wb, listed)]
    if not found:
        return
    st.subheader("To decide", anchor=False)
    with st.container(horizontal=True, gap="small"):
        for page, label, icon, query in found:
            st.page_link(page, label=label, icon=f":material/{icon}:", query_params=query)


def _waiting(wb: Workbench) -> Iterator[_Link]:
    replies = inbox.waiting_count(wb) if wb.user.may(ANSWER_REPLIES) else 0
    conflicts = corrections.waiting_count(wb) if wb.user.may(SETTLE_CONFLICTS) else 0
    cases = support.open_count(wb) if wb.user.may(OPERATE) else 0
    if replies:
        yield "replies.py", f"{_wait(replies, 'reply', 'replies')} for you", "forum", {}
    if conflicts:
        words = f"{count(conflicts, 'value')} of the feed against what staff or patients said"
        yield "data.py", words, "compare_arrows", {"decide": "1"}
    if cases:
        yield "help.py", _wait(cases, "support case"), "support_agent", {"cases": "1"}


def _about_campaigns(wb: Workbench, listed: list[Listed]) -> Iterator[_Link]:
    for one in listed:
        printed, unknown = printed_count(one), one.progress.results["Unknown"]
        if not (printed or unknown) or not campaigns.may_change(wb, one.campaign.campaign_id):
            continue
        name, query = plain(one.campaign.name), {"id": one.campaign.campaign_id}
        if printed:
            yield "report.py", f"{printed:,} not mailed yet: {name}", "local_post_office", query
        if unknown:
            yield "report.py", f"{name}: {count(unknown, 'message')} with an unknown outcome", "help", query


def _wait(number: int, noun: str, plural: str | None = None) -> str:
    return f"{count(number, noun, plural)} {'waits' if number == 1 else 'wait'}"


def _care_gaps(wb: Workbench) -> None:
    st.subheader("Care gaps", anchor=False)
    for row in care_gaps.rates(wb).iter_rows(named=True):
        share = row["rate"] or 0.0
        with st.container(gap=None):
            st.progress(share, text=f"{plain(row['name'])}: **{share:.0%}** up to date")
            words = count(row["open"], "patient") + " with an open gap"
            if not wb.user.may(READ_PATIENTS):
                st.caption(words)
                continue
            is_pressed = st.button(
                words,
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
        if wb.user.may(READ_PATIENTS):
            st.page_link("data.py", label="What was wrong in the feed", icon=":material/database:")


show()
