"""Dates and moments as feeds write them. A moment with a time zone counts on the day that is written, never on the day
it was in another zone: otherwise midnight UTC would move a birth or a result by a day."""

from zoneinfo import ZoneInfo

import polars as pl

_ISO = r"^\d{4}-\d{2}-\d{2}(?:$|[T ]\d{2}:?\d{2})"
_DAY_FORMATS = (
    "%m/%d/%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%m/%d/%y",
)
_MOMENT_FORMATS = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d",
)  # fmt: skip
_ZONE = r"(Z|[+-]\d{2}:?\d{2})$"
FIRST_YEAR, LAST_YEAR = 1800, 2200


def dates(texts: pl.Series) -> pl.Series:
    """Days. ISO dates first, then American ones, HL7's digits, and years or months alone (their first day)."""
    if not (texts.str.len_bytes() > 10).any():
        days = texts.str.to_date("%Y-%m-%d", strict=False, cache=False)
    else:
        days = texts.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False, cache=False)
        days = days.set(~texts.str.contains(_ISO).fill_null(False), None)
    odd = texts.filter(days.is_null() & texts.is_not_null()).unique()
    if odd.len():
        read = _odd_dates(odd)
        days = days.fill_null(texts.replace_strict(read["text"], read["day"], default=None, return_dtype=pl.Date))
    return _plausible(days)


def moments(texts: pl.Series, zone: ZoneInfo) -> pl.Series:
    """Local moments of the zone, without a zone of their own. A written offset is converted to the zone."""
    known = pl.DataFrame({"text": texts.unique().drop_nulls()}).with_columns(
        pl.col("text").str.strip_chars().str.replace(_ZONE, "").str.replace(r"\.\d+$", "").alias("local"),
        pl.col("text").str.extract(_ZONE, 1).alias("offset"),
    )
    written = pl.coalesce(pl.col("local").str.to_datetime(f, strict=False, time_unit="us") for f in _MOMENT_FORMATS)
    known = known.with_columns(written.alias("written"), _offset_minutes().alias("minutes"))
    in_zone = (
        (pl.col("written") - pl.duration(minutes="minutes"))
        .dt.replace_time_zone("UTC")
        .dt.convert_time_zone(zone.key)
        .dt.replace_time_zone(None)
    )
    known = known.with_columns(pl.when(pl.col("minutes").is_null()).then("written").otherwise(in_zone).alias("at"))
    return _plausible(texts.replace_strict(known["text"], known["at"], default=None, return_dtype=pl.Datetime("us")))


def instant(text: str) -> pl.Expr:
    """A column of moments as UTC; without a written offset they are taken as UTC. Unreadable ones are empty."""
    local = pl.col(text).str.strip_chars().str.replace(_ZONE, "").str.replace(r"\.\d+$", "")
    written = pl.coalesce(local.str.to_datetime(f, strict=False, time_unit="us") for f in _MOMENT_FORMATS)
    minutes = _offset_minutes(pl.col(text).str.extract(_ZONE, 1)).fill_null(0)
    return (written - pl.duration(minutes=minutes)).dt.replace_time_zone("UTC")


def _odd_dates(texts: pl.Series) -> pl.DataFrame:
    whole = texts.str.strip_chars().str.to_titlecase()
    day_part = whole.str.replace(r"[T ]\d{1,2}:\d{2}.*$", "").str.replace(r"^(\d{8})\d{4,6}.*$", "${1}")
    day_part = day_part.str.replace(r"^(\d{4})$", "${1}-01-01").str.replace(r"^(\d{4}-\d{2})$", "${1}-01")
    table = pl.DataFrame({"text": texts, "part": day_part})
    days = [pl.col("part").str.to_date(f, strict=False) for f in ("%Y-%m-%d", *_DAY_FORMATS)]
    return table.select("text", pl.coalesce(_if_plausible(day) for day in days).alias("day")).drop_nulls()


def _if_plausible(day: pl.Expr) -> pl.Expr:
    return pl.when(day.dt.year().is_between(FIRST_YEAR, LAST_YEAR)).then(day)


def _plausible(days: pl.Series) -> pl.Series:
    years = days.dt.year()
    least, most = years.min(), years.max()
    if least is None or (int(str(least)) >= FIRST_YEAR and int(str(most)) <= LAST_YEAR):
        return days
    return days.set((~years.is_between(FIRST_YEAR, LAST_YEAR)).fill_null(False), None)


def _offset_minutes(offset: pl.Expr | None = None) -> pl.Expr:
    offset = pl.col("offset") if offset is None else offset
    hours = offset.str.slice(1, 2).cast(pl.Int32, strict=False)
    minutes = offset.str.tail(2).cast(pl.Int32, strict=False)
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(offset == "Z").then(0).otherwise(sign * (hours * 60 + minutes))
