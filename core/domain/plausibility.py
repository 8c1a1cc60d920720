"""Which rows cannot be true or belong to nobody: they are set aside with a reason, never counted."""

from datetime import date

import polars as pl

UNKNOWN_PATIENT = "the patient is not known"
REJECTED_PATIENT = "the patient was rejected"
IN_FUTURE = "is in the future"
BEFORE_BIRTH = "is before the patient's birth"
AFTER_DEATH = "is more than a week after the patient's death"
# The death certificate and last results are written in the days after a death; what comes later is of somebody else.
DAYS_AFTER_DEATH = 7
OF_PATIENT = (UNKNOWN_PATIENT, REJECTED_PATIENT)


def patient_reason(rows: pl.DataFrame, patients: pl.DataFrame, *, rejected: pl.Series) -> pl.Series:
    """For each row the reason why its patient cannot be told, or null.

    patients   patient_id of everybody known; rejected: ids of patients whose own row this feed could not be used
    """
    known = rows["patient_id"].is_in(patients["patient_id"].implode())
    if known.all():
        return pl.repeat(None, rows.height, dtype=pl.String, eager=True)
    was_rejected = rows["patient_id"].is_in(rejected.implode())
    return pl.select(
        pl.when(known)
        .then(None)
        .when(was_rejected)
        .then(pl.lit(REJECTED_PATIENT))
        .otherwise(pl.lit(UNKNOWN_PATIENT))
        .alias("reason")
    ).to_series()


def later_than(moments: pl.Series, last_day: date) -> pl.Series:
    """For each moment the reason why nothing can have happened then, or null."""
    is_later = moments.dt.date() > last_day
    return pl.select(pl.when(is_later).then(pl.lit(IN_FUTURE))).to_series()


def event_reasons(events: pl.DataFrame, patients: pl.DataFrame, *, rejected: pl.Series, last_day: date) -> pl.Series:
    """For each event the reason why it cannot count, or null.

    patients   patient_id, birth_date, deceased_on of everybody known in this shard
    last_day   the day of the load: nothing that happened can be later
    """
    places = patients.select("patient_id").with_row_index("row")
    row = events.select("patient_id").join(places, on="patient_id", how="left", maintain_order="left")["row"]
    too_late = patients["deceased_on"].dt.offset_by(f"{DAYS_AFTER_DEATH}d")
    found = pl.DataFrame(
        {
            UNKNOWN_PATIENT: row.is_null(),
            IN_FUTURE: events["on"] > last_day,
            BEFORE_BIRTH: events["on"] < patients["birth_date"].gather(row),
            AFTER_DEATH: events["on"] > too_late.gather(row),
        }
    )
    reasons = pl.repeat(None, events.height, dtype=pl.String, eager=True)
    for reason in reversed(found.columns):  # the first one that holds is given
        if found[reason].any():
            reasons = reasons.set(found[reason].fill_null(False), reason)
    if rejected.is_empty() or reasons.null_count() == reasons.len():
        return reasons
    is_rejected = (reasons == UNKNOWN_PATIENT) & events["patient_id"].is_in(rejected.implode())
    return reasons.set(is_rejected.fill_null(False), REJECTED_PATIENT)
