"""How far back it is known in full what happened: feeds tell of an event some days after it."""

from datetime import date, timedelta

import polars as pl

from core.domain.clinical import schema

_LOOKED_BACK = 5  # feeds
_BACK_FILL = 92  # days: whoever brings years at once says nothing of the usual delay; claims take three months
_SILENT = 31  # days without a table, while its source sends others
FEEDS = schema(
    {
        "source_system": pl.String,
        "feed_table": pl.String,
        "on": pl.Date,  # the day of the feed
        "lag_p90": pl.Int64,  # within how many days nine of ten new events came; null where nothing new came
    }
)


def known_days(feeds: pl.DataFrame) -> tuple[date, int]:
    """The last day of which everything is known that these tables tell, and their usual delay in days.

    feeds   FEEDS, the latest first, at least one
    Of each source and table: the day before its last feed, less the delay of nine of ten events beyond the time between
    two feeds, in the middle of its last five feeds; the earliest of these days, and the longest delay. Of several feeds
    a day the first counts, and none in which most events came later than a back-fill's.
    """
    feeds = feeds.unique(["source_system", "feed_table", "on"], keep="last", maintain_order=True)
    told = (pl.col("lag_p90") - (pl.col("on") - pl.col("on").shift(-1)).dt.total_days()).drop_nulls()
    usual = told.filter(told <= _BACK_FILL).head(_LOOKED_BACK).median().ceil().cast(pl.Int64)
    each = feeds.group_by("source_system", "feed_table").agg(pl.first("on"), delay=usual.fill_null(0).clip(0))
    day, longest = each.select((pl.col("on") - pl.duration(days=pl.col("delay"))).min(), pl.max("delay")).row(0)
    return day - timedelta(days=1), longest


def silent_tables(feeds: pl.DataFrame) -> list[tuple[str, str, date]]:
    """Source, table and day of its last feed, of each table that its source sends no more while it sends others: for
    more than 31 days, and more than twice the usual time between its feeds.

    feeds   FEEDS of all tables, in any order
    """
    between = (pl.col("on") - pl.col("on").shift(-1)).dt.total_days().drop_nulls().head(_LOOKED_BACK).median()
    days = feeds.unique(["source_system", "feed_table", "on"]).sort("on", descending=True)
    each = days.group_by("source_system", "feed_table").agg(pl.first("on"), usual=between.fill_null(0))
    silent = (pl.col("on").max().over("source_system") - pl.col("on")).dt.total_days()
    found = each.filter(silent > pl.max_horizontal(pl.lit(_SILENT), 2 * pl.col("usual")))
    return found.select("source_system", "feed_table", "on").sort("source_system", "feed_table").rows()
