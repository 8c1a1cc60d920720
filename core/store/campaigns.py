"""Campaigns in SQL: kept, listed within a scope, changed by one editor at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Row,
    Select,
    Update,
    and_,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from core.domain.campaign import Campaign, Message, name_key
from core.domain.eligibility import HOLD_OUT
from core.domain.message import STOPPED, UNFINISHED
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store.contacts import batches
from core.store.schema import campaigns, merges, patients, recipients
from core.store.scope import in_scope, is_limited, recipient_in_scope

_LISTS = ("measures", "protocols")
_TEXTS = ("messages", "variant")
_SIZE = "selected"  # of the work list of earlier campaigns: who reads figures alone may not read it
_FEW = 10  # campaigns whose recipients are counted one campaign after the other
_IS_THERE = campaigns.c.deleted_at.is_(None)


def add(connection: Connection, campaign: Campaign, *, patient_ids: Sequence[str]) -> None:
    """Keep a new campaign with exactly these patients, all waiting."""
    _write(connection, insert(campaigns).values(row_of(campaign)))
    appointments: dict[str, datetime | None] = {}
    for ids in batches(patient_ids):
        question = select(patients.c.patient_id, patients.c.next_appointment_at).where(patients.c.patient_id.in_(ids))
        appointments |= {row.patient_id: row.next_appointment_at for row in connection.execute(question)}
    rows = [
        {
            "campaign_id": campaign.campaign_id,
            "patient_id": patient_id,
            "appointment_at": _ahead(appointments.get(patient_id), campaign.created_at),
            "message": campaign.kind,
        }
        for patient_id in patient_ids
    ]
    if rows:
        connection.execute(insert(recipients), rows)


def campaign(connection: Connection, campaign_id: str) -> Campaign:
    """One campaign whoever asks, also a deleted one. Raises NotFound."""
    row = connection.execute(select(campaigns).where(campaigns.c.campaign_id == campaign_id)).one_or_none()
    if row is None:
        raise NotFound("This campaign does not exist. Look for it in the list of campaigns.")
    return _campaign(row)


def lock(connection: Connection, campaign_id: str) -> None:
    """Nobody else changes the campaign until the transaction ends. SQLite has one writer anyway."""
    question = select(campaigns.c.campaign_id).where(campaigns.c.campaign_id == campaign_id).with_for_update()
    connection.execute(question)


def seen(connection: Connection, user: User, campaign_id: str) -> Campaign:
    """One campaign. Raises NotFound when it does not exist or none of its patients may be seen by the user."""
    found = campaign(connection, campaign_id)
    if not is_visible(connection, user, campaign_id):
        raise NotFound("This campaign does not exist, or it has none of the patients you may see.")
    return found


def visible(connection: Connection, user: User) -> list[Campaign]:
    """The campaigns this user may see, the newest first; introductory emails are no campaigns of anybody's."""
    question = select(campaigns).where(campaigns.c.kind == "campaign", _IS_THERE, _may_see(user))
    rows = connection.execute(question.order_by(campaigns.c.created_at.desc(), campaigns.c.campaign_id))
    return [_campaign(row) for row in rows]


def with_arms(connection: Connection, campaign_ids: Select[tuple[str]]) -> list[Campaign]:
    """Those of these campaigns whose arms are drawn, also deleted ones, in the order they were made."""
    question = select(campaigns).where(campaigns.c.campaign_id.in_(campaign_ids), campaigns.c.allocated_at.is_not(None))
    return [_campaign(row) for row in connection.execute(question.order_by(campaigns.c.created_at))]


def family(connection: Connection, of: Campaign, *, with_deleted: bool = False) -> list[Campaign]:
    """A campaign and those of other modes with the same patients, in the order they were made."""
    if of.family_id is None:
        return [of]
    question = select(campaigns).where(campaigns.c.family_id == of.family_id)
    question = question if with_deleted else question.where(_IS_THERE)
    return [_campaign(row) for row in connection.execute(question.order_by(campaigns.c.created_at))]


