"""Opt-outs in SQL. None is ever deleted: a removed one keeps its row, with who removed it, when and how."""

import re
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from core.domain.opt_out import OptOut
from core.store.opt_out_notes import note_added, note_removed
from core.store.schema import merges, opt_outs, patients, recipients

_COLUMNS = [
    opt_outs.c[name]
    for name in (
        "opt_out_id", "wish_id", "patient_id", "address", "type", "protocol", "starts_on", "until", "reason",
        "comment", "source", "made_at", "made_by", "removed_at", "removed_by", "removed_how", "removed_note",
    )
]  # fmt: skip
_KEPT = (
    "wish_id", "patient_id", "address", "type", "protocol", "starts_on", "until", "reason", "comment", "source",
)  # fmt: skip


def add(connection: Connection, opt_out: OptOut, *, at: datetime, by: str) -> int:
    """Keep an opt-out; returns its id."""
    values = {name: getattr(opt_out, name) for name in _KEPT}
    result = connection.execute(
        insert(opt_outs).values(**values, made_at=at, made_by=by).returning(opt_outs.c.opt_out_id)
    )
    opt_out_id = int(result.scalar_one())
    note_added(connection, opt_outs.c.opt_out_id == opt_out_id, at=at)
    return opt_out_id


def count_for_too(connection: Connection, opt_out: OptOut, addresses: Collection[str]) -> None:
    """Let the wish of an opt-out count for more addresses: further rows of it, made when and by whom it was made."""
    this = opt_outs.c.opt_out_id == opt_out.opt_out_id
    for address in addresses:
        row = dict(connection.execute(select(opt_outs).where(this)).mappings().one())
        if row["wish_id"] is None:
            row["wish_id"] = uuid4().hex
            connection.execute(update(opt_outs).where(this).values(wish_id=row["wish_id"]))
        del row["opt_out_id"]
        if row["source_key"]:  # behind a mark, so that core.feed_opt_outs knows whose it is
            mark = sha256(f"{row['source_key']}|{address}".encode()).hexdigest()[:16]
            row["source_key"] = f"{re.split('[#~]', row['source_key'], maxsplit=1)[0]}~{mark}"
        added = insert(opt_outs).values(**row | {"address": address}).returning(opt_outs.c.opt_out_id)
        note_added(connection, opt_outs.c.opt_out_id == connection.scalar(added), at=row["made_at"])


