"""The feed that follows the sample of this home: who was contacted closes gaps more often, by known lifts."""

from datetime import date
from pathlib import Path

import polars as pl

from core import care_gaps
from core.domain.clinical import OPEN_STATES
from core.domain.message import STATES
from core.domain.role import LOAD_DATA
from core.sample.following import ASKED, feed_day, write_next
from core.store import report_rows
from core.store.database import reading
from core.workbench import Workbench, needs


@needs(LOAD_DATA)
def write(
    wb: Workbench, previous: Path, out: Path, *, as_of: date, seed: int = 1, since: date | None = None
) -> pl.DataFrame:
    """Write the feed that follows `previous`, the sample that this home has loaded, as it is on `as_of`; returns its
    answer (core.sample.following.ANSWER), which stands beside the folder as NAME-answer.csv too.

    Asked for are the gaps that were open on the day of `previous`. A patient of a campaign about the measure is
    followed from the campaign's activation, and counts as contacted when the message arrived or may have. Raises
    CareloopError for a folder that holds no sample, one that is not empty, and a day that is not later.

    since   tell the feed before anew, as if the gaps of campaigns that were open on this day had closed since by these
            chances; nobody else's close
    """
    day = since or feed_day(previous)
    gaps = care_gaps.gaps(wb, as_of=day, states=OPEN_STATES).select("patient_id", "measure_id").collect()
    joined = gaps.join(_in_campaigns(wb), on=["patient_id", "measure_id"], how="inner" if since else "left")
    asked = joined.select(ASKED.names()).cast(ASKED)
    answer = write_next(previous, out, as_of=as_of, asked=asked, seed=seed, since=since)
    answer.write_csv(out.parent / f"{out.name}-answer.csv")
    return answer


def _in_campaigns(wb: Workbench) -> pl.DataFrame:
    """patient_id, measure_id, channel, from_on: of several campaigns the first that contacted, else the first."""
    with reading(wb.engine) as connection:
        rows = report_rows.contacted(connection)
    is_contacted = [STATES[state].result == "Successful" for state in rows["state"]]
    return (
        rows.with_columns(is_contacted=pl.Series(is_contacted, dtype=pl.Boolean))
        .explode("measures")
        .drop_nulls("measures")
        .with_columns(
            channel=pl.when("is_contacted").then("channel"),
            from_on=pl.col("activated_at").dt.convert_time_zone(wb.organisation().time_zone).dt.date(),
        )
        .sort("is_contacted", "activated_at", descending=[True, False])
        .unique(["patient_id", "measures"], keep="first", maintain_order=True)
        .select("patient_id", pl.col("measures").alias("measure_id"), "channel", "from_on")
    )
