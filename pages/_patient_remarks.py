"""Remarks of staff on a patient's care gaps."""

from core.domain.person import Person
from core.workbench import Workbench


def remarks_of(wb: Workbench, person: Person, measure_id: str) -> None:
    """Draw the remarks on one open care gap, inside it."""
