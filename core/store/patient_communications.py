"""What one patient was told, in SQL: messages of every campaign, and with whom to book."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func, select

from core.domain.communication import Communication
from core.domain.organisation import LETTER
from core.store.communications import COLUMNS, with_history
from core.store.mailing_rows import RETURNED_AT
from core.store.schema import campaigns, locations, merges, patients, providers, recipients, users


@dataclass(frozen=True)
class OfCampaign:
    """What a message's campaign says of it, whoever may see the campaign."""

    name: str
    description: str
    channel: str
    kind: str
    measures: tuple[str, ...]
    sent_by: str | None


@dataclass(frozen=True)
class Practice:
    """A provider and that provider's clinic, as patients know them."""

    provider: str | None = None
    facility: str | None = None


def ids_of(connection: Connection, patient_id: str) -> list[str]:
    """The patient's id and every id that has become it, directly or through another one."""
    found = [patient_id]
    newest = found
    while newest:
        merged = connection.scalars(select(merges.c.merged_id).where(merges.c.patient_id.in_(newest)))
        newest = sorted(set(merged) - set(found))
        found = [*found, *newest]
    return found


def messages_of(connection: Connection, patient_ids: Collection[str]) -> list[tuple[OfCampaign, Communication]]:
    """Every message of a campaign to these ids, with attempts and events; letters are none."""
    question = (
        select(
            campaigns.c.name,
            campaigns.c.description,
            campaigns.c.channel,
            campaigns.c.kind,
            campaigns.c.measures,
            func.coalesce(users.c.name, campaigns.c.activated_by),
            *COLUMNS,
        )
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .outerjoin(users, users.c.user_id == campaigns.c.activated_by)
        .where(recipients.c.patient_id.in_(patient_ids), campaigns.c.channel != LETTER)
        .order_by(recipients.c.recipient_id.desc())
    )
    rows = connection.execute(question).all()
    found = with_history(connection, [Communication(*values) for values in (tuple(row)[6:] for row in rows)])
    return [(OfCampaign(*row[:4], tuple(row[4]), row[5]), each) for row, each in zip(rows, found, strict=True)]


def letters_of(connection: Connection, patient_ids: Collection[str]) -> list[Any]:
    """The letter campaigns that these ids are in, the newest first: campaign_id (None of a deleted one), name,
    description, state, reason, made_at (of the letters), handed_over_at (mailed), returned_at."""
    question = (
        select(
            case((campaigns.c.deleted_at.is_(None), campaigns.c.campaign_id)).label("campaign_id"),
            campaigns.c.name,
            campaigns.c.description,
            recipients.c.state,
            recipients.c.reason,
            campaigns.c.finished_at.label("made_at"),
            recipients.c.handed_over_at,
            RETURNED_AT,
        )
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(recipients.c.patient_id.in_(patient_ids), campaigns.c.channel == LETTER)
        .order_by(recipients.c.recipient_id.desc())
    )
    return list(connection.execute(question))


def practice_of(connection: Connection, patient_id: str) -> Practice:
    """The patient's PCP and the PCP's clinic, as messages name them."""
    pcp = select(patients.c.pcp_id).where(patients.c.patient_id == patient_id).scalar_subquery()
    return next(iter(_practices(connection, pcp).values()), Practice())


def practices(connection: Connection, provider_ids: Collection[str]) -> dict[str, Practice]:
    """provider_id -> provider and clinic, of those that are known."""
    return _practices(connection, *provider_ids)


def location_names(connection: Connection, location_ids: Collection[str]) -> dict[str, str]:
    """location_id -> name, of those that are known."""
    question = select(locations.c.location_id, locations.c.name).where(locations.c.location_id.in_(location_ids))
    return {row.location_id: row.name for row in connection.execute(question)}


def _practices(connection: Connection, *provider_ids: object) -> dict[str, Practice]:
    question = (
        select(providers.c.provider_id, providers.c.display_name, locations.c.name)
        .outerjoin(locations, locations.c.location_id == providers.c.location_id)
        .where(providers.c.provider_id.in_(provider_ids))
    )
    return {row[0]: Practice(row[1], row[2]) for row in connection.execute(question)}
