"""The recipients of a campaign in SQL with what became of them, for figures that name nobody."""

from typing import Any

import polars as pl
from sqlalchemy import Connection, case, func, or_, select, union_all

from core.domain.call_words import STOP
from core.domain.campaign_steps import with_flags
from core.domain.clinical import schema
from core.domain.user import Scope
from core.store.schema import groups, merges, message_events, outcomes, patients, providers, recipients, replies
from core.store.scope import in_scope

_MOMENT = pl.Datetime("us", "UTC")
_COUNTS = ("gap_count", "closed_30", "closed_60", "closed_90")
_DAYS = ("closed_on", "booked_on", "kept_on", "followed_through")
PEOPLE = schema(
    {
        **dict.fromkeys(("patient_id", "arm", "stratum", "household", "state", "reason", "message"), pl.String),
        "recipient_id": pl.Int64,
        "attempt_count": pl.Int64,
        "handed_over_at": _MOMENT,
        "language": pl.String,
        "provider": pl.String,
        "group": pl.String,
        "is_known": pl.Boolean,  # the records have such a patient
        **dict.fromkeys(_COUNTS, pl.Int64),  # null where they were never looked at
        **dict.fromkeys(_DAYS, pl.Date),
    }
)
_NAMED = ("provider", "group")
_ASKED = schema({**PEOPLE, **dict.fromkeys((f"{name}_id" for name in _NAMED), pl.String)})
ANSWERS = schema({"recipient_id": pl.Int64, "at": _MOMENT, "is_stop": pl.Boolean})


def people(connection: Connection, campaign_id: str, *, scope: Scope) -> pl.DataFrame:
    """PEOPLE: the recipients within the scope; a merged id with the name, provider and group of the survivor. Of
    providers or groups with the same name each has its id beside it."""
    now = func.coalesce(merges.c.patient_id, recipients.c.patient_id)
    joined = (
        recipients.outerjoin(merges, merges.c.merged_id == recipients.c.patient_id)
        .outerjoin(patients, patients.c.patient_id == now)
        .outerjoin(providers, providers.c.provider_id == patients.c.pcp_id)
        .outerjoin(groups, groups.c.group_id == patients.c.group_id)
        .outerjoin(outcomes, outcomes.c.recipient_id == recipients.c.recipient_id)
    )
    asked: dict[str, Any] = {name: recipients.c[name] for name in PEOPLE if name in recipients.c}
    asked |= {name: outcomes.c[name] for name in (*_COUNTS, *_DAYS)}
    asked |= {
        "language": func.coalesce(patients.c.language, recipients.c.language),
        "provider": providers.c.display_name,
        "provider_id": providers.c.provider_id,
        "group": groups.c.name,
        "group_id": groups.c.group_id,
        "is_known": patients.c.patient_id.is_not(None),
    }
    question = (
        select(*(asked[name] for name in _ASKED))
        .select_from(joined)
        .where(recipients.c.campaign_id == campaign_id, in_scope(scope))
        .order_by(recipients.c.recipient_id)
    )
    return _frame(connection, question, _ASKED).with_columns(map(_told_apart, _NAMED)).select(*PEOPLE)


def _told_apart(name: str) -> pl.Expr:
    key = f"{name}_id"
    with_id = pl.format("{} ({})", name, key)
    return pl.when(pl.col(key).n_unique().over(name) > 1).then(with_id).otherwise(name).alias(name)


def flagged(connection: Connection, campaign_id: str, channel: str, *, scope: Scope) -> pl.DataFrame:
    """The same with a flag for each step (core.domain.campaign_steps.with_flags). A row for each patient, so it stays
    behind the functions that make figures of it."""
    found = people(connection, campaign_id, scope=scope)
    return with_flags(found, answers(connection, campaign_id), channel)


def answers(connection: Connection, campaign_id: str) -> pl.DataFrame:
    """ANSWERS: texts that came back and keys pressed; is_stop when it was a wish for no more."""
    mine = recipients.c.campaign_id == campaign_id
    is_stop = or_(replies.c.kind == "stop", replies.c.decision == "stopped")
    texts = select(replies.c.recipient_id, replies.c.received_at, case((is_stop, True), else_=False))
    texts = texts.join(recipients, recipients.c.recipient_id == replies.c.recipient_id).where(mine)
    is_last = message_events.c.details["key"].as_string() == STOP
    keys = select(message_events.c.recipient_id, message_events.c.at, case((is_last, True), else_=False))
    keys = keys.join(recipients, recipients.c.recipient_id == message_events.c.recipient_id)
    keys = keys.where(mine, message_events.c.kind == "key")
    return _frame(connection, union_all(texts, keys), ANSWERS)


def _frame(connection: Connection, question: Any, columns: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in connection.execute(question)], schema=columns, orient="row")
