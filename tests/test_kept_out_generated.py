"""Whatever people do with a campaign, its sisters and what is made of them, chance's word holds for all of them."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import select

from core import campaigns, dispatcher, new_campaigns
from core.domain.effects.allocation import HOLD_OUT as HELD
from core.domain.effects.allocation import LATER
from core.domain.merge import LEFT
from core.domain.organisation import LETTER
from core.errors import CareloopError
from core.store import campaigns as campaign_rows
from core.store import merges
from core.store.accounts import change_organisation
from core.store.database import reading
from core.store.schema import recipients
from core.workbench import Workbench
from tests.conftest import Clock
from tests.designed import DELAYED, HOLD_OUT, add_couples, draft, new_clinic
from tests.drawn import drawn
from tests.homes import Homes
from tests.letters import HOME, SENDER, move, printed
from tests.test_merges import combine
from tests.twilio_line import connected

TEMPLATES = {"email": "mammogram-reminder", "text": "check-up-reminder-text", "letter": "check-up-reminder-letter"}
EVERYONE: dict[str, Any] = {"design": "everyone", "holdout_share": 0, "delay_weeks": 0}
STEPS = ("activate", "activate", "drain", "drain", "print", "copy", "by email", "by text", "by letter",
         "also by email", "also by text", "stop", "inactivate", "delete",
         "for everybody", "design", "share", "merge", "next day", "month")  # fmt: skip
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3)), min_size=4, max_size=14)


@dataclass
class Told:
    """What a test has done: by campaign of what it is a copy, and which are of one family with it."""

    source: dict[str, str | None] = field(default_factory=lambda: {"c1": None})
    family: dict[str, set[str]] = field(default_factory=lambda: {"c1": {"c1"}})
    is_merged: bool = False

    def copied(self, made: str, source: str) -> None:
        self.source[made], self.family[made] = source, {made}

    def joined(self, made: str, source: str) -> None:
        family = self.family[source]
        family.add(made)
        self.source[made], self.family[made] = self.source[source], family

    def origins(self, campaign_id: str) -> set[str]:
        found: set[str] = set()
        ahead = {campaign_id}
        while ahead:
            one = ahead.pop()
            found.add(one)
            near = self.family[one] | ({self.source[one]} if self.source[one] else set())
            ahead |= {each for each in near if each is not None} - found
        return found


@dataclass(frozen=True)
class Seen:
    """arms: by campaign who is held out or comes later, as persons are now; contacted: campaign and person by the id of
    the recipient; later_on: by campaign the day of who comes later; mailed_on: the mail date of letters."""

    arms: dict[str, dict[str, str]]
    contacted: dict[int, tuple[str, str]]
    later_on: dict[str, date]
    mailed_on: dict[str, date]


def seen(wb: Workbench, told: Told) -> Seen:
    with reading(wb.engine) as connection:
        now = merges.known(connection)
        rows = connection.execute(select(recipients).order_by(recipients.c.arm.desc())).all()
        kept = {each: campaign_rows.campaign(connection, each) for each in told.source}
    arms: dict[str, dict[str, str]] = {each: {} for each in told.source}
    for row in rows:  # 'later' before 'hold_out': of two ids that became one, held out counts
        if row.arm in (HELD, LATER):
            arms[row.campaign_id][now.get(row.patient_id, row.patient_id)] = row.arm
    contacted = {
        row.recipient_id: (row.campaign_id, now.get(row.patient_id, row.patient_id))
        for row in rows
        if row.attempt_count or row.state in LEFT
    }
    later_on = {each: one.later_on(wb.organisation()) for each, one in kept.items()}
    mailed_on = {each: one.start_on for each, one in kept.items() if one.channel == LETTER}
    return Seen(arms, contacted, later_on, mailed_on)


def at_home(wb: Workbench, ids: list[str]) -> list[str]:
    """The couples each at an address of their own."""
    for n, each in enumerate(ids):
        move(wb, each, **HOME | {"address1": f"{n // 2 + 1} Shore Road"})
    return ids


def check(wb: Workbench, told: Told, before: Seen, after: Seen) -> None:
    for recipient_id in after.contacted.keys() - before.contacted.keys():
        campaign_id, person = after.contacted[recipient_id]
        origins = told.origins(campaign_id)
        said = {each: after.arms[each].get(person) for each in origins}
        assert HELD not in said.values()
        sisters = told.family[campaign_id] - {campaign_id} if said[campaign_id] == LATER else set()
        days = [after.later_on[each] for each, arm in said.items() if arm == LATER and each not in sisters]
        assert not days or max(wb.today(), after.mailed_on.get(campaign_id, wb.today())) >= max(days)
        assert campaign_id not in after.mailed_on or said[campaign_id] != LATER
    for campaign_id, arms in after.arms.items():
        if (
            not before.arms.get(campaign_id) and arms and not told.is_merged
        ):  # drawn just now: nobody held out had a message of theirs
            kin = {each for each in told.source if told.family[campaign_id] & told.origins(each)}
            kin -= told.origins(campaign_id) - told.family[campaign_id]
            held = {person for person, arm in arms.items() if arm == HELD}
            assert not {person for each, person in after.contacted.values() if each in kin} & held


@drawn(daily=3, many=60, steps=steps, design=st.sampled_from([HOLD_OUT, DELAYED]), seed=st.integers(0, 9))
def test_nobody_is_contacted_against_chance_by_anything_that_comes_of_a_campaign(
    steps: list[tuple[str, int]], design: dict[str, Any], seed: int, homes: Homes
) -> None:
    with new_clinic(homes) as (own, clock, _), connected(own) as line:
        wb = line.wb
        change_organisation(wb.engine, {"return_addresses": (SENDER,)}, at=wb.now(), by="ana")
        draft(wb, at_home(wb, add_couples(wb, 4)), seed=seed, **design)
        told = Told()
        before = seen(wb, told)
        for step, which in [("activate", 0), *steps, ("next day", 0), ("activate", 1), ("drain", 0)]:
            _do(wb, clock, told, step, list(told.source)[which % len(told.source)], design)
            after = seen(wb, told)
            check(wb, told, before, after)
            before = after


def _do(wb: Workbench, clock: Clock, told: Told, step: str, campaign_id: str, design: dict[str, Any]) -> None:
    """A step as people take it; what is not possible at that moment is refused."""
    if step == "drain":
        dispatcher.drain(wb)
    elif step in ("next day", "month"):
        clock.forward(days=1 if step == "next day" else 30)
    elif step == "print":  # all letters, of which there is one at least where that is possible
        with suppress(CareloopError):
            _ask(wb, told, "also by letter", campaign_id, design)
        for each in told.source:
            with suppress(CareloopError):
                printed(wb, campaigns.campaign(wb, each), labels=False)
    elif step == "merge":
        _merge(wb, told, campaign_id)
    else:
        with suppress(CareloopError):
            _ask(wb, told, step, campaign_id, design)


def _ask(wb: Workbench, told: Told, step: str, campaign_id: str, design: dict[str, Any]) -> None:
    kept = campaigns.campaign(wb, campaign_id)
    template_id = TEMPLATES.get(step.split()[-1], "")
    if step == "copy":
        told.copied(new_campaigns.copy(wb, campaign_id), campaign_id)
    elif step.startswith("also by"):
        told.joined(new_campaigns.also_by(wb, campaign_id, template_id), campaign_id)
    elif step.startswith("by"):
        ids = campaigns.patients(wb, campaign_id)
        told.copied(new_campaigns.follow_by(wb, campaign_id, template_id, patient_ids=ids), campaign_id)
    elif step in ("activate", "for everybody"):  # of a letter the first alone does anything: its mail date is today
        changes = {"start_on": wb.today()} | (EVERYONE if step == "for everybody" else {})
        if kept.status == "inactive":
            campaigns.save(wb, campaign_id, changes, version=kept.version)
        campaigns.activate(wb, campaign_id)
    elif step in ("stop", "inactivate"):
        getattr(campaigns, step)(wb, campaign_id)
    elif step == "delete":
        if kept.status == "active":
            campaigns.stop(wb, campaign_id)
        campaigns.delete(wb, campaign_id, version=campaigns.campaign(wb, campaign_id).version)
    else:
        changes = design if step == "design" else {"holdout_share": 20}
        campaigns.save(wb, campaign_id, changes, version=kept.version)


def _merge(wb: Workbench, told: Told, campaign_id: str) -> None:
    """Somebody who is held out, or comes later, becomes one person with somebody who is not. Whose id stays is whose
    day of a later start counts; held out counts under either."""
    arms = seen(wb, told).arms[campaign_id]
    with reading(wb.engine) as connection:
        gone = set(merges.known(connection))
    others = [each for each in (f"p{number}" for number in range(1, 9)) if each not in gone and each not in arms]
    if arms and others and not told.is_merged:
        told.is_merged = True
        pair = (others[0], min(arms))
        merged, survivor = pair if LATER in arms.values() or len(told.source) % 2 else pair[::-1]
        combine(wb, **{merged: survivor})
