"""Correcting a patient's contact data: what stands beside it."""

from core.domain.person import Person
from core.workbench import Workbench


def correct_button(wb: Workbench, person: Person) -> None:
    """Draw the button beside the contact data."""
