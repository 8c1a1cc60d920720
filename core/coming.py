"""What will leave in the next days, by mode, and how full that makes the lines for calls."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from core import designs, readers
from core.domain.clinical import schema
from core.domain.forecast import usual_pace
from core.domain.organisation import CHANNELS, PHONE
from core.domain.planned import Backlog, Hour, planned
from core.domain.small_cells import rounded_column
from core.domain.window import first_send_at
from core.errors import SettingsError
from core.pace import measured_pace
from core.store import overview_rows as rows
from core.store.database import reading
from core.workbench import Workbench

DAYS = 14
SENDS = schema({"on": pl.Date, "channel": pl.String, "count": pl.Int64})
CALLS = schema({"at": pl.Datetime("us"), "planned": pl.Int64, "most": pl.Int64})
# Who of a campaign waits for which day: whoever is contacted later has a row of their own.
WAITING = schema(
    {"campaign_id": pl.String, "name": pl.String, "channel": pl.String, "on": pl.Date, "waiting": pl.Int64}
)


@dataclass(frozen=True)
class Coming:
    """sends      SENDS: messages by the day on which they will leave, and mode
    calls      CALLS: those of the calls by hour (local), with how many the lines take
    campaigns  WAITING: the active campaigns in which somebody waits for a day of these two weeks, the earliest first;
               `on` is the first day on which messages can leave
    beyond     WAITING of whoever waits for a day after that
    """

    sends: pl.DataFrame
    calls: pl.DataFrame
    campaigns: pl.DataFrame
    beyond: pl.DataFrame


def coming(wb: Workbench, channel: str = "") -> Coming:
    """What waits in active campaigns, through the windows of the next two weeks at the pace of lately or else the
    organisation's. Whoever waits for another day, by chance or since that was decided already, comes on that day;
    quiet hours, pauses, tries again and what else is decided when a message would leave are no part of it.
    For who may not see patients it is made of rounded counts, without those of whom a few wait.
    """
    with reading(wb.engine) as connection:
        known = rows.waiting(connection, channel, wb.user.scope)
        later = designs.waiting_later(wb, connection)
    waiting = _with_days(wb, _apart(wb, known, later))
    if readers.is_rough(wb):  # the plan is made of what is shown
        waiting = waiting.with_columns(rounded_column("waiting")).drop_nulls("waiting")
    hours = {each: _hours(wb, each, waiting.filter(pl.col("channel") == each)) for each in CHANNELS}
    sends = [(hour.at.date(), each, hour.planned) for each, found in hours.items() for hour in found]
    calls = [(hour.at.replace(tzinfo=None), hour.planned, hour.most) for hour in hours[PHONE]]
    by_day = pl.DataFrame(sends, schema=SENDS, orient="row").group_by("on", "channel").agg(pl.col("count").sum())
    is_soon = pl.col("on") <= wb.today() + timedelta(days=DAYS)
    return Coming(
        by_day.sort("on", "channel"),
        pl.DataFrame(calls, schema=CALLS, orient="row"),
        waiting.filter(is_soon),
        waiting.filter(~is_soon),
    )


def _apart(wb: Workbench, known: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """rows.WAITING, of which those who are contacted later are rows with their own day as the start."""
    theirs = later.with_columns(on=pl.col("next_at").dt.convert_time_zone(wb.zone().key).dt.date())
    theirs = theirs.group_by("campaign_id", "on").agg(pl.col("waiting").sum())
    counts = theirs.group_by("campaign_id").agg(later=pl.col("waiting").sum())
    first = known.join(counts, on="campaign_id", how="left").with_columns(
        pl.col("waiting") - pl.col("later").fill_null(0)
    )
    others = known.drop("waiting").join(theirs, on="campaign_id").with_columns(start_on=pl.col("on"))
    return pl.concat([each.select(rows.WAITING.names()) for each in (first, others)]).filter(pl.col("waiting") > 0)


def _with_days(wb: Workbench, waiting: pl.DataFrame) -> pl.DataFrame:
    """WAITING of rows.WAITING: the first day on which messages of this mode and start date can leave."""
    starts = waiting.select("channel", "start_on").unique()
    days = [(*each, _first_day(wb, *each)) for each in starts.iter_rows()]
    named = pl.DataFrame(days, schema={"channel": pl.String, "start_on": pl.Date, "on": pl.Date}, orient="row")
    return waiting.join(named, on=["channel", "start_on"]).select(WAITING.names()).sort("on", "campaign_id")


def _first_day(wb: Workbench, channel: str, start_on: date) -> date:
    try:
        first = first_send_at(wb.organisation(), channel, start_on=start_on, at=wb.now())
    except SettingsError:  # no window ever opens, which the settings say
        return start_on
    return first.astimezone(wb.zone()).date()


def _hours(wb: Workbench, channel: str, waiting: pl.DataFrame) -> list[Hour]:
    if waiting.is_empty():
        return []
    backlog = [Backlog(*row) for row in waiting.select("on", "waiting").iter_rows()]
    pace = measured_pace(wb, channel) or usual_pace(wb.organisation(), channel)
    return planned(wb.organisation(), channel, backlog, at=wb.now(), per_minute=pace, days=DAYS)
