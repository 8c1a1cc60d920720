"""What patients do themselves to get no more: the link in an email, 'this is spam', and the key in a call (O8)."""

from dataclasses import replace

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.address import is_email, normal_email
from core.domain.opt_out import COMPLAINT, DO_NOT_CALL, HEALTH_EMAIL, KEY, LINK, OptOut
from core.domain.unsubscribe import ForgedToken, recipient_of
from core.errors import NotFound
from core.store import opt_outs as rows
from core.store.database import reading, writing
from core.store.secret import secret_key
from core.workbench import Workbench

BY_LINK = "Asked with the link in an email"
BY_KEY = "Pressed the key for no more calls"
BY_COMPLAINT = "Marked one of our emails as spam"
_NOT_OURS = "This link does not belong to an email of ours."
_LARGEST_ID = 2**63 - 1


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
