"""Recipients and attempts in SQL: claimed, sent, finished, handed back. What must never happen twice is decided here.

A recipient is claimed and its attempt written in one transaction that is committed before anything leaves. A claimed
row goes back to 'waiting' only on the word of the worker that holds it, or of its journal; when both are lost its rows
are 'unknown'.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import InterfaceError, OperationalError

from core.domain.eligibility import HOLD_OUT
from core.domain.message import UNCONFIRMED, WORKER_LOST, Verdict
from core.store.address_states import mark_dead
from core.store.each_row import insert_each, update_each
from core.store.restore_rows import HOLDS
from core.store.schema import attempts, campaigns, recipients

DatabaseLost = (OperationalError, InterfaceError)  # no connection, a full disk, a lock that is never free
_CLAIMED = (
    recipients.c.recipient_id,
    recipients.c.patient_id,
    recipients.c.arm,
    recipients.c.attempt_count,
    recipients.c.message,
)
_CLAIMING = 0x636C61696D  # the number of the lock under which recipients are claimed


@dataclass(frozen=True)
class Claimed:
    """A recipient that a worker holds. `number` counts its attempts from 1; `message` is what the last one was of."""

    recipient_id: int
    patient_id: str
    arm: str
    number: int
    message: str = "campaign"  # | introductory


@dataclass(frozen=True)
class Held:
    """A recipient that a worker which is gone held, or whom its lost lease has made 'unknown' since."""

    claimed: Claimed
    campaign_id: str
    channel: str


@dataclass(frozen=True)
class Begun:
    """An attempt about to be made: written before the mail leaves, with where it goes and its Message-ID."""

    claimed: Claimed
    address: str
    language: str
    message_id: str
    message: str = "campaign"  # | introductory: what goes out to this recipient


@dataclass(frozen=True)
class Ended:
    """What became of an attempt, and what follows."""

    recipient_id: int
    number: int
    outcome: str  # accepted | temporary | permanent | unknown
    code: str
    reply: str
    at: datetime
    verdict: Verdict
    dead_address: str | None = None  # when the provider's word says that nothing can arrive there (any more)
    channel: str = "email"
    provider_id: str | None = None  # what the provider calls a text or call
    has_opted_out: bool = False  # the provider knows that the number wants no more texts


def due_campaigns(connection: Connection, *, channel: str, at: datetime, on: date) -> list[str]:
    """Ids of the active campaigns with somebody to write to now, in the order they were activated."""
    return list(connection.scalars(_DUE_CAMPAIGNS, {"channel": channel, "on": on, "at": at}))


def claim(
    connection: Connection, campaign_id: str, *, worker: str, at: datetime, lease: timedelta, limit: int
) -> list[Claimed]:
    """Take up to `limit` due recipients of an active campaign, those to be tried again first. Workers never take each
    other's rows.

    Claims follow one another until their transactions end, so that whoever decides afterwards how often a patient was
    written to sees the claims of all other campaigns. SQLite has one writer anyway.
    """
    one_at_a_time(connection)
    asked = {"campaign": campaign_id, "worker": worker, "at": at, "until": at + lease, "limit": limit}
    return sorted((Claimed(*row) for row in connection.execute(_CLAIM, asked).all()), key=lambda row: row.recipient_id)


def one_at_a_time(connection: Connection) -> None:
    """Whoever decides about many recipients at once does so after everybody else has: until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CLAIMING)))


def begin(connection: Connection, begun: Sequence[Begun], *, worker: str, at: datetime) -> None:
    """Write the attempts of claimed recipients. Their transaction must be committed before any mail leaves."""
    if not begun:
        return
    rows = [
        {
            "recipient_id": one.claimed.recipient_id,
            "number": one.claimed.number,
            "worker": worker,
            "started_at": at,
            "code": "",
            "reply": "",
        }
        for one in begun
    ]
    insert_each(connection, attempts, rows)
    where = [
        {
            "b_id": one.claimed.recipient_id,
            "b_address": one.address,
            "b_language": one.language,
            "b_message_id": one.message_id,
            "b_message": one.message,
        }
        for one in begun
    ]
    update_each(connection, _BEGIN_RECIPIENT, where)


def wait(connection: Connection, claimed: Claimed, *, worker: str, until: datetime) -> None:
    """A claimed recipient who may be written to only later: waits until then, without an attempt."""
    _give_up_claim(connection, [claimed], worker=worker, state="waiting", claimed_by=None, next_at=until)


