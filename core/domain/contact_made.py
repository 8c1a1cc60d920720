"""Something that was sent to a patient, or tried, as a mark in the picture of the patient's time."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ContactMade:
    """at: of the first attempt; what: mode and name; said: how it ended, in words; tone: of core.domain.timeline.TONES;
    has_time: more than the day is known."""

    at: datetime
    what: str
    said: str
    tone: str
    has_time: bool = True
