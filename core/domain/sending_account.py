"""Where messages are handed over: how many may leave a minute, and when to stop trying (S7).

What fails for the account fails for every message alike, so it uses up nobody's attempts: after three failures in a row
the account is paused, one worker tries again every minute, and people are told.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

PAUSED_AFTER = 3  # failures in a row
PROBE_EVERY = timedelta(minutes=1)
# Trying again by itself would make these worse: servers lock out who logs in wrongly too often.
NEEDS_PERSON = frozenset({"login_refused", "account_suspended", "sender_number_refused"})
_BURST = timedelta(seconds=1)  # how much of a minute's messages may leave at once


@dataclass(frozen=True)
class Account:
    """The state of an account, shared by all workers.

    failures        in a row
    reason, reply   of the last one: a key of core.domain.message.REASONS, and the server's words
    needs_person    it stays paused until a person has looked
    probe_at        while it is paused by itself: when one worker tries again
    tokens          how many messages may leave at `refilled_at`
    """

    account: str
    failures: int = 0
    reason: str = ""
    reply: str = ""
    failing_since: datetime | None = None
    paused_at: datetime | None = None
    needs_person: bool = False
    probe_at: datetime | None = None
    tokens: float = 0.0
    refilled_at: datetime | None = None


def after_failure(account: Account, *, reason: str, reply: str, at: datetime) -> Account:
    """The account after it could not take a message."""
    failures = account.failures + 1
    needs_person = reason in NEEDS_PERSON
    is_paused = account.paused_at is not None or failures >= PAUSED_AFTER or needs_person
    return replace(
        account,
        failures=failures,
        reason=reason,
        reply=reply,
        failing_since=account.failing_since or at,
        paused_at=(account.paused_at or at) if is_paused else None,
        needs_person=needs_person,
        probe_at=at + PROBE_EVERY if is_paused and not needs_person else None,
    )


def after_success(account: Account) -> Account:
    """The account takes messages again."""
    return replace(
        account,
        failures=0,
        reason="",
        reply="",
        failing_since=None,
        paused_at=None,
        needs_person=False,
        probe_at=None,
    )


def take(account: Account, *, wanted: int, per_minute: int | None, at: datetime) -> tuple[Account, int]:
    """The account after up to `wanted` messages were let go, and how many were. None: no limit.

    A token bucket that holds a second's worth, at least one: a limit of 60 lets one go every second. A clock that
    steps back fills nothing in, and is gone by from then on.
    """
    if per_minute is None:
        return account, wanted
    full = max(1.0, per_minute * _BURST.total_seconds() / 60)
    since = full if account.refilled_at is None else (at - account.refilled_at).total_seconds() * per_minute / 60
    tokens = min(full, account.tokens + max(0.0, since))
    granted = min(wanted, int(tokens))
    return replace(account, tokens=tokens - granted, refilled_at=at), granted
