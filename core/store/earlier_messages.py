"""What was sent to patients before: on which days, for the frequency cap, and when they were introduced."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Connection, bindparam, func, or_, select

from core.domain.eligibility import WEEK
from core.domain.introduction import INTRODUCTORY
from core.domain.message import PRINTED
from core.domain.organisation import LETTER
from core.store.schema import campaigns, recipients


def family(connection: Connection, campaign_id: str) -> list[str]:
    """A campaign and those of other modes with the same patients (C16)."""
    return [campaign_id, *connection.scalars(_SISTERS, {"campaign_id": campaign_id})]


@dataclass(frozen=True, order=True)
class Made:
    """A message to a patient on a day; a letter comes first, so that of a day's two the other one counts."""

    on: date
    is_other: bool

    @property
    def is_letter(self) -> bool:
        return not self.is_other


def contacted_on(
    connection: Connection, ids: list[str], *, on: date, zone: ZoneInfo, own: list[str]
) -> dict[str, list[Made]]:
    """Days of other campaigns' messages in the seven days up to `on`: handed over, or unknown and so perhaps arrived.

    What a worker holds for another campaign counts for the day itself, because it is about to leave; a letter that is
    printed counts for its mail date until somebody says when it was mailed. Campaigns of one family are one message, on
    the day of the last.
    """
    since = datetime.combine(on - WEEK, time.min, zone)
    days: dict[str, dict[object, Made]] = defaultdict(dict)
    for row in connection.execute(_CONTACTED, {"ids": ids, "own": own, "since": since, "first": on - WEEK, "on": on}):
        made = Made(_day(row, on=on, zone=zone), row.channel != LETTER)
        of_family = days[row.patient_id]
        key = row.family_id or row.recipient_id
        of_family[key] = max(made, of_family.get(key, made))
    return defaultdict(list, {patient_id: list(found.values()) for patient_id, found in days.items()})


def _day(row: Any, *, on: date, zone: ZoneInfo) -> date:
    if row.state in _LEAVING:
        return on
    day: date = row.start_on if row.at is None else row.at.astimezone(zone).date()
    return day


def introduced_at(
    connection: Connection, ids: list[str], merged: dict[str, str]
) -> dict[tuple[str, str | None], datetime]:
    """When the latest introductory email left, by patient and address; one that came back counts as none."""
    latest: dict[tuple[str, str | None], datetime] = {}
    for patient_id, address, left in connection.execute(_INTRODUCED, {"ids": [*ids, *merged]}):
        if left:
            key = (merged.get(patient_id, patient_id), address)
            latest[key] = max(left, latest.get(key, left))
    return latest


_LEAVING = ("claimed", "calling")
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_LEFT_AT = func.coalesce(recipients.c.handed_over_at, recipients.c.finished_at).label("at")
_HAS_LEFT = or_(recipients.c.handed_over_at.is_not(None), recipients.c.state == "unknown")
_CONTACTED = (
    select(
        recipients.c.patient_id,
        recipients.c.recipient_id,
        recipients.c.state,
        _LEFT_AT,
        campaigns.c.family_id,
        campaigns.c.channel,
        campaigns.c.start_on,
    )
    .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
    .where(
        recipients.c.patient_id.in_(_IDS),
        recipients.c.campaign_id.not_in(bindparam("own", expanding=True)),
        recipients.c.message != INTRODUCTORY,
        or_(
            recipients.c.state.in_(_LEAVING),
            _HAS_LEFT & (bindparam("since") <= _LEFT_AT),
            (recipients.c.state == PRINTED) & campaigns.c.start_on.between(bindparam("first"), bindparam("on")),
        ),
    )
)
_OWN = campaigns.alias("own_campaign")
_SISTERS = (
    select(campaigns.c.campaign_id)
    .join(_OWN, _OWN.c.family_id == campaigns.c.family_id)
    .where(_OWN.c.campaign_id == bindparam("campaign_id"), campaigns.c.campaign_id != bindparam("campaign_id"))
)
_INTRODUCED = (
    select(recipients.c.patient_id, recipients.c.address, func.max(_LEFT_AT))
    .where(
        recipients.c.patient_id.in_(_IDS),
        recipients.c.message == INTRODUCTORY,
        recipients.c.state.in_(("handed_over", "delivered", "introductory", "unknown")),
    )
    .group_by(recipients.c.patient_id, recipients.c.address)
)
