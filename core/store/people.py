"""Patients by their ids, for screens: within a scope, in a few questions."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from core.domain.kept_text import is_keepable
from core.domain.person import Person
from core.domain.user import Scope
from core.store.contacts import batches
from core.store.schema import groups, patients, providers
from core.store.scope import in_scope

_COLUMNS = (
    patients.c.patient_id,
    patients.c.mrn,
    patients.c.first,
    patients.c.middle,
    patients.c.last,
    patients.c.suffix,
    patients.c.birth_date,
    patients.c.sex,
    patients.c.status,
    patients.c.language,
    patients.c.email,
    patients.c.phone_mobile,
    patients.c.phone_home,
    patients.c.payer,
    patients.c.household_id,
    patients.c.next_appointment_at,
    patients.c.last_visit_on,
    providers.c.display_name.label("pcp"),
    groups.c.name.label("group"),
)


def people(connection: Connection, patient_ids: Collection[str], scope: Scope) -> dict[str, Person]:
    """The patients of these ids that lie within the scope; others are missing."""
    everything = patients.outerjoin(providers, providers.c.provider_id == patients.c.pcp_id)
    everything = everything.outerjoin(groups, groups.c.group_id == patients.c.group_id)
    found: dict[str, Person] = {}
    for ids in batches(_keepable(patient_ids)):
        question = select(*_COLUMNS).select_from(everything).where(patients.c.patient_id.in_(ids), in_scope(scope))
        for row in connection.execute(question):
            found[row.patient_id] = Person(**row._mapping)
    return found


def visible_ids(connection: Connection, patient_ids: Collection[str], scope: Scope) -> set[str]:
    """Which of these ids lie within the scope."""
    found: set[str] = set()
    for ids in batches(_keepable(patient_ids)):
        question = select(patients.c.patient_id).where(patients.c.patient_id.in_(ids), in_scope(scope))
        found |= set(connection.scalars(question))
    return found


def households(connection: Connection, patient_ids: Collection[str]) -> dict[str, str]:
    """patient_id -> household_id of those who live in one."""
    found: dict[str, str] = {}
    for ids in batches(patient_ids):
        question = select(patients.c.patient_id, patients.c.household_id).where(
            patients.c.patient_id.in_(ids), patients.c.household_id.is_not(None)
        )
        found |= {row.patient_id: row.household_id for row in connection.execute(question)}
    return found


def _keepable(patient_ids: Collection[str]) -> list[str]:
    """Without what no database takes: nobody has such an id."""
    return [each for each in patient_ids if is_keepable(each)]