def stopped_for(connection: Connection, reasons: Collection[str], *, since: datetime) -> dict[str, str]:
    """Campaigns stopped since then in which a message had one of these reasons, by id, with the reason."""
    question = (
        select(campaigns.c.campaign_id, func.min(recipients.c.reason).label("reason"))
        .join(recipients, recipients.c.campaign_id == campaigns.c.campaign_id)
        .where(campaigns.c.status == "stopped", campaigns.c.finished_at >= since, recipients.c.reason.in_(reasons))
        .group_by(campaigns.c.campaign_id)
    )
    return {row.campaign_id: row.reason for row in connection.execute(question)}


def join_family(connection: Connection, campaign_id: str, family_id: str) -> None:
    """Make a campaign one of a family. Nothing that its editor holds changes, so its version stays."""
    connection.execute(update(campaigns).where(campaigns.c.campaign_id == campaign_id).values(family_id=family_id))


def is_visible(connection: Connection, user: User, campaign_id: str) -> bool:
    """Whether the campaign is there, and the user made it or may see one of its patients."""
    question = select(campaigns.c.campaign_id).where(campaigns.c.campaign_id == campaign_id, _IS_THERE, _may_see(user))
    return connection.execute(question).first() is not None


def may_change(connection: Connection, user: User, campaign_id: str) -> bool:
    """Whether the user made the campaign or may see all of its patients."""
    if not is_limited(user.scope):
        return True
    question = select(campaigns.c.campaign_id).where(campaigns.c.campaign_id == campaign_id, _is_theirs(user))
    return connection.execute(question).first() is not None


def with_files_for(connection: Connection, user: User, campaign_ids: Collection[str]) -> set[str]:
    """Those of the campaigns whose letters are for this user: as by `may_change`, but who made one and has gone to
    another clinic since, so that nobody of it is seen any more, does not have its letters."""
    if not is_limited(user.scope):
        return set(campaign_ids)
    inside = _recipients_as_seen(user).where(patients.c.patient_id.is_not(None))
    found: set[str] = set()
    for ids in batches(campaign_ids):
        question = select(campaigns.c.campaign_id).where(
            campaigns.c.campaign_id.in_(ids), _IS_THERE, _is_theirs(user), exists(inside)
        )
        found |= set(connection.scalars(question))
    return found


def _is_theirs(user: User) -> ColumnElement[bool]:
    outside = _recipients_as_seen(user).where(patients.c.patient_id.is_(None))
    return or_(campaigns.c.created_by == user.user_id, ~exists(outside))


def _recipients_as_seen(user: User) -> Select[Any]:
    """The recipients of a campaign, each with the patient whom it is now, if the user may see that one."""
    now = func.coalesce(merges.c.patient_id, recipients.c.patient_id)
    of_campaign = select(recipients.c.recipient_id).outerjoin(merges, merges.c.merged_id == recipients.c.patient_id)
    of_campaign = of_campaign.outerjoin(patients, and_(patients.c.patient_id == now, in_scope(user.scope)))
    return of_campaign.where(recipients.c.campaign_id == campaigns.c.campaign_id)


def names(connection: Connection, *, starting_with: str) -> set[str]:
    """The keys of the names in use that begin like this one."""
    start = name_key(starting_with)
    question = select(campaigns.c.name_key).where(campaigns.c.name_key.startswith(start, autoescape=True))
    return set(connection.scalars(question))


def is_name_free(connection: Connection, name: str, *, except_for: str) -> bool:
    """Whether no other campaign has the name, whatever its case."""
    question = select(campaigns.c.campaign_id).where(
        campaigns.c.name_key == name_key(name), campaigns.c.campaign_id != except_for
    )
    return connection.execute(question).first() is None


def change(connection: Connection, changed: Campaign, *, version: int) -> bool:
    """Keep a changed campaign if it still has `version`; False when somebody else changed it meanwhile."""
    statement = update(campaigns).where(campaigns.c.campaign_id == changed.campaign_id, campaigns.c.version == version)
    return _write(connection, statement.values({**row_of(changed), "version": version + 1})) == 1


def complete_printed(connection: Connection, campaign_id: str, status: str, *, at: datetime, by: str) -> None:
    """The letters of a campaign are made."""
    values = {"status": status, "finished_at": at, "changed_at": at, "changed_by": by}
    statement = update(campaigns).where(campaigns.c.campaign_id == campaign_id)
    connection.execute(statement.values(**values, version=campaigns.c.version + 1))


