"""Remarks of staff on a patient's care gaps."""

from datetime import date

from core.domain.person import Person
from core.workbench import Workbench


def remarks_of(wb: Workbench, person: Person, measure_id: str, *, on: date | None = None) -> None:
    """Draw the remarks on one care gap, inside it; with an earlier day `on` those of that day, to be read only."""
