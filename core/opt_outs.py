"""Opt-outs: what staff record for a patient and take back, and what concerns a patient on a day (O2-O7).

What patients do themselves is in core.stop_links and core.text_stops.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from uuid import uuid4

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.address import is_email, is_number, normal_email
from core.domain.kept_text import kept_text
from core.domain.opt_out import BY_PATIENT, STAFF, TYPES, OptOut, in_force, last_day
from core.domain.organisation import PHONE, TEXT
from core.domain.person import Person
from core.domain.role import CHANGE_OPT_OUTS, READ_PATIENTS
from core.domain.wish import ADDRESS_NAMES, ADULT, Shared, Wish, addresses_used, check, collapsed, of_other, topic
from core.errors import NotAllowed, NotFound
from core.stop_links import has_stopped, is_sample_link, stop_by_complaint, stop_by_link, stop_calls_by_key
from core.store import address_owners
from core.store import opt_outs as rows
from core.store import people as people_rows
from core.store.contacts import eligibility_inputs
from core.store.database import reading, writing
from core.store.people import visible_ids
from core.store.scope import is_limited
from core.workbench import Workbench, needs

__all__ = [
    "add", "add_many", "has_stopped", "is_sample_link", "of_address", "of_patient", "on_date", "remove", "shared",
    "stop_by_complaint", "stop_by_link", "stop_calls_by_key",
]  # fmt: skip

_LONGEST_NOTE = 2000


def add(
    wb: Workbench,
    patient_id: str,
    type_key: str,
    *,
    reason: str,
    duration: str | None = None,
    until: date | None = None,
    days: int | None = None,
    protocol: str | None = None,
    comment: str = "",
    also_for: Collection[str] = (),
) -> int:
    """Record one opt-out for a patient; returns its id. See `add_many` for what it counts for and raises."""
    wish = Wish(type_key, reason, duration=duration, until=until, days=days, protocol=protocol, comment=comment)
    return add_many(wb, patient_id, [wish], also_for=also_for)[0]


@needs(CHANGE_OPT_OUTS)
def add_many(wb: Workbench, patient_id: str, wishes: Sequence[Wish], *, also_for: Collection[str] = ()) -> list[int]:
    """Record what a patient no longer wants, all of it or nothing; returns an id for each wish. One that says the same
    and is in force is not added again.

    It counts for the patient, and for the addresses by which its type would reach the patient when nobody else has
    them, so that it lasts under another patient id. Of those that others share only for the ones in `also_for`
    ('email', 'mobile', 'home'); then it counts for them all. Raises NotAllowed without the permission and for what does
    not fit together, NotFound for a patient the user may not see.
    """
    if not wishes:
        raise NotAllowed("Choose at least one type of opt-out.")
    opt_outs = [_opt_out(wish, patient_id, on=wb.today()) for wish in wishes]
    with writing(wb.engine) as connection:
        rows.one_at_a_time(connection, patient_id)
        _require_visible(wb, connection, [patient_id])
        keys = _keys(connection, patient_id, also_for=also_for, on=wb.today())
        return [_keep(wb, connection, each, _of_type(keys, each.type)) for each in opt_outs]


@needs(CHANGE_OPT_OUTS)
def remove(wb: Workbench, opt_out_ids: Collection[int], *, has_agreed: bool = False, note: str = "") -> int:
    """Take opt-outs back (O4), each with all rows of its wish; returns how many wishes. They stay on record.

    What patients have stopped themselves comes back only when they agreed again: `has_agreed`, with a `note` of how.
    Raises NotAllowed without that or the permission, NotFound for what the user may not see.
    """
    note = kept_text(note)
    with writing(wb.engine) as connection:
        found = rows.by_ids(connection, opt_out_ids)
        _require_removable(wb, connection, found)
        _require_agreement(found, has_agreed=has_agreed, note=note)
        return sum(_remove(wb, connection, wish, note=note) for wish in collapsed(found))


@needs(READ_PATIENTS)
def of_patient(wb: Workbench, patient_id: str, *, with_removed: bool = False) -> list[OptOut]:
    """What concerns this patient, newest first, one for each wish: the patient's own and those on the patient's
    addresses, also past ones; those that somebody took back only `with_removed`. Of those of patients the user
    may not see no more is told than core.domain.wish.of_other does. Raises NotFound for a patient the user may not see.
    """
    zone = wb.zone()
    with reading(wb.engine) as connection:
        _require_visible(wb, connection, [patient_id])
        addresses = _reached_at(wb, connection, patient_id)
        found = rows.of_patient(connection, patient_id, addresses=list(addresses), with_removed=with_removed)
        told = _as_seen(wb, connection, collapsed(found), addresses)
    return [
        replace(each, removed_on=each.removed_at.astimezone(zone).date()) if each.removed_at else each for each in told
    ]


@needs(READ_PATIENTS)
def on_date(wb: Workbench, patient_id: str, *, on: date) -> list[OptOut]:
    """What counted, or will count as far as is known, for this patient on a day, the one to see first leading.

    One that was taken back counts on the days before. The addresses are those that the patient has now. Raises
    NotFound for a patient the user may not see.
    """
    return in_force(of_patient(wb, patient_id, with_removed=True), on=on)


@needs(READ_PATIENTS)
def of_address(wb: Workbench, address: str) -> list[OptOut]:
    """What stands against an email address or E.164 number, whoever shares it. Of those of patients the user may not
    see no more is told than core.domain.wish.of_other does."""
    normal = normal_email(address) if "@" in address else address.strip()
    with reading(wb.engine) as connection:
        return _as_seen(wb, connection, rows.of_address(connection, normal), {normal})


@needs(READ_PATIENTS)
def shared(wb: Workbench, patient_id: str, *, addresses: Collection[str] | None = None) -> list[Shared]:
    """Who else has the patient's addresses, or these: what counts for one of them counts for all who have it. Those
    that nobody else has are left out. Raises NotFound for a patient the user may not see."""
    with reading(wb.engine) as connection:
        _require_visible(wb, connection, [patient_id])
        names = _reached_at(wb, connection, patient_id)
        wanted = set(names if addresses is None else addresses)
        others = address_owners.owners(connection, wanted, on=wb.today())
        everybody = {each for ids in others.values() for each in ids} - {patient_id}
        seen = people_rows.people(connection, sorted(everybody), wb.user.scope)
    return [
        Shared(names.get(address, ADULT), address, _seen(seen, ids), hidden_count=len(ids - seen.keys()))
        for address in sorted(wanted, key=lambda each: (list(ADDRESS_NAMES).index(names.get(each, ADULT)), each))
        if (ids := others.get(address, set()) - {patient_id})
    ]


def _opt_out(wish: Wish, patient_id: str, *, on: date) -> OptOut:
    check(wish)
    duration = wish.duration or TYPES[wish.type].preset
    return OptOut(
        type=wish.type,
        starts_on=on,
        until=last_day(wish.type, on=on, duration=duration, until=wish.until, days=wish.days),
        protocol=topic(wish),
        patient_id=patient_id,
        reason=wish.reason.strip(),
        comment=kept_text(wish.comment),
        source=STAFF,
    )


def _keys(connection: Connection, patient_id: str, *, also_for: Collection[str], on: date) -> dict[str, str]:
    """The addresses by name that an opt-out of the patient counts for as well."""
    known = _known(rows.addresses_of(connection, patient_id))
    owners = address_owners.owners(connection, set(known.values()), on=on)
    return {
        name: address
        for name, address in known.items()
        if name in also_for or not owners.get(address, set()) - {patient_id}
    }


def _of_type(keys: dict[str, str], type_key: str) -> list[str]:
    return list(dict.fromkeys(keys[name] for name in addresses_used(type_key) if name in keys))


def _reached_at(wb: Workbench, connection: Connection, patient_id: str) -> dict[str, str]:
    """By address its name: the patient's own, and for a minor the number of the adult who gets the texts and calls."""
    names = {address: name for name, address in reversed(_known(rows.addresses_of(connection, patient_id)).items())}
    for channel in (TEXT, PHONE):
        inputs = eligibility_inputs(
            connection, [patient_id], channel=channel, at=wb.now(), on=wb.today(), zone=wb.zone()
        )
        address = inputs[patient_id].address
        if address:
            names.setdefault(address, ADULT)
    return names


