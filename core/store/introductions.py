"""Who has had the introductory email and whose patients get it, in SQL."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from core.domain.introduction import INTRODUCTORY
from core.domain.message import RETRIES_EXCEEDED
from core.domain.user import Scope
from core.store.contacts import BATCH, batches
from core.store.schema import campaigns, patients, provider_settings, providers, recipients
from core.store.scope import in_scope

_ARRIVED = ("handed_over", "delivered", "introductory", "unknown")
_ON_ITS_WAY = ("waiting", "claimed")


@dataclass(frozen=True)
class ProviderRow:
    """A provider with the number of active patients who have an email address, how many had the email there, and how
    many have had none there and have none on its way."""

    provider_id: str
    name: str
    is_on: bool
    patients: int
    introduced: int
    to_come: int


def providers_of(connection: Connection, scope: Scope) -> list[ProviderRow]:
    """Every provider, by name; the counts are of the patients within the scope."""
    with_email = and_(patients.c.status == "active", patients.c.email.is_not(None), in_scope(scope))
    counts = (
        select(
            patients.c.pcp_id,
            func.count().label("all"),
            func.count().filter(_has_had(_ARRIVED)).label("introduced"),
            func.count().filter(~_is_settled()).label("to_come"),
        )
        .where(with_email)
        .group_by(patients.c.pcp_id)
        .subquery()
    )
    question = (
        select(
            providers.c.provider_id,
            providers.c.display_name,
            func.coalesce(provider_settings.c.introduces, False),
            func.coalesce(counts.c.all, 0),
            func.coalesce(counts.c.introduced, 0),
            func.coalesce(counts.c.to_come, 0),
        )
        .outerjoin(counts, counts.c.pcp_id == providers.c.provider_id)
        .outerjoin(provider_settings, provider_settings.c.provider_id == providers.c.provider_id)
        .order_by(providers.c.last, providers.c.display_name, providers.c.provider_id)
    )
    return [ProviderRow(row[0], row[1], bool(row[2]), *row[3:]) for row in connection.execute(question)]


def turned_on(connection: Connection) -> list[str]:
    """Ids of the providers whose patients get introductory emails."""
    return list(connection.scalars(select(provider_settings.c.provider_id).where(provider_settings.c.introduces)))


def set_on(connection: Connection, provider_id: str, is_on: bool, *, at: datetime, by: str) -> None:
    """Whether the provider's patients get introductory emails."""
    values = {"introduces": is_on, "changed_at": at, "changed_by": by}
    changed = update(provider_settings).where(provider_settings.c.provider_id == provider_id).values(values)
    if not connection.execute(changed).rowcount:
        connection.execute(insert(provider_settings).values(provider_id=provider_id, **values))


def without(connection: Connection, provider_ids: Collection[str], *, after: str, day: date) -> list[str]:
    """Up to a batch of active patients of these providers with an email address, by id, who have had no introductory
    email at it, have none on its way, and were not in the stream on that day."""
    of_day = select(campaigns.c.campaign_id).where(campaigns.c.kind == INTRODUCTORY, campaigns.c.start_on == day)
    in_stream = exists().where(
        recipients.c.patient_id == patients.c.patient_id,
        recipients.c.message == INTRODUCTORY,
        recipients.c.campaign_id.in_(of_day),
    )
    question = select(patients.c.patient_id).where(
        patients.c.status == "active",
        patients.c.email.is_not(None),
        patients.c.pcp_id.in_(provider_ids),
        patients.c.patient_id > after,
        ~_is_settled(),
        ~in_stream,
    )
    return list(connection.scalars(question.order_by(patients.c.patient_id).limit(BATCH)))


def campaign_of(connection: Connection, day: date) -> str | None:
    """The id of the day's internal campaign."""
    question = select(campaigns.c.campaign_id).where(
        campaigns.c.kind == INTRODUCTORY, campaigns.c.start_on == day, campaigns.c.status != "stopped"
    )
    return connection.scalar(question)


def added_on(connection: Connection, day: date) -> int:
    """How many were added to the stream on a day."""
    question = (
        select(func.count())
        .select_from(recipients)
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(campaigns.c.kind == INTRODUCTORY, campaigns.c.start_on == day)
    )
    return connection.scalar(question) or 0


def add_recipients(connection: Connection, campaign_id: str, patient_ids: Collection[str]) -> None:
    """Let these patients wait for the introductory email."""
    rows = [{"campaign_id": campaign_id, "patient_id": each, "message": INTRODUCTORY} for each in patient_ids]
    connection.execute(insert(recipients), rows)


def state_counts(connection: Connection, *, day: date | None = None) -> dict[str, int]:
    """How many of the stream's messages are in each state: those that began on a day, or all."""
    question = select(recipients.c.state, func.count().label("number")).select_from(
        recipients.join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
    )
    question = question.where(campaigns.c.kind == INTRODUCTORY)
    if day is not None:
        question = question.where(campaigns.c.start_on == day)
    return {row.state: row.number for row in connection.execute(question.group_by(recipients.c.state))}


def in_place_count(connection: Connection) -> int:
    """How many introductory emails went out in the place of a campaign's."""
    question = (
        select(func.count())
        .select_from(recipients.join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id))
        .where(recipients.c.state == INTRODUCTORY, campaigns.c.kind != INTRODUCTORY)
    )
    return connection.scalar(question) or 0


def latest_at(connection: Connection, patient_ids: Collection[str]) -> datetime | None:
    """When the latest introductory email to any of these patients left."""
    at = func.max(func.coalesce(recipients.c.handed_over_at, recipients.c.finished_at))
    found = []
    for ids in batches(patient_ids):
        question = select(at).where(
            recipients.c.patient_id.in_(ids), recipients.c.message == INTRODUCTORY, recipients.c.state.in_(_ARRIVED)
        )
        found.append(connection.scalar(question))
    return max((each for each in found if each), default=None)


def _is_settled() -> ColumnElement[bool]:
    """The patient has had the introductory email at the address on file, or it is on its way.

    One that the server refused for good is not tried again at the same address; one that came back, or was given up
    after five attempts, is.
    """
    refused = and_(recipients.c.state == "unsuccessful", recipients.c.reason != RETRIES_EXCEEDED)
    settled = or_(
        recipients.c.state.in_(_ON_ITS_WAY),
        and_(or_(recipients.c.state.in_(_ARRIVED), refused), recipients.c.address == patients.c.email),
    )
    return exists().where(
        recipients.c.patient_id == patients.c.patient_id, recipients.c.message == INTRODUCTORY, settled
    )


def _has_had(states: Collection[str]) -> ColumnElement[bool]:
    return exists().where(
        recipients.c.patient_id == patients.c.patient_id,
        recipients.c.message == INTRODUCTORY,
        recipients.c.state.in_(states),
        recipients.c.address == patients.c.email,
    )
