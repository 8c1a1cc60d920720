"""Introductory emails: a patient can opt out before the first campaign email comes (E4, E8).

Once an organisation introduces itself, no campaign email goes to a patient until two days after the introductory email
to the same address. Whoever has had none gets it instead of the campaign's.
"""

from datetime import datetime, timedelta

INTRODUCTORY = "introductory"
WAIT = timedelta(days=2)


def is_missing(introduced_at: datetime | None) -> bool:
    """Whether the introductory email has to come first."""
    return introduced_at is None


def free_from(introduced_at: datetime) -> datetime:
    """From when on campaign emails may follow."""
    return introduced_at + WAIT