def _known(addresses: dict[str, str]) -> dict[str, str]:
    """In the form by which they are compared; what no message can go to is left out."""
    normal = {name: normal_email(each) if name == "email" else each for name, each in addresses.items()}
    return {name: each for name, each in normal.items() if is_email(each) or is_number(each)}


def _keep(wb: Workbench, connection: Connection, opt_out: OptOut, addresses: Collection[str]) -> int:
    present = rows.alike(connection, opt_out)
    if present and set(addresses) <= {each.address for each in present}:
        return min(each.opt_out_id or 0 for each in present)
    one = replace(opt_out, wish_id=uuid4().hex)
    each_of: list[str | None] = [*addresses] or [None]
    ids = [rows.add(connection, replace(one, address=each), at=wb.now(), by=wb.user.user_id) for each in each_of]
    details = {"type": one.type, "source": one.source, "addresses": len(addresses)}
    record_in(wb, connection, "opt_out.added", str(ids[0]), **details)
    return ids[0]


def _remove(wb: Workbench, connection: Connection, wish: OptOut, *, note: str) -> int:
    how = "agreed" if wish.source in BY_PATIENT else "staff"
    assert wish.opt_out_id is not None
    removed = rows.remove_wish(connection, wish.opt_out_id, at=wb.now(), by=wb.user.user_id, how=how, note=note or None)
    if removed:
        record_in(wb, connection, "opt_out.removed", str(removed[0]), type=wish.type, source=wish.source, how=how)
    return bool(removed)


