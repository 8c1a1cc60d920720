"""How the counts of a campaign come of its messages (core.domain.roll_up)."""

from collections.abc import Iterable, Iterator
from datetime import date

import polars as pl

from core.domain.clinical import schema
from core.domain.eligibility import HOLD_OUT
from core.domain.introduction import INTRODUCTORY
from core.domain.message import MAILED, PRINTED, RETURNED, STATES
from core.domain.organisation import EMAIL, LETTER, PHONE, TEXT
from core.domain.roll_up import COUNTS, DIMENSIONS
from core.domain.slices import AGE_BANDS, NOT_RECORDED, band_name

# One row for each recipient of a campaign, as core.store.roll_up_rows reads them.
FACTS = schema(
    {
        "recipient_id": pl.Int64,
        "state": pl.String,
        "message": pl.String,  # campaign | introductory: that went out instead
        "arm": pl.String,
        "sent_language": pl.String,
        "attempt_count": pl.Int64,
        "handed_over_at": pl.Datetime("us", "UTC"),
        "group_id": pl.String,
        "provider_id": pl.String,
        "language": pl.String,
        "birth_date": pl.Date,
        "sex": pl.String,
        "race": pl.String,
        "payer": pl.String,
        "gap_count": pl.Int64,  # open at first, of those the campaign is about; null while nothing is known of it
        "gaps_closed": pl.Int64,  # within 90 days
        "is_booked": pl.Boolean,
        "is_kept": pl.Boolean,
        "is_answered": pl.Boolean,
        "has_opted_out": pl.Boolean,
        "call_seconds": pl.List(pl.Int64),  # of each call that was answered
        "is_own_letter": pl.Boolean,  # false for all but one of those who share a letter
    }
)
_KEYS = ("campaign_id", "on", "group_id", "provider_id", "dimension", "value")
ROLL_UPS = schema(
    {**dict.fromkeys(_KEYS, pl.String), "on": pl.Date, **dict.fromkeys(COUNTS, pl.Int64)},
)
_LEFT = ("handed_over", "calling", "delivered", "unconfirmed", RETURNED, MAILED)
_ARRIVED = ("delivered", "unconfirmed", MAILED)
_WAITS = (*(name for name, state in STATES.items() if not state.is_finished and name != "calling"), PRINTED)


def summed(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """ROLL_UPS of all parts of a campaign together."""
    every = pl.concat([ROLL_UPS.to_frame(), *parts])
    return every.group_by(_KEYS).agg(pl.col(COUNTS).sum())


def rolled_up(facts: pl.DataFrame, *, campaign_id: str, channel: str, start_on: date, zone: str) -> pl.DataFrame:
    """ROLL_UPS of some recipients of a campaign. `facts` has FACTS and `segments`, what a text to the recipient takes.

    start_on   the day of who was not contacted
    """
    local_day = pl.col("handed_over_at").dt.convert_time_zone(zone).dt.date()
    counted = facts.with_columns(
        pl.lit(campaign_id).alias("campaign_id"),
        pl.coalesce(local_day, pl.lit(start_on, pl.Date)).alias("on"),
        pl.col("group_id", "provider_id").fill_null(""),
        *_counts(channel),
    ).with_columns(_values())
    return pl.concat([_sum(counted, "", "provider_id"), *(_sum(counted, each, "") for each in DIMENSIONS)])


def _sum(counted: pl.DataFrame, dimension: str, provider: str) -> pl.DataFrame:
    """Totals by provider, or slices of whole groups: those of a provider would be nearly as many as the messages."""
    keyed = counted.select(
        "campaign_id",
        "on",
        "group_id",
        (pl.col(provider) if provider else pl.lit("")).alias("provider_id"),
        pl.lit(dimension).alias("dimension"),
        (pl.col(f"of_{dimension}") if dimension else pl.lit("")).alias("value"),
        *COUNTS,
    )
    return keyed.group_by(_KEYS).agg(pl.col(COUNTS).sum()).select(ROLL_UPS.names()).cast(ROLL_UPS)


def _counts(channel: str) -> Iterator[pl.Expr]:
    """Each a number for every recipient, mostly 0 or 1. What comes after a contact counts for whom it reached."""
    state, is_own = pl.col("state"), pl.col("message") != INTRODUCTORY
    is_refused = state.is_in(["not_sent", "hold_out"]) | (pl.col("arm") == HOLD_OUT)
    was_called = (state == "unsuccessful") & (pl.col("attempt_count") > 0) if channel == PHONE else pl.lit(False)
    has_left = is_own & ~is_refused & (pl.col("handed_over_at").is_not_null() | state.is_in(_LEFT) | was_called)
    arrived = state.is_in(_ARRIVED) | ((state == "handed_over") if channel == EMAIL else pl.lit(False))
    gaps = pl.col("gaps_closed").fill_null(0)
    found: dict[str, pl.Expr] = {
        "selected": pl.lit(1),
        "eligible": ~is_refused,
        "handed_over": has_left,
        "delivered": has_left & arrived,
        "answered": has_left & pl.col("is_answered"),
        "booked": has_left & pl.col("is_booked"),
        "kept": has_left & pl.col("is_kept"),
        "closed": has_left & (gaps > 0),
        "followed": has_left & (pl.col("gap_count") > 0),
        "waiting": ~is_refused & state.is_in(_WAITS),
        "failed": is_own & state.is_in([RETURNED, "unsuccessful"]),
        "opt_outs": has_left & pl.col("has_opted_out"),
        "gaps_closed": pl.when(has_left).then(gaps).otherwise(0),
        "segments": pl.when(has_left).then(pl.col("segments")).otherwise(0) if channel == TEXT else pl.lit(0),
        "call_minutes": pl.col("call_seconds").list.eval((pl.element().clip(1) / 60).ceil()).list.sum(),
        "letters": has_left & pl.col("is_own_letter") if channel == LETTER else pl.lit(0),
    }
    return (value.fill_null(0).cast(pl.Int64).alias(name) for name, value in found.items())


def _values() -> list[pl.Expr]:
    """The value of each dimension; the age is that on the day."""
    words = [pl.col(each).str.strip_chars().replace("", None) for each in ("language", "sex", "race", "payer")]
    named = [each.fill_null(NOT_RECORDED).alias(f"of_{each.meta.output_name()}") for each in words]
    age = pl.col("on").dt.year() - pl.col("birth_date").dt.year() - _is_before_birthday().cast(pl.Int32)
    band = pl.lit(NOT_RECORDED)
    for low, high in AGE_BANDS:
        band = pl.when(age >= low).then(pl.lit(band_name(low, high))).otherwise(band)
    return [*named, band.alias("of_age")]


def _is_before_birthday() -> pl.Expr:
    day, born = pl.col("on").dt, pl.col("birth_date").dt
    return (day.month() < born.month()) | ((day.month() == born.month()) & (day.day() < born.day()))
