"""The emails of scheduled reports: the report as a PDF, to each person as far as they may see it. Figures only. The
dispatcher sends them, each once."""

from collections.abc import Callable
from datetime import date
from functools import cache

from core import board_report, roll_ups, staff_mail
from core.audit import record_in
from core.domain.report_schedule import REPORTS, Schedule, last_due, period
from core.domain.wording import day_text
from core.errors import NotAllowed
from core.report_schedules import unanswered_in
from core.staff_mail import Attachment, News
from core.store import accounts, alarm_rows, schedule_rows
from core.store.database import reading, writing
from core.workbench import Workbench


def send_due(wb: Workbench) -> int:
    """Send the reports that are due to whoever is active and has an email address; returns how many left. Before, stop
    those for which nobody answers any more."""
    _stop_unanswered(wb)
    with reading(wb.engine) as connection:
        found = [(each, due) for each in schedule_rows.every(connection) if each.is_on and (due := _due(wb, each))]
        if not found:
            return 0
        people = {each.user_id: each.email for each, is_active in accounts.persons_in(connection) if is_active}
        told = {_key(each, due): [user for user in each.recipients if people.get(user)] for each, due in found}
        is_known = all(alarm_rows.has_all(connection, key, users) for key, users in told.items())
    if not is_known:
        with writing(wb.engine) as connection:
            for key, users in told.items():
                alarm_rows.add(connection, key, users, at=wb.now())
    add_up = cache(lambda: roll_ups.catch_up_for_paper(wb))  # once, and only when something leaves
    news = {_key(each, due): _news(wb, each, due, add_up) for each, due in found}
    return staff_mail.send_due(wb, news, {user: email for user, email in people.items() if email})


def _stop_unanswered(wb: Workbench) -> None:
    with reading(wb.engine) as connection:
        if not any(each.is_on for each in unanswered_in(connection)):
            return
    with writing(wb.engine) as connection:
        for each in unanswered_in(connection):
            if each.is_on:
                schedule_rows.turn(connection, each.schedule_id, is_on=False, at=wb.now())
                record_in(wb, connection, "report_schedule.stopped", each.schedule_id, made_by=each.made_by)


def _due(wb: Workbench, schedule: Schedule) -> date | None:
    return last_due(schedule, at=wb.now(), zone=wb.zone())


def _key(schedule: Schedule, due: date) -> str:
    return f"report:{schedule.schedule_id}:{due.isoformat()}"


def _news(wb: Workbench, schedule: Schedule, due: date, add_up: Callable[[], None]) -> News:
    first_on, last_on = period(schedule, due)
    name = REPORTS[schedule.report]
    text = (
        f"{name}, {day_text(first_on)} to {day_text(last_on)}: the report is attached as a PDF. It holds figures only, "
        "of the patients whom you may see.\n\n"
        f"It comes by email because somebody scheduled it ({schedule.sentence}). You can stop it in Careloop "
        "under Downloads, Reports.\n"
    )

    def attached(user_id: str) -> Attachment:
        if user_id not in schedule.recipients:  # who left after the email was queued
            raise NotAllowed("This report no longer comes to them.")
        add_up()
        content = board_report.overview_for(wb.as_user(user_id), first_on, last_on)
        return Attachment(f"overview-{last_on.isoformat()}.pdf", content)

    details = {"schedule": schedule.schedule_id, "due": due.isoformat()}
    return News(f"Careloop: {name.lower()}", text, "report", "report.mailed", details, attached)
