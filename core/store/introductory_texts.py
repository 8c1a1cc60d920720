"""The versions of the introductory email's text, in SQL."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from core.store.schema import introductory_texts


@dataclass(frozen=True)
class TextRow:
    """One version in one language; versions count from 1."""

    language: str
    version: int
    subject: str
    body: str
    saved_at: datetime
    saved_by: str


def versions(connection: Connection) -> list[TextRow]:
    """Every version in every language, the first one first."""
    question = select(introductory_texts).order_by(introductory_texts.c.language, introductory_texts.c.version)
    return [TextRow(**row._mapping) for row in connection.execute(question)]


def add(connection: Connection, row: TextRow) -> bool:
    """Keep a version; False when somebody else was quicker with this one."""
    try:
        with connection.begin_nested():
            connection.execute(insert(introductory_texts).values(vars(row)))
    except IntegrityError:
        return False
    return True
