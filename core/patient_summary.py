"""Everything that verifies a caller and says how the patient can be reached (F2, F4)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from core.domain.eligibility import ADULT_AGE
from core.domain.organisation import EMAIL, LETTER, PHONE, TEXT
from core.domain.panel import care_managers
from core.domain.patient_summary import Consent, DeadAddress, PatientSummary, Tied, dead_words
from core.domain.person import Person
from core.domain.role import READ_PATIENTS
from core.errors import NotFound
from core.patient_tables import NOT_SEEN, tables_of
from core.store import patient_summary as rows
from core.store.database import reading
from core.store.people import people
from core.workbench import Workbench, needs


@needs(READ_PATIENTS)
def summary(wb: Workbench, patient_id: str) -> PatientSummary:
    """One patient with contact data, care, consents and ties. Raises NotFound for an unknown id and for a patient
    outside the user's scope alike; of others who are concerned only those within it are named."""
    team, portal = _of_feed(wb, patient_id)
    with reading(wb.engine) as connection:
        own = rows.details(connection, patient_id)
        person = people(connection, [patient_id], wb.user.scope).get(patient_id)
        if own is None or person is None:
            raise NotFound(NOT_SEEN)
        tied, hidden = _tied(wb, connection, own)
        names = rows.provider_names(connection, [team] if team else [])
        return PatientSummary(
            person=person,
            preferred_name=own["preferred_name"],
            deceased_on=own["deceased_on"],
            address=_address(own),
            phone_work=own["phone_work"],
            preferred_channel=own["preferred_channel"],
            clinic=own["clinic"],
            clinic_phone=own["clinic_phone"],
            next_provider=own["next_provider"],
            care_manager=names.get(team or "", team),
            has_portal=portal is not None,
            portal_since=portal["active_since"] if portal else None,
            consents=_consents(own),
            dead=tuple(_dead(*each) for each in rows.dead_addresses(connection, own)),
            guarantor=_guarantor(wb, connection, own),
            has_guarantor=bool(own["guarantor_id"]),
            tied=tied,
            tied_hidden=hidden,
        )


@needs(READ_PATIENTS)
def at_address(wb: Workbench, address: str) -> list[Person]:
    """The patients who get what is sent to a normalised email or E.164 number, as far as the user may see them."""
    today = wb.today()
    born_after = today.replace(year=today.year - ADULT_AGE, day=min(today.day, 28) if today.month == 2 else today.day)
    with reading(wb.engine) as connection:
        ids = rows.at_address(connection, address, minors_since=born_after)
        found = people(connection, ids, wb.user.scope)
    return [found[each] for each in ids if each in found]


def _of_feed(wb: Workbench, patient_id: str) -> tuple[str | None, dict[str, Any] | None]:
    """The care manager's provider id and the portal account, if there are any."""
    tables = tables_of(wb, patient_id)
    if tables is None:
        return None, None
    team = care_managers(tables.table("care_team"))
    portal = tables.table("portal_accounts").rows(named=True)
    return (team["care_manager"].item() if team.height else None), (portal[0] if portal else None)


def _address(own: RowMapping) -> tuple[str, ...]:
    """Street, unit, and 'Exampleton, IL 60000': what there is."""
    place = ", ".join(part for part in (own["city"], own["state"]) if part)
    place = " ".join(part for part in (place, own["zip"]) if part)
    return tuple(line for line in (own["address1"], own["address2"], place) if line)


def _consents(own: RowMapping) -> tuple[Consent, ...]:
    text = Consent(TEXT, own["text_consent"], own["text_consent_on"], own["text_consent_source"])
    return (text, Consent(EMAIL, own["email_consent"]), Consent(PHONE, own["phone_consent"]))


def _dead(channel: str, address: str, reason: str, since: datetime) -> DeadAddress:
    if channel == LETTER:  # what is kept is a key, not an address as people write it
        address = "postal address"
    return DeadAddress(channel, address, dead_words(channel, reason), since)


def _guarantor(wb: Workbench, connection: Connection, own: RowMapping) -> Person | None:
    wanted = own["guarantor_id"]
    return people(connection, [wanted], wb.user.scope).get(wanted) if wanted else None


def _tied(wb: Workbench, connection: Connection, own: RowMapping) -> tuple[tuple[Tied, ...], int]:
    found = {each.patient_id: each.ties for each in rows.ties(connection, own)}
    seen = people(connection, list(found), wb.user.scope)
    order = sorted(seen.values(), key=lambda person: (person.last or "", person.first or "", person.patient_id))
    return tuple(Tied(person, found[person.patient_id]) for person in order), len(found) - len(seen)
