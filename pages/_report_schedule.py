"""Reports for a meeting: the overview of a period as a PDF, and those that go to people by email again and again."""

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from core import board_report, report_schedules, users
from core.domain.report_schedule import LAST_DAY, MONTH, REPORTS, WEEK, WEEKDAYS, Schedule, next_due
from core.domain.role import SCHEDULE_REPORTS
from core.domain.wording import day_text
from core.errors import CareloopError
from core.workbench import Workbench
from pages._shared import guarded, notice, plain

_UNANSWERED = "Whoever scheduled it is gone or may schedule no reports. It is yours if you let it go on."
_PERIODS = {WEEK: "Every week", MONTH: "Every month"}


def reports_tab(wb: Workbench) -> None:
    """Draw the tab: the overview now, and the schedules."""
    _overview(wb)
    scheduled(wb)


def _overview(wb: Workbench) -> None:
    st.subheader("Overview of campaigns", anchor=False)
    st.caption("What went out in a period, as a PDF for a meeting. Figures only; no patient is named.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        today = wb.today()
        chosen = st.date_input(
            "From and to", (today - timedelta(days=30), today), key="rs_period", max_value=today, width=260
        )
        days = chosen if isinstance(chosen, tuple) and len(chosen) == 2 else None
        st.download_button(
            "PDF",
            data=lambda: board_report.overview_pdf(wb, *(days or (today, today))),
            file_name=f"overview-{'-to-'.join(f'{day:%Y-%m-%d}' for day in days or ())}.pdf",
            mime="application/pdf",
            key="rs_pdf",
            icon=":material/picture_as_pdf:",
            on_click="ignore",
            disabled=days is None,
        )


def scheduled(wb: Workbench) -> None:
    """The schedules, and a button for another one."""
    found = report_schedules.schedules(wb)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Scheduled reports", anchor=False, width="stretch")
        if wb.user.may(SCHEDULE_REPORTS) and st.button(
            "Schedule a report", key="rs_add", icon=":material/schedule_send:"
        ):
            _ask(wb)
    if not found:
        st.caption("None. A scheduled report comes by email, as a PDF, every week or month.")
    names = users.names_of(wb, [user for each in found for user in (*each.recipients, each.made_by)])
    unanswered = report_schedules.unanswered(wb)
    for each in found:
        _row(wb, each, names, is_answered=each.schedule_id not in unanswered)


def _row(wb: Workbench, each: Schedule, names: dict[str, str], *, is_answered: bool) -> None:
    who = ", ".join(names.get(user, user) for user in each.recipients)
    when = f"next on {day_text(next_due(each, at=wb.now(), zone=wb.zone()))}" if each.is_on else "paused"
    when = when if is_answered else "stopped"
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(gap=None):
            st.markdown(f"**{REPORTS[each.report]}** · {each.sentence}, {when}")
            st.caption(f"To {plain(who)} · scheduled by {plain(names.get(each.made_by, each.made_by))}")
            if not is_answered:
                st.caption(f":material/error: {_UNANSWERED}")
        if wb.user.may(SCHEDULE_REPORTS):
            label, icon = (
                ("Pause", ":material/pause:") if each.is_on and is_answered else ("Go on", ":material/play_arrow:")
            )
            if st.button(label, key=f"rs_turn_{each.schedule_id}", icon=icon, type="tertiary"):
                _changed(lambda: report_schedules.turn(wb, each.schedule_id, is_on=not (each.is_on and is_answered)))
            if st.button("Remove", key=f"rs_remove_{each.schedule_id}", icon=":material/delete:", type="tertiary"):
                _changed(lambda: report_schedules.remove(wb, each.schedule_id))
        elif st.button("Not to me", key=f"rs_leave_{each.schedule_id}", icon=":material/unsubscribe:", type="tertiary"):
            _changed(lambda: report_schedules.leave(wb, each.schedule_id))


@guarded
def _changed(change: Callable[[], None]) -> None:
    change()
    st.rerun()


@st.dialog("Schedule a report", icon=":material/schedule_send:")
def _ask(wb: Workbench) -> None:
    report = st.selectbox("Report", list(REPORTS), format_func=lambda key: REPORTS[key], key="rs_report")
    every = st.segmented_control(
        "How often", list(_PERIODS), format_func=lambda key: _PERIODS[key], default=WEEK, required=True, key="rs_every"
    )
    if every == MONTH:
        day = int(st.number_input("Day of the month", 1, LAST_DAY, 1, key="rs_day"))
    else:
        day = st.selectbox("Day", range(7), format_func=lambda number: WEEKDAYS[number], key="rs_weekday")
    people = {each.user_id: each.name for each in report_schedules.possible_recipients(wb)}
    mine = [wb.user.user_id] if wb.user.user_id in people else []
    to = st.multiselect("To", list(people), mine, format_func=lambda user: people[user], key="rs_to")
    st.caption(
        "It leaves at 7:00, is about the week or month before, and shows everybody only the campaigns that they may "
        "see. People without an email address are not offered."
    )
    if not st.button("Schedule", type="primary", key="rs_yes", disabled=not to):
        return
    try:
        made = report_schedules.add(wb, str(report), str(every), int(day), to)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    notice(f"The first report leaves on {day_text(next_due(made, at=wb.now(), zone=wb.zone()))}")
    st.rerun()
