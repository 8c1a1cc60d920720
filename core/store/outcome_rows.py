"""What became of recipients after the allocation, in SQL: which campaigns are to be looked at, and what was found."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, delete, func, insert, select

from core.domain.clinical import schema
from core.store.bulk import insert_rows
from core.store.campaigns import lock
from core.store.origins import first_starts
from core.store.schema import campaigns, feed_quality, follow_ups, merges, outcomes, recipients

_MOMENT = pl.Datetime("us", "UTC")
CONTACTS = schema(
    {
        "recipient_id": pl.Int64,
        "patient_id": pl.String,  # who it is now: of a merged id the survivor
        "handed_over_at": _MOMENT,
        "appointment_at": _MOMENT,  # the next one when the campaign was made
    }
)
LAGS = schema(
    {
        "source_system": pl.String,
        "feed_table": pl.String,
        "load_id": pl.Int64,
        "received_at": _MOMENT,
        "lag_p90": pl.Int64,
    }
)


_DAYS = ("closed_on", "booked_on", "kept_on", "followed_through")
OUTCOMES = schema(
    {
        "recipient_id": pl.Int64,
        **dict.fromkeys(("gap_count", "closed_30", "closed_60", "closed_90"), pl.Int64),
        **dict.fromkeys(_DAYS, pl.Date),
    }
)


@dataclass(frozen=True)
class Followed:
    """A campaign that has begun, how far its outcomes are known and from which day they are counted: None where they
    were never looked at."""

    campaign_id: str
    channel: str
    start_on: date
    measures: tuple[str, ...]
    allocated_at: datetime | None
    activated_at: datetime | None
    finished_at: datetime | None
    known_through: date | None
    counted_from: date | None = None


@dataclass(frozen=True)
class FollowUp:
    """How far the outcomes of a campaign are known (the table follow_ups)."""

    campaign_id: str
    allocated_on: date
    known_through: date
    lag_days: int
    generation: str
    evaluated_at: datetime


def due(connection: Connection, generation: str) -> list[Followed]:
    """The campaigns that have begun and were not looked at with this generation, in the order they were made. The start
    date of one that shares its arms with sisters is the first of theirs: from then on its patients were contacted."""
    firsts = first_starts(connection)
    begun = func.coalesce(campaigns.c.allocated_at, campaigns.c.activated_at, campaigns.c.finished_at)
    columns = [campaigns.c[name] for name in Followed.__dataclass_fields__ if name in campaigns.c]
    question = (
        select(*columns, follow_ups.c.known_through, follow_ups.c.allocated_on.label("counted_from"))
        .outerjoin(follow_ups, follow_ups.c.campaign_id == campaigns.c.campaign_id)
        .where(
            campaigns.c.kind == "campaign",
            campaigns.c.status != "inactive",
            campaigns.c.deleted_at.is_(None),
            begun.is_not(None),
            func.coalesce(follow_ups.c.generation, "") != generation,
        )
    )
    rows = connection.execute(question.order_by(campaigns.c.created_at, campaigns.c.campaign_id)).mappings()
    return [
        Followed(
            **{**row, "start_on": firsts.get(row["campaign_id"], row["start_on"]), "measures": tuple(row["measures"])}
        )
        for row in rows
    ]


def contacts(connection: Connection, campaign_id: str) -> pl.DataFrame:
    """CONTACTS: every recipient of a campaign, whatever became of the message."""
    question = (
        select(
            recipients.c.recipient_id,
            func.coalesce(merges.c.patient_id, recipients.c.patient_id),
            recipients.c.handed_over_at,
            recipients.c.appointment_at,
        )
        .outerjoin(merges, merges.c.merged_id == recipients.c.patient_id)
        .where(recipients.c.campaign_id == campaign_id)
        .order_by(recipients.c.recipient_id)
    )
    return _frame(connection, question, CONTACTS)


def kept(connection: Connection, campaign_id: str) -> pl.DataFrame:
    """OUTCOMES: what was kept of the recipients of a campaign."""
    question = select(*(outcomes.c[name] for name in OUTCOMES)).where(outcomes.c.campaign_id == campaign_id)
    return _frame(connection, question, OUTCOMES)


def lags(connection: Connection, tables: Collection[str]) -> pl.DataFrame:
    """LAGS: of each source every load that had one of these tables, the latest first."""
    c = feed_quality.c
    question = (
        select(c.source_system, c.feed_table, c.load_id, c.received_at, c.lag_p90)
        .where(c.feed_table.in_(sorted(tables)), c.is_there, c.received_at.is_not(None))
        .order_by(c.load_id.desc())
    )
    return _frame(connection, question, LAGS)


def keep(connection: Connection, found: FollowUp, rows: pl.DataFrame) -> None:
    """Keep what became of the recipients of a campaign in place of what was kept before.

    rows   the columns of the table `outcomes`, campaign_id apart
    """
    lock(connection, found.campaign_id)  # two who look at once write the same, one after the other
    for table in (outcomes, follow_ups):
        connection.execute(delete(table).where(table.c.campaign_id == found.campaign_id))
    insert_rows(connection, outcomes, rows.with_columns(campaign_id=pl.lit(found.campaign_id)))
    connection.execute(insert(follow_ups).values(vars(found)))


def follow_up(connection: Connection, campaign_id: str) -> FollowUp | None:
    """How far the outcomes of a campaign are known; None when they were never looked at."""
    row = connection.execute(select(follow_ups).where(follow_ups.c.campaign_id == campaign_id)).mappings().one_or_none()
    return FollowUp(**row) if row else None


def _frame(connection: Connection, question: Any, columns: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in connection.execute(question)], schema=columns, orient="row")
