"""One patient as screens show them."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Person:
    """Contact data and care at a glance, from the database. Everything but the id may be missing."""

    patient_id: str
    mrn: str | None = None
    first: str | None = None
    middle: str | None = None
    last: str | None = None
    suffix: str | None = None
    birth_date: date | None = None
    sex: str | None = None
    status: str | None = None
    language: str | None = None
    email: str | None = None
    phone_mobile: str | None = None
    phone_home: str | None = None
    payer: str | None = None
    household_id: str | None = None
    next_appointment_at: datetime | None = None
    last_visit_on: date | None = None
    pcp: str | None = None
    group: str | None = None

    @property
    def name(self) -> str:
        """'First Middle Last Suffix', what there is of it."""
        return " ".join(part for part in (self.first, self.middle, self.last, self.suffix) if part)
