"""What follows an attempt, by the organisation's windows: the next try never lies where nothing may leave (S3)."""

import random
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from core.domain.message import Verdict, after_attempt
from core.domain.organisation import Organisation
from core.domain.quiet_hours import next_try
from core.errors import SettingsError


def verdict(
    organisation: Organisation,
    channel: str,
    outcome: str,
    *,
    reason: str,
    number: int,
    at: datetime,
    message: str = "campaign",
) -> Verdict:
    """core.domain.message.after_attempt with chance, and the next try in a window of the channel."""
    jitter = random.random()  # noqa: S311  # nosec B311 # draws invented people and spreads retries; guards nothing
    found = after_attempt(
        outcome, reason=reason, attempt_number=number, at=at, jitter=jitter, message=message, channel=channel
    )
    if found.next_at is not None:
        with suppress(SettingsError):  # without any window nothing leaves anyway
            return replace(found, next_at=next_try(organisation, channel, found.next_at, jitter=jitter))
    return found
