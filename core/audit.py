"""Who did what: one line for each thing a user does, written in the same transaction as the thing itself.

The log is append-only and one chain of hashes (core.domain.audit_line): a line that is changed, taken out or put in
between shows, and a log that is cut off shows against what was noted outside the database.
"""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection

from core.domain.address import is_email, normal_email, phone_link
from core.domain.audit_line import AuditLine, Verified
from core.domain.audit_line import verify as verify_lines
from core.domain.role import READ_AUDIT
from core.errors import NotAllowed
from core.store import accounts, audit_heads, audit_rows
from core.store.database import reading, writing
from core.store.secret import secret_key
from core.workbench import Workbench, needs

_ANCHOR_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Search:
    """Which lines are wanted; what is empty or None does not matter.

    action   the beginning of an action: 'campaign.' is everything done to campaigns
    subject  the id of what it was done to, or of a patient among those that were shown; an email address, or a number
             that begins with '+' or '(', finds the tests that were sent there
    """

    user_id: str = ""
    action: str = ""
    subject: str = ""
    first_on: date | None = None
    last_on: date | None = None


def record(wb: Workbench, action: str, subject: str = "", **details: Any) -> None:
    """Record an action of its own, such as an export. Details hold ids and counts, never names or addresses."""
    with writing(wb.engine) as connection:
        record_in(wb, connection, action, subject, **details)


def record_in(wb: Workbench, connection: Connection, action: str, subject: str = "", **details: Any) -> None:
    """Record within a transaction, so that the change and its line are kept together or not at all."""
    accounts.record(connection, at=wb.now(), user_id=wb.user.user_id, action=action, subject=subject, **details)


def address_mark(wb: Workbench, address: str) -> str:
    """What the log holds in the place of an address: who has the address finds its lines, and the lines tell nobody the
    address. Made with the home's secret key, 16 hex digits."""
    return hmac.digest(secret_key(wb.settings.home), b"audit-address:" + address.encode(), "sha256").hex()[:16]


def shown(
    wb: Workbench, what: str, patient_ids: Collection[str], *, subject: str = "", count: int | None = None
) -> None:
    """Record that a user was shown these patients; `what` is the view, such as 'work_list', `count` how many the whole
    list has. Pages call it when what is shown has changed, not with each run."""
    ids = list(patient_ids)
    record(wb, "patients.shown", subject, view=what, count=len(ids) if count is None else count, patients=ids)


@needs(READ_AUDIT)
def lines(wb: Workbench, search: Search = Search(), *, limit: int = 200, before: int | None = None) -> list[AuditLine]:
    """The latest lines that fit, the last one first; `before` a position, for the next page."""
    with reading(wb.engine) as connection:
        return audit_rows.found(connection, **_bounds(wb, search), limit=limit, before=before)


@needs(READ_AUDIT)
def before_of(wb: Workbench, search: Search = Search(), *, skip: int) -> int | None:
    """What `lines` takes as `before` to leave out the first `skip` lines that fit. None of them is read."""
    if not skip:
        return None
    with reading(wb.engine) as connection:
        return audit_rows.before_of(connection, **_bounds(wb, search), skip=skip)


@needs(READ_AUDIT)
def count(wb: Workbench, search: Search = Search()) -> int:
    """How many lines fit."""
    with reading(wb.engine) as connection:
        return audit_rows.count(connection, **_bounds(wb, search))


@needs(READ_AUDIT)
def actions(wb: Workbench) -> list[str]:
    """Every action that the log has, sorted."""
    with reading(wb.engine) as connection:
        return audit_rows.actions(connection)


@needs(READ_AUDIT)
def export(wb: Workbench, search: Search = Search()) -> pl.DataFrame:
    """All lines that fit, the first one first, with their hashes; that is itself recorded.

    Columns: position (Int64), at (text, ISO 8601 in UTC), user_id, action, subject, details (JSON), hash.
    """
    with reading(wb.engine) as connection:
        found = audit_rows.found(connection, **_bounds(wb, search), limit=None)[::-1]
    record(wb, "audit.exported", lines=len(found))
    return pl.DataFrame([audit_rows.as_row(line) for line in found], schema=audit_rows.EXPORT)


@needs(READ_AUDIT)
def verify(wb: Workbench, *, noted: str = "") -> Verified:
    """Read the whole log and check its chain, against the heads noted in the home and one noted elsewhere.

    noted   'POSITION:HASH', as this function's `head` gave it an earlier day
    """
    known = audit_heads.noted(wb.settings.home)
    if noted:
        position, _, hash_then = noted.strip().partition(":")
        if not position.isdecimal():
            raise NotAllowed("What was noted has the form POSITION:HASH, such as 120:9f2c...")
        known[int(position)] = hash_then
    return verify_lines(audit_rows.lines(wb.engine), known)


def note_head(wb: Workbench, *, always: bool = False) -> None:
    """Note the log's last line in a file of the home, at most once an hour unless `always`: a log that is cut off or
    written anew later shows against it."""
    path = wb.settings.home / audit_heads.FILE
    if not always and path.exists() and wb.now().timestamp() - path.stat().st_mtime < _ANCHOR_EVERY.total_seconds():
        return
    with reading(wb.engine) as connection:
        position, hash_now = audit_rows.head(connection)
    if position:
        audit_heads.note(wb.settings.home, position, hash_now)


def _sought(wb: Workbench, typed: str) -> str:
    if is_email(typed):
        return address_mark(wb, normal_email(typed))
    return address_mark(wb, phone_link(typed)) if typed[:1] in ("+", "(") and phone_link(typed) else typed


def _bounds(wb: Workbench, search: Search) -> dict[str, Any]:
    """The search with moments instead of the organisation's days."""

    def midnight(day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=wb.zone())

    return {
        "user_id": search.user_id,
        "action": search.action,
        "subject": _sought(wb, search.subject.strip()),
        "first_at": midnight(search.first_on) if search.first_on else None,
        "before_at": midnight(search.last_on + timedelta(days=1)) if search.last_on else None,
    }
