"""What is decided at the last moment: who of the claimed gets what, who waits, and who is not written to (E4, O6)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.domain.campaign import Campaign
from core.domain.effects.allocation import CONTACT, HOLD_OUT
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
from core.kept_out import Turn, turns
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
    """What holds for a whole batch."""

    mailing: Mailing
    cap: FrequencyCap
    introduces: bool
    is_introductory: bool
    at: datetime
    on: date
    zone: ZoneInfo
    organisation: Organisation

    def mailing_of(self, turn: Turn) -> Mailing:
        """Who comes later is written to for as many days from then on as others from the start date."""
        last_on = self.mailing.last_on
        if turn.later_on is None or last_on is None:
            return self.mailing
        own_last_on = turn.later_on + timedelta(self.organisation.days_to_send)
        return replace(self.mailing, last_on=max(last_on, own_last_on))

    def message(self, contact: Contact) -> str:
        must_introduce = self.introduces and is_missing(contact.introduced_at)
        return INTRODUCTORY if self.is_introductory or must_introduce else "campaign"

    def waits_until(self, contact: Contact, turn: Turn) -> datetime | None:
        if turn.later_on is not None and turn.must_wait(self.on):
            return datetime.combine(turn.later_on, time(), self.zone)
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
    mailing = campaign.mailing if is_introductory else campaign.mailing_by(organisation)
    rules = _Rules(
        mailing=replace(mailing, refuses_invented=is_live),
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
    own = turns(wb, connection, campaign, {one.patient_id: one.arm for one in claimed})
    standing = [one for one in claimed if not merged.get(one.patient_id, _ALONE).is_merged]
    taken = set() if is_introductory else _taken(wb, connection, campaign, standing, contacts, own, rules)
    return {
        one: _decided(
            contacts[one.patient_id],
            own[one.patient_id],
            rules,
            merged.get(one.patient_id, _ALONE),
            is_taken=one in taken,
        )
        for one in claimed
    }


def _decided(contact: Contact, turn: Turn, rules: _Rules, sibling: Sibling, *, is_taken: bool) -> Decided:
    message = rules.message(contact)
    if sibling.is_merged or sibling.has_left:
        return Decided(contact, MERGED, None, message)
    turn = Turn(is_held_out=True) if sibling.is_held_out else turn
    why = _why_not(contact, turn, rules, is_taken=is_taken)
    if why:
        return Decided(contact, why, None, message)
    if sibling.is_leaving:
        return Decided(contact, "", rules.at + _UNTIL_KNOWN, message)
    valid_until = rules.stretch(contact)[1] if rules.mailing.channel in LOCAL_CHANNELS else None
    unsaid = frozenset(stopping(contact.remarks, contact.open_gaps, rules.on)) if contact.remarks else frozenset()
    return Decided(contact, "", rules.waits_until(contact, turn), message, valid_until, unsaid)


def _why_not(contact: Contact, turn: Turn, rules: _Rules, *, is_taken: bool = False) -> str:
    if rules.is_introductory and not is_missing(contact.introduced_at):  # a campaign has brought it meanwhile
        return INTRODUCED
    cap = None if rules.message(contact) == INTRODUCTORY else rules.cap
    arm = HOLD_OUT if turn.is_held_out else CONTACT
    why = eligibility(contact, rules.mailing_of(turn), on=rules.on, cap=cap, arm=arm, is_address_taken=is_taken)
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
    wb: Workbench,
    connection: Connection,
    campaign: Campaign,
    claimed: list[Claimed],
    contacts: dict[str, Contact],
    own: Mapping[str, Turn],
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
    theirs = turns(wb, connection, campaign, {each.patient_id: each.arm for each in ahead}) if ahead else {}
    everyones = {**theirs, **own}
    everybody = contacts | others
    at_address = Counter(contact.address for contact in everybody.values())
    may = {
        patient_id: contact.address
        for patient_id, contact in everybody.items()
        if at_address[contact.address] > 1 and not _why_not(contact, everyones[patient_id], rules)
    }
    first = first_of_address(may)
    return {
        one
        for one in claimed
        if one.number == 1
        and (address := addresses[one.patient_id])
        and (address in owned or first.get(address, one.patient_id) != one.patient_id)
    }
