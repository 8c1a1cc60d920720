"""Opt-outs: what staff record for a patient, and what a patient does with the link in an email."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.address import is_email, normal_email
from core.domain.opt_out import (
    DO_NOT_CALL,
    HEALTH_EMAIL,
    PERMANENT,
    PROTOCOL,
    TYPES,
    OptOut,
    last_day,
)
from core.domain.unsubscribe import ForgedToken, recipient_of
from core.errors import NotAllowed, NotFound
from core.store import opt_outs as rows
from core.store.database import reading, writing
from core.store.people import visible_ids
from core.store.secret import secret_key
from core.workbench import Workbench

STAFF = "staff"
LINK = "link"
BY_LINK = "Asked with the link in an email"
COMPLAINT = "complaint"
KEY = "key"
BY_KEY = "Pressed the key for no more calls"
BY_COMPLAINT = "Marked one of our emails as spam"
_LONGEST_COMMENT = 2000
_NOT_OURS = "This link does not belong to an email of ours."
_LARGEST_ID = 2**63 - 1


def add(
    wb: Workbench,
    patient_id: str,
    type_key: str,
    *,
    reason: str,
    duration: str = PERMANENT,
    until: date | None = None,
    days: int | None = None,
    protocol: str | None = None,
    comment: str = "",
    with_address: bool = False,
) -> int:
    """Record an opt-out for a patient; returns its id. One that says the same and is in force is not added again.

    `type_key` is one of core.domain.opt_out.TYPES, `duration` 'permanent', 'until' (a date that still counts) or
    'days' (today and the next N-1). `with_address` makes it count for everybody who shares the patient's email
    address. Raises NotAllowed for what does not fit together, NotFound for a patient the user may not see.
    """
    today = wb.today()
    _check(type_key, reason, protocol, comment)
    opt_out = OptOut(
        type=type_key,
        starts_on=today,
        until=last_day(type_key, on=today, duration=duration, until=until, days=days),
        protocol=protocol.strip() if protocol and type_key == PROTOCOL else None,
        patient_id=patient_id,
        reason=reason.strip(),
        comment=comment.strip(),
        source=STAFF,
    )
    with writing(wb.engine) as connection:
        _require_visible(wb, connection, [patient_id])
        address = rows.addresses_of(connection, patient_id).get("email") if with_address else None
        return _keep(wb, connection, opt_out if address is None else _on(opt_out, address))


def remove(wb: Workbench, opt_out_ids: Collection[int]) -> int:
    """Take opt-outs back (O4); returns how many. They stay on record. Raises NotFound for what the user may not see."""
    with writing(wb.engine) as connection:
        found = rows.by_ids(connection, opt_out_ids)
        _require_visible(wb, connection, [opt_out.patient_id for opt_out in found if opt_out.patient_id])
        if any(opt_out.patient_id is None for opt_out in found) and not _sees_everybody(wb):
            raise NotFound("This opt-out is on an address that others share. Ask somebody who sees all patients.")
        removed = rows.remove(connection, opt_out_ids, at=wb.now(), by=wb.user.user_id)
        for opt_out_id in removed:
            record_in(wb, connection, "opt_out.removed", str(opt_out_id))
    return len(removed)


def of_patient(wb: Workbench, patient_id: str) -> list[OptOut]:
    """What concerns this patient, newest first: the patient's own and those on the patient's addresses, also past ones
    that nobody removed. Raises NotFound for a patient the user may not see."""
    with reading(wb.engine) as connection:
        _require_visible(wb, connection, [patient_id])
        addresses = rows.addresses_of(connection, patient_id)
        known = {normal_email(address) if name == "email" else address for name, address in addresses.items()}
        return rows.of_patient(connection, patient_id, addresses=known)


def of_address(wb: Workbench, address: str) -> list[OptOut]:
    """What stands against an email address or E.164 number, whoever shares it."""
    with reading(wb.engine) as connection:
        return rows.of_address(connection, normal_email(address) if "@" in address else address.strip())


def stop_by_link(wb: Workbench, token: str) -> bool:
    """What a stop link does: no more health emails, for good, to the address it was sent to and to the patient (O8).

    Pressing it again changes nothing. Returns False for a sample (a test mail or preview), which stops nothing.
    Raises NotFound for a token that this home did not make.
    """
    recipient_id = _recipient(wb, token)
    if recipient_id is None:
        return False
    with writing(wb.engine) as connection:
        patient_id, address, address_now = _require_recipient(connection, recipient_id, is_held=True)
        _keep(wb, connection, _by_link(wb, patient_id, address or address_now), recipient=recipient_id)
    return True


def stop_by_complaint(wb: Workbench, connection: Connection, recipient_id: int) -> None:
    """What 'this is spam' in a mail program does: the same as the stop link. In the caller's transaction."""
    patient_id, address, address_now = _require_recipient(connection, recipient_id, is_held=True)
    opt_out = replace(_by_link(wb, patient_id, address or address_now), reason=BY_COMPLAINT, source=COMPLAINT)
    _keep(wb, connection, opt_out, recipient=recipient_id)


