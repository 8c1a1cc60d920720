"""A patient's appointments as staff read them: which are coming, and which did not take place."""

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from core.domain.clinical import schema

STATUSES = {
    "scheduled": "Scheduled",
    "confirmed": "Confirmed",
    "arrived": "Arrived",
    "completed": "Completed",
    "no-show": "No-show",
    "cancelled": "Cancelled",
    "rescheduled": "Rescheduled",
}
_OFF = ("no-show", "cancelled", "rescheduled")
_OPEN = ("scheduled", "confirmed")

APPOINTMENTS = schema(
    {
        "appointment_id": pl.String,
        "start_at": pl.Datetime("us", "UTC"),  # null for a local time that never was, when clocks went forward
        "made_at": pl.Datetime("us", "UTC"),
        "type": pl.String,
        "status": pl.String,  # a key of STATUSES; a blank one of the feed is scheduled
        "cancel_reason": pl.String,
        "provider": pl.String,
        "clinic": pl.String,
        "is_coming": pl.Boolean,  # begins now or later
        "is_off": pl.Boolean,  # cancelled, moved to another day, or the patient did not come
        "has_no_outcome": pl.Boolean,  # is over, and the feed still calls it scheduled or confirmed
    }
)


def appointments(rows: pl.DataFrame, *, now: datetime, zone: ZoneInfo) -> pl.DataFrame:
    """APPOINTMENTS, the latest first.

    rows   appointments of one patient in the feed's layout, typed, with the names `provider` and `clinic`
    zone   of the organisation: the layout's moments have none and mean local time
    """
    is_coming = pl.col("start_at") >= now
    status = pl.col("status").fill_null("scheduled")
    return (
        rows.with_columns(_utc("start_at", zone), _utc("made_at", zone), status=status)
        .with_columns(
            is_coming=is_coming.fill_null(False),
            is_off=pl.col("status").is_in(_OFF),
            has_no_outcome=(~is_coming & pl.col("status").is_in(_OPEN)).fill_null(False),
        )
        .sort("start_at", "appointment_id", descending=True, nulls_last=True)
        .select(*APPOINTMENTS)
        .cast(APPOINTMENTS)
    )


def _utc(column: str, zone: ZoneInfo) -> pl.Expr:
    local = (
        pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone(zone.key, ambiguous="earliest", non_existent="null")
    )
    return local.dt.convert_time_zone("UTC")
