"""Introductory emails as a stream of their own: patients of the chosen providers can opt out before others come.

The dispatcher adds each day those who have had none at their present address, up to the organisation's pace. They are
recipients of an internal campaign of the day, so that claiming, retries, recovery and bounces are the same (E4, E8).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from math import ceil

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.campaign import Campaign
from core.domain.eligibility import Mailing, eligibility
from core.domain.organisation import EMAIL
from core.domain.progress import Progress, progress_of
from core.domain.role import CHANGE_ORGANISATION
from core.errors import NotAllowed, NotFound
from core.home_mode import is_live
from core.introductory_email import campaign_of_today
from core.store import campaigns as campaign_rows
from core.store import introductions as rows
from core.store import messages, restore_rows
from core.store.contacts import eligibility_inputs, introduces
from core.store.database import reading, writing
from core.workbench import DISPATCHER, Workbench, needs


@dataclass(frozen=True)
class Introducing:
    """One provider's patients and the introductory email.

    patients     active patients of the provider with an email address
    introduced   of them, how many have had the introductory email at their present address
    to_come      how many have had none there and have none on its way: at most so many still get it, because opt-outs
                 and the like are looked at when it is written (and by `plan`)
    """

    provider_id: str
    name: str
    is_on: bool
    patients: int
    introduced: int
    to_come: int


@dataclass(frozen=True)
class Plan:
    """What turning providers on would do.

    patients   by provider, how many would get the introductory email; the `seen` of `turn_on`
    days       on how many sending days, those included who wait for other providers already
    is_first   nobody is introduced yet: from then on no campaign email comes before an introductory one
    """

    patients: Mapping[str, int]
    per_day: int
    days: int
    is_first: bool

    @property
    def count(self) -> int:
        """How many patients in all."""
        return sum(self.patients.values())


@dataclass(frozen=True)
class Stream:
    """Introductory emails by result: those that began today, all, and those sent in the place of a campaign's."""

    today: Progress
    all: Progress
    in_place: int


@needs(CHANGE_ORGANISATION)
def providers(wb: Workbench) -> list[Introducing]:
    """Every provider who is somebody's PCP, by name, as far as the user may see them."""
    with reading(wb.engine) as connection:
        found = [each for each in rows.providers_of(connection, wb.user.scope) if each.patients]
    return [Introducing(**asdict(each)) for each in found]


@needs(CHANGE_ORGANISATION)
def plan(wb: Workbench, provider_ids: Collection[str]) -> Plan:
    """What turning these providers on would do, by what the records hold at this moment."""
    per_day = wb.organisation().introductions_per_day
    with reading(wb.engine) as connection:
        due = {each: sum(1 for _ in _due(wb, connection, [each])) for each in provider_ids}
        waiting = sum(
            each.to_come
            for each in rows.providers_of(connection, wb.user.scope)
            if each.is_on and each.provider_id not in due
        )
        is_first = not introduces(connection)
    return Plan(due, per_day, ceil((sum(due.values()) + waiting) / per_day), is_first)


@needs(CHANGE_ORGANISATION)
def stream(wb: Workbench) -> Stream:
    """What became of the introductory emails, of all patients whoever may see them."""
    with reading(wb.engine) as connection:
        return Stream(
            today=progress_of(rows.state_counts(connection, day=wb.today())),
            all=progress_of(rows.state_counts(connection)),
            in_place=rows.in_place_count(connection),
        )


def may_turn(wb: Workbench) -> bool:
    """Whether this user may turn providers on and off."""
    return wb.user.may(CHANGE_ORGANISATION) and not _is_limited(wb)


@needs(CHANGE_ORGANISATION)
def turn_on(wb: Workbench, provider_id: str, *, seen: int) -> None:
    """Introduce the organisation to the patients of a provider, now and when new ones come.

    `seen` is the number of patients that the user has confirmed: when more would be written to, nothing is turned on
    and NotAllowed says how many. Raises NotFound for a provider the user may not see.
    """
    turn_on_all(wb, {provider_id: seen})


