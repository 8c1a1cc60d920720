"""What may still reach a patient: each product by each channel, by the same rules as sending."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from core import opt_outs
from core.domain.eligibility import Contact, Mailing, Reason, eligibility, reason
from core.domain.opt_out import APPOINTMENT_REMINDER, CAMPAIGN, HEALTH_REMINDER, OptOut, against
from core.domain.organisation import CHANNELS
from core.domain.role import READ_PATIENTS
from core.home_mode import is_live
from core.store.contacts import eligibility_inputs
from core.store.database import reading
from core.workbench import Workbench, needs

PRODUCTS = {CAMPAIGN: "Campaigns", HEALTH_REMINDER: "Health reminders", APPOINTMENT_REMINDER: "Appointment reminders"}


@dataclass(frozen=True)
class Reach:
    """reasons: by product (core.domain.opt_out.PRODUCTS) and channel (email, text, phone) why nothing of it may reach
    the patient; None: it may. addresses: by channel where it goes, for a minor to the adult who answers for them."""

    reasons: Mapping[tuple[str, str], Reason | None]
    addresses: Mapping[str, str | None]


@needs(READ_PATIENTS)
def reach(wb: Workbench, patient_id: str, *, on: date | None = None) -> Reach:
    """What may reach the patient. Health topics are not looked at: an opt-out of one stops only what is tagged with it.

    Of another day than today only opt-outs are told, with the addresses that the patient has now: what else was on file
    then is not known. Raises NotFound for a patient the user may not see.
    """
    wb, today = wb.settle(), wb.today()
    day = on or today
    concerning = opt_outs.of_patient(wb, patient_id, with_removed=True)
    contacts = _contacts(wb, patient_id, on=today)
    reasons = {
        (product, channel): (
            _today(wb, contact, product, channel) if day == today else _on(concerning, contact, product, channel, day)
        )
        for channel, contact in contacts.items()
        for product in PRODUCTS
    }
    return Reach(reasons, {channel: contact.address for channel, contact in contacts.items()})


def _contacts(wb: Workbench, patient_id: str, *, on: date) -> dict[str, Contact]:
    """The patient as each channel sees them."""
    at, zone, ids = wb.now(), wb.zone(), [patient_id]
    with reading(wb.engine) as connection:
        return {
            channel: eligibility_inputs(connection, ids, channel=channel, at=at, on=on, zone=zone)[patient_id]
            for channel in CHANNELS
        }


def _today(wb: Workbench, contact: Contact, product: str, channel: str) -> Reason | None:
    needs_consent = wb.organisation().text_needs_consent
    mailing = Mailing(channel=channel, product=product, needs_consent=needs_consent, refuses_invented=is_live(wb))
    return eligibility(contact, mailing, on=wb.today(), cap=None)


def _on(concerning: list[OptOut], contact: Contact, product: str, channel: str, day: date) -> Reason | None:
    """Of those on an address only the ones on the address by which the channel reaches the patient."""
    own = [each for each in concerning if each.patient_id == contact.patient_id or contact.address in each.reaches]
    found = against(own, product=product, channel=channel, on=day)
    return reason(f"opted_out:{found.kind.key}") if found else None
