"""Returned mails in SQL: each kept once, whatever it says, before it is gone from where it came."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.store.schema import bounce_mails


def keep(connection: Connection, content: bytes, *, source: str, at: datetime) -> tuple[int, bool]:
    """Keep a mail; returns its id and whether it still has to be read. The same mail again is the same row."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        with connection.begin_nested():
            values = {"digest": digest, "source": source, "content": content, "received_at": at}
            connection.execute(insert(bounce_mails).values(values))
    except IntegrityError:
        pass
    question = select(bounce_mails.c.mail_id, bounce_mails.c.read_at).where(bounce_mails.c.digest == digest)
    row = connection.execute(question).one()
    return row.mail_id, row.read_at is None


def unread(connection: Connection) -> list[tuple[int, bytes]]:
    """Mails that were kept and not read: whoever kept them was interrupted."""
    question = select(bounce_mails.c.mail_id, bounce_mails.c.content).where(bounce_mails.c.read_at.is_(None))
    return [(row.mail_id, row.content) for row in connection.execute(question.order_by(bounce_mails.c.mail_id))]


def hold(connection: Connection, mail_id: int) -> bool:
    """Hold a mail until the transaction ends; False when another worker has read it meanwhile."""
    question = select(bounce_mails.c.read_at).where(bounce_mails.c.mail_id == mail_id).with_for_update()
    return connection.scalar(question) is None


def read(connection: Connection, mail_id: int, *, what: str, matched: int, at: datetime) -> None:
    """Say that a mail was read and what it was."""
    statement = update(bounce_mails).where(bounce_mails.c.mail_id == mail_id)
    connection.execute(statement.values(read_at=at, what=what, matched=matched))
