"""The steps of a contact, each said once: a campaign's report and the overview of all campaigns count by these.

What comes after a contact counts for whom it reached.
"""

from collections.abc import Mapping

import polars as pl

from core.domain.effects.outcomes import ANSWERED_WITHIN
from core.domain.eligibility import HOLD_OUT
from core.domain.introduction import INTRODUCTORY
from core.domain.message import MAILED, RETURNED, STATES
from core.domain.organisation import PHONE

SUCCESSFUL = tuple(state for state, meaning in STATES.items() if meaning.result == "Successful")
_LEFT = ("calling", "handed_over", "delivered", "unconfirmed", RETURNED, MAILED)


def is_held_out() -> pl.Expr:
    """Of rows with arm and state: whether chance keeps the message from a recipient, by the campaign's own arms or by
    those of what it comes from, whatever became of them in the results."""
    return pl.col("arm").eq_missing(pl.lit(HOLD_OUT)) | (pl.col("state") == HOLD_OUT)


def with_answers(people: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """The recipients with has_answered and has_stopped: whether something came back within ANSWERED_WITHIN days of the
    message, and whether they wanted no more then.

    people    has recipient_id and handed_over_at; of a call that is not told to have ended that is null, and every
              answer is in time
    answers   recipient_id, at, is_stop (core.store.campaign_people.ANSWERS)
    """
    left_at = pl.col("handed_over_at")
    in_time = left_at.is_null() | pl.col("at").is_between(left_at, left_at + pl.duration(days=ANSWERED_WITHIN))
    told = (
        answers.join(people.select("recipient_id", "handed_over_at"), on="recipient_id")
        .filter(in_time)
        .group_by("recipient_id")
        .agg(has_stopped=pl.col("is_stop").any(), has_answered=pl.lit(True))
    )
    joined = people.join(told, on="recipient_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("has_stopped", "has_answered").fill_null(False))


def steps(channel: str) -> Mapping[str, pl.Expr]:
    """By step whether a recipient came so far: of rows with state, message, arm, attempt_count, handed_over_at,
    booked_on, kept_on, closed_90, has_answered and has_stopped.

    A call that was tried has been made, whether or not somebody took it.
    """
    state = pl.col("state")
    was_called = (state == "unsuccessful") & (pl.col("attempt_count") > 0) if channel == PHONE else pl.lit(False)
    eligible = ~is_held_out() & (state != "not_sent")
    has_left = pl.col("handed_over_at").is_not_null() | state.is_in(_LEFT) | was_called
    sent = eligible & (pl.col("message") != INTRODUCTORY) & has_left
    delivered = sent & state.is_in(SUCCESSFUL)
    booked = delivered & pl.col("booked_on").is_not_null()
    return {
        "selected": pl.lit(True),
        "eligible": eligible,
        "sent": sent,
        "delivered": delivered,
        "answered": delivered & pl.col("has_answered") & ~pl.col("has_stopped"),
        "stopped": delivered & pl.col("has_stopped"),
        "booked": booked,
        "kept": booked & pl.col("kept_on").is_not_null(),
        "closed": delivered & (pl.col("closed_90").fill_null(0) > 0),
    }
