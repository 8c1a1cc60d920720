"""What sending must know of many patients at this moment: read live, never cached, in a few questions per batch."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Connection, and_, bindparam, or_, select

from core.domain.address import normal_email
from core.domain.eligibility import Contact, is_minor
from core.domain.opt_out import OptOut
from core.domain.organisation import EMAIL, LETTER, PHONE, TEXT
from core.domain.postal import Postal
from core.store.earlier_messages import Made, contacted_on, family, introduced_at
from core.store.remarks import standing
from core.store.schema import (
    address_states,
    merges,
    open_gaps,
    opt_outs,
    patients,
    provider_settings,
    recipients,
)

Id = TypeVar("Id", str, int)
BATCH = 500  # ids in one question: below every database's limit of parameters


@dataclass(frozen=True)
class _Guarantor:
    address: str | None = None
    consent: str | None = None


_NOBODY = _Guarantor()


def eligibility_inputs(
    connection: Connection,
    patient_ids: Collection[str],
    *,
    channel: str,
    at: datetime,
    on: date,
    zone: ZoneInfo,
    campaign_id: str | None = None,
) -> dict[str, Contact]:
    """A Contact for every id, in the given order; an id that is not in the records has the status None.

    `on` decides who is an adult and, with the organisation's `zone`, which messages of other campaigns than
    `campaign_id` are recent, those of its family (the same patients by another mode) left out; `at` which appointments
    lie ahead. `channel` is one of CHANNELS of core.domain.organisation, or LETTER. What is still kept under an id that
    became the patient's counts for the patient.
    """
    found: dict[str, Contact] = {}
    own = family(connection, campaign_id) if campaign_id else []
    for ids in batches(patient_ids):
        merged = _merged(connection, ids)
        recent = contacted_on(connection, [*ids, *merged], on=on, zone=zone, own=own)
        for merged_id, patient_id in merged.items():
            recent[patient_id] += recent[merged_id]
        booked = _booked(connection, ids, at=at, campaign_id=campaign_id) if campaign_id else set()
        found |= _batch(connection, ids, channel=channel, on=on, recent=recent, booked=booked, merged=merged)
    return found


def batches(some_ids: Collection[Id]) -> Iterator[list[Id]]:
    """The ids in pieces that fit into one question."""
    ids = list(some_ids)
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _batch(
    connection: Connection,
    ids: list[str],
    *,
    channel: str,
    on: date,
    recent: dict[str, list["Made"]],
    booked: Collection[str],
    merged: dict[str, str],
) -> dict[str, Contact]:
    people = _people(connection, ids)
    homes = {each: postal_of(row) for each, row in people.items()} if channel == LETTER else {}
    guarantors = {} if homes else _guarantors(connection, people, channel=channel, on=on)
    goes_to = {each: _goes_to(row, guarantors, channel=channel, on=on) for each, row in people.items()}
    addresses = set(goes_to.values()) - {None}
    by_patient, by_address = _opt_outs(connection, [*ids, *merged], addresses)
    for merged_id, patient_id in merged.items():
        by_patient[patient_id] += by_patient[merged_id]
    gaps, remarked = _open_gaps(connection, ids), standing(connection, ids)
    bounced = _bounced(connection, addresses, channel=channel)
    returned = _returned(connection, goes_to, merged) if channel == LETTER else set()
    shared = set() if channel in (EMAIL, LETTER) else _shared(connection, addresses)
    introduced = introduced_at(connection, ids, merged) if channel == EMAIL else {}
    contacts: dict[str, Contact] = {}
    for patient_id in ids:
        row = people.get(patient_id)
        if row is None:
            contacts[patient_id] = Contact(patient_id, status=None)
            continue
        address, guarantor = goes_to[patient_id], guarantors.get(row.guarantor_id, _NOBODY)
        own = {opt_out.opt_out_id: opt_out for opt_out in by_patient[patient_id] + by_address[address]}
        contacts[patient_id] = Contact(
            patient_id,
            status=row.status,
            birth_date=row.birth_date,
            is_deceased=row.deceased_on is not None,
            address=address,
            consent=_consent(row, guarantor, address, channel=channel),
            guarantor_address=guarantor.address,
            opt_outs=tuple(own.values()),
            is_bounced=address in bounced or patient_id in returned,
            open_gaps=frozenset(gaps[patient_id]),
            remarks=tuple(remarked.get(patient_id, ())),
            contacted_on=tuple(made.on for made in recent[patient_id]),
            letters_on=tuple(made.on for made in recent[patient_id] if made.is_letter),
            is_booked=patient_id in booked,
            introduced_at=introduced.get((patient_id, address)),
            language=row.language,
            state=row.state,
            zip_code=row.zip,
            is_shared=channel in _NUMBERS and (address in shared or address != _address(row, channel)),
            postal_problem=homes[patient_id].problem if channel == LETTER else "",
        )
    return contacts


def _people(connection: Connection, ids: list[str]) -> dict[str, Any]:
    return {row.patient_id: row for row in connection.execute(_PEOPLE, {"ids": ids}).all()}


def postal_of(row: Any) -> Postal:
    """The postal address of a row of patients."""
    return Postal(row.address1, row.address2, row.city, row.state, row.zip)


def dead_for(patient_id: str, key: str) -> str:
    """What stands in address_states where letters to one patient came back, and others at the address get theirs."""
    return f"{key}#{patient_id}"


def _address(row: Any, channel: str) -> str | None:
    if channel == LETTER:
        return postal_of(row).key or None
    if channel == EMAIL:
        return normal_email(row.email) if row.email else None
    number: str | None = row.phone_mobile
    return number if channel == TEXT else number or row.phone_home


def _goes_to(row: Any, guarantors: dict[str | None, _Guarantor], *, channel: str, on: date) -> str | None:
    """The patient's address; for a text or call to a minor the guarantor's, when there is one."""
    own, guarantor = _address(row, channel), guarantors.get(row.guarantor_id, _NOBODY)
    if channel not in _NUMBERS or not is_minor(row.birth_date, on=on):
        return own
    return guarantor.address or own


def _consent(row: Any, guarantor: _Guarantor, address: str | None, *, channel: str) -> str | None:
    """Where a guarantor's number is used, the guarantor's word counts; the patient's own no counts all the same."""
    if channel == LETTER:
        return None
    own: str | None = getattr(row, f"{channel}_consent")
    if channel == EMAIL or own == "no" or address is None or address != guarantor.address:
        return own
    return guarantor.consent if address != _address(row, channel) or guarantor.consent == "no" else own


