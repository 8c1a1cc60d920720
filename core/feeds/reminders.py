"""Reminders of other systems as feeds write them: one row for each, or one for each of its attempts."""

import polars as pl

_KIND_WORDS = r"(?i)^\s*(appointment|health)( reminder)?\s*$"
LONGEST = 200
_WORDS = ("outcome", "protocol", "description")


def prepared(texts: pl.DataFrame) -> pl.DataFrame:
    """The texts of a batch before they are read: date and time together, a kind that stands under type in its own
    column, and what is in words no longer than LONGEST."""
    has = set(texts.columns)
    texts = texts.with_columns(pl.col(name).str.slice(0, LONGEST) for name in _WORDS if name in has)
    if {"date", "time"} <= has:
        day = pl.col("date").str.strip_chars()
        both = pl.concat_str(day, pl.col("time").str.strip_chars(), separator=" ")
        is_day = ~day.str.contains(":") & (pl.col("time").str.strip_chars() != "")
        texts = texts.with_columns(pl.when(is_day).then(both).otherwise("date").alias("date"))
    if "type" in has:
        says_kind = pl.col("type").str.contains(_KIND_WORDS).fill_null(False)
        kind = pl.col("kind") if "kind" in has else pl.lit(None, pl.String)
        texts = texts.with_columns(
            pl.when(says_kind).then("type").otherwise(kind).alias("kind"),
            pl.when(~says_kind).then("type").alias("type"),
        )
    return texts


def named(rows: pl.DataFrame) -> pl.DataFrame:
    """Typed rows, each with a reminder_id: the attempts at one appointment belong together, anything else is known by
    when and how it was and what it was about. What may change later, status and outcome, is never part of it."""
    parts = {name: pl.col(name).cast(pl.String).fill_null("") for name in ("kind", "type", "appointment_id")}
    parts |= {name: pl.col(name).fill_null("") for name in ("protocol", "description")}
    when = pl.col("date").dt.strftime("%Y-%m-%dT%H:%M:%S")
    one = pl.concat_str(when, *parts.values(), separator="|")
    of_appointment = pl.concat_str(parts["kind"], parts["appointment_id"], separator="|")
    is_attempt = pl.col("attempt").is_not_null() & pl.col("appointment_id").is_not_null()
    return rows.with_columns(
        pl.coalesce("reminder_id", pl.when(is_attempt).then(of_appointment).otherwise(one)).alias("reminder_id")
    )
