"""The report of one campaign: a headline, what to decide, a ledger that adds up, charts, and every patient."""

import streamlit as st

from core import campaigns, charts, effects, report_parts, reports
from core.domain.campaign import STATUS_ICONS
from core.domain.introduction import INTRODUCTORY
from core.domain.life_cycle import COPY
from core.domain.organisation import LETTER
from core.domain.role import READ_PATIENTS
from core.report_parts import Parts
from core.reports import Report
from core.workbench import Workbench
from pages._also_by import also_by_button, ask_also_by, sister_links
from pages._chart import draw_chart
from pages._follow_up import ask_for_copy, ask_for_follow_up
from pages._history import show_history
from pages._holds import ask_about_sending, show_holds
from pages._letter_report import ask_about_letters
from pages._letter_run import show_run
from pages._not_printed import not_printed
from pages._recipients import recipients
from pages._report_downloads import figures_menu
from pages._report_parts import show_parts
from pages._shared import MODE_ICONS, count, page_head, percent, plain, result_badge, status_badge, workbench
from pages._unknown import confirm, unknown

_ASKED = "rp_asked"  # what was pressed, and for which patients: its dialog is drawn by the page, not by its live part


def show() -> None:
    wb, campaign_id = workbench(), st.query_params.get("id", "")
    if not campaign_id:
        page_head("Report")
        st.info("Choose a campaign from the list to read its report.", icon=":material/monitoring:")
        st.page_link("campaigns.py", label="Go to Campaigns", icon=":material/campaign:")
        return
    shown = reports.report(wb, campaign_id)
    is_letter = shown.campaign.channel == LETTER  # whose files have a live part of their own
    changes = shown.campaign.status == "active" or effects.is_awaited(wb, shown.campaign)
    every = 2 if changes else None
    what, ids = st.session_state.pop(_ASKED, ("", []))
    (_report if is_letter else st.fragment(_report, run_every=every))(wb, campaign_id)
    ask_about_sending(wb)
    if what == "history":
        show_history(wb, campaign_id, ids[0])
    elif what.partition(":")[0] == "follow_up":
        ask_for_follow_up(wb, campaign_id, ids, mode=what.partition(":")[2])
    elif what == "copy":
        ask_for_copy(wb, campaign_id)
    elif what == "also_by":
        ask_also_by(wb, campaign_id)
    elif what in ("mailed", "not_mailed", "returned", "not_returned"):
        ask_about_letters(wb, campaign_id, what, ids)
    elif what:
        confirm(wb, campaign_id, what, ids)


def _report(wb: Workbench, campaign_id: str) -> None:
    shown = reports.report(wb, campaign_id)
    parts = report_parts.parts(wb, shown.campaign)
    asked = _head(wb, shown, parts)
    with_letters = shown.campaign.channel == LETTER and wb.user.may(READ_PATIENTS)
    if with_letters:
        show_run(wb, campaign_id)
    asked = unknown(wb, shown) or asked
    if not shown.ledger.is_empty():  # else they are too few for figures
        _figures(shown, parts)
    if with_letters:
        not_printed(wb, campaign_id)
    if shown.campaign.kind != INTRODUCTORY and not shown.ledger.is_empty():
        asked = show_parts(wb, shown, parts) or asked
    asked = recipients(wb, shown) or asked
    if asked:
        st.session_state[_ASKED] = asked
        st.rerun()


def _figures(shown: Report, parts: Parts) -> None:
    left, right = st.columns([1, 1], gap="large")
    with left:
        _ledger(shown)
    with right:
        draw_chart(
            charts.results_bar(
                shown.ledger, held_out=shown.progress.held_out, held_waiting=shown.progress.held_waiting
            ),
            key="rp_results",
        )
        if shown.campaign.channel == LETTER:
            pass  # a letter's day is what somebody typed: no course over time
        elif shown.over_time.is_empty():
            few = "Too few on any one day for a course over time."
            st.caption(few if parts.is_rough else "Nothing has been sent yet, so there is no course over time.")
        else:
            draw_chart(charts.over_time(shown.over_time), key="rp_time")


def _head(wb: Workbench, shown: Report, parts: Parts) -> tuple[str, list[str]] | None:
    campaign, asked = shown.campaign, ""
    page_head(campaign.name, campaign.description)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        status_badge(shown.status, STATUS_ICONS[shown.status])
        st.caption(f"{MODE_ICONS[campaign.channel]} {shown.schedule}", width="content")
        if campaign.kind == INTRODUCTORY:
            st.page_link("introductions.py", label="Introductory emails", icon=":material/waving_hand:")
        elif wb.user.may(READ_PATIENTS):
            st.page_link(
                "campaign_editor.py",
                label="Message and settings",
                icon=":material/edit_note:",
                query_params={"id": campaign.campaign_id},
            )
        if not campaigns.allowed(wb, campaign)[COPY]:
            about = "A new campaign with the same message, for the patients whom this one did not contact."
            if st.button("Copy", key="rp_copy", icon=":material/content_copy:", type="tertiary", help=about):
                asked = "copy"
        if also_by_button(wb, campaign, key="rp_also_by"):
            asked = "also_by"
        sister_links(wb, campaign)
        figures_menu(wb, shown)
    if campaign.status == "active":
        show_holds(wb, channel=campaign.channel)
    st.markdown(f"#### {plain(parts.achieved or shown.headline)}")
    if parts.achieved:
        st.caption(plain(shown.headline))
    for note in shown.notes:
        st.caption(f":material/visibility_off: {plain(note)}")
    return (asked, []) if asked else None


def _ledger(shown: Report) -> None:
    rows = shown.ledger.rows(named=True)
    st.table(
        {
            "Result": [result_badge(row["result"]) for row in rows],
            "Reason": [plain(row["reason"] or "") for row in rows],
            "Patients": [row["count"] for row in rows],
            "Share": [percent(row["share"]).replace(" ", "\u00a0") for row in rows],
        },
        border="horizontal",
        hide_header=False,
        hide_index=True,
        alt="Results and reasons; they add up to the number selected",
    )
    if shown.progress.is_rough:
        st.markdown(f"**{shown.progress.size.capitalize()} selected**")
    else:
        st.markdown(f"**{count(shown.progress.selected, 'patient')} selected**, each counted once above")
    for advice in shown.advice:
        st.caption(f":material/lightbulb: {plain(advice)}")


show()
