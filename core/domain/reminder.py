"""Reminders that other systems have sent and a feed tells of: appointment reminders and those of a protocol (F3)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from core.domain.organisation import EMAIL
from core.domain.patient_communication import UNKNOWN_OUTCOME, Try

KINDS = ("appointment", "health")
STATUSES = {  # the status a feed gives, and what it means for a health reminder; "" for nothing
    "unconfirmed": "",
    "canceled": "",
    "no-show": "",
    "rescheduled": "",
    "confirmed": "successful",
    "successful": "successful",
    "unsuccessful": "unsuccessful",
}
_OF_APPOINTMENTS = tuple(STATUSES)[:5]
# What an appointment's own status says where its reminder's says nothing.
_BY_APPOINTMENT = {
    "scheduled": "unconfirmed",
    "confirmed": "confirmed",
    "arrived": "confirmed",
    "completed": "confirmed",
    "no-show": "no-show",
    "cancelled": "canceled",
    "rescheduled": "rescheduled",
}
_REACHED = {
    "delivered": "Delivered",
    "sent": "Delivered",
    "opened": "Delivered",
    "success": "Delivered",
    "successful": "Delivered",
    "live": "Live response",
    "live response": "Live response",
    "live answer": "Live response",
    "human": "Live response",
    "answered": "Live response",
    "answering machine": "Answering machine",
    "machine": "Answering machine",
    "voicemail": "Answering machine",
    "voice mail": "Answering machine",
    "left message": "Answering machine",
}
_NOT_REACHED = {
    "busy": "Busy",
    "line busy": "Busy",
    "no answer": "No answer",
    "ring no answer": "No answer",
    "dial error": "Dial error",
    "error": "Dial error",
    "undelivered": "Undelivered",
    "not delivered": "Undelivered",
    "undeliverable": "Undelivered",
    "failed": "Failed",
    "bounced": "Bounced",
}
# An email that did not arrive, in words of any system; 5xx are codes of mail servers.
_SURELY_FAILED = re.compile(
    r"bounc|undeliver|not deliver|invalid (?:address|email|recipient)|mailbox (?:is )?(?:full|unavailable|disabled)|"
    r"over quota|unknown (?:user|recipient|mailbox|address)|(?:user|recipient|mailbox|address) (?:is )?unknown|"
    r"no such (?:user|mailbox|address|recipient)|(?:does not|doesn't) exist|\b55\d\b"
)
_FAILED = re.compile(
    r"invalid|\bbad |\bfail|refus|reject|unsuccess|\berror|not found|\bblock|black ?list|spam|unknown|no such|"
    r"\bfull\b|denied|dropped|suppress|quarantin|expired|returned|not sent|could not|unable|\b5[0-5]\d\b"
)
_NO_FAILURE = re.compile(r"\b(?:no|without|0|zero) (?:errors?|failures?|bounces?)\b|\bspam score\b")
_GOOD = ("confirmed", "successful")
_MOST_ATTEMPTS = 99


@dataclass(frozen=True)
class Reminder:
    """One reminder with what was tried. status: a key of core.domain.patient_communication.STATUSES."""

    patient_id: str
    kind: str
    status: str
    tries: tuple[Try, ...]
    attempt_count: int
    appointment_id: str | None
    protocol: str
    description: str


def last_reminded(rows: pl.DataFrame) -> pl.DataFrame:
    """patient_id and last_reminded_on, the last day on which anything was tried, of each patient who has reminders.

    rows   core.domain.clinical.REMINDERS
    """
    days = rows.group_by("patient_id").agg(pl.col("date").max().dt.date().alias("last_reminded_on"))
    return days.sort("patient_id")


def reminders_of(
    rows: Iterable[Mapping[str, Any]], *, appointments: Mapping[str, str | None], zone: ZoneInfo
) -> list[Reminder]:
    """The reminders that rows of a feed tell of, without what has no attempt and without emails that did not arrive.

    rows           of core.domain.clinical.REMINDERS
    appointments   the status of each appointment that is known
    """

    def belongs(row: Mapping[str, Any]) -> tuple[str, str]:
        return row["patient_id"], row["reminder_id"] or ""

    found = []
    for _, group in groupby(
        sorted(rows, key=lambda row: (*belongs(row), _number(row["attempt"]), row["date"])), belongs
    ):
        reminder = _reminder(list(group), appointments, zone)
        if reminder.tries:
            found.append(reminder)
    return found


def _reminder(rows: list[Mapping[str, Any]], appointments: Mapping[str, str | None], zone: ZoneInfo) -> Reminder:
    first, said = rows[0], {name: _last(rows, name) for name in rows[0]}
    kind = said["kind"] or _kind(said)
    status = _status(kind, said, appointments)
    is_all_email = all(row["type"] == EMAIL for row in rows)
    stated = [row["status"] or (said["status"] if is_all_email else None) for row in rows]
    shown = [row for row, each in zip(rows, stated, strict=True) if not _is_failed_email(row, kind, each, status)]
    tries = tuple(each for row in shown for each in _tries(row, zone))
    left_out = sum(_count(row) for row in rows if row not in shown)
    claimed = max(_number(row[name]) for row in rows for name in ("attempt", "attempts"))
    return Reminder(
        patient_id=first["patient_id"],
        kind=kind,
        status=status,
        tries=tries,
        attempt_count=max(claimed - left_out, len(tries)),
        appointment_id=said["appointment_id"],
        protocol=said["protocol"] or "",
        description=said["description"] or "",
    )


def _last(rows: list[Mapping[str, Any]], name: str) -> Any:
    return next((row[name] for row in reversed(rows) if row[name] is not None), None)


def _number(text: str | None) -> int:
    """A count as feeds write it: '2', '2.0'; 0 for none."""
    whole = (text or "").strip().split(".")[0]
    return min(int(whole), _MOST_ATTEMPTS) if whole.isascii() and whole.isdigit() else 0


def _kind(said: Mapping[str, Any]) -> str:
    is_health = said["status"] in ("successful", "unsuccessful") or (said["protocol"] and not said["appointment_id"])
    return "health" if is_health else "appointment"


def _status(kind: str, said: Mapping[str, Any], appointments: Mapping[str, str | None]) -> str:
    if kind == "health":
        return STATUSES.get(said["status"] or "", "") or _by_outcome(said["outcome"])
    if said["status"] in _OF_APPOINTMENTS:
        return str(said["status"])
    known = _BY_APPOINTMENT.get(appointments.get(said["appointment_id"] or "") or "")
    # That a reminder arrived, or did not, confirms no appointment.
    return known or ("unconfirmed" if said["status"] else "unknown")


def _by_outcome(outcome: str | None) -> str:
    word = _plain(outcome)
    return "successful" if word in _REACHED else "unsuccessful" if word in _NOT_REACHED else "unknown"


def _count(row: Mapping[str, Any]) -> int:
    """How many attempts a row stands for: none when it says so."""
    if row["attempt"] is not None or row["attempts"] is None:
        return 1
    return 0 if _plain(row["attempts"]) in ("0", "0.0") else _number(row["attempts"]) or 1


def _tries(row: Mapping[str, Any], zone: ZoneInfo) -> list[Try]:
    """The attempts that a row tells of: of several in one row the first one's moment and the last one's outcome."""
    count, at = _count(row), row["date"].replace(tzinfo=zone)
    has_time, outcome = row["date"].time() != time.min, _words(row["outcome"])
    if count == 0:
        return []
    if count == 1:
        return [Try(_number(row["attempt"]) or 1, row["type"], at, outcome, has_time)]
    first = Try(1, row["type"], at, UNKNOWN_OUTCOME, has_time)
    return [first, Try(count, row["type"], None, outcome, False)]


def _words(outcome: str | None) -> str:
    known = (_REACHED | _NOT_REACHED).get(_plain(outcome))
    text = (outcome or "").strip()
    return known or text[:1].upper() + text[1:] or UNKNOWN_OUTCOME


def _plain(outcome: str | None) -> str:
    return " ".join((outcome or "").lower().replace("_", " ").replace("-", " ").split())


def _is_failed_email(row: Mapping[str, Any], kind: str, stated: str | None, status: str) -> bool:
    """F4: such an attempt is not shown. A health reminder's own word for it goes before that of the mail system, and
    one that went well is left out only for words that mean nothing else.

    stated   the status that the feed gives for the attempt; status: that of the whole reminder
    """
    if row["type"] != EMAIL:
        return False
    word = _NO_FAILURE.sub("", _plain(row["outcome"])).strip()
    if stated == "unsuccessful":
        return kind == "health" or word not in _REACHED
    if word in _REACHED:
        return False
    if word in _NOT_REACHED and word != "error":
        return True
    if stated in _GOOD:
        return bool(_SURELY_FAILED.search(word))
    failed = _SURELY_FAILED.search(word) or _FAILED.search(word)
    return (bool(failed) and word != UNKNOWN_OUTCOME.lower()) or (status == "unsuccessful" and not word)
