"""Printed letters that are mailed or come back, in SQL."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, case, select, update

from core.domain.clinical import schema
from core.domain.communication import CAME_BACK
from core.domain.message import MAILED, PRINTED, RETURNED
from core.store.contacts import batches
from core.store.schema import message_events, print_decisions, print_letters, print_runs, recipients

ON_PAPER = schema({"patient_id": pl.String, "sent_to": pl.String, "returned_at": pl.Datetime("us", "UTC")})
_CAME_BACK_AT = (
    select(message_events.c.at)
    .where(message_events.c.recipient_id == recipients.c.recipient_id, message_events.c.kind == CAME_BACK)
    .order_by(message_events.c.event_id.desc())
    .limit(1)
    .scalar_subquery()
)
# Of a letter that is returned: noon of the day it came back; NULL where that was not kept yet.
RETURNED_AT = case((recipients.c.state == RETURNED, _CAME_BACK_AT)).label("returned_at")


@dataclass(frozen=True)
class Letter:
    """A recipient with a letter: its state, and the key of the address it was printed with."""

    recipient_id: int
    patient_id: str
    state: str
    reason: str
    address: str | None
    mailed_at: datetime | None


_COLUMNS = (
    recipients.c.recipient_id,
    recipients.c.patient_id,
    recipients.c.state,
    recipients.c.reason,
    recipients.c.address,
    recipients.c.handed_over_at,
)


def letters(connection: Connection, campaign_id: str, patient_ids: Collection[str] | None = None) -> list[Letter]:
    """The recipients of a campaign who have a letter, or those of these patients."""
    question = select(*_COLUMNS).where(
        recipients.c.campaign_id == campaign_id, recipients.c.state.in_((PRINTED, MAILED, RETURNED))
    )
    if patient_ids is None:
        return [Letter(*row) for row in connection.execute(question.order_by(recipients.c.recipient_id))]
    found: list[Letter] = []
    for ids in batches(patient_ids):
        found += [Letter(*row) for row in connection.execute(question.where(recipients.c.patient_id.in_(ids)))]
    return found


def on_paper(connection: Connection, campaign_id: str) -> pl.DataFrame:
    """ON_PAPER: the address that each letter of a campaign went to, in one line, and when it came back."""
    of_letter = (print_letters.c.run_id == print_decisions.c.run_id) & (
        print_letters.c.position == print_decisions.c.position
    )
    question = (
        select(recipients.c.patient_id, print_letters.c.addressee, RETURNED_AT)
        .join(print_decisions, print_decisions.c.recipient_id == recipients.c.recipient_id)
        .join(print_runs, print_runs.c.run_id == print_decisions.c.run_id)
        .join(print_letters, of_letter)
        .where(
            recipients.c.campaign_id == campaign_id,
            recipients.c.state.in_((PRINTED, MAILED, RETURNED)),
            print_runs.c.has_letters,
            print_runs.c.ready_at.is_not(None),
        )
    )
    rows = [(patient_id, ", ".join(lines[1:]), at) for patient_id, lines, at in connection.execute(question)]
    return pl.DataFrame(rows, schema=ON_PAPER, orient="row")


def mark_mailed(connection: Connection, recipient_ids: Collection[int], *, at: datetime) -> int:
    """Printed letters were mailed; returns for how many recipients that is new."""
    count = 0
    for ids in batches(recipient_ids):
        statement = update(recipients).where(recipients.c.recipient_id.in_(ids), recipients.c.state == PRINTED)
        count += connection.execute(statement.values(state=MAILED, handed_over_at=at, finished_at=at)).rowcount
    return count


def take_back_mailed(connection: Connection, recipient_ids: Collection[int]) -> int:
    """Mailed letters are only printed; returns for how many recipients. Those that came back stay as they are."""
    count = 0
    for ids in batches(recipient_ids):
        statement = update(recipients).where(recipients.c.recipient_id.in_(ids), recipients.c.state == MAILED)
        count += connection.execute(statement.values(state=PRINTED, handed_over_at=None, finished_at=None)).rowcount
    return count


def mark_returned(connection: Connection, letter: Letter, *, reason: str, mailed_at: datetime) -> bool:
    """A letter came back; False when that was known. One that was not marked as mailed was, all the same."""
    statement = update(recipients).where(
        recipients.c.recipient_id == letter.recipient_id, recipients.c.state.in_((PRINTED, MAILED))
    )
    left = letter.mailed_at or mailed_at
    values = {"state": RETURNED, "reason": reason, "handed_over_at": left, "finished_at": left}
    return connection.execute(statement.values(values)).rowcount == 1


def take_back(connection: Connection, letter: Letter) -> bool:
    """A letter did not come back after all."""
    statement = update(recipients).where(
        recipients.c.recipient_id == letter.recipient_id, recipients.c.state == RETURNED
    )
    return connection.execute(statement.values(state=MAILED, reason="")).rowcount == 1


def is_returned_from(
    connection: Connection, address: str, reasons: Collection[str], *, patient_id: str | None = None
) -> bool:
    """Whether a letter that came back from an address for one of these reasons is on record; one to this patient."""
    question = select(recipients.c.recipient_id).where(
        recipients.c.address == address, recipients.c.state == RETURNED, recipients.c.reason.in_(reasons)
    )
    if patient_id is not None:
        question = question.where(recipients.c.patient_id == patient_id)
    return connection.execute(question.limit(1)).first() is not None