def stop_calls_by_key(wb: Workbench, connection: Connection, number: str, *, recipient_id: int) -> None:
    """A key pressed during a call: no more calls to the number, for good (O8). In the caller's transaction."""
    opt_out = OptOut(type=DO_NOT_CALL, starts_on=wb.today(), address=number, reason=BY_KEY, source=KEY)
    _keep(wb, connection, opt_out, recipient=recipient_id)


def has_stopped(wb: Workbench, token: str) -> bool:
    """Whether a stop link was used already and that still counts; never for a sample. Asking changes nothing.

    Raises NotFound for a token that this home did not make.
    """
    recipient_id = _recipient(wb, token)
    if recipient_id is None:
        return False
    with reading(wb.engine) as connection:
        patient_id, address, address_now = _require_recipient(connection, recipient_id)
        return rows.same(connection, _by_link(wb, patient_id, address or address_now)) is not None


def is_sample_link(wb: Workbench, token: str) -> bool:
    """Whether a stop link comes from a test mail. Asking changes nothing. Raises NotFound for one that is not ours."""
    recipient_id = _recipient(wb, token)
    if recipient_id is None:
        return True
    with reading(wb.engine) as connection:
        _require_recipient(connection, recipient_id)
    return False


def _by_link(wb: Workbench, patient_id: str, address: str | None) -> OptOut:
    """The opt-out that a stop link makes, for the patient and the address it was sent to."""
    opt_out = OptOut(type=HEALTH_EMAIL, starts_on=wb.today(), patient_id=patient_id, reason=BY_LINK, source=LINK)
    return _on(opt_out, address) if address else opt_out


def _recipient(wb: Workbench, token: str) -> int | None:
    try:
        recipient_id = recipient_of(secret_key(wb.settings.home), token)
    except ForgedToken:
        raise NotFound(_NOT_OURS) from None
    if recipient_id is not None and recipient_id > _LARGEST_ID:
        raise NotFound(_NOT_OURS)
    return recipient_id


def _require_recipient(
    connection: Connection, recipient_id: int, *, is_held: bool = False
) -> tuple[str, str | None, str | None]:
    sent_to = rows.recipient(connection, recipient_id, is_held=is_held)
    if sent_to is None:
        raise NotFound(_NOT_OURS)
    return sent_to


def _keep(wb: Workbench, connection: Connection, opt_out: OptOut, **details: int) -> int:
    present = rows.same(connection, opt_out)
    if present is not None:
        return present
    opt_out_id = rows.add(connection, opt_out, at=wb.now(), by=wb.user.user_id)
    record_in(wb, connection, "opt_out.added", str(opt_out_id), type=opt_out.type, source=opt_out.source, **details)
    return opt_out_id


def _on(opt_out: OptOut, address: str) -> OptOut:
    normal = normal_email(address)
    return replace(opt_out, address=normal) if is_email(normal) else opt_out


def _check(type_key: str, reason: str, protocol: str | None, comment: str) -> None:
    if type_key not in TYPES:
        raise NotAllowed("There is no such type of opt-out. Choose one of the list.")
    if not reason.strip():
        raise NotAllowed("An opt-out needs a reason. Choose one of the list.")
    if type_key == PROTOCOL and not (protocol or "").strip():
        raise NotAllowed("Say which health topic the patient wants nothing about.")
    if len(comment) > _LONGEST_COMMENT:
        raise NotAllowed(f"The comment has {len(comment):,} characters; at most {_LONGEST_COMMENT:,} are possible.")


def _require_visible(wb: Workbench, connection: Connection, patient_ids: Collection[str]) -> None:
    ids = set(patient_ids)
    if ids - visible_ids(connection, list(ids), wb.user.scope):
        raise NotFound("This patient is not in the records, or outside what you may see.")


def _sees_everybody(wb: Workbench) -> bool:
    return wb.user.scope.groups is None and wb.user.scope.providers is None