def end(connection: Connection, ended: Sequence[Ended], *, worker: str) -> None:
    """Write what became of attempts. Doing it again changes nothing, so it may be repeated after a lost connection.

    When the lease ran out meanwhile the row is 'unknown' already: the worker's own word still counts.
    """
    if not ended:
        return
    rows = [_end_row(one, worker) for one in ended]
    update_each(connection, _END_ATTEMPT, rows)
    update_each(connection, _END_RECIPIENT, rows)
    for one in ended:
        if one.dead_address:
            mark_dead(connection, one.dead_address, channel=one.channel, reason=one.verdict.reason, at=one.at)


def refuse(connection: Connection, reasons: Sequence[tuple[Claimed, str]], *, worker: str, at: datetime) -> None:
    """Claimed recipients who may not be written to after all: 'not sent' with the reason, without an attempt."""
    for claimed, reason in reasons:
        state = "hold_out" if reason == HOLD_OUT else "not_sent"
        _give_up_claim(connection, [claimed], worker=worker, state=state, reason=reason, finished_at=at)


def hand_back(connection: Connection, claimed: Sequence[Claimed], *, worker: str) -> None:
    """Claimed recipients of whom the worker knows that nothing left: they wait again, without an attempt.

    That holds too for whom its lost lease has made 'unknown' meanwhile: it knows better.
    """
    _give_up_claim(connection, claimed, worker=worker, state="waiting", reason="", claimed_by=None, finished_at=None)


def held_by(connection: Connection, worker: str) -> list[Held]:
    """What a worker holds, or lost when its lease ran out."""
    question = (
        select(*_CLAIMED, recipients.c.campaign_id, campaigns.c.channel)
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(recipients.c.claimed_by == worker, _MAY_STILL_END)
    )
    return [Held(Claimed(*row[:-2]), row.campaign_id, row.channel) for row in connection.execute(question)]


def lose(connection: Connection, claimed: Sequence[Claimed], *, worker: str, at: datetime) -> None:
    """What a worker that is gone was about to finish: it may have left and is never sent again by itself."""
    ids = [one.recipient_id for one in claimed]
    _make_unknown(connection, _is_held(claimed, worker) & recipients.c.recipient_id.in_(ids), at=at)


def renew(
    connection: Connection, claimed: Sequence[Claimed], *, worker: str, at: datetime, lease: timedelta
) -> dict[int, str]:
    """Hold claimed recipients for longer; returns those that are still this worker's, with whose each is now: two
    patients' ids may have become one meanwhile."""
    statement = update(recipients).where(_is_held(claimed, worker)).values(lease_until=at + lease)
    rows = connection.execute(statement.returning(recipients.c.recipient_id, recipients.c.patient_id))
    return {row.recipient_id: row.patient_id for row in rows}


def is_known(connection: Connection, recipient_id: int, number: int) -> bool:
    """Whether there is such an attempt."""
    question = select(attempts.c.attempt_id).where(attempts.c.recipient_id == recipient_id, attempts.c.number == number)
    return connection.execute(question).first() is not None


def has_expired(connection: Connection, *, at: datetime) -> bool:
    """Whether the lease of any worker has run out."""
    question = select(recipients.c.recipient_id).where(recipients.c.state == "claimed", recipients.c.lease_until < at)
    return connection.execute(question.limit(1)).first() is not None


def expire(connection: Connection, *, at: datetime) -> list[int]:
    """Make what lost workers held 'unknown': it may have left and is never sent again by itself. Returns whom."""
    return _make_unknown(connection, (recipients.c.state == "claimed") & (recipients.c.lease_until < at), at=at)


def confirm_no_more(connection: Connection, *, channel: str, before: datetime) -> int:
    """Texts without a receipt that left before `before` count as successful, unconfirmed; returns how many."""
    statement = update(recipients).where(
        recipients.c.state == "handed_over",
        recipients.c.handed_over_at < before,
        exists().where(campaigns.c.campaign_id == recipients.c.campaign_id, campaigns.c.channel == channel),
    )
    return connection.execute(statement.values(state="unconfirmed", reason=UNCONFIRMED)).rowcount


# Statements that run for every batch are made once: made anew they would cost more than the database's answer.
_IS_DUE = (recipients.c.state == "waiting") & or_(
    recipients.c.next_at.is_(None), recipients.c.next_at <= bindparam("at")
)
_DUE_CAMPAIGNS = (
    select(campaigns.c.campaign_id)
    .where(
        campaigns.c.status == "active",
        campaigns.c.channel == bindparam("channel"),
        campaigns.c.start_on <= bindparam("on"),
        exists().where(recipients.c.campaign_id == campaigns.c.campaign_id, _IS_DUE),
    )
    .order_by(campaigns.c.activated_at, campaigns.c.campaign_id)
)
_PICKED = (
    select(recipients.c.recipient_id)
    .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
    .where(recipients.c.campaign_id == bindparam("campaign"), campaigns.c.status == "active", _IS_DUE, ~HOLDS)
    .order_by(recipients.c.next_at.nulls_last(), recipients.c.recipient_id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=recipients)
    .cte("picked")
)
_CLAIM = (
    update(recipients)
    .where(recipients.c.recipient_id.in_(select(_PICKED.c.recipient_id)), recipients.c.state == "waiting")
    .values(
        state="claimed",
        claimed_by=bindparam("worker"),
        lease_until=bindparam("until"),
        next_at=None,
        attempt_count=recipients.c.attempt_count + 1,
    )
    .returning(*_CLAIMED)
)