@needs(CHANGE_ORGANISATION)
def turn_on_all(wb: Workbench, seen: Mapping[str, int]) -> None:
    """The same for several providers at once, with the number confirmed for each: all of them or none."""
    _check_sees_everybody(wb)
    with writing(wb.engine) as connection:
        known = {each.provider_id for each in rows.providers_of(connection, wb.user.scope)}
        if not seen.keys() <= known:
            raise NotFound("This provider is not in the records any more. Open the page again.")
        for provider_id, confirmed in seen.items():
            due = sum(1 for _ in _due(wb, connection, [provider_id]))
            if due > confirmed:
                raise NotAllowed(
                    f"{due:,} patients would get the introductory email, and {confirmed:,} were confirmed. Nothing was "
                    "turned on: look at the number again."
                )
            rows.set_on(connection, provider_id, True, at=wb.now(), by=wb.user.user_id)
            record_in(wb, connection, "introductions.on", provider_id, patients=due)


@needs(CHANGE_ORGANISATION)
def turn_off(wb: Workbench, provider_id: str) -> None:
    """Introduce the organisation to no more patients of a provider. Those who wait already still get the email."""
    _check_sees_everybody(wb)
    with writing(wb.engine) as connection:
        rows.set_on(connection, provider_id, False, at=wb.now(), by=wb.user.user_id)
        record_in(wb, connection, "introductions.off", provider_id)


def top_up(wb: Workbench) -> int:
    """Add today's patients to the stream, up to the pace of a day; returns how many. The dispatcher calls it."""
    if EMAIL not in wb.organisation().modes:
        return 0
    with reading(wb.engine) as connection:
        on = rows.turned_on(connection)
        if restore_rows.unreconciled(connection):
            return 0  # who was introduced since the backup is not known yet
        left = wb.organisation().introductions_per_day - rows.added_on(connection, wb.today())
        if not on or left <= 0 or next(_due(wb, connection, on), None) is None:
            return 0
    acting = wb.as_user(DISPATCHER)
    with writing(wb.engine) as connection:
        messages.one_at_a_time(connection)
        left = wb.organisation().introductions_per_day - rows.added_on(connection, wb.today())
        due = [patient_id for patient_id, _ in zip(_due(wb, connection, on), range(max(0, left)), strict=False)]
        if due:
            campaign = _campaign_of(acting, connection)
            rows.add_recipients(connection, campaign.campaign_id, due)
            campaign_rows.go_on(connection, campaign.campaign_id)
            record_in(acting, connection, "introductions.added", campaign.campaign_id, recipients=len(due))
    return len(due)


def in_force(wb: Workbench) -> bool:
    """Whether campaign emails come only after an introductory one."""
    with reading(wb.engine) as connection:
        return introduces(connection)


def _due(wb: Workbench, connection: Connection, provider_ids: list[str]) -> Iterator[str]:
    """Patients of these providers who have had no introductory email at their address and may be written to."""
    last = ""
    mailing = Mailing(refuses_invented=is_live(wb))  # an announcement by email
    while batch := rows.without(connection, provider_ids, after=last, day=wb.today()):
        contacts = eligibility_inputs(connection, batch, channel="email", at=wb.now(), on=wb.today(), zone=wb.zone())
        for patient_id, contact in contacts.items():
            if eligibility(contact, mailing, on=wb.today(), cap=None) is None and contact.introduced_at is None:
                yield patient_id
        last = batch[-1]


def _campaign_of(wb: Workbench, connection: Connection) -> Campaign:
    """The internal campaign of today, made when there is none yet."""
    campaign_id = rows.campaign_of(connection, wb.today())
    if campaign_id:
        return campaign_rows.campaign(connection, campaign_id)
    campaign = campaign_of_today(wb)
    campaign_rows.add(connection, campaign, patient_ids=[])
    return campaign


def _is_limited(wb: Workbench) -> bool:
    return wb.user.scope.groups is not None or wb.user.scope.providers is not None


def _check_sees_everybody(wb: Workbench) -> None:
    if _is_limited(wb):
        raise NotAllowed("This concerns all patients of a provider. Ask somebody who may see all of them.")
