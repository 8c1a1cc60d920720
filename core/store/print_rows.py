"""Print runs in SQL: planned, claimed by one worker at a time, ready. Nothing is printed twice."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from core.domain.merge_field import FieldValue
from core.domain.message import PRINTED
from core.domain.print_plan import PlannedLetter
from core.store.contacts import batches
from core.store.schema import campaigns, print_decisions, print_letters, print_runs, recipients

_OPEN = ("waiting", "making")
LEASE = timedelta(minutes=2)
MOST_TRIES = 3  # by workers that died: then something about the run kills them


@dataclass(frozen=True)
class Run:
    """One print run as it is kept; see the table."""

    run_id: str
    campaign_id: str
    number: int
    state: str
    has_letters: bool
    has_labels: bool
    frozen: Mapping[str, Any]
    letter_count: int
    digest: str
    version: int
    planned_at: datetime
    asked_at: datetime
    asked_by: str
    try_count: int = 0
    problem: str = ""
    ready_at: datetime | None = None
    claimed_by: str | None = None
    lease_until: datetime | None = None

    @property
    def is_out(self) -> bool:
        """Whether its files were ready at some time, so that nothing of its plan changes any more."""
        return self.ready_at is not None and self.state not in ("stopped", "superseded")

    @property
    def is_open(self) -> bool:
        """Whether files of it are still to be made."""
        return self.state in _OPEN


_COLUMNS = [print_runs.c[name] for name in Run.__dataclass_fields__]


@dataclass(frozen=True)
class Decision:
    """What the plan decided of a recipient: on which letter, or why on none."""

    recipient_id: int
    position: int | None
    reason: str = ""


# ---- planning ------------------------------------------------------------------------------------------------------
def waiting(connection: Connection, campaign_id: str) -> list[Any]:
    """recipient_id, patient_id and arm of who waits in a campaign, in its order."""
    columns = (recipients.c.recipient_id, recipients.c.patient_id, recipients.c.arm)
    question = select(*columns).where(recipients.c.campaign_id == campaign_id, recipients.c.state == "waiting")
    return list(connection.execute(question.order_by(recipients.c.recipient_id)))


def add(connection: Connection, run: Run, logo: bytes | None) -> None:
    """Keep a new run."""
    values = {name: getattr(run, name) for name in Run.__dataclass_fields__}
    connection.execute(insert(print_runs).values({**values, "frozen": dict(run.frozen), "logo": logo}))


def plan(connection: Connection, run_id: str, letters: Sequence[PlannedLetter], reasons: Mapping[int, str]) -> None:
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


def change(connection: Connection, run_id: str, **values: Any) -> None:
    """Change columns of a run."""
    connection.execute(update(print_runs).where(print_runs.c.run_id == run_id).values(values))


# ---- reading -------------------------------------------------------------------------------------------------------
def run(connection: Connection, run_id: str) -> Run | None:
    """One run."""
    row = connection.execute(select(*_COLUMNS).where(print_runs.c.run_id == run_id)).one_or_none()
    return None if row is None else Run(**row._mapping)


def latest(connection: Connection, campaign_id: str, *, lock: bool = False) -> Run | None:
    """The last run of a campaign, which counts; with `lock` nobody else changes it until the transaction ends."""
    question = select(*_COLUMNS).where(print_runs.c.campaign_id == campaign_id)
    question = question.order_by(print_runs.c.number.desc()).limit(1)
    row = connection.execute(question.with_for_update() if lock else question).one_or_none()
    return None if row is None else Run(**row._mapping)


def earlier(connection: Connection, campaign_id: str, *, than: int) -> list[Run]:
    """The runs of a campaign before one."""
    question = select(*_COLUMNS).where(print_runs.c.campaign_id == campaign_id, print_runs.c.number < than)
    return [Run(**row._mapping) for row in connection.execute(question.order_by(print_runs.c.number))]


def logo(connection: Connection, run_id: str) -> bytes | None:
    """The letterhead's logo of a run."""
    return connection.scalar(select(print_runs.c.logo).where(print_runs.c.run_id == run_id))


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