def _opt_outs(
    connection: Connection, ids: list[str], addresses: Collection[str | None]
) -> tuple[dict[str | None, list[OptOut]], dict[str | None, list[OptOut]]]:
    """Opt-outs that were not removed, by patient and by address."""
    by_patient: dict[str | None, list[OptOut]] = defaultdict(list)
    by_address: dict[str | None, list[OptOut]] = defaultdict(list)
    for row in connection.execute(_OPT_OUTS, {"ids": ids, "addresses": list(addresses)}):
        opt_out = OptOut(**row._mapping)
        by_patient[row.patient_id].append(opt_out)
        if row.address:
            by_address[row.address].append(opt_out)
    return by_patient, by_address


def _open_gaps(connection: Connection, ids: list[str]) -> dict[str, set[str]]:
    gaps: dict[str, set[str]] = defaultdict(set)
    for patient_id, measures in connection.execute(_OPEN_GAPS, {"ids": ids}).all():
        gaps[patient_id].update(measures.split())
    return gaps


def _booked(connection: Connection, ids: list[str], *, at: datetime, campaign_id: str) -> set[str]:
    """Who has an appointment ahead and had none when the campaign was made."""
    return set(connection.scalars(_BOOKED, {"ids": ids, "at": at, "campaign_id": campaign_id}))


def _merged(connection: Connection, ids: list[str]) -> dict[str, str]:
    """The ids that became those of these patients. Mostly there are none."""
    return {row.merged_id: row.patient_id for row in connection.execute(_MERGED, {"ids": ids})}


def introduces(connection: Connection) -> bool:
    """Whether the organisation introduces itself: as soon as it does for any provider's patients (E4)."""
    question = select(provider_settings.c.provider_id).where(provider_settings.c.introduces)
    return connection.execute(question.limit(1)).first() is not None


