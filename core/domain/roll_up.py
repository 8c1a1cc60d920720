"""What campaigns have come to, added up by day: which counts there are, and what they are broken down by."""

from datetime import timedelta

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
COUNTS = (*STEPS, "waiting", "failed", "opt_outs", "gaps_closed", "segments", "call_minutes", "letters")
