"""Replies in SQL: each text kept once, whatever it says, in one transaction with what follows from it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from core.domain.organisation import TEXT
from core.store.schema import campaigns, patients, recipients, replies

_TAKING = 0x7265706C79  # the number of the lock: under which texts are taken and decided about


@dataclass(frozen=True)
class LastText:
    """The last text that was handed over to a number."""

    recipient_id: int
    language: str | None
    fields: dict[str, Any]


def one_at_a_time(connection: Connection) -> None:
    """Whoever takes texts or decides about one does so after everybody else has: until the transaction ends, so that
    two STOPs of one number are one opt-out. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_TAKING)))


def known(connection: Connection, provider_ids: Collection[str]) -> set[str]:
    """Which of these texts were taken before."""
    return set(connection.scalars(select(replies.c.provider_id).where(replies.c.provider_id.in_(provider_ids))))


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Keep texts that are not known; returns their ids in the same order."""
    statement = insert(replies).returning(replies.c.reply_id, replies.c.provider_id)
    ids = {row.provider_id: row.reply_id for row in connection.execute(statement, list(rows))}
    return [ids[row["provider_id"]] for row in rows]


def helped(connection: Connection, numbers: Collection[str], *, since: datetime) -> set[str]:
    """Which of these numbers were told since then how to get help."""
    return set(
        connection.scalars(
            select(replies.c.from_number).where(
                replies.c.from_number.in_(numbers), replies.c.answer == "help", replies.c.received_at > since
            )
        )
    )


def last_texts(connection: Connection, numbers: Collection[str]) -> dict[str, LastText]:
    """The last text that was handed over to each of these numbers; those that never had one are missing."""
    newest_first = func.row_number().over(
        partition_by=recipients.c.address,
        order_by=(recipients.c.handed_over_at.desc(), recipients.c.recipient_id.desc()),
    )
    texts = (
        select(
            recipients.c.address,
            recipients.c.recipient_id,
            recipients.c.language,
            campaigns.c.fields,
            newest_first.label("place"),
        )
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(recipients.c.address.in_(numbers), recipients.c.handed_over_at.is_not(None), campaigns.c.channel == TEXT)
        .subquery()
    )
    found = connection.execute(select(texts).where(texts.c.place == 1))
    return {row.address: LastText(row.recipient_id, row.language, row.fields or {}) for row in found}


def languages(connection: Connection, numbers: Collection[str]) -> dict[str, str]:
    """The language of the patients with each of these numbers, where it is on file; of the first of several."""
    question = select(patients.c.phone_mobile, patients.c.language).where(
        patients.c.phone_mobile.in_(numbers), patients.c.language.is_not(None)
    )
    found = connection.execute(question.order_by(patients.c.patient_id.desc()))
    return {row.phone_mobile: row.language for row in found}