def has_begun(connection: Connection, campaign_id: str) -> bool:
    """Whether a message to anybody in it was tried, or is about to be."""
    question = select(recipients.c.recipient_id).where(
        recipients.c.campaign_id == campaign_id,
        or_(recipients.c.attempt_count > 0, recipients.c.state.in_(("claimed", "calling"))),
    )
    return connection.execute(question.limit(1)).first() is not None


def delete(connection: Connection, campaign_id: str, *, version: int, at: datetime, by: str) -> bool:
    """Let a campaign that is not active be gone from every list; False when it was changed meanwhile or is active.

    Its row stays for what was sent, stopped if it was a draft, and its name is free again: no name has a key that
    begins with a space.
    """
    statement = update(campaigns).where(
        campaigns.c.campaign_id == campaign_id,
        campaigns.c.version == version,
        campaigns.c.status != "active",
        _IS_THERE,
    )
    ended = case((campaigns.c.status == "inactive", "stopped"), else_=campaigns.c.status)
    values = {
        "status": ended,
        "finished_at": func.coalesce(campaigns.c.finished_at, at),
        "name_key": f" deleted {campaign_id}",
        "deleted_at": at,
        "deleted_by": by,
        "asked_at": None,
        "asked_by": None,
        "version": version + 1,
    }
    return connection.execute(statement.values(values)).rowcount == 1


def stop_waiting(connection: Connection, campaign_id: str, *, at: datetime) -> int:
    """Make everybody who still waits in a stopped or deleted campaign 'stopped'; returns how many."""
    is_over = or_(campaigns.c.status == "stopped", campaigns.c.deleted_at.is_not(None))
    statement = update(recipients).where(
        recipients.c.campaign_id == campaign_id,
        recipients.c.state == "waiting",
        exists().where(campaigns.c.campaign_id == campaign_id, is_over),
    )
    return connection.execute(statement.values(state="stopped", reason=STOPPED, next_at=None, finished_at=at)).rowcount


def go_on(connection: Connection, campaign_id: str) -> None:
    """Take a completed campaign up again when somebody waits in it after all."""
    waiting = exists().where(recipients.c.campaign_id == campaign_id, recipients.c.state == "waiting")
    statement = update(campaigns).where(
        campaigns.c.campaign_id == campaign_id, campaigns.c.status == "completed", _IS_THERE, waiting
    )
    connection.execute(statement.values(status="active", finished_at=None, version=campaigns.c.version + 1))


def has_finished(connection: Connection) -> bool:
    """Whether there is an active campaign in which nothing is left to follow by itself."""
    return connection.execute(select(campaigns.c.campaign_id).where(_is_finished()).limit(1)).first() is not None


def complete_finished(connection: Connection, *, at: datetime, by: str) -> list[str]:
    """Complete the active campaigns in which nothing is left to follow by itself; returns their ids."""
    statement = (
        update(campaigns)
        .where(_is_finished())
        .values(status="completed", finished_at=at, changed_at=at, changed_by=by, version=campaigns.c.version + 1)
        .returning(campaigns.c.campaign_id)
    )
    return list(connection.scalars(statement))


def state_counts(connection: Connection, campaign_ids: Collection[str], *, scope: Scope) -> dict[str, dict[str, int]]:
    """How many recipients within the scope are in each state, by campaign."""
    counts: dict[str, dict[str, int]] = {campaign_id: {} for campaign_id in campaign_ids}
    columns = (recipients.c.campaign_id, recipients.c.state, func.count())
    inside = recipient_in_scope(scope)
    if is_limited(scope) and len(counts) > _FEW:  # by their patients they are found sooner than in each campaign
        questions = [select(*columns).where(inside)]
    else:
        questions = [select(*columns).where(recipients.c.campaign_id.in_(ids), inside) for ids in batches(campaign_ids)]
    for question in questions:
        for campaign_id, state, count in connection.execute(question.group_by(*columns[:2])):
            if campaign_id in counts:
                counts[campaign_id][state] = count
    return counts


