"""What all campaigns have come to, asked of the roll-ups: the messages are not read, but of those who wait for a later
day, which the roll-ups do not know."""

from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, and_, func, select, true

from core.domain.clinical import schema
from core.domain.roll_up import COUNTS, Wanted
from core.domain.user import Scope
from core.store.campaigns import is_held_out
from core.store.schema import campaigns, follow_ups, recipients, roll_ups
from core.store.scope import recipient_in_scope

_SUMS = [func.sum(roll_ups.c[name]).label(name) for name in COUNTS]
_NUMBERS = dict.fromkeys(COUNTS, pl.Int64)
BY_DAY = schema({"campaign_id": pl.String, "on": pl.Date, **_NUMBERS})
BY_VALUE = schema({"value": pl.String, **_NUMBERS})
CAMPAIGNS = schema(
    {"campaign_id": pl.String, "name": pl.String, "channel": pl.String, "status": pl.String, "start_on": pl.Date}
)
# Whether a campaign is about care gaps, and how far it is followed; null while it is not.
FOLLOWED = schema(
    {
        "campaign_id": pl.String,
        "is_about_gaps": pl.Boolean,
        "allocated_on": pl.Date,
        "known_through": pl.Date,
        "lag_days": pl.Int64,
    }
)
WAITING = schema(
    {"campaign_id": pl.String, "name": pl.String, "channel": pl.String, "start_on": pl.Date, "waiting": pl.Int64}
)
LATER = schema({"campaign_id": pl.String, "next_at": pl.Datetime("us", "UTC"), "waiting": pl.Int64})


def campaigns_sent(connection: Connection, channel: str = "") -> pl.DataFrame:
    """CAMPAIGNS: those that were let out and are in the list, whoever sees them."""
    question = select(*(campaigns.c[name] for name in CAMPAIGNS)).where(_is_counted(channel))
    return _frame(connection, question.order_by(campaigns.c.start_on.desc(), campaigns.c.campaign_id), CAMPAIGNS)


def by_day(connection: Connection, wanted: Wanted, scope: Scope) -> pl.DataFrame:
    """BY_DAY: the counts of each campaign and day, of the patients in the scope."""
    keys = (roll_ups.c.campaign_id, roll_ups.c.on)
    question = select(*keys, *_SUMS).where(roll_ups.c.dimension == "", _of(wanted), _in_scope(scope))
    if wanted.channel:
        question = question.where(roll_ups.c.campaign_id.in_(_counted(wanted.channel)))
    return _frame(connection, question.group_by(*keys), BY_DAY)


def by_value(connection: Connection, dimension: str, wanted: Wanted, scope: Scope) -> pl.DataFrame:
    """BY_VALUE: the counts by language, age ... . Only whole groups are kept by these, so neither what is wanted nor
    the scope may name providers."""
    question = select(roll_ups.c.value, *_SUMS).where(roll_ups.c.dimension == dimension, _of(wanted), _in_scope(scope))
    question = question.where(roll_ups.c.campaign_id.in_(_counted(wanted.channel)))
    return _frame(connection, question.group_by(roll_ups.c.value), BY_VALUE)


def waiting(connection: Connection, channel: str, scope: Scope) -> pl.DataFrame:
    """WAITING: the active campaigns in which patients of the scope wait, the earliest start first."""
    keys = [campaigns.c[name] for name in ("campaign_id", "name", "channel", "start_on")]
    count = func.sum(roll_ups.c.waiting)
    question = (
        select(*keys, count)
        .join(roll_ups, roll_ups.c.campaign_id == campaigns.c.campaign_id)
        .where(roll_ups.c.dimension == "", campaigns.c.status == "active", _is_counted(channel), _in_scope(scope))
        .group_by(*keys)
        .having(count > 0)
    )
    return _frame(connection, question.order_by(campaigns.c.start_on, campaigns.c.campaign_id), WAITING)


def waiting_later(connection: Connection, scope: Scope, *, at: datetime, campaign_id: str = "") -> pl.DataFrame:
    """LATER: how many wait in active campaigns, or one of them, for their first message and for `at` or a later moment,
    within the scope."""
    keys = (recipients.c.campaign_id, recipients.c.next_at)
    question = (
        select(*keys, func.count())
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(campaigns.c.status == "active", _is_counted(""))
        .where(recipients.c.state == "waiting", recipients.c.next_at >= at, recipients.c.attempt_count == 0)
        .where(~is_held_out())
        .where(recipient_in_scope(scope), campaigns.c.campaign_id == campaign_id if campaign_id else true())
        .group_by(*keys)
    )
    return _frame(connection, question, LATER)


def followed(connection: Connection, channel: str = "") -> pl.DataFrame:
    """FOLLOWED of the campaigns of `campaigns_sent`."""
    columns = [follow_ups.c[name] for name in ("allocated_on", "known_through", "lag_days")]
    question = select(campaigns.c.campaign_id, campaigns.c.measures, *columns).outerjoin(
        follow_ups, follow_ups.c.campaign_id == campaigns.c.campaign_id
    )
    rows = [(row[0], bool(row[1]), *row[2:]) for row in connection.execute(question.where(_is_counted(channel)))]
    return pl.DataFrame(rows, schema=FOLLOWED, orient="row")


def _counted(channel: str) -> Any:
    return select(campaigns.c.campaign_id).where(_is_counted(channel))


def _is_counted(channel: str) -> ColumnElement[bool]:
    is_of_mode = campaigns.c.channel == channel if channel else true()
    is_there = and_(campaigns.c.kind == "campaign", campaigns.c.deleted_at.is_(None))
    return and_(is_there, campaigns.c.status != "inactive", is_of_mode)


def _of(wanted: Wanted) -> ColumnElement[bool]:
    limits: list[ColumnElement[bool]] = []
    if wanted.first_on is not None:
        limits.append(roll_ups.c.on >= wanted.first_on)
    if wanted.last_on is not None:
        limits.append(roll_ups.c.on <= wanted.last_on)
    if wanted.group_id:
        limits.append(roll_ups.c.group_id == wanted.group_id)
    if wanted.provider_id:
        limits.append(roll_ups.c.provider_id == wanted.provider_id)
    return and_(true(), *limits)


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    """As core.store.scope.in_scope, of the groups and PCPs that are kept with the sums."""
    limits = []
    if scope.groups is not None:
        limits.append(roll_ups.c.group_id.in_(scope.groups))
    if scope.providers is not None:
        limits.append(roll_ups.c.provider_id.in_(scope.providers))
    return and_(true(), *limits)


def _frame(connection: Connection, question: Any, columns: pl.Schema) -> pl.DataFrame:
    rows = [tuple(row) for row in connection.execute(question)]
    return pl.DataFrame(rows, schema=columns, orient="row")
