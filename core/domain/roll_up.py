"""What campaigns have come to, added up by day: which counts there are, and what they are broken down by."""

from dataclasses import dataclass
from datetime import date, timedelta

ANSWER_WITHIN = timedelta(days=14)  # a reply, a key or an opt-out later than that is about something else
DIMENSIONS = {"language": "Language", "age": "Age", "sex": "Sex", "race": "Race", "payer": "Payer"}
# The steps of a contact, each about patients; nobody has a later one without having been handed over.
STEPS = {
    "selected": "Selected",
    "eligible": "Eligible",
    "handed_over": "Handed over",
    "delivered": "Delivered",
    "answered": "Answered",
    "booked": "Booked",
    "kept": "Visit kept",
    "closed": "Gap closed",
}
COUNTS = (
    *STEPS,
    "held_out",
    "followed",
    "waiting",
    "failed",
    "opt_outs",
    "gaps_closed",
    "segments",
    "call_minutes",
    "letters",
)


@dataclass(frozen=True)
class Wanted:
    """Of which patients and contacts: what is None or empty does not matter. Days are those of the contact, or the
    start date of who was not contacted."""

    first_on: date | None = None
    last_on: date | None = None
    group_id: str = ""
    provider_id: str = ""
    channel: str = ""
