"""What became of patients after the allocation: which of their open gaps an event closed, and which visits were booked.

Days are the event's own, not those on which a feed told of it. What happened after the last day that is known in full
counts for nobody, so that arms are compared over the same time.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from core.domain.campaign import DELAYED
from core.domain.clinical import OPEN_STATES, schema

WINDOWS = (30, 60, 90)  # days from the allocation within which a closed gap counts
BOOKED_WITHIN = 30  # days from the contact
ANSWERED_WITHIN = 14
LATE = 60  # days after the last window in which what was entered late is still taken in
CLOSED_STATES = ("satisfied", "due_soon")
KEPT = ("completed", "arrived")
CLOSED_COLUMNS = tuple(f"closed_{window}" for window in WINDOWS)
CLOSURES = schema(
    {"patient_id": pl.String, "gap_count": pl.Int64, **dict.fromkeys(CLOSED_COLUMNS, pl.Int64), "closed_on": pl.Date}
)
FOLLOWED = schema(
    {
        "recipient_id": pl.Int64,
        "patient_id": pl.String,  # who it is now, after merges
        "contacted_at": pl.Datetime("us"),  # local; of who was not contacted the beginning of the allocation's day
        "known_appointment_at": pl.Datetime("us"),  # local: the next appointment when the campaign was made
    }
)
BOOKINGS = schema({"recipient_id": pl.Int64, "booked_on": pl.Date, "kept_on": pl.Date})


def compared_within(design: str, delay_weeks: int = 0) -> tuple[int, ...]:
    """Days within which the arms of a design are compared. Of a delayed start not beyond the delay: then both are
    contacted."""
    if design != DELAYED:
        return WINDOWS
    delay = min(delay_weeks * 7, WINDOWS[-1])
    return (*(window for window in WINDOWS if window < delay), delay)


def check_days(allocated_on: date, known_through: date) -> list[date]:
    """On which day each of WINDOWS is looked at: its end, or the last day that is known. None when nothing is."""
    if known_through <= allocated_on:
        return []
    return [min(allocated_on + timedelta(days=window), known_through) for window in WINDOWS]


def open_gaps(gaps: pl.DataFrame) -> pl.DataFrame:
    """patient_id and measure_id of the open gaps among GAPS."""
    return gaps.filter(pl.col("state").cast(pl.String).is_in(OPEN_STATES)).select("patient_id", "measure_id")


def closed_gaps(gaps: pl.DataFrame) -> pl.DataFrame:
    """patient_id, measure_id and last_on of GAPS that something done satisfies: not of whom a measure is no longer
    about, or whom something excludes."""
    is_closed = pl.col("state").cast(pl.String).is_in(CLOSED_STATES) & (pl.col("reason") == "done")
    return gaps.filter(is_closed).select("patient_id", "measure_id", "last_on")


def closures(opened: pl.DataFrame, closed: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """CLOSURES of the patients with open gaps.

    opened   open_gaps on the day of the allocation
    closed   closed_gaps on each of check_days; a gap closed by one of them counts in the windows after it too, also
             when it has opened again
    """
    found = opened.with_columns(closed_on=pl.lit(None, pl.Date))
    counts = []
    for name, gaps in zip(CLOSED_COLUMNS, closed, strict=False):
        found = found.join(gaps, on=["patient_id", "measure_id"], how="left", maintain_order="left")
        found = found.with_columns(closed_on=pl.coalesce("closed_on", "last_on")).drop("last_on")
        counts.append(found.select(pl.col("closed_on").is_not_null().alias(name)))
    flags = [frame.to_series() for frame in counts]
    missing = [pl.Series(name, [False] * found.height, pl.Boolean) for name in CLOSED_COLUMNS[len(flags) :]]
    return (
        found.hstack([*flags, *missing])
        .group_by("patient_id", maintain_order=True)
        .agg(gap_count=pl.len(), **{name: pl.col(name).sum() for name in CLOSED_COLUMNS}, closed_on=pl.min("closed_on"))
        .cast(CLOSURES)
    )


def bookings(followed: pl.DataFrame, appointments: pl.DataFrame, *, known_through: date) -> pl.DataFrame:
    """BOOKINGS of FOLLOWED: the first appointment made within BOOKED_WITHIN days of the contact, and the first of those
    that was kept.

    appointments   patient_id, start_at, made_at (local) and status; one whose making is not known counts from its
                   start, unless it was known when the campaign was made
    """
    made_at = pl.coalesce(
        "made_at", pl.when(pl.col("start_at").ne_missing(pl.col("known_appointment_at"))).then("start_at")
    )
    last_on = pl.col("contacted_at").dt.date() + pl.duration(days=BOOKED_WITHIN)
    made_on, start_on = pl.col("was_made_at").dt.date(), pl.col("start_at").dt.date()
    is_kept = pl.col("status").is_in(KEPT) & (start_on <= known_through)
    return (
        followed.join(appointments, on="patient_id")
        .with_columns(was_made_at=made_at)
        .filter(pl.col("was_made_at") >= pl.col("contacted_at"), made_on <= last_on, made_on <= known_through)
        .group_by("recipient_id")
        .agg(booked_on=made_on.min(), kept_on=start_on.filter(is_kept).min())
        .cast(BOOKINGS)
    )
