"""Who else in a campaign has the same address or number: one of them gets the message there."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from core.domain.organisation import EMAIL, PHONE, TEXT
from core.store.contacts import batches
from core.store.schema import patients, recipients


@dataclass(frozen=True)
class Sharer:
    """Another recipient of the same campaign with the same address."""

    patient_id: str
    address: str
    arm: str
    is_waiting: bool  # and was never tried


def sharing(connection: Connection, campaign_id: str, addresses: Collection[str], *, channel: str) -> list[Sharer]:
    """The recipients of a campaign with these addresses on file who have got its message, are about to, or may.

    Whoever was not sent or refused is left out: the address is not theirs. Several questions, because in one a database
    may choose to read the whole campaign for each batch.
    """
    at = _at_address(connection, addresses, channel=channel)
    never_tried = and_(recipients.c.state == "waiting", recipients.c.attempt_count == 0)
    found: list[Sharer] = []
    for ids in batches(at):
        question = select(recipients.c.patient_id, recipients.c.address, recipients.c.arm, never_tried).where(
            recipients.c.campaign_id == campaign_id,
            recipients.c.patient_id.in_(ids),
            recipients.c.state.not_in(("not_sent", "hold_out", "stopped", "unsuccessful")),
        )
        found += [Sharer(row[0], row[1] or at[row[0]], *row[2:]) for row in connection.execute(question).all()]
    return found


def _at_address(connection: Connection, addresses: Collection[str], *, channel: str) -> dict[str, str]:
    """Patients to whom a message to these addresses may be, and the address of each: to a number also the minors for
    whom its owner answers."""
    columns = {
        EMAIL: (patients.c.email,),
        TEXT: (patients.c.phone_mobile,),
        PHONE: (patients.c.phone_mobile, patients.c.phone_home),
    }[channel]
    at: dict[str, str] = {}
    for column in reversed(columns):
        found = connection.execute(select(patients.c.patient_id, column.label("at")).where(column.in_(addresses)))
        at |= {row.patient_id: row.at for row in found.all()}
    if channel != EMAIL:
        for ids in batches(list(at)):
            minors = select(patients.c.patient_id, patients.c.guarantor_id).where(patients.c.guarantor_id.in_(ids))
            found = connection.execute(minors)
            at |= {row.patient_id: at[row.guarantor_id] for row in found.all() if row.patient_id not in at}
    return at
