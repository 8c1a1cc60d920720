"""Print runs in SQL: asked for, claimed by one worker at a time, ready. What they print is in `print_plan_rows`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from core.store.schema import campaigns, print_runs

OPEN = ("waiting", "making")
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
        return self.state in OPEN


_COLUMNS = [print_runs.c[name] for name in Run.__dataclass_fields__]


def add(connection: Connection, run: Run, logo: bytes | None) -> None:
    """Keep a new run."""
    values = {name: getattr(run, name) for name in Run.__dataclass_fields__}
    connection.execute(insert(print_runs).values({**values, "frozen": dict(run.frozen), "logo": logo}))


def change(connection: Connection, run_id: str, **values: Any) -> None:
    """Change columns of a run."""
    connection.execute(update(print_runs).where(print_runs.c.run_id == run_id).values(values))


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


def open_campaigns(connection: Connection) -> list[str]:
    """The campaigns files of which are still to be made, who waits longest first."""
    question = select(print_runs.c.campaign_id).where(print_runs.c.state.in_(OPEN)).order_by(print_runs.c.asked_at)
    return list(connection.scalars(question))


def earlier(connection: Connection, campaign_id: str, *, than: int) -> list[Run]:
    """The runs of a campaign before one."""
    question = select(*_COLUMNS).where(print_runs.c.campaign_id == campaign_id, print_runs.c.number < than)
    return [Run(**row._mapping) for row in connection.execute(question.order_by(print_runs.c.number))]


def logo(connection: Connection, run_id: str) -> bytes | None:
    """The letterhead's logo of a run."""
    return connection.scalar(select(print_runs.c.logo).where(print_runs.c.run_id == run_id))


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


def lock_campaign(connection: Connection, campaign_id: str) -> None:
    """Nobody changes the campaign until the transaction ends. A worker may keep a file of it meanwhile: it holds the
    run, and would wait for the campaign while the other waits for the run."""
    question = select(campaigns.c.campaign_id).where(campaigns.c.campaign_id == campaign_id)
    connection.execute(question.with_for_update(key_share=True))


def _is_free(at: datetime) -> ColumnElement[bool]:
    has_lost_its_worker = (print_runs.c.state == "making") & (print_runs.c.lease_until < at)
    return or_(print_runs.c.state == "waiting", has_lost_its_worker)
