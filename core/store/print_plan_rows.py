"""The plan of a print run in SQL: its letters in their order, who is on which, and why others are on none."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from core.domain.merge_field import FieldValue
from core.domain.message import PRINTED
from core.domain.print_plan import PlannedLetter
from core.store.contacts import batches
from core.store.schema import print_decisions, print_letters, recipients


def waiting(connection: Connection, campaign_id: str) -> list[Any]:
    """recipient_id, patient_id and arm of who waits in a campaign, in its order."""
    columns = (recipients.c.recipient_id, recipients.c.patient_id, recipients.c.arm)
    question = select(*columns).where(recipients.c.campaign_id == campaign_id, recipients.c.state == "waiting")
    return list(connection.execute(question.order_by(recipients.c.recipient_id)))


def keep(connection: Connection, run_id: str, letters: Sequence[PlannedLetter], reasons: Mapping[int, str]) -> None:
    """Keep which letters a run prints, in place of an earlier plan, and by recipient why others get none."""
    for table in (print_decisions, print_letters):
        connection.execute(delete(table).where(table.c.run_id == run_id))
    rows = [_letter_row(run_id, each) for each in letters]
    decided: list[tuple[int, int | None, str]] = [
        (each, letter.position, "") for letter in letters for each in letter.recipient_ids
    ]
    decided += [(recipient_id, None, reason) for recipient_id, reason in reasons.items()]
    names = ("recipient_id", "position", "reason")
    decisions = [{"run_id": run_id, **dict(zip(names, each, strict=True))} for each in decided]
    for table, values in ((print_letters, rows), (print_decisions, decisions)):
        if values:
            connection.execute(insert(table), values)


def letters(
    connection: Connection, run_id: str, *, first: int = 1, count: int | None = None
) -> Iterator[PlannedLetter]:
    """The frozen letters of a run from a position on, without whom they are for."""
    question = select(print_letters).where(print_letters.c.run_id == run_id, print_letters.c.position >= first)
    if count is not None:
        question = question.where(print_letters.c.position < first + count)
    for row in connection.execute(question.order_by(print_letters.c.position)):
        yield PlannedLetter(
            row.position,
            row.language,
            tuple(row.addressee),
            row.greeting,
            {name: _value(value) for name, value in row._mapping["values"].items()},
            row.address_key,
            (),
        )


def is_planned(connection: Connection, run_id: str, made: Sequence[PlannedLetter], reasons: Mapping[int, str]) -> bool:
    """Whether a run's plan is this one: the same letters for the same recipients, the others for the same reasons."""
    columns = (print_decisions.c.recipient_id, print_decisions.c.position, print_decisions.c.reason)
    decided = {
        row.recipient_id: (row.position, row.reason)
        for row in connection.execute(select(*columns).where(print_decisions.c.run_id == run_id))
    }
    would: dict[int, tuple[int | None, str]] = {
        each: (letter.position, "") for letter in made for each in letter.recipient_ids
    }
    would |= {each: (None, reason) for each, reason in reasons.items()}
    return decided == would and [_letter_row("", each) for each in letters(connection, run_id)] == [
        _letter_row("", each) for each in made
    ]


def arms_on_letters(connection: Connection, run_id: str) -> dict[str, str]:
    """By patient who is on a letter of a run the arm."""
    question = (
        select(recipients.c.patient_id, recipients.c.arm)
        .join(print_decisions, print_decisions.c.recipient_id == recipients.c.recipient_id)
        .where(print_decisions.c.run_id == run_id, print_decisions.c.position.is_not(None))
    )
    return {row.patient_id: row.arm for row in connection.execute(question)}


def patient_count(connection: Connection, run_id: str) -> int:
    """How many recipients are on a letter."""
    question = select(func.count()).where(print_decisions.c.run_id == run_id, print_decisions.c.position.is_not(None))
    return connection.scalar(question) or 0


