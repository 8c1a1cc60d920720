"""Remarks on care gaps in SQL. None is ever deleted: a removed one keeps its row, with who removed it and when."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, insert, or_, select, update

from core.domain.remark import Remark
from core.domain.user import Scope
from core.store.schema import patients, remarks, users
from core.store.scope import in_scope


def add(connection: Connection, remark: Remark, *, at: datetime, by: str) -> int:
    """Keep a remark; returns its id."""
    names = ("patient_id", "measure_id", "kind", "starts_on", "until", "comment")
    values = {name: getattr(remark, name) for name in names}
    result = connection.execute(insert(remarks).values(**values, made_at=at, made_by=by).returning(remarks.c.remark_id))
    return int(result.scalar_one())


def same(connection: Connection, remark: Remark) -> int | None:
    """The id of one that says the same and is not removed, so that a second press of a button adds nothing."""
    names = ("patient_id", "measure_id", "kind", "until", "comment")
    equal = [remarks.c[name].is_not_distinct_from(getattr(remark, name)) for name in names]
    question = select(remarks.c.remark_id).where(
        remarks.c.removed_at.is_(None), remarks.c.starts_on <= remark.starts_on, *equal
    )
    return connection.scalars(question.limit(1)).first()


def by_ids(connection: Connection, remark_ids: Collection[int]) -> list[Remark]:
    """Those of these ids, also removed ones."""
    question = select(*_COLUMNS).where(remarks.c.remark_id.in_(remark_ids))
    return [Remark(**row._mapping) for row in connection.execute(question)]


def remove(connection: Connection, remark_ids: Collection[int], *, at: datetime, by: str) -> list[int]:
    """Mark those that are not removed yet; returns their ids."""
    result = connection.execute(
        update(remarks)
        .where(remarks.c.remark_id.in_(remark_ids), remarks.c.removed_at.is_(None))
        .values(removed_at=at, removed_by=by)
        .returning(remarks.c.remark_id)
    )
    return sorted(result.scalars())


def put_back(connection: Connection, remark_id: int) -> bool:
    """Let a removed one count again; returns whether it was removed."""
    result = connection.execute(
        update(remarks)
        .where(remarks.c.remark_id == remark_id, remarks.c.removed_at.is_not(None))
        .values(removed_at=None, removed_by=None)
    )
    return result.rowcount > 0


def of_patient(connection: Connection, patient_id: str, measure_id: str | None = None) -> list[Remark]:
    """Every remark on a patient's care gaps, or on one of them, newest first: past and removed ones as well."""
    author, remover = users.alias("author"), users.alias("remover")
    question = (
        select(*_COLUMNS, author.c.name.label("made_by_name"), remover.c.name.label("removed_by_name"))
        .outerjoin(author, author.c.user_id == remarks.c.made_by)
        .outerjoin(remover, remover.c.user_id == remarks.c.removed_by)
        .where(remarks.c.patient_id == patient_id)
        .order_by(remarks.c.made_at.desc(), remarks.c.remark_id.desc())
    )
    if measure_id is not None:
        question = question.where(remarks.c.measure_id == measure_id)
    return [_named(dict(row._mapping)) for row in connection.execute(question)]


def standing(connection: Connection, ids: Collection[str]) -> dict[str, list[Remark]]:
    """By patient what was not removed, whatever its days; `ids` are as many as fit into one question."""
    found: dict[str, list[Remark]] = defaultdict(list)
    for row in connection.execute(_STANDING, {"ids": list(ids)}).all():
        found[row.patient_id].append(Remark(row.measure_id, row.kind, row.starts_on, row.until))
    return found


def words_in_force(connection: Connection, scope: Scope, *, on: date) -> list[tuple[str, str]]:
    """Kind and measure of what counts on that day, each pair once, of patients within the scope."""
    question = (
        select(remarks.c.kind, remarks.c.measure_id)
        .join(patients, patients.c.patient_id == remarks.c.patient_id)
        .where(*counting(on), in_scope(scope))
    )
    return [(row.kind, row.measure_id) for row in connection.execute(question.distinct())]


def counting(on: date) -> list[Any]:
    """The conditions of a remark that counts on that day (core.domain.remark.in_force) and was not removed."""
    return [
        remarks.c.removed_at.is_(None),
        remarks.c.starts_on <= on,
        or_(remarks.c.until.is_(None), remarks.c.until >= on),
    ]


def _named(row: dict[str, Any]) -> Remark:
    """What staff read for an id that is no user's any more is the id."""
    row["made_by_name"] = row["made_by_name"] or row["made_by"]
    row["removed_by_name"] = row["removed_by_name"] or row["removed_by"] or ""
    return Remark(**row)


_COLUMNS = [
    remarks.c[name]
    for name in (
        "remark_id", "patient_id", "measure_id", "kind", "starts_on", "until", "comment",
        "made_at", "made_by", "removed_at", "removed_by",
    )
]  # fmt: skip
# Made once: for each batch anew it would cost more than the database's answer.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_STANDING = select(
    remarks.c.patient_id, remarks.c.measure_id, remarks.c.kind, remarks.c.starts_on, remarks.c.until
).where(remarks.c.removed_at.is_(None), remarks.c.patient_id.in_(_IDS))
