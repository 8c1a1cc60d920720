"""What a patient was told and why: the messages of campaigns and the reminders that came by the feed (F3, F4, L4).

Whoever may see the patient reads name and description of each campaign, also of one that belongs to another group: a
caller asks about all of them (docs/decisions/communications-of-a-patient.md).
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection

from core import loads
from core.domain.communication import Communication
from core.domain.introduction import INTRODUCTORY
from core.domain.mailing import RETURN_REASONS
from core.domain.message import MAILED, PRINTED, RETURNED, STATES, words_of
from core.domain.message_tries import message_status, message_tries
from core.domain.organisation import LETTER
from core.domain.patient_communication import (
    APPOINTMENT_REMINDER,
    HEALTH_REMINDER,
    PatientCommunication,
    PrintedLetter,
)
from core.domain.reminder import Reminder, reminders_of
from core.domain.role import READ_PATIENTS
from core.errors import NotFound
from core.store import patient_communications as rows
from core.store.clinical import Generation
from core.store.database import reading
from core.store.patient_communications import OfCampaign, Practice
from core.store.people import visible_ids
from core.workbench import Workbench, needs


@needs(READ_PATIENTS)
def of_patient(
    wb: Workbench, patient_id: str, *, days: int | Literal["all"] | None = None
) -> list[PatientCommunication]:
    """What was tried with a patient, the newest Comm. Date first; letters are not among it.

    days   back from today by the day of the first attempt, today not counted; None: the organisation's setting
    Raises NotFound for a patient the user may not see.
    """
    zone, today = wb.zone(), wb.today()
    with reading(wb.engine) as connection:
        ids = _visible_ids(wb, connection, patient_id)
        pcp = rows.practice_of(connection, patient_id)
        found = [_message(campaign, each, pcp) for campaign, each in rows.messages_of(connection, ids)]
        found += _reminders(connection, loads.current(wb), ids, pcp, zone=zone)
    kept = [each for each in found if each is not None]
    if days != "all":
        first = today - timedelta(days=wb.organisation().communications_days if days is None else days)
        kept = [each for each in kept if each.comm_at.astimezone(zone).date() >= first]
    return sorted(kept, key=lambda each: each.comm_at, reverse=True)


@needs(READ_PATIENTS)
def letters_of(wb: Workbench, patient_id: str) -> list[PrintedLetter]:
    """The letter campaigns a patient is in, the newest first. Raises NotFound like `of_patient`."""
    with reading(wb.engine) as connection:
        found = rows.letters_of(connection, _visible_ids(wb, connection, patient_id))
    return [
        PrintedLetter(
            each.campaign_id,
            each.name,
            each.description,
            STATES[each.state].result,
            RETURN_REASONS[each.reason] if each.returned_at else words_of(each.state, each.reason, LETTER),
            printed_at=each.made_at if each.state in _ON_PAPER else None,
            mailed_at=each.handed_over_at,
            returned_on=each.returned_at.astimezone(wb.zone()).date() if each.returned_at else None,
        )
        for each in found
    ]


_ON_PAPER = (PRINTED, MAILED, RETURNED)


def _visible_ids(wb: Workbench, connection: Connection, patient_id: str) -> list[str]:
    """All ids under which something of the patient is kept."""
    if not visible_ids(connection, [patient_id], wb.user.scope):
        raise NotFound("There is no such patient among those you may see. Go back to the list and choose again.")
    return rows.ids_of(connection, patient_id)


def _message(campaign: OfCampaign, found: Communication, pcp: Practice) -> PatientCommunication | None:
    status = message_status(found, campaign.channel)
    if not status:
        return None
    tries = message_tries(found, campaign.channel)
    return PatientCommunication(
        patient_id=found.patient_id,
        status=status,
        reason=HEALTH_REMINDER,
        title=campaign.name,
        description=campaign.description,
        tries=tries,
        attempt_count=len(tries),
        provider=pcp.provider,
        facility=pcp.facility,
        campaign_id=found.campaign_id,
        language=found.language,
        measures=campaign.measures if found.message != INTRODUCTORY else (),
        sent_by=campaign.sent_by,
        is_introductory=found.message == INTRODUCTORY,
    )


# ---- reminders of the feed -------------------------------------------------------------------------------------------
def _reminders(
    connection: Connection, generation: Generation | None, ids: list[str], pcp: Practice, *, zone: ZoneInfo
) -> list[PatientCommunication]:
    if generation is None:
        return []
    kept = _of_ids(generation, "reminders", ids)
    if not kept:
        return []
    wanted = {row["appointment_id"] for row in kept} - {None}
    booked = {
        row["appointment_id"]: row
        for row in (_of_ids(generation, "appointments", ids) if wanted else [])
        if row["appointment_id"] in wanted
    }
    with_whom = _with_whom(connection, booked.values())
    found = reminders_of(kept, appointments={each: row["status"] for each, row in booked.items()}, zone=zone)
    return [
        _reminder(each, booked.get(each.appointment_id or ""), with_whom.get(each.appointment_id or "", pcp), zone)
        for each in found
    ]


def _of_ids(generation: Generation, table: str, ids: Collection[str]) -> list[dict[str, Any]]:
    shards = sorted({generation.shard_of(each) for each in ids})
    parts = [generation.table(table, shard).filter(pl.col("patient_id").is_in(list(ids))) for shard in shards]
    return list(pl.concat(parts).collect().iter_rows(named=True))


def _with_whom(connection: Connection, appointments: Collection[Mapping[str, Any]]) -> dict[str, Practice]:
    """By appointment its provider with that provider's clinic, or the clinic of the appointment."""
    known = rows.practices(connection, {row["provider_id"] for row in appointments} - {None})
    places = rows.location_names(connection, {row["location_id"] for row in appointments} - {None})
    found = {}
    for row in appointments:
        practice = known.get(row["provider_id"], Practice())
        found[row["appointment_id"]] = Practice(practice.provider, practice.facility or places.get(row["location_id"]))
    return found


def _reminder(
    reminder: Reminder, appointment: Mapping[str, Any] | None, practice: Practice, zone: ZoneInfo
) -> PatientCommunication:
    is_health = reminder.kind == "health"
    about = reminder.protocol if is_health else _sentence((appointment or {}).get("type") or "")
    title = about or reminder.description or ("Health reminder" if is_health else "Appointment")
    at: datetime | None = appointment["start_at"].replace(tzinfo=zone) if appointment else None
    return PatientCommunication(
        patient_id=reminder.patient_id,
        status=reminder.status,
        reason=HEALTH_REMINDER if is_health else APPOINTMENT_REMINDER,
        title=title,
        description=reminder.description if reminder.description != title else "",
        tries=reminder.tries,
        attempt_count=reminder.attempt_count,
        provider=practice.provider,
        facility=practice.facility,
        appointment_at=at,
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
