"""Reports that are sent by email every week or month: to whom, and what is due. The dispatcher sends them
(core.report_mail)."""

import secrets
from collections.abc import Sequence

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.report_schedule import Schedule, check
from core.domain.role import SCHEDULE_REPORTS
from core.domain.user import User
from core.errors import NotAllowed, NotFound
from core.store import accounts, schedule_rows
from core.store.database import reading, writing
from core.workbench import Workbench, needs


def schedules(wb: Workbench) -> list[Schedule]:
    """Those that there are; for who may not schedule reports, those that come to them."""
    with reading(wb.engine) as connection:
        found = schedule_rows.every(connection)
    return [each for each in found if wb.user.may(SCHEDULE_REPORTS) or wb.user.user_id in each.recipients]


@needs(SCHEDULE_REPORTS)
def possible_recipients(wb: Workbench) -> list[User]:
    """The active people with an email address, by name."""
    return [each for each, is_active in accounts.persons(wb.engine) if is_active and each.email]


@needs(SCHEDULE_REPORTS)
def add(wb: Workbench, report: str, every: str, day: int, recipients: Sequence[str]) -> Schedule:
    """Send a report (core.domain.report_schedule.REPORTS) from now on to these users. Raises NotAllowed for what cannot
    be a schedule, and for somebody who is not active or has no email address."""
    asked = tuple(dict.fromkeys(recipients))
    check(report, every, day, asked)
    if set(asked) - {each.user_id for each in possible_recipients(wb)}:
        raise NotAllowed("Somebody chosen is no longer active or has no email address. Open the choice again.")
    made = Schedule(secrets.token_hex(8), report, every, day, asked, True, wb.now(), wb.user.user_id)
    with writing(wb.engine) as connection:
        schedule_rows.add(connection, made)
        record_in(
            wb, connection, "report_schedule.added", made.schedule_id,
            report=report, every=every, day=day, recipients=list(asked),
        )  # fmt: skip
    return made


@needs(SCHEDULE_REPORTS)
def turn(wb: Workbench, schedule_id: str, *, is_on: bool) -> None:
    """Pause a schedule, or let it go on; what was due meanwhile is not sent. Whoever lets it go on answers for it from
    then on. Raises NotFound."""
    _one(wb, schedule_id)
    with writing(wb.engine) as connection:
        schedule_rows.turn(connection, schedule_id, is_on=is_on, at=wb.now())
        if is_on:
            schedule_rows.give(connection, schedule_id, wb.user.user_id)
        record_in(wb, connection, "report_schedule.turned", schedule_id, is_on=is_on)


@needs(SCHEDULE_REPORTS)
def remove(wb: Workbench, schedule_id: str) -> None:
    """Send the report no more. Raises NotFound."""
    _one(wb, schedule_id)
    with writing(wb.engine) as connection:
        schedule_rows.remove(connection, schedule_id, at=wb.now())
        record_in(wb, connection, "report_schedule.removed", schedule_id)


def unanswered(wb: Workbench) -> set[str]:
    """The ids of the schedules for which nobody answers any more: whoever did is not active, or may not schedule
    reports. Nothing of them is sent."""
    with reading(wb.engine) as connection:
        return {each.schedule_id for each in unanswered_in(connection)}


def unanswered_in(connection: Connection) -> list[Schedule]:
    """The same in the caller's transaction."""
    people = accounts.persons_in(connection)
    may = {each.user_id for each, is_active in people if is_active and each.may(SCHEDULE_REPORTS)}
    return [each for each in schedule_rows.every(connection) if each.made_by not in may]


def leave(wb: Workbench, schedule_id: str) -> None:
    """Let a report come to oneself no more; one that goes to nobody else is removed. Raises NotFound."""
    _one(wb, schedule_id)
    with writing(wb.engine) as connection:
        schedule_rows.one_at_a_time(connection)  # of two who leave at once none is put back by the other
        found = next((each for each in schedule_rows.every(connection) if each.schedule_id == schedule_id), None)
        if found is None:
            return
        left = [each for each in found.recipients if each != wb.user.user_id]
        if left:
            schedule_rows.send_to(connection, schedule_id, left)
        else:
            schedule_rows.remove(connection, schedule_id, at=wb.now())
        record_in(wb, connection, "report_schedule.left", schedule_id)


def _one(wb: Workbench, schedule_id: str) -> Schedule:
    found = next((each for each in schedules(wb) if each.schedule_id == schedule_id), None)
    if found is None:
        raise NotFound("There is no such scheduled report any more.")
    return found