def one_at_a_time(connection: Connection, patient_id: str) -> None:
    """Wait until nobody else records an opt-out for the patient, and keep others waiting until the transaction ends,
    so that the same wish recorded twice at once is one. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(
            sha256(f"opt-outs of {patient_id}".encode(errors="surrogatepass")).digest()[:8], signed=True
        )
        connection.execute(select(func.pg_advisory_xact_lock(number)))


def same(connection: Connection, opt_out: OptOut) -> int | None:
    """The id of one that says the same and is in force, so that a second press of a button adds nothing."""
    columns = ("patient_id", "address", "type", "protocol", "until")
    equal = [opt_outs.c[name].is_not_distinct_from(getattr(opt_out, name)) for name in columns]
    question = select(opt_outs.c.opt_out_id).where(
        opt_outs.c.removed_at.is_(None), opt_outs.c.starts_on <= opt_out.starts_on, *equal
    )
    return connection.scalars(question.limit(1)).first()


def alike(connection: Connection, opt_out: OptOut) -> list[OptOut]:
    """Those in force for the patient that stop the same for as long, whatever addresses they count for."""
    found = _found(
        connection,
        and_(
            opt_outs.c.patient_id == opt_out.patient_id,
            opt_outs.c.type == opt_out.type,
            opt_outs.c.starts_on <= opt_out.starts_on,
            opt_outs.c.until.is_not_distinct_from(opt_out.until),
        ),
    )
    topic = (opt_out.protocol or "").casefold()
    return [each for each in found if (each.protocol or "").casefold() == topic]


def remove(connection: Connection, opt_out_ids: Collection[int], *, at: datetime, by: str, how: str) -> list[int]:
    """Mark those that are in force as removed; returns their ids."""
    return _removed(connection, opt_outs.c.opt_out_id.in_(opt_out_ids), at=at, by=by, how=how)


def remove_wish(
    connection: Connection, opt_out_id: int, *, at: datetime, by: str, how: str, note: str | None = None
) -> list[int]:
    """Mark all rows of the wish that this one belongs to as removed; returns their ids."""
    wish = select(opt_outs.c.wish_id).where(opt_outs.c.opt_out_id == opt_out_id).scalar_subquery()
    of_wish = or_(opt_outs.c.opt_out_id == opt_out_id, opt_outs.c.wish_id == wish)
    return _removed(connection, of_wish, at=at, by=by, how=how, note=note)


def lift(connection: Connection, address: str, *, source: str, at: datetime, by: str, how: str) -> list[int]:
    """Mark those on an address that came one way as removed; returns their ids."""
    on_address = and_(opt_outs.c.address == address, opt_outs.c.source == source)
    return _removed(connection, on_address, at=at, by=by, how=how)


def made(connection: Connection, address: str, *, source: str, at: datetime) -> list[int]:
    """The ids of those on an address that were made one way at one moment, and not removed since."""
    found = _found(connection, and_(opt_outs.c.address == address, opt_outs.c.source == source))
    return [opt_out.opt_out_id for opt_out in found if opt_out.made_at == at and opt_out.opt_out_id is not None]


def stopped(connection: Connection, addresses: Collection[str], *, source: str) -> set[str]:
    """On which of these addresses one that came this way is in force."""
    question = select(opt_outs.c.address).where(
        opt_outs.c.address.in_(addresses), opt_outs.c.source == source, opt_outs.c.removed_at.is_(None)
    )
    return set(connection.scalars(question))


def by_ids(connection: Connection, opt_out_ids: Collection[int]) -> list[OptOut]:
    """Those of these ids that were not removed, with the other rows of their wishes."""
    wishes = select(opt_outs.c.wish_id).where(opt_outs.c.opt_out_id.in_(opt_out_ids), opt_outs.c.wish_id.is_not(None))
    return _found(connection, or_(opt_outs.c.opt_out_id.in_(opt_out_ids), opt_outs.c.wish_id.in_(wishes)))


def of_patient(
    connection: Connection, patient_id: str, *, addresses: Collection[str], with_removed: bool = False
) -> list[OptOut]:
    """Those that concern a patient: on the patient, or on one of the addresses that are the patient's. Of a wish that
    does, all rows."""
    concerned = or_(opt_outs.c.patient_id == patient_id, opt_outs.c.address.in_(addresses))
    wishes = select(opt_outs.c.wish_id).where(opt_outs.c.wish_id.is_not(None), concerned)
    return _found(connection, or_(concerned, opt_outs.c.wish_id.in_(wishes)), with_removed=with_removed)


def of_address(connection: Connection, address: str) -> list[OptOut]:
    """Those on one address, whoever made them."""
    return _found(connection, opt_outs.c.address == address)


def addresses_of(connection: Connection, patient_id: str) -> dict[str, str]:
    """The patient's address by channel: 'email', 'mobile', 'home'; what is not on file is left out."""
    columns = (patients.c.email, patients.c.phone_mobile.label("mobile"), patients.c.phone_home.label("home"))
    row = connection.execute(select(*columns).where(patients.c.patient_id == patient_id)).mappings().one_or_none()
    return {name: address for name, address in row.items() if address} if row else {}


def recipient(
    connection: Connection, recipient_id: int, *, is_held: bool = False
) -> tuple[str, str | None, str | None] | None:
    """Who a stop link was sent to: the patient, by the id of today, the address it went to, and the patient's address
    today.

    With `is_held` the row is held until the transaction ends, so that two presses of one link are one opt-out.
    """
    patient_id = func.coalesce(merges.c.patient_id, recipients.c.patient_id)
    question = (
        select(patient_id.label("patient_id"), recipients.c.address, patients.c.email)
        .select_from(recipients)
        .outerjoin(merges, merges.c.merged_id == recipients.c.patient_id)
        .outerjoin(patients, patients.c.patient_id == patient_id)
        .where(recipients.c.recipient_id == recipient_id)
    )
    question = question.with_for_update(of=recipients) if is_held else question
    row = connection.execute(question).one_or_none()
    return (row.patient_id, row.address, row.email) if row else None


def _removed(
    connection: Connection, which: ColumnElement[bool], *, at: datetime, by: str, how: str, note: str | None = None
) -> list[int]:
    result = connection.execute(
        update(opt_outs)
        .where(which, opt_outs.c.removed_at.is_(None))
        .values(removed_at=at, removed_by=by, removed_how=how, removed_note=note)
        .returning(opt_outs.c.opt_out_id)
    )
    removed = sorted(result.scalars())
    note_removed(connection, removed, at=at)
    return removed


def _found(connection: Connection, which: ColumnElement[bool], *, with_removed: bool = False) -> list[OptOut]:
    question = select(*_COLUMNS).where(which if with_removed else and_(opt_outs.c.removed_at.is_(None), which))
    rows: list[Any] = list(connection.execute(question.order_by(opt_outs.c.made_at.desc(), opt_outs.c.opt_out_id)))
    return [OptOut(**row._mapping) for row in rows]
