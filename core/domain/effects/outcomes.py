"""What became of patients after the allocation: which of their open gaps an event closed, and which visits were booked.

Days are the event's own, not those on which a feed told of it. What happened after the last day that is known in full
counts for nobody, so that arms are compared over the same time.
"""

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
OPENED = schema({"patient_id": pl.String, "measure_id": pl.String})
CLOSINGS = schema({**OPENED, "closed_on": pl.Date})
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
    contacted. Without a whole week before that there is nothing to compare, and closings are told of all windows."""
    if design != DELAYED or delay_weeks == 0:
        return WINDOWS
    delay = min(delay_weeks * 7, WINDOWS[-1])
    return (*(window for window in WINDOWS if window < delay), delay)


def last_day(allocated_on: date, known_through: date) -> date:
    """The last day of which an event counts: the end of the last window, or the last day that is known."""
    return min(allocated_on + timedelta(days=WINDOWS[-1]), known_through)


def is_open() -> pl.Expr:
    """Of GAPS: a care gap that is open."""
    return pl.col("state").cast(pl.String).is_in(OPEN_STATES)


def is_closed() -> pl.Expr:
    """Of GAPS: one that something done satisfies. Not of whom a measure is no longer about, or whom something
    excludes."""
    return pl.col("state").cast(pl.String).is_in(CLOSED_STATES) & (pl.col("reason").cast(pl.String) == "done")


def closures(opened: pl.DataFrame, closings: pl.DataFrame, *, allocated_on: date) -> pl.DataFrame:
    """CLOSURES of the patients with open gaps.

    opened     OPENED at the end of the day of the allocation
    closings   CLOSINGS of them: the first event since that closed each. It counts in every window that it lies in, also
               when the gap has opened again
    """
    days = (pl.col("closed_on") - pl.lit(allocated_on)).dt.total_days()
    counts = {name: (days <= window).sum() for name, window in zip(CLOSED_COLUMNS, WINDOWS, strict=True)}
    return (
        opened.join(closings, on=["patient_id", "measure_id"], how="left", maintain_order="left")
        .group_by("patient_id", maintain_order=True)
        .agg(gap_count=pl.len(), **counts, closed_on=pl.min("closed_on"))
        .cast(CLOSURES)
    )


def still_known(found: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `outcomes` with those kept before of whom nothing is told any more.

    found    what feeds tell now, with `is_there`: whether they know the patient
    before   the same without it, as it was kept, counted from the same day; of some recipients or none
    """
    gone = found.filter(~pl.col("is_there")).select("recipient_id")
    kept = before.join(gone, on="recipient_id", how="semi")
    told = found.drop("is_there")
    return pl.concat([told.join(kept, on="recipient_id", how="anti"), kept.select(told.columns).cast(told.schema)])


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
