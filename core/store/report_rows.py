"""What a campaign did, asked of SQL: counts by state and reason, when things ended, and one row per patient."""

from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, func, select

from core.domain.clinical import schema
from core.domain.organisation import EMAIL, LETTER, TEXT
from core.domain.user import Scope
from core.store.campaigns import is_held_out
from core.store.schema import attempts, campaigns, groups, merges, patients, providers, recipients
from core.store.scope import in_scope, recipient_in_scope

_MOMENT = pl.Datetime("us", "UTC")
COUNTS = schema({"state": pl.String, "reason": pl.String, "is_held_out": pl.Boolean, "count": pl.Int64})
CONTACTED = schema(
    {
        "patient_id": pl.String,
        "measures": pl.List(pl.String),
        "channel": pl.String,
        "state": pl.String,
        "activated_at": _MOMENT,
    }
)
ENDS = schema({"state": pl.String, "at": _MOMENT})
PATIENTS = schema(
    {
        "patient_id": pl.String,
        "first": pl.String,
        "last": pl.String,
        "email": pl.String,  # the address that an email went to, else the one on file
        "phone": pl.String,  # the number that a text or call went to, else mobile, else home; a text's is mobile
        **dict.fromkeys(("address1", "address2", "city", "region", "zip"), pl.String),  # on file
        "provider": pl.String,
        "group": pl.String,
        "state": pl.String,
        "reason": pl.String,
        "attempts": pl.Int64,
        "at": _MOMENT,  # handed over or otherwise ended; null while it waits
        "reply": pl.String,  # the mail server's own words at the last attempt, addresses taken out
    }
)


def counts(connection: Connection, campaign_id: str, *, scope: Scope) -> pl.DataFrame:
    """How many recipients within the scope there are by state, reason and whether chance holds them out. Adds up to the
    number selected of them."""
    columns = (recipients.c.state, recipients.c.reason, is_held_out().label("is_held_out"))
    question = select(*columns, func.count()).where(recipients.c.campaign_id == campaign_id, recipient_in_scope(scope))
    return _frame(connection.execute(question.group_by(*columns)), COUNTS)


def contacted(connection: Connection) -> pl.DataFrame:
    """CONTACTED: every recipient of a campaign that was activated or printed, except introductory emails."""
    columns = (recipients.c.patient_id, campaigns.c.measures, campaigns.c.channel, recipients.c.state)
    since = func.coalesce(campaigns.c.activated_at, campaigns.c.finished_at, campaigns.c.created_at)
    question = select(*columns, since).join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
    rows = connection.execute(question.where(campaigns.c.kind == "campaign", campaigns.c.status != "inactive"))
    return _frame(rows, CONTACTED)


def ends(connection: Connection, campaign_id: str, *, scope: Scope) -> pl.DataFrame:
    """When each recipient within the scope was handed over or otherwise ended, without saying who."""
    question = select(recipients.c.state, recipients.c.finished_at).where(
        recipients.c.campaign_id == campaign_id, recipients.c.finished_at.is_not(None), recipient_in_scope(scope)
    )
    return _frame(connection.execute(question.order_by(recipients.c.finished_at)), ENDS)


def patient_rows(connection: Connection, campaign_id: str, *, scope: Scope, channel: str = EMAIL) -> pl.DataFrame:
    """One row per patient within the scope, in the order in which they are written to by `channel`. A row of an id
    that was merged has the survivor's name."""
    everything = (
        recipients.outerjoin(merges, merges.c.merged_id == recipients.c.patient_id)
        .outerjoin(patients, patients.c.patient_id == func.coalesce(merges.c.patient_id, recipients.c.patient_id))
        .outerjoin(providers, providers.c.provider_id == patients.c.pcp_id)
        .outerjoin(groups, groups.c.group_id == patients.c.group_id)
        .outerjoin(
            attempts,
            (attempts.c.recipient_id == recipients.c.recipient_id) & (attempts.c.number == recipients.c.attempt_count),
        )
    )
    question = (
        select(
            recipients.c.patient_id,
            patients.c.first,
            patients.c.last,
            *_addresses(channel),
            patients.c.address1,
            patients.c.address2,
            patients.c.city,
            patients.c.state,
            patients.c.zip,
            providers.c.display_name,
            groups.c.name,
            recipients.c.state,
            recipients.c.reason,
            recipients.c.attempt_count,
            recipients.c.finished_at,
            attempts.c.reply,
        )
        .select_from(everything)
        .where(recipients.c.campaign_id == campaign_id, in_scope(scope))
        .order_by(recipients.c.recipient_id)
    )
    return _frame(connection.execute(question), PATIENTS)


def _addresses(channel: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Email address and number: that of the campaign's mode as it was used, the other as it is on file."""
    sent_to, mobile, home = recipients.c.address, patients.c.phone_mobile, patients.c.phone_home
    if channel == EMAIL:
        return func.coalesce(sent_to, patients.c.email), func.coalesce(mobile, home)
    if channel == LETTER:
        return patients.c.email, func.coalesce(mobile, home)
    return patients.c.email, func.coalesce(sent_to, mobile) if channel == TEXT else func.coalesce(sent_to, mobile, home)


def _frame(rows: Any, columns: pl.Schema) -> pl.DataFrame:
    """Moments come in UTC from every database."""
    values = [tuple(row) for row in rows]
    assert all(not isinstance(value, datetime) or value.tzinfo for row in values for value in row)
    return pl.DataFrame(values, schema=columns, orient="row")
