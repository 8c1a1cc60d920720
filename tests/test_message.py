"""The life of a message: what follows each attempt and what people read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.message import CHANGES, ICONS, RESULTS, STATES, UNFINISHED, Verdict, after_attempt, reason_sentence

NOON = datetime(2026, 11, 24, 18, tzinfo=UTC)

FOLLOWS = [
    # outcome, attempt, state, reason, minutes until the next try
    ("accepted", 1, "handed_over", "", None),
    ("accepted", 5, "handed_over", "", None),
    ("temporary", 1, "waiting", "r", 1),
    ("temporary", 2, "waiting", "r", 5),
    ("temporary", 3, "waiting", "r", 30),
    ("temporary", 4, "waiting", "r", 120),
    ("temporary", 5, "unsuccessful", "retries_exceeded", None),
    ("permanent", 1, "unsuccessful", "r", None),
    ("unknown", 1, "unknown", "r", None),
    ("a word nobody knows", 1, "unknown", "r", None),
]


@pytest.mark.parametrize(("outcome", "attempt", "state", "reason", "minutes"), FOLLOWS)
def test_what_follows_an_attempt(outcome: str, attempt: int, state: str, reason: str, minutes: int | None) -> None:
    verdict = after_attempt(outcome, reason="r", attempt_number=attempt, at=NOON, jitter=0)

    assert verdict == Verdict(state, reason, None if minutes is None else NOON + timedelta(minutes=minutes))


@given(
    outcome=st.sampled_from(["accepted", "temporary", "permanent", "unknown"]),
    number=st.integers(1, 5),
    jitter=st.floats(0, 1),
)
def test_every_verdict_is_an_allowed_change_and_a_retry_lies_ahead(outcome: str, number: int, jitter: float) -> None:
    verdict = after_attempt(outcome, reason="r", attempt_number=number, at=NOON, jitter=jitter)

    assert verdict.state in CHANGES["claimed"]
    assert (verdict.next_at is not None) == (verdict.state == "waiting")
    assert verdict.next_at is None or NOON < verdict.next_at <= NOON + timedelta(hours=3)


def test_what_has_ended_never_waits_again_except_what_is_unknown() -> None:
    ended = [state for state in STATES if state not in UNFINISHED and state != "unknown"]
    reached, ahead = set(), list(ended)

    while ahead:
        state = ahead.pop()
        reached.add(state)
        ahead += [after for after in CHANGES[state] if after not in reached]

    assert not reached & {*UNFINISHED, "unknown"}


def test_every_state_has_one_of_the_reports_results_and_an_icon() -> None:
    assert {state.result for state in STATES.values()} == set(RESULTS) == set(ICONS)
    assert set(CHANGES) == set(STATES)
    assert UNFINISHED == ("waiting", "claimed", "calling")


def test_reasons_read_as_sentences_whoever_gave_them() -> None:
    assert reason_sentence("retries_exceeded") == "Communication Retries Exceeded"
    assert reason_sentence("no_address") == "there is no email address on file"
    assert reason_sentence("") == ""