def reason_counts(connection: Connection, run_id: str) -> dict[str, int]:
    """How many recipients get no letter, by reason."""
    question = select(print_decisions.c.reason, func.count()).where(
        print_decisions.c.run_id == run_id, print_decisions.c.position.is_(None)
    )
    return {row[0]: row[1] for row in connection.execute(question.group_by(print_decisions.c.reason))}


def not_printed(connection: Connection, run_id: str) -> list[tuple[str, str]]:
    """patient_id and reason of who gets no letter, in the order of the campaign."""
    question = (
        select(recipients.c.patient_id, print_decisions.c.reason)
        .join(recipients, recipients.c.recipient_id == print_decisions.c.recipient_id)
        .where(print_decisions.c.run_id == run_id, print_decisions.c.position.is_(None))
        .order_by(recipients.c.recipient_id)
    )
    return [(row[0], row[1]) for row in connection.execute(question)]


def on_same_letters(connection: Connection, run_id: str, recipient_ids: Collection[int]) -> set[int]:
    """These recipients of a run and whoever stands on a letter with them."""
    found: set[int] = set()
    for ids in batches(recipient_ids):
        own = select(print_decisions.c.position).where(
            print_decisions.c.run_id == run_id, print_decisions.c.recipient_id.in_(ids)
        )
        both = select(print_decisions.c.recipient_id).where(
            print_decisions.c.run_id == run_id, print_decisions.c.position.in_(own)
        )
        found |= set(connection.scalars(both))
    return found


def recipients_of(connection: Connection, run_id: str, *, first: int, count: int) -> list[int]:
    """The recipients on the letters of one file."""
    question = select(print_decisions.c.recipient_id).where(
        print_decisions.c.run_id == run_id,
        print_decisions.c.position >= first,
        print_decisions.c.position < first + count,
    )
    return list(connection.scalars(question))


def all_wait(connection: Connection, run_id: str) -> bool:
    """Whether everybody the plan decided about still waits: nobody was merged, or is on another letter, meanwhile."""
    question = (
        select(recipients.c.recipient_id)
        .join(print_decisions, print_decisions.c.recipient_id == recipients.c.recipient_id)
        .where(print_decisions.c.run_id == run_id, recipients.c.state != "waiting")
    )
    return connection.execute(question.limit(1)).first() is None


def finish(connection: Connection, run_id: str, *, at: datetime, reasons: Collection[str], hold_out: str) -> None:
    """Those on a letter are printed, the others not sent with their reason."""
    planned = print_decisions.c.run_id == run_id
    mine = (print_decisions.c.recipient_id == recipients.c.recipient_id) & planned
    is_waiting = recipients.c.state == "waiting"
    letter = (
        select(print_letters.c.address_key, print_letters.c.language)
        .join(
            print_decisions,
            (print_decisions.c.run_id == print_letters.c.run_id)
            & (print_decisions.c.position == print_letters.c.position),
        )
        .where(mine)
        .correlate(recipients)
    )
    printed = select(print_decisions.c.recipient_id).where(planned, print_decisions.c.position.is_not(None))
    values = {
        "state": PRINTED,
        "address": letter.with_only_columns(print_letters.c.address_key).scalar_subquery(),
        "language": letter.with_only_columns(print_letters.c.language).scalar_subquery(),
    }
    connection.execute(update(recipients).where(is_waiting, recipients.c.recipient_id.in_(printed)).values(values))
    for reason in reasons:
        left_out = select(print_decisions.c.recipient_id).where(planned, print_decisions.c.reason == reason)
        state = "hold_out" if reason == hold_out else "not_sent"
        statement = update(recipients).where(is_waiting, recipients.c.recipient_id.in_(left_out))
        connection.execute(statement.values(state=state, reason=reason, finished_at=at))


def _letter_row(run_id: str, letter: PlannedLetter) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "position": letter.position,
        "language": letter.language,
        "addressee": list(letter.addressee),
        "greeting": letter.greeting,
        "values": {name: list(value) if isinstance(value, tuple) else value for name, value in letter.values.items()},
        "address_key": letter.address_key,
    }


def _value(value: Any) -> FieldValue:
    return tuple(value) if isinstance(value, list) else str(value)
