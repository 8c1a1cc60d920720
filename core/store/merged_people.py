"""Rows of the table `patients` when two ids become one, in SQL: what is on file of each, and a death that follows."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select, update

from core.domain.correction import COLUMNS, FIELDS
from core.store.contacts import batches
from core.store.schema import patients

_CONSENTS = tuple(field.says[0] for field in FIELDS.values() if field.channel)


def on_file(connection: Connection, patient_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """By patient what can be corrected (core.domain.correction.COLUMNS), status and deceased_on."""
    return _columns_of(connection, patient_ids, (*COLUMNS, "status", "deceased_on"))


def consents_of(connection: Connection, patient_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """By patient the three consents."""
    return _columns_of(connection, patient_ids, _CONSENTS)


def let_die(connection: Connection, deaths: Mapping[str, date | None]) -> None:
    """These patients have died; a day of death that is on file stays, and so does a test patient."""
    for patient_id, day in deaths.items():
        statement = update(patients).where(patients.c.patient_id == patient_id, patients.c.status != "test")
        connection.execute(statement.values(status="deceased", deceased_on=func.coalesce(patients.c.deceased_on, day)))


def _columns_of(
    connection: Connection, patient_ids: Collection[str], columns: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for ids in batches(patient_ids):
        question = select(patients.c.patient_id.label("of"), *(patients.c[name] for name in columns))
        for row in connection.execute(question.where(patients.c.patient_id.in_(ids))).mappings():
            found[row["of"]] = {name: row[name] for name in columns}
    return found
