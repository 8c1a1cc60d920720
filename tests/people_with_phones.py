"""Patients of the invented clinic with a mobile number each, for tests of texts."""

from typing import Any

from sqlalchemy import update

from core.store.database import writing
from core.store.schema import patients
from core.workbench import Workbench
from tests.clinic import add_patients


def number(n: int) -> str:
    return f"+1312555{n:04d}"


def add_people(wb: Workbench, count: int, **changes: Any) -> list[str]:
    """Patients p1, p2 ... each with a mobile number of their own."""
    ids = add_patients(wb, count, state="IL", zip="60601", **changes)
    with writing(wb.engine) as connection:
        for n, each in enumerate(ids, start=1):
            connection.execute(update(patients).where(patients.c.patient_id == each).values(phone_mobile=number(n)))
    return ids
