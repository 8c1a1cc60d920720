"""What is decided at the last moment: who of the claimed gets what, who waits, and who is not written to (E4, O6)."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.designs import later_at
from core.domain.campaign import Campaign
from core.domain.effects.allocation import CONTACT, HOLD_OUT, LATER
from core.domain.eligibility import (
    INTRODUCED,
    Contact,
    FrequencyCap,
    Mailing,
    eligibility,
    first_of_address,
    frequency_cap,
)
from core.domain.introduction import INTRODUCTORY, free_from, is_missing
from core.domain.merge import MERGED
from core.domain.organisation import EMAIL, Organisation
from core.domain.quiet_hours import LOCAL_CHANNELS, local_hours, next_stretch
from core.domain.remark import stopping
from core.store import mode_rows
from core.store.contacts import eligibility_inputs, introduces
from core.store.merges import Sibling, siblings
from core.store.messages import Begun, Claimed
from core.store.sharers import sharing
from core.workbench import Workbench

_ALONE = Sibling()
_UNTIL_KNOWN = timedelta(minutes=15)  # when it is known whether the message under a merged id has left


@dataclass(frozen=True)
class Decided:
    """One recipient at this moment.

    refused      the key of the reason why nothing goes out; '' when something may
    wait_until   nothing goes out before then; None: at once
    message      what goes out: 'campaign', or 'introductory' instead of it
    valid_until  when a text must have arrived; None for emails
    unsaid       the open gaps that the message leaves out, because of a remark
    """

    contact: Contact
    refused: str = ""
    wait_until: datetime | None = None
    message: str = "campaign"
    valid_until: datetime | None = None
    unsaid: frozenset[str] = frozenset()

    @property
    def may_go(self) -> bool:
        """Whether something goes out now."""
        return not self.refused and self.wait_until is None

    def still_fits(self, begun: Begun, *, unsaid: frozenset[str]) -> bool:
        """Whether what was made ready for the recipient is still what goes out, to the address that is on file, and
        names no care gap that is to be left out since."""
        return self.may_go and (self.contact.address, self.message, self.unsaid) == (
            begun.address,
            begun.message,
            unsaid,
        )


@dataclass(frozen=True)
class _Rules:
    """What holds for a whole batch. `later_mailing`, `later_at`: for those of the arm 'later'."""

    mailing: Mailing
    later_mailing: Mailing
    later_at: datetime
    cap: FrequencyCap
    introduces: bool
    is_introductory: bool
    at: datetime
    on: date
    zone: ZoneInfo
    organisation: Organisation

    def mailing_of(self, arm: str) -> Mailing:
        return self.later_mailing if arm == LATER else self.mailing

    def message(self, contact: Contact) -> str:
        must_introduce = self.introduces and is_missing(contact.introduced_at)
        return INTRODUCTORY if self.is_introductory or must_introduce else "campaign"

    def waits_until(self, contact: Contact, arm: str) -> datetime | None:
        if arm == LATER and self.at < self.later_at:
            return self.later_at
        if self.mailing.channel in LOCAL_CHANNELS:
            opens, _ = self.stretch(contact)
            return opens if self.at < opens else None
        if self.is_introductory or not self.introduces or contact.introduced_at is None:
            return None
        free = free_from(contact.introduced_at)
        return free if self.at < free else None

    def stretch(self, contact: Contact) -> tuple[datetime, datetime]:
        """From when to when a text or call may reach the patient."""
        hours = local_hours(self.organisation, contact.state, contact.zip_code)
        return next_stretch(self.organisation, self.mailing.channel, self.at, hours)


def decide(
    wb: Workbench, connection: Connection, campaign: Campaign, claimed: list[Claimed], *, at: datetime
) -> dict[Claimed, Decided]:
    """What becomes of each claimed recipient, by what the database holds at this moment."""
    if not claimed:
        return {}
    organisation, is_introductory = wb.organisation(), campaign.kind == INTRODUCTORY
    zone = ZoneInfo(organisation.time_zone)
    is_live = mode_rows.mode(connection).is_live
    mailing, later = (
        campaign.mailing if is_introductory else campaign.mailing_by(organisation, arm=arm) for arm in (CONTACT, LATER)
    )
    rules = _Rules(
        mailing=replace(mailing, refuses_invented=is_live),
        later_mailing=replace(later, refuses_invented=is_live),
        later_at=later_at(wb, campaign),
        cap=frequency_cap(organisation),
        introduces=campaign.channel == EMAIL and introduces(connection),
        is_introductory=is_introductory,
        at=at,
        on=at.astimezone(zone).date(),
        zone=zone,
        organisation=organisation,
    )
    contacts = _contacts(connection, campaign, [one.patient_id for one in claimed], rules)
    merged = siblings(
        connection,
        campaign.campaign_id,
        [one.patient_id for one in claimed],
        own={one.recipient_id for one in claimed},
    )
    standing = [one for one in claimed if not merged.get(one.patient_id, _ALONE).is_merged]
    taken = set() if is_introductory else _taken(connection, campaign, standing, contacts, rules)
    return {
        one: _decided(one, contacts[one.patient_id], rules, merged.get(one.patient_id, _ALONE), is_taken=one in taken)
        for one in claimed
    }


def _decided(one: Claimed, contact: Contact, rules: _Rules, sibling: Sibling, *, is_taken: bool) -> Decided:
    message = rules.message(contact)
    if sibling.is_merged or sibling.has_left:
        return Decided(contact, MERGED, None, message)
    arm = HOLD_OUT if sibling.is_held_out else one.arm
    why = _why_not(contact, arm, rules, is_taken=is_taken)
    if why:
        return Decided(contact, why, None, message)
    if sibling.is_leaving:
        return Decided(contact, "", rules.at + _UNTIL_KNOWN, message)
    valid_until = rules.stretch(contact)[1] if rules.mailing.channel in LOCAL_CHANNELS else None
    unsaid = frozenset(stopping(contact.remarks, contact.open_gaps, rules.on)) if contact.remarks else frozenset()
    return Decided(contact, "", rules.waits_until(contact, one.arm), message, valid_until, unsaid)


def _why_not(contact: Contact, arm: str, rules: _Rules, *, is_taken: bool = False) -> str:
    if rules.is_introductory and not is_missing(contact.introduced_at):  # a campaign has brought it meanwhile
        return INTRODUCED
    cap = None if rules.message(contact) == INTRODUCTORY else rules.cap
    why = eligibility(contact, rules.mailing_of(arm), on=rules.on, cap=cap, arm=arm, is_address_taken=is_taken)
    return why.key if why else ""


def _contacts(connection: Connection, campaign: Campaign, ids: list[str], rules: _Rules) -> dict[str, Contact]:
    return eligibility_inputs(
        connection,
        ids,
        channel=campaign.channel,
        at=rules.at,
        on=rules.on,
        zone=rules.zone,
        campaign_id=campaign.campaign_id,
    )


def _taken(
    connection: Connection,
    campaign: Campaign,
    claimed: list[Claimed],
    contacts: dict[str, Contact],
    rules: _Rules,
) -> set[Claimed]:
    """Those at whose address somebody else of the campaign gets the message: who has got it, or has a lower id and may.

    Whoever was tried before keeps the address.
    """
    addresses = {one.patient_id: contacts[one.patient_id].address for one in claimed}
    known = {address for address in addresses.values() if address}
    found = sharing(connection, campaign.campaign_id, known, channel=campaign.channel)
    sharers = [each for each in found if each.patient_id not in addresses]
    owned = {each.address for each in sharers if not each.is_waiting}
    owned |= {addresses[one.patient_id] or "" for one in claimed if one.number > 1}
    ahead = [each for each in sharers if each.is_waiting]
    others = _contacts(connection, campaign, [each.patient_id for each in ahead], rules) if ahead else {}
    arms = {each.patient_id: each.arm for each in ahead} | {one.patient_id: one.arm for one in claimed}
    everybody = contacts | others
    at_address = Counter(contact.address for contact in everybody.values())
    may = {
        patient_id: contact.address
        for patient_id, contact in everybody.items()
        if patient_id in arms and at_address[contact.address] > 1 and not _why_not(contact, arms[patient_id], rules)
    }
    first = first_of_address(may)
    return {
        one
        for one in claimed
        if one.number == 1
        and (address := addresses[one.patient_id])
        and (address in owned or first.get(address, one.patient_id) != one.patient_id)
    }
