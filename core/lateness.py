"""Alarms about feeds: one that is late, one that could not be loaded. Shown, and told to the administrators once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from core import staff_mail
from core.domain.lateness import due_at
from core.domain.organisation import ExpectedFeed, Organisation
from core.domain.wording import moment_text
from core.feeds.feed import FORMATS
from core.staff_mail import News
from core.store import accounts, alarm_rows, arrival_rows, feed_rows
from core.store.database import reading, writing
from core.workbench import Workbench

_FAILED_FOR = timedelta(
    days=7
)  # how long a feed that could not be loaded is an alarm, unless a later one like it could


@dataclass(frozen=True)
class Alarm:
    """kind: 'late' (nothing has come of a source for too long) or 'failed' (a feed that arrived could not be loaded).

    key        the same as long as it is the same alarm
    since      since when: the moment at which the feed was due, or at which the load failed
    sentence   a whole sentence, without a word from the feed but its source's name
    """

    kind: str
    key: str
    since: datetime
    sentence: str


def alarms(wb: Workbench) -> list[Alarm]:
    """What is wrong with the feeds that are expected just now, the late ones first; empty when all is well.

    A feed is expected of each source of which one came through a watched folder, as often as the organisation's
    setting feed_every_hours says, and of those in its setting expected_feeds. None in a demo, whose clock is moved.
    """
    if wb.settings.demo:
        return []
    with reading(wb.engine) as connection:
        return _late(wb, connection) + _failed(wb, connection)


def tell_administrators(wb: Workbench) -> int:
    """Send the emails about alarms that are due, to each administrator with an address at most one of each alarm;
    returns how many left."""
    found = {alarm.key: alarm for alarm in alarms(wb)}
    if not found:
        return 0
    with writing(wb.engine) as connection:
        people = {each.user_id: each.email or "" for each in accounts.administrators(connection)}
        for key in found:
            alarm_rows.add(connection, key, list(people), at=wb.now())
    return staff_mail.send_due(wb, {key: _news(alarm) for key, alarm in found.items()}, people)


def _late(wb: Workbench, connection: Connection) -> list[Alarm]:
    organisation, zone, now = wb.organisation(), wb.zone(), wb.now()
    came = feed_rows.last_arrivals(connection, FORMATS)
    watched = arrival_rows.sources(connection)
    found = []
    for source, (load_id, last) in sorted(came.items()):
        expected = _expected(organisation, source, is_watched=source in watched)
        if expected is None or expected.every_hours is None or source in organisation.ended_sources:
            continue
        due = due_at(last, expected.every_hours, weekends=expected.weekends, zone=zone)
        if now < due:
            continue
        name = source or "The feed"
        sentence = (
            f"{name} is late: the last feed came on {moment_text(last.astimezone(zone))}, and the next was expected by "
            f"{moment_text(due.astimezone(zone))}."
        )
        found.append(Alarm("late", f"late:{source}:{load_id}", due, sentence))
    return found


def _expected(organisation: Organisation, source: str, *, is_watched: bool) -> ExpectedFeed | None:
    own = next((each for each in organisation.expected_feeds if each.source_system == source), None)
    if own or not is_watched:
        return own
    return ExpectedFeed(source, organisation.feed_every_hours, organisation.feed_on_weekends)


def _failed(wb: Workbench, connection: Connection) -> list[Alarm]:
    """Feeds that could not be loaded, and after which none from the same folder or source could."""
    by_hand = feed_rows.last_arrivals(connection, FORMATS)
    found, names, sources = [], set(), set()
    for each in arrival_rows.ended_since(connection, wb.now() - _FAILED_FOR):
        if each.state != "failed":
            names.add(each.name)
            sources.add(each.source_system)
            continue
        assert each.finished_at is not None
        _, loaded_at = by_hand.get(each.source_system, (0, each.finished_at))
        knows = each.source_system != "" and (each.source_system in sources or loaded_at > each.finished_at)
        if knows or each.name in names:
            continue
        at = moment_text(each.finished_at.astimezone(wb.zone()))
        sentence = f"A feed that arrived could not be loaded on {at}. The data is as it was before."
        found.append(Alarm("failed", f"failed:{each.arrival_id}:{each.tries}", each.finished_at, sentence))
    return found


def _news(alarm: Alarm) -> News:
    what = "A feed is late" if alarm.kind == "late" else "A feed could not be loaded"
    text = (
        f"{alarm.sentence}\n\nLists and care gaps are those of the last feed, and sending stops by itself when the "
        "data is too old. The Data page of Careloop says more, and so does the command 'careloop feed status'.\n"
    )
    details = {"kind": alarm.kind}
    return News(f"Careloop: {what.lower()}", text, f"alarm-{alarm.kind}", action="feed.alarm_told", details=details)
