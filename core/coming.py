"""What will leave in the next days, by mode, and how full that makes the lines for calls."""

from dataclasses import dataclass

import polars as pl

from core import readers
from core.domain.clinical import schema
from core.domain.forecast import usual_pace
from core.domain.organisation import CHANNELS, PHONE
from core.domain.planned import Backlog, Hour, planned
from core.domain.small_cells import rounded_column
from core.pace import measured_pace
from core.store import overview_rows as rows
from core.store.database import reading
from core.workbench import Workbench

DAYS = 14
SENDS = schema({"on": pl.Date, "channel": pl.String, "count": pl.Int64})
CALLS = schema({"at": pl.Datetime("us"), "planned": pl.Int64, "most": pl.Int64})
WAITING = rows.WAITING


@dataclass(frozen=True)
class Coming:
    """sends      SENDS: messages by the day on which they will leave, and mode
    calls      CALLS: those of the calls by hour (local), with how many the lines take
    campaigns  WAITING: the active campaigns in which somebody waits, the earliest start first
    """

    sends: pl.DataFrame
    calls: pl.DataFrame
    campaigns: pl.DataFrame


def coming(wb: Workbench, channel: str = "") -> Coming:
    """What waits in active campaigns, through the windows of the next two weeks at the pace of lately or else the
    organisation's. Quiet hours, pauses, tries again and what is decided when a message would leave are no part of it.
    For who may not see patients it is made of rounded counts, without campaigns in which a few wait.
    """
    with reading(wb.engine) as connection:
        waiting = rows.waiting(connection, channel, wb.user.scope)
    if readers.is_rough(wb):  # the plan is made of what is shown
        waiting = waiting.with_columns(rounded_column("waiting")).drop_nulls("waiting")
    hours = {each: _hours(wb, each, waiting.filter(pl.col("channel") == each)) for each in CHANNELS}
    sends = [(hour.at.date(), each, hour.planned) for each, found in hours.items() for hour in found]
    calls = [(hour.at.replace(tzinfo=None), hour.planned, hour.most) for hour in hours[PHONE]]
    by_day = pl.DataFrame(sends, schema=SENDS, orient="row").group_by("on", "channel").agg(pl.col("count").sum())
    return Coming(by_day.sort("on", "channel"), pl.DataFrame(calls, schema=CALLS, orient="row"), waiting)


def _hours(wb: Workbench, channel: str, waiting: pl.DataFrame) -> list[Hour]:
    if waiting.is_empty():
        return []
    backlog = [Backlog(*row) for row in waiting.select("start_on", "waiting").iter_rows()]
    pace = measured_pace(wb, channel) or usual_pace(wb.organisation(), channel)
    return planned(wb.organisation(), channel, backlog, at=wb.now(), per_minute=pace, days=DAYS)
