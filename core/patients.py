"""Patients by their ids, within what the user may see."""

from collections.abc import Collection

from core.domain.person import Person
from core.domain.role import READ_PATIENTS
from core.errors import NotFound
from core.store import people as store
from core.store.database import reading
from core.workbench import Workbench, needs


@needs(READ_PATIENTS)
def patient(wb: Workbench, patient_id: str) -> Person:
    """One patient. Raises NotFound for an unknown id and for a patient outside the user's scope alike."""
    found = people(wb, [patient_id])
    if not found:
        raise NotFound("There is no such patient among those you may see. Go back to the list and choose again.")
    return found[0]


@needs(READ_PATIENTS)
def people(wb: Workbench, patient_ids: Collection[str]) -> list[Person]:
    """The patients of these ids, in this order. Ids that are unknown or outside the user's scope are left out."""
    with reading(wb.engine) as connection:
        found = store.people(connection, patient_ids, wb.user.scope)
    return [found[patient_id] for patient_id in patient_ids if patient_id in found]


def visible(wb: Workbench, patient_ids: Collection[str]) -> set[str]:
    """Which of these ids are known and within the user's scope."""
    with reading(wb.engine) as connection:
        return store.visible_ids(connection, patient_ids, wb.user.scope)