def _require_removable(wb: Workbench, connection: Connection, found: Iterable[OptOut]) -> None:
    patient_ids = [opt_out.patient_id for opt_out in found]
    _require_visible(wb, connection, [patient_id for patient_id in patient_ids if patient_id])
    if None in patient_ids and is_limited(wb.user.scope):
        raise NotFound("This opt-out is on an address that others share. Ask somebody who sees all patients.")


def _require_agreement(found: Iterable[OptOut], *, has_agreed: bool, note: str) -> None:
    if len(note) > _LONGEST_NOTE:
        raise NotAllowed(f"The note has {len(note):,} characters; at most {_LONGEST_NOTE:,} are possible.")
    if any(opt_out.source in BY_PATIENT for opt_out in found) and not (has_agreed and note.strip()):
        raise NotAllowed(
            "The patient stopped this, not we. Take it back only when the patient has agreed again: confirm that, and "
            "note when and how."
        )


def _require_visible(wb: Workbench, connection: Connection, patient_ids: Collection[str]) -> None:
    ids = set(patient_ids)
    if ids - visible_ids(connection, list(ids), wb.user.scope):
        raise NotFound("This patient is not in the records, or outside what you may see.")


def _as_seen(wb: Workbench, connection: Connection, found: Sequence[OptOut], shared: Collection[str]) -> list[OptOut]:
    owners = {each.patient_id for each in found if each.patient_id}
    seen = visible_ids(connection, list(owners), wb.user.scope) if is_limited(wb.user.scope) else owners
    return [of_other(each, shared) if each.patient_id and each.patient_id not in seen else each for each in found]


def _seen(people: dict[str, Person], patient_ids: set[str]) -> tuple[Person, ...]:
    found = [people[patient_id] for patient_id in patient_ids if patient_id in people]
    return tuple(sorted(found, key=lambda person: (person.name, person.patient_id)))