# Of these rows the word of the worker that claimed them counts: a lease that ran out says only that nobody knows.
_MAY_STILL_END = or_(
    recipients.c.state == "claimed", and_(recipients.c.state == "unknown", recipients.c.reason == WORKER_LOST)
)

# All rows of a batch go in one statement; 'b_' keeps its parameters apart from the columns.
_BEGIN_RECIPIENT = (
    update(recipients)
    .where(recipients.c.recipient_id == bindparam("b_id"))
    .values({name: bindparam(f"b_{name}") for name in ("address", "language", "message_id", "message")})
)
_END_VALUES: dict[str, Any] = {
    name: bindparam(f"b_{name}")
    for name in ("state", "reason", "next_at", "lease_until", "claimed_by", "handed_over_at", "finished_at")
}
_END_VALUES["message_id"] = func.coalesce(bindparam("b_provider_id", type_=Text), recipients.c.message_id)
_IS_MINE = and_(
    recipients.c.recipient_id == bindparam("b_id"),
    recipients.c.claimed_by == bindparam("b_worker"),
    recipients.c.attempt_count == bindparam("b_number"),
    _MAY_STILL_END,
)
_END_RECIPIENT = update(recipients).where(_IS_MINE).values(_END_VALUES)
_END_ATTEMPT = (
    update(attempts)
    .where(attempts.c.recipient_id == bindparam("b_id"), attempts.c.number == bindparam("b_number"))
    .where(exists(select(recipients.c.recipient_id).where(_IS_MINE)))
    .values({name: bindparam(f"b_{name}") for name in ("outcome", "code", "reply", "ended_at")})
)


def _end_row(one: Ended, worker: str) -> dict[str, Any]:
    state = one.verdict.state
    is_waiting = state == "waiting"
    is_open = is_waiting or state == "calling"
    return {
        "b_id": one.recipient_id,
        "b_worker": worker,
        "b_number": one.number,
        "b_outcome": one.outcome,
        "b_code": one.code,
        "b_reply": one.reply,
        "b_ended_at": one.at,
        "b_state": state,
        "b_reason": one.verdict.reason,
        "b_next_at": one.verdict.next_at,
        "b_lease_until": None,
        "b_claimed_by": None if is_waiting else worker,
        "b_provider_id": one.provider_id,
        "b_handed_over_at": one.at if state in ("handed_over", "introductory") else None,
        "b_finished_at": None if is_open else one.at,
    }


def _give_up_claim(connection: Connection, claimed: Sequence[Claimed], *, worker: str, **values: Any) -> None:
    """Undo a claim before anything left: the attempt that was written for it never was."""
    by_number: dict[int, list[int]] = defaultdict(list)
    for one in claimed:
        by_number[one.number].append(one.recipient_id)
    for number, ids in by_number.items():
        statement = (
            update(recipients)
            .where(recipients.c.recipient_id.in_(ids), recipients.c.claimed_by == worker, _MAY_STILL_END)
            .where(recipients.c.attempt_count == number)
            .values(attempt_count=number - 1, lease_until=None, **values)
            .returning(recipients.c.recipient_id)
        )
        given_up = list(connection.scalars(statement))
        connection.execute(delete(attempts).where(attempts.c.recipient_id.in_(given_up), attempts.c.number == number))


def _make_unknown(connection: Connection, concerned: ColumnElement[bool], *, at: datetime) -> list[int]:
    statement = update(recipients).where(concerned)
    statement = statement.values(state="unknown", reason=WORKER_LOST, lease_until=None, finished_at=at)
    lost = list(connection.scalars(statement.returning(recipients.c.recipient_id)))
    running = update(attempts).where(attempts.c.recipient_id.in_(lost), attempts.c.outcome.is_(None))
    connection.execute(running.values(outcome="unknown", ended_at=at))
    return lost


def _is_held(claimed: Sequence[Claimed], worker: str) -> ColumnElement[bool]:
    ids = [one.recipient_id for one in claimed]
    return recipients.c.recipient_id.in_(ids) & (recipients.c.claimed_by == worker) & (recipients.c.state == "claimed")
