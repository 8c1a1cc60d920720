"""One patient with everything around them that the database knows, in a few questions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, and_, or_, select

from core.store.contacts import dead_for, postal_of
from core.store.schema import address_states, locations, patients, providers

_NEXT_PROVIDER = providers.alias("next_provider")
_PHONES = ("phone_mobile", "phone_home", "phone_work")
_MOST_TIED = 200  # of a number that half the town has on file no more are looked at


@dataclass(frozen=True)
class StoredTie:
    """Somebody with the same number, email or household, or whom the patient answers for."""

    patient_id: str
    ties: tuple[str, ...]


def details(connection: Connection, patient_id: str) -> RowMapping | None:
    """The patient's own row with the clinic of the PCP and the provider of the next appointment."""
    joined = (
        patients.outerjoin(providers, providers.c.provider_id == patients.c.pcp_id)
        .outerjoin(locations, locations.c.location_id == providers.c.location_id)
        .outerjoin(_NEXT_PROVIDER, _NEXT_PROVIDER.c.provider_id == patients.c.next_appointment_provider_id)
    )
    question = select(
        patients,
        locations.c.name.label("clinic"),
        locations.c.phone.label("clinic_phone"),
        _NEXT_PROVIDER.c.display_name.label("next_provider"),
    ).select_from(joined)
    return connection.execute(question.where(patients.c.patient_id == patient_id)).mappings().one_or_none()


def dead_addresses(connection: Connection, own: RowMapping) -> list[tuple[str, str, str, datetime]]:
    """Channel, address, reason and since when of the patient's addresses to which nothing more goes."""
    numbers = [own[name] for name in _PHONES if own[name]]
    is_mine = or_(
        and_(address_states.c.channel == "email", address_states.c.address == (own["email"] or "")),
        and_(address_states.c.channel.in_(("text", "phone")), address_states.c.address.in_(numbers)),
        and_(address_states.c.channel == "letter", address_states.c.address.in_(_home_keys(own))),
    )
    question = select(
        address_states.c.channel, address_states.c.address, address_states.c.reason, address_states.c.since
    ).where(is_mine, address_states.c.state == "bounced")
    found = connection.execute(question.order_by(address_states.c.since, address_states.c.channel))
    return [tuple(row) for row in found]


def _home_keys(own: RowMapping) -> list[str]:
    key = postal_of(own).key
    return [key, dead_for(own["patient_id"], key)] if key else []


def ties(connection: Connection, own: RowMapping) -> list[StoredTie]:
    """Who shares a number, the email or the household with the patient, and whom the patient answers for. Whatever
    scope: the caller asks whom the user may see. Each its own question, since each has its own index."""
    numbers = {own[name] for name in _PHONES if own[name]}
    asked = {
        "number": [patients.c[name].in_(numbers) for name in _PHONES[:2]] if numbers else [],
        "email": [patients.c.email == own["email"]] if own["email"] else [],
        "household": [patients.c.household_id == own["household_id"]] if own["household_id"] else [],
        "ward": [patients.c.guarantor_id == own["patient_id"]],
    }
    found: dict[str, list[str]] = {}
    for tie, conditions in asked.items():
        for condition in conditions:
            question = select(patients.c.patient_id).where(condition, patients.c.patient_id != own["patient_id"])
            for other in connection.scalars(question.order_by(patients.c.patient_id).limit(_MOST_TIED)):
                if tie not in found.setdefault(other, []):
                    found[other].append(tie)
    return [StoredTie(other, tuple(each)) for other, each in found.items()]


def provider_names(connection: Connection, provider_ids: Collection[str]) -> dict[str, str]:
    """provider_id -> the name that patients read."""
    question = select(providers.c.provider_id, providers.c.display_name)
    found = connection.execute(question.where(providers.c.provider_id.in_(list(provider_ids)[:500])))
    return {row.provider_id: row.display_name for row in found}


def at_address(connection: Connection, address: str, *, minors_since: date) -> list[str]:
    """Ids of the patients who have this email or number on file, and of the minors whose guarantor has it."""
    has_it = or_(patients.c.email == address, patients.c.phone_mobile == address, patients.c.phone_home == address)
    own = list(connection.scalars(select(patients.c.patient_id).where(has_it).order_by(patients.c.patient_id)))
    through = select(patients.c.patient_id).where(
        patients.c.guarantor_id.in_(own[:_MOST_TIED]), patients.c.birth_date > minors_since
    )
    return list(dict.fromkeys([*own[:_MOST_TIED], *connection.scalars(through.order_by(patients.c.patient_id))]))
