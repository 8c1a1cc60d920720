"""Who has an email address or number: what counts for it counts for all of them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, Connection, or_, select

from core.domain.eligibility import is_minor
from core.store.contacts import batches
from core.store.schema import patients

_NAMES = {"email": patients.c.email, "mobile": patients.c.phone_mobile, "home": patients.c.phone_home}


def addresses(connection: Connection, patient_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """By patient the addresses on file, by 'email', 'mobile' and 'home'."""
    found: dict[str, dict[str, str]] = {}
    for ids in batches(patient_ids):
        question = select(patients.c.patient_id, *(column.label(name) for name, column in _NAMES.items()))
        for row in connection.execute(question.where(patients.c.patient_id.in_(ids))).mappings():
            found[row["patient_id"]] = {name: row[name] for name in _NAMES if row[name]}
    return found


def owners(connection: Connection, some_addresses: Collection[str], *, on: date) -> dict[str, set[str]]:
    """By address the patients who have it, and the minors whose texts and calls go to the adult who has it. Those who
    have died and test patients are left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for part in batches(some_addresses):
        question = select(patients.c.patient_id, *_NAMES.values()).where(or_(*(_among(part))), *_alive())
        for patient_id, *have in connection.execute(question):
            for address in set(have) & set(part):
                found[address].add(patient_id)
    _add_wards(connection, found, on=on)
    return found


def _among(some_addresses: list[str]) -> list[ColumnElement[bool]]:
    return [column.in_(some_addresses) for column in _NAMES.values()]


def _alive() -> list[ColumnElement[bool]]:
    return [patients.c.status.not_in(("deceased", "test")), patients.c.deceased_on.is_(None)]


def _add_wards(connection: Connection, found: dict[str, set[str]], *, on: date) -> None:
    numbers_of: dict[str, set[str]] = defaultdict(set)
    for address, patient_ids in found.items():
        for patient_id in patient_ids if "@" not in address else ():
            numbers_of[patient_id].add(address)
    for ids in batches(numbers_of):
        question = select(patients.c.patient_id, patients.c.guarantor_id, patients.c.birth_date)
        for row in connection.execute(question.where(patients.c.guarantor_id.in_(ids), *_alive())):
            if is_minor(row.birth_date, on=on):
                for address in numbers_of[row.guarantor_id]:
                    found[address].add(row.patient_id)
