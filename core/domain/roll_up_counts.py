"""How the counts of a campaign come of its messages (core.domain.roll_up)."""

from collections.abc import Iterable, Iterator
from datetime import date

import polars as pl

from core.domain.clinical import schema
from core.domain.contact_steps import is_held_out, steps
from core.domain.introduction import INTRODUCTORY
from core.domain.message import PRINTED, RETURNED, STATES
from core.domain.organisation import LETTER, TEXT
from core.domain.roll_up import COUNTS, DIMENSIONS, STEPS
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
        "closed_90": pl.Int64,  # gaps closed within 90 days
        "booked_on": pl.Date,
        "kept_on": pl.Date,
        "has_opted_out": pl.Boolean,
        "call_seconds": pl.List(pl.Int64),  # of each call that was answered
        "is_own_letter": pl.Boolean,  # false for all but one of those who share a letter
    }
)
_KEYS = ("campaign_id", "on", "group_id", "provider_id", "dimension", "value")
ROLL_UPS = schema(
    {**dict.fromkeys(_KEYS, pl.String), "on": pl.Date, **dict.fromkeys(COUNTS, pl.Int64)},
)
_WAITS = (*(name for name, state in STATES.items() if not state.is_finished and name != "calling"), PRINTED)


def summed(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """ROLL_UPS of all parts of a campaign together."""
    every = pl.concat([ROLL_UPS.to_frame(), *parts])
    return every.group_by(_KEYS).agg(pl.col(COUNTS).sum())


def rolled_up(facts: pl.DataFrame, *, campaign_id: str, channel: str, start_on: date, zone: str) -> pl.DataFrame:
    """ROLL_UPS of some recipients of a campaign. `facts` has FACTS, has_answered and has_stopped
    (core.domain.contact_steps.with_answers) and `segments`, what a text to the recipient takes.

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
    """Each a number for every recipient, mostly 0 or 1."""
    came = steps(channel)
    state, is_own = pl.col("state"), pl.col("message") != INTRODUCTORY
    has_left, arrived = came["sent"], came["delivered"]
    found: dict[str, pl.Expr] = {
        **{name: came["sent" if name == "handed_over" else name] for name in STEPS},
        "held_out": is_held_out(),
        "followed": arrived & (pl.col("gap_count") > 0),
        "waiting": came["eligible"] & state.is_in(_WAITS),
        "failed": is_own & state.is_in([RETURNED, "unsuccessful"]),
        "opt_outs": has_left & pl.col("has_opted_out"),
        "gaps_closed": pl.when(arrived).then(pl.col("closed_90")),
        "segments": pl.when(has_left).then(pl.col("segments")).otherwise(0) if channel == TEXT else pl.lit(0),
        "call_minutes": pl.col("call_seconds").list.eval((pl.element().clip(1) / 60).ceil()).list.sum(),
        "letters": has_left & pl.col("is_own_letter") if channel == LETTER else pl.lit(0),
    }
    return (found[name].fill_null(0).cast(pl.Int64).alias(name) for name in COUNTS)


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
