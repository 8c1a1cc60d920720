"""Patients as letters are addressed to them, in SQL: name, language, birth date and home."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from core.domain.postal import Postal
from core.store.contacts import batches, postal_of
from core.store.schema import patients


@dataclass(frozen=True)
class Home:
    """One patient. None is 'not on file'."""

    first: str | None
    last: str | None
    suffix: str | None
    language: str | None
    birth_date: date | None
    postal: Postal


_OWN = (patients.c.first, patients.c.last, patients.c.suffix, patients.c.language, patients.c.birth_date)
_AT = (patients.c.address1, patients.c.address2, patients.c.city, patients.c.state, patients.c.zip)


def homes(connection: Connection, patient_ids: Collection[str]) -> dict[str, Home]:
    """Those that are in the records."""
    found: dict[str, Home] = {}
    for ids in batches(patient_ids):
        question = select(patients.c.patient_id, *_OWN, *_AT).where(patients.c.patient_id.in_(ids))
        for row in connection.execute(question):
            found[row.patient_id] = Home(*row[1:6], postal_of(row))
    return found