def _guarantors(
    connection: Connection, people: dict[str, Any], *, channel: str, on: date
) -> dict[str | None, _Guarantor]:
    """The guarantors who are adults, alive and active."""
    ids = {row.guarantor_id for row in people.values() if row.guarantor_id}
    if not ids:
        return {}
    return {
        row.patient_id: _Guarantor(_address(row, channel), getattr(row, f"{channel}_consent"))
        for row in connection.execute(_GUARANTORS, {"ids": list(ids)})
        if not is_minor(row.birth_date, on=on)
    }


def _shared(connection: Connection, numbers: Collection[str | None]) -> set[str]:
    """The numbers that more than one patient has, as mobile or home number."""
    owners: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(_OWNERS, {"addresses": list(numbers)}):
        for number in (row.phone_mobile, row.phone_home):
            owners[number].add(row.patient_id)
    return {number for number in numbers if number and len(owners[number]) > 1}


def _returned(connection: Connection, goes_to: dict[str, str | None], merged: dict[str, str]) -> set[str]:
    """To whom letters came back from where they live now, under this id or one that has become it."""
    asked = {dead_for(each, key): each for each, key in goes_to.items() if key}
    for merged_id, patient_id in merged.items():
        if key := goes_to.get(patient_id):
            asked[dead_for(merged_id, key)] = patient_id
    return {asked[each] for each in _bounced(connection, asked, channel=LETTER)}


def _bounced(connection: Connection, addresses: Collection[str | None], *, channel: str) -> set[str]:
    return set(connection.scalars(_BOUNCED, {"channel": channel, "addresses": list(addresses)}))


_NUMBERS = (TEXT, PHONE)

# Made once: for each batch anew they would cost more than the database's answers.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ADDRESSES: BindParameter[Any] = bindparam("addresses", expanding=True)
_MERGED = select(merges.c.merged_id, merges.c.patient_id).where(merges.c.patient_id.in_(_IDS))
_PEOPLE = select(
    patients.c.patient_id,
    patients.c.status,
    patients.c.birth_date,
    patients.c.deceased_on,
    patients.c.email,
    patients.c.phone_mobile,
    patients.c.phone_home,
    patients.c.email_consent,
    patients.c.text_consent,
    patients.c.phone_consent,
    patients.c.guarantor_id,
    patients.c.language,
    patients.c.address1,
    patients.c.address2,
    patients.c.city,
    patients.c.state,
    patients.c.zip,
).where(patients.c.patient_id.in_(_IDS))
_OPT_OUTS = select(
    opt_outs.c.opt_out_id,
    opt_outs.c.patient_id,
    opt_outs.c.address,
    opt_outs.c.type,
    opt_outs.c.protocol,
    opt_outs.c.starts_on,
    opt_outs.c.until,
).where(opt_outs.c.removed_at.is_(None), or_(opt_outs.c.patient_id.in_(_IDS), opt_outs.c.address.in_(_ADDRESSES)))
_OPEN_GAPS = select(open_gaps.c.patient_id, open_gaps.c.measures).where(open_gaps.c.patient_id.in_(_IDS))
_BOOKED = (
    select(patients.c.patient_id)
    .join(recipients, recipients.c.patient_id == patients.c.patient_id)
    .where(
        patients.c.patient_id.in_(_IDS),
        patients.c.next_appointment_at > bindparam("at"),
        recipients.c.campaign_id == bindparam("campaign_id"),
        recipients.c.appointment_at.is_(None),
    )
)
_GUARANTORS = select(
    patients.c.patient_id,
    patients.c.birth_date,
    patients.c.email,
    patients.c.phone_mobile,
    patients.c.phone_home,
    patients.c.email_consent,
    patients.c.text_consent,
    patients.c.phone_consent,
).where(
    and_(
        patients.c.patient_id.in_(_IDS),
        patients.c.status == "active",
        patients.c.deceased_on.is_(None),
        patients.c.birth_date.is_not(None),
    )
)
_OWNERS = select(patients.c.patient_id, patients.c.phone_mobile, patients.c.phone_home).where(
    patients.c.status == "active",
    or_(patients.c.phone_mobile.in_(_ADDRESSES), patients.c.phone_home.in_(_ADDRESSES)),
)
_BOUNCED = select(address_states.c.address).where(
    address_states.c.channel == bindparam("channel"),
    address_states.c.state == "bounced",
    address_states.c.address.in_(_ADDRESSES),
)
