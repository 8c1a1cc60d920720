"""Files to download in SQL: those of print runs and the organisation's own documents."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from core.store.schema import campaigns, downloads, print_runs


@dataclass(frozen=True)
class Download:
    """A file. `content` is there only where it was asked for.

    kind         'letters', 'labels', 'document' or 'test' (which is not kept)
    name         of the file, with nothing personal in it
    about        of a document: what it is for
    part, parts  'file 1 of 3'
    first, count of letters: the position of the first one in the run (from 1), and how many
    digest       SHA-256 in hexadecimal
    expires_at   when it is thrown away by itself; None: never
    is_outdated  labels that do not fit the letters any more
    deleted_how  '' while it is there, else 'deleted' (by `deleted_by`), 'expired', 'outdated' or 'stopped'
    """

    file_id: str
    kind: str
    name: str
    mime: str
    size: int
    digest: str
    made_at: datetime
    made_by: str
    about: str = ""
    campaign_id: str | None = None
    campaign_name: str = ""
    run_id: str | None = None
    part: int = 1
    parts: int = 1
    first: int = 1
    count: int = 0
    pages: int = 0
    is_outdated: bool = False
    expires_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted_by: str = ""
    deleted_how: str = ""
    content: bytes = field(default=b"", repr=False)


_OWN = [column for column in downloads.c if column.name not in ("content", "live_key")]
_ABOUT = (*_OWN, campaigns.c.name.label("campaign_name"))
_ALL = downloads.outerjoin(campaigns, campaigns.c.campaign_id == downloads.c.campaign_id)
_IS_OUT = downloads.c.run_id.is_(None) | downloads.c.run_id.in_(
    select(print_runs.c.run_id).where(print_runs.c.ready_at.is_not(None))
)


def live_key(run_id: str, kind: str, part: int) -> str:
    """Which file of a print run it is: there is one of each at most that can be downloaded."""
    return f"{run_id}:{kind}:{part}"


def add(connection: Connection, made: Download) -> None:
    """Keep a new file. For one of a print run the caller holds that run in this very transaction."""
    values = {column.name: getattr(made, column.name) for column in (*_OWN, downloads.c.content)}
    if made.run_id:
        values["live_key"] = live_key(made.run_id, made.kind, made.part)
    connection.execute(insert(downloads).values(values))


def find(connection: Connection, *where: ColumnElement[bool], with_deleted: bool = False) -> list[Download]:
    """Files without their content, the newest first; those of one run in their order, letters before labels."""
    question = select(*_ABOUT).select_from(_ALL).where(*where)
    if not with_deleted:
        question = question.where(downloads.c.deleted_at.is_(None))
    order = (downloads.c.made_at.desc(), downloads.c.file_id)
    return [_download(row) for row in connection.execute(question.order_by(*order))]


def of_run(connection: Connection, run_id: str, *, with_deleted: bool = False) -> list[Download]:
    """The files of a print run, letters first, in their order."""
    found = find(connection, downloads.c.run_id == run_id, with_deleted=with_deleted)
    return sorted(found, key=lambda each: (each.kind == "labels", each.part, each.made_at))


def of_campaigns(connection: Connection, *, with_deleted: bool) -> list[Download]:
    """The files of all print runs that are, or were, ready; those of deleted campaigns are gone with them."""
    is_there = campaigns.c.deleted_at.is_(None)
    return find(connection, downloads.c.campaign_id.is_not(None), _IS_OUT, is_there, with_deleted=with_deleted)


def documents(connection: Connection) -> list[Download]:
    """The organisation's own documents."""
    return find(connection, downloads.c.kind == "document")


def one(connection: Connection, file_id: str) -> Download | None:
    """One file without its content, also a deleted one; None as long as its print run is not ready."""
    return next(iter(find(connection, downloads.c.file_id == file_id, _IS_OUT, with_deleted=True)), None)


def content(connection: Connection, file_id: str) -> bytes | None:
    """What a file holds; None when it was thrown away."""
    question = select(downloads.c.content).where(downloads.c.file_id == file_id, downloads.c.deleted_at.is_(None))
    return connection.scalar(question)


def drop(connection: Connection, *where: ColumnElement[bool], at: datetime, by: str, how: str) -> list[str]:
    """Throw the content of files away; their lines stay. Returns which."""
    gone = update(downloads).where(downloads.c.deleted_at.is_(None), *where)
    values = {"content": None, "live_key": None, "deleted_at": at, "deleted_by": by, "deleted_how": how}
    return list(connection.scalars(gone.values(values).returning(downloads.c.file_id)))


def drop_one(connection: Connection, file_id: str, *, at: datetime, by: str) -> bool:
    """Throw one away; False when it is not there (any more)."""
    return bool(drop(connection, downloads.c.file_id == file_id, at=at, by=by, how="deleted"))


def drop_of_run(connection: Connection, run_id: str, *, at: datetime, by: str, how: str) -> list[str]:
    """Throw the files of a print run away."""
    return drop(connection, downloads.c.run_id == run_id, at=at, by=by, how=how)


def drop_labels(connection: Connection, run_id: str, *, at: datetime, by: str) -> list[str]:
    """Throw its labels away, because others take their place."""
    return drop(connection, downloads.c.run_id == run_id, downloads.c.kind == "labels", at=at, by=by, how="outdated")


def expire(connection: Connection, *, at: datetime, by: str) -> list[str]:
    """Throw away what has had its days."""
    return drop(connection, downloads.c.expires_at <= at, at=at, by=by, how="expired")


def has_expired(connection: Connection, *, at: datetime) -> bool:
    """Whether something has had its days."""
    question = select(downloads.c.file_id).where(downloads.c.deleted_at.is_(None), downloads.c.expires_at <= at)
    return connection.execute(question.limit(1)).first() is not None


def outdate_labels(connection: Connection, run_id: str) -> int:
    """Mark the labels of a run as not fitting the letters; returns how many files."""
    statement = update(downloads).where(downloads.c.run_id == run_id, downloads.c.kind == "labels")
    return connection.execute(statement.where(downloads.c.deleted_at.is_(None)).values(is_outdated=True)).rowcount


def _download(row: Any) -> Download:
    return Download(**{**row._mapping, "campaign_name": row.campaign_name or ""})
