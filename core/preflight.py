"""Before anything is created: who of the selected patients can be reached by each mode, and for the others why not."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core import rules
from core.domain.campaign import Campaign, goes_out_on
from core.domain.eligibility import Contact, Mailing, Reason, eligibility, first_of_address, frequency_cap, place
from core.domain.introduction import is_missing
from core.domain.opt_out import letter_notice
from core.domain.organisation import EMAIL, LETTER
from core.domain.role import READ_PATIENTS
from core.home_mode import is_live
from core.store import people
from core.store.contacts import eligibility_inputs, introduces
from core.store.database import reading
from core.workbench import Workbench, needs


@dataclass(frozen=True)
class NotReached:
    """Patients who cannot be reached for one and the same reason."""

    reason: Reason
    patient_ids: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many patients."""
        return len(self.patient_ids)


@dataclass(frozen=True)
class Reach:
    """One mode: the patients that it reaches and, by reason, those that it does not; together everybody selected.

    same_household  patients of one household who would each get one, at different addresses
    introductory    those of `reached` who would get the introductory email instead of the campaign's
    no_contact      of letters those of `reached` who want no contact at all: no opt-out stops a letter (O1)
    """

    channel: str
    reached: tuple[str, ...]
    not_reached: tuple[NotReached, ...]
    same_household: tuple[tuple[str, ...], ...]
    introductory: tuple[str, ...] = ()
    no_contact: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many patients can be reached."""
        return len(self.reached)


@needs(READ_PATIENTS)
def reach(
    wb: Workbench,
    patient_ids: Collection[str],
    *,
    purpose: str = "announcement",
    measures: Iterable[str] = (),
    protocols: Iterable[str] = (),
    skip_closed_gaps: bool = True,
    channels: Iterable[str] | None = None,
) -> tuple[Reach, ...]:
    """For each mode, who of the patients can be reached today, by what the database holds at this moment.

    channels   None: the modes that the organisation uses
    Ids outside the user's scope count as patients who are not in the records.
    """
    measures = frozenset(measures)
    with reading(wb.engine) as connection:
        return tuple(
            _reach(
                wb,
                connection,
                list(dict.fromkeys(patient_ids)),
                Mailing(
                    channel=channel,
                    purpose=purpose,
                    measures=measures,
                    protocols=frozenset(protocols),
                    skip_closed_gaps=skip_closed_gaps,
                    needs_consent=wb.organisation().text_needs_consent,
                    refuses_invented=is_live(wb),
                    is_sensitive=channel == LETTER and rules.is_any_sensitive(wb, measures),
                ),
                on=wb.today(),
            )
            for channel in (wb.organisation().modes if channels is None else channels)
        )


@needs(READ_PATIENTS)
def of_campaign(wb: Workbench, campaign: Campaign, patient_ids: Collection[str]) -> Reach:
    """Who of a campaign's patients can be reached by its mode on the day it goes out, or today when that has passed,
    the campaign being as it is in the draft and the records as they are now."""
    on = max(wb.today(), goes_out_on(campaign, wb.organisation()))
    with reading(wb.engine) as connection:
        mailing = replace(
            campaign.mailing,
            needs_consent=wb.organisation().text_needs_consent,
            refuses_invented=is_live(wb),
            is_sensitive=rules.is_any_sensitive(wb, campaign.measures),
        )
        return _reach(wb, connection, list(patient_ids), mailing, on=on, campaign_id=campaign.campaign_id)


def _reach(
    wb: Workbench,
    connection: Connection,
    patient_ids: list[str],
    mailing: Mailing,
    *,
    on: date,
    campaign_id: str | None = None,
) -> Reach:
    organisation = wb.organisation()
    cap, zone = frequency_cap(organisation), ZoneInfo(organisation.time_zone)
    visible = people.visible_ids(connection, patient_ids, wb.user.scope)
    contacts = eligibility_inputs(
        connection, patient_ids, channel=mailing.channel, at=wb.now(), on=on, zone=zone, campaign_id=campaign_id
    )
    known = {each: contacts[each] if each in visible else Contact(each, status=None) for each in patient_ids}
    may = [contact for contact in known.values() if not eligibility(contact, mailing, on=on, cap=cap)]
    at = {contact.patient_id: contact.address for contact in may} if mailing.channel != LETTER else {}
    first = first_of_address(at)
    reached: dict[str, Contact] = {}
    missed: dict[Reason, list[str]] = defaultdict(list)
    for patient_id, contact in known.items():
        is_taken = first.get(contact.address or "", patient_id) != patient_id
        why = eligibility(contact, mailing, on=on, cap=cap, is_address_taken=is_taken)
        if why is None:
            reached[patient_id] = contact
        else:
            missed[why].append(patient_id)
    homes = people.households(connection, list(reached))
    must_introduce = mailing.channel == EMAIL and introduces(connection)
    return Reach(
        channel=mailing.channel,
        reached=tuple(reached),
        not_reached=tuple(
            NotReached(why, tuple(missed[why])) for why in sorted(missed, key=lambda why: place(why.key))
        ),
        same_household=_shared({patient_id: homes.get(patient_id) for patient_id in reached}),
        introductory=tuple(
            each for each, contact in reached.items() if must_introduce and is_missing(contact.introduced_at)
        ),
        no_contact=tuple(
            each
            for each, contact in reached.items()
            if mailing.channel == LETTER and letter_notice(contact.opt_outs, on=on)
        ),
    )


def _shared(keys: Mapping[str, str | None]) -> tuple[tuple[str, ...], ...]:
    """Patients who have the same key, where there are at least two."""
    together: dict[str, list[str]] = defaultdict(list)
    for patient_id, key in keys.items():
        if key:
            together[key].append(patient_id)
    return tuple(tuple(ids) for ids in together.values() if len(ids) > 1)