# ---- making --------------------------------------------------------------------------------------------------------
def take(connection: Connection, *, worker: str, at: datetime) -> Run | None:
    """Claim the run that waits longest, or one whose worker is gone; None when there is nothing to do."""
    is_free = _is_free(at)
    question = select(print_runs.c.run_id).where(is_free).order_by(print_runs.c.asked_at, print_runs.c.run_id)
    found = connection.scalar(question.limit(1).with_for_update(skip_locked=True))
    if found is None:
        return None
    claim = update(print_runs).where(print_runs.c.run_id == found, is_free)
    tries = print_runs.c.try_count + 1
    values = {"state": "making", "claimed_by": worker, "lease_until": at + LEASE, "try_count": tries}
    if connection.execute(claim.values(values)).rowcount != 1:
        return None
    return run(connection, found)


def is_due(connection: Connection, *, at: datetime) -> bool:
    """Whether a run waits for a worker."""
    return connection.execute(select(print_runs.c.run_id).where(_is_free(at)).limit(1)).first() is not None


def hold(connection: Connection, run_id: str, *, worker: str, at: datetime) -> bool:
    """Hold a claimed run for longer, since a file of it is whole; False when it is not this worker's any more."""
    mine = update(print_runs).where(
        print_runs.c.run_id == run_id, print_runs.c.claimed_by == worker, print_runs.c.state == "making"
    )
    return connection.execute(mine.values(lease_until=at + LEASE, try_count=1)).rowcount == 1


def holds(connection: Connection, worker: str) -> bool:
    """Whether a worker holds a run."""
    mine = (print_runs.c.claimed_by == worker) & (print_runs.c.state == "making")
    return connection.execute(select(print_runs.c.run_id).where(mine).limit(1)).first() is not None


def give_back(connection: Connection, worker: str) -> None:
    """Let others go on with what a worker holds: it ends in good order."""
    mine = update(print_runs).where(print_runs.c.claimed_by == worker, print_runs.c.state == "making")
    connection.execute(mine.values(state="waiting", claimed_by=None, lease_until=None, try_count=0))


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


# ---- the mail that says so -----------------------------------------------------------------------------------------
def take_mail(connection: Connection, *, at: datetime) -> Run | None:
    """Claim the news that a run is ready, so that one worker tells it; None when there is none."""
    is_due = (print_runs.c.mail_state == "due") & or_(print_runs.c.mail_at.is_(None), print_runs.c.mail_at <= at)
    found = connection.scalar(select(print_runs.c.run_id).where(is_due).order_by(print_runs.c.ready_at).limit(1))
    if found is None:
        return None
    claim = update(print_runs).where(print_runs.c.run_id == found, is_due)
    values = {"mail_state": "sending", "mail_tries": print_runs.c.mail_tries + 1}
    return run(connection, found) if connection.execute(claim.values(values)).rowcount == 1 else None


def has_mail(connection: Connection, *, at: datetime) -> bool:
    """Whether somebody is to be told."""
    is_due = (print_runs.c.mail_state == "due") & or_(print_runs.c.mail_at.is_(None), print_runs.c.mail_at <= at)
    return connection.execute(select(print_runs.c.run_id).where(is_due).limit(1)).first() is not None


def mail_tries(connection: Connection, run_id: str) -> int:
    """How often it was tried to tell."""
    return connection.scalar(select(print_runs.c.mail_tries).where(print_runs.c.run_id == run_id)) or 0


def lock_campaign(connection: Connection, campaign_id: str) -> None:
    """Nobody changes the campaign until the transaction ends. A worker may keep a file of it meanwhile: it holds the
    run, and would wait for the campaign while the other waits for the run."""
    question = select(campaigns.c.campaign_id).where(campaigns.c.campaign_id == campaign_id)
    connection.execute(question.with_for_update(key_share=True))


def _is_free(at: datetime) -> ColumnElement[bool]:
    has_lost_its_worker = (print_runs.c.state == "making") & (print_runs.c.lease_until < at)
    return or_(print_runs.c.state == "waiting", has_lost_its_worker)


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
