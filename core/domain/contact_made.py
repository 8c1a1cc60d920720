"""Something that was sent to a patient, or tried, as a mark in the picture of the patient's time."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ContactMade:
    """at: of the first attempt; what: mode and name; said: how it ended, in words; is_good: it reached the patient."""

    at: datetime
    what: str
    said: str
    is_good: bool
    has_time: bool = True