def held_out(connection: Connection, campaign_ids: Collection[str], *, scope: Scope) -> dict[str, dict[str, int]]:
    """How many recipients within the scope chance holds out, by campaign and state. Arms are looked at only where they
    were drawn: of other campaigns the index on states is enough."""
    found: dict[str, dict[str, int]] = {campaign_id: {} for campaign_id in campaign_ids}
    columns = (recipients.c.campaign_id, recipients.c.state)
    for ids in batches(campaign_ids):
        may_be = (recipients.c.state == HOLD_OUT) | campaigns.c.allocated_at.is_not(None)
        question = (
            select(*columns, func.count())
            .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
            .where(recipients.c.campaign_id.in_(ids), may_be, is_held_out(), recipient_in_scope(scope))
        )
        for campaign_id, state, count in connection.execute(question.group_by(*columns)):
            found[campaign_id][state] = count
    return found


def is_held_out() -> ColumnElement[bool]:
    """core.domain.contact_steps.is_held_out, in SQL."""
    return (recipients.c.arm == HOLD_OUT) | (recipients.c.state == HOLD_OUT)


def patients_of(connection: Connection, campaign_id: str, *, user: User) -> list[str]:
    """The patients of a campaign that this user may see, in a fixed order; ids that were merged are nobody's."""
    return list(states_of(connection, campaign_id, user=user))


def states_of(connection: Connection, campaign_id: str, *, user: User) -> dict[str, str]:
    """The same with the state of each."""
    columns = (recipients.c.patient_id, recipients.c.state)
    question: Select[tuple[str, str]] = select(*columns).where(
        recipients.c.campaign_id == campaign_id, ~exists().where(merges.c.merged_id == recipients.c.patient_id)
    )
    if is_limited(user.scope):
        question = question.join(patients, patients.c.patient_id == recipients.c.patient_id)
        question = question.where(in_scope(user.scope))
    rows = connection.execute(question.order_by(recipients.c.recipient_id))
    return {row.patient_id: row.state for row in rows}


def _ahead(appointment_at: datetime | None, at: datetime) -> datetime | None:
    return appointment_at if appointment_at and appointment_at > at else None


def _write(connection: Connection, statement: Insert | Update) -> int:
    """The number of rows written. The database has the last word on whether a name is free."""
    try:
        return connection.execute(statement).rowcount
    except IntegrityError:
        raise NotAllowed("Another campaign has just taken this name. Add a date or a number to it.") from None


def _is_finished() -> ColumnElement[bool]:
    left = exists().where(recipients.c.campaign_id == campaigns.c.campaign_id, recipients.c.state.in_(UNFINISHED))
    return and_(campaigns.c.status == "active", ~left)


def _may_see(user: User) -> ColumnElement[bool]:
    if not is_limited(user.scope):
        return campaigns.c.campaign_id.is_not(None)
    inside = select(recipients.c.recipient_id).join(patients, patients.c.patient_id == recipients.c.patient_id)
    inside = inside.where(recipients.c.campaign_id == campaigns.c.campaign_id, in_scope(user.scope))
    return or_(campaigns.c.created_by == user.user_id, exists(inside))


def row_of(campaign: Campaign) -> dict[str, Any]:
    """A campaign as its row."""
    row = {str(column.name): getattr(campaign, column.name) for column in campaigns.c if hasattr(campaign, column.name)}
    row["name_key"] = name_key(campaign.name)
    row |= {name: _texts(getattr(campaign, name)) for name in _TEXTS}
    row |= {name: list(row[name]) for name in _LISTS}
    row |= {name: dict(row[name]) for name in ("fields", "work_list")}
    return row


def _texts(messages: Mapping[str, Message]) -> dict[str, dict[str, str]]:
    return {
        language: {name: text for name, text in asdict(message).items() if text or name != "voicemail"}
        for language, message in messages.items()
    }


def _campaign(row: Row[Any]) -> Campaign:
    kept = {name: row._mapping[name] for name in Campaign.__dataclass_fields__}
    kept |= {name: tuple(kept[name]) for name in _LISTS}
    kept |= {name: {language: Message(**each) for language, each in kept[name].items()} for name in _TEXTS}
    kept["work_list"] = {name: each for name, each in kept["work_list"].items() if name != _SIZE}
    return Campaign(**kept)
