"""Several people with roles and scopes do anything at any time: what may never happen to a campaign does not."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from core import approvals, campaigns, dispatcher, new_campaigns
from core.domain.approval import content_digest
from core.domain.campaign import Campaign, goes_out_on
from core.domain.progress import progress_of
from core.domain.role import ACTIVATE_CAMPAIGNS, DELETE_CAMPAIGNS, MAKE_CAMPAIGNS
from core.domain.user import Scope, User
from core.domain.window import is_open
from core.errors import CareloopError
from core.settings import Settings
from core.store import accounts, approval_rows
from core.store import campaigns as rows
from core.store.database import reading
from core.store.schema import attempts, recipients
from core.workbench import Workbench, open_workbench
from tests.clinic import add_clinic, add_patients
from tests.colleagues import add_colleagues, set_up
from tests.conftest import TUESDAY_NOON, Clock
from tests.homes import Homes
from tests.mail_servers import recording

PEOPLE = ("nina", "nick", "omar", "pia", "mo", "lim", "ana")
PATIENTS = ("p1", "p2", "p3", "p4")
MOST = 4
who = st.sampled_from(PEOPLE)
which = st.integers(0, MOST - 1)


@dataclass
class Known:
    """What is known of a campaign beside the database.

    allowed   the hash of what somebody who may activate let go out, and by whom
    approved  the hash of what was approved last, and by whom
    """

    selected: int
    allowed: tuple[str, str] | None = None
    allowed_unapproved: bool = False  # while no approval was asked for
    approved: tuple[str, str] | None = None
    over: bool = False  # stopped or deleted


class Life(RuleBasedStateMachine):
    """One clinic with seven people. Every action may be refused; whatever is done must have been allowed."""

    homes: Homes

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, folder)
        home = folder / "home"
        plain = Settings(home=home, database_url=f"sqlite:///{home / 'careloop.db'}")
        self.homes.new(plain)
        self.clock = Clock(TUESDAY_NOON)
        self.server = self.stack.enter_context(recording())
        self.wb = open_workbench(replace(plain, smtp_port=self.server.port), clock=self.clock)
        self.stack.callback(self.wb.engine.dispose)
        self._add_people()
        self.known: dict[str, Known] = {}
        self.tried = 0

    def _add_people(self) -> None:
        accounts.add_user(self.wb.engine, User("ana", "Ana Lyst"), at=self.wb.now(), by="command-line")
        add_clinic(self.wb)
        add_colleagues(self.wb)
        limited = User("lim", "Lim", scope=Scope(groups=frozenset({"g1"})), roles=frozenset({"approver"}))
        accounts.add_user(self.wb.engine, limited, at=self.wb.now(), by="ana")
        set_up(self.wb, contacts_per_day=1000, contacts_per_week=1000)
        add_patients(self.wb, 2)
        add_patients(self.wb, 2, start=3, group=2)

    def teardown(self) -> None:
        self.stack.close()

    # ---- what people do ------------------------------------------------------------------------------------------
    @rule(user=who, chosen=st.sets(st.sampled_from(PATIENTS), min_size=1), source=which)
    def make(self, user: str, chosen: set[str], source: int) -> None:
        if len(self.known) >= MOST:
            return
        ids = sorted(chosen)
        self._do(
            user,
            MAKE_CAMPAIGNS,
            lambda wb: self._new(
                campaigns.create(wb, template_id="mammogram-reminder", patient_ids=ids, name=f"c{len(self.known)}")
            ),
        )

    @rule(user=who, number=which)
    def copy(self, user: str, number: int) -> None:
        if (campaign_id := self._id(number)) and len(self.known) < MOST:
            self._do(user, MAKE_CAMPAIGNS, lambda wb: self._new(new_campaigns.copy(wb, campaign_id)))

    @rule(user=who, number=which, days=st.integers(0, 6), words=st.sampled_from(("a", "b")))
    def edit(self, user: str, number: int, days: int, words: str) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        changes = {"start_on": self.wb.today() + timedelta(days=days), "description": words}
        if self._do(user, MAKE_CAMPAIGNS, lambda wb: campaigns.save(wb, campaign_id, changes, version=was.version)):
            assert was.status in ("inactive", "active")
            if was.status == "active":
                assert self.wb.today() < goes_out_on(was, self.wb.organisation())
                assert not self._has_begun(campaign_id)
                assert self._may(user, ACTIVATE_CAMPAIGNS)
                now = self._now(campaign_id)
                self.known[campaign_id].allowed = (self._digest(now), user) if now.status == "active" else None

    @rule(user=who, number=which)
    def activate(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        if self._do(user, ACTIVATE_CAMPAIGNS, lambda wb: campaigns.activate(wb, campaign_id)):
            now, known = self._now(campaign_id), self.known[campaign_id]
            assert not known.over and goes_out_on(now, self.wb.organisation()) >= self.wb.today()
            known.allowed = (self._digest(now), user)
            known.allowed_unapproved = not self._asks()

    @rule(user=who, number=which)
    def inactivate(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        if self._do(user, MAKE_CAMPAIGNS, lambda wb: campaigns.inactivate(wb, campaign_id)):
            assert was.status == "active" and self.wb.today() < goes_out_on(was, self.wb.organisation())
            self.known[campaign_id].allowed = None

    @rule(user=who, number=which)
    def stop(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        is_own_draft = was.created_by == user and was.status == "inactive"
        needed = MAKE_CAMPAIGNS if is_own_draft else ACTIVATE_CAMPAIGNS
        if self._do(user, needed, lambda wb: campaigns.stop(wb, campaign_id)):
            self.known[campaign_id].over = True

    @rule(user=who, number=which)
    def delete(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        if self._do(user, DELETE_CAMPAIGNS, lambda wb: campaigns.delete(wb, campaign_id, version=was.version)):
            assert was.status != "active"
            self.known[campaign_id].over = True

    @rule(user=who, number=which)
    def ask(self, user: str, number: int) -> None:
        if campaign_id := self._id(number):
            self._do(user, MAKE_CAMPAIGNS, lambda wb: approvals.ask(wb, campaign_id))
            self.server.mails.clear()

    @rule(user=who, number=which)
    def approve(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        if self._do(user, ACTIVATE_CAMPAIGNS, lambda wb: approvals.approve(wb, campaign_id, version=was.version)):
            assert self._asks() and user not in (was.created_by, was.edited_by)
            self.known[campaign_id].approved = (self._digest(was), user)

    @rule(word=st.sampled_from(("none", "second_person")))
    def ask_for_approval_or_not(self, word: str) -> None:
        self.clock.forward(seconds=1)
        set_up(self.wb, approval=word)
        self.clock.forward(seconds=1)

    @rule(days=st.integers(0, 2))
    def close_a_day(self, days: int) -> None:
        day = self.wb.today() + timedelta(days=days)
        set_up(self.wb, extra_holidays=(*self.wb.organisation().extra_holidays, day))

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.clock.forward(hours=hours)

    @precondition(lambda self: self.known)
    @rule(limit=st.none() | st.integers(1, 2))
    def send(self, limit: int | None) -> None:
        before = {campaign_id: self._now(campaign_id) for campaign_id in self.known}
        counted = {campaign_id: self._attempts(campaign_id) for campaign_id in self.known}

        dispatcher.drain(self.wb, channel="email", limit=limit)

        for campaign_id, was in before.items():
            if self._attempts(campaign_id) > counted[campaign_id]:
                event("something was sent" + (" that was approved" if self._asks() else ""))
                self._may_have_left(was)

    @precondition(lambda self: self.known)
    @rule(user=who, number=which)
    def the_table_says_what_happens(self, user: str, number: int) -> None:
        """What is said to be allowed is, as far as status, day and person go."""
        if not (campaign_id := self._id(number)):
            return
        wb = self.wb.as_user(user)
        try:
            may = campaigns.allowed(wb, campaigns.campaign(wb, campaign_id))
        except CareloopError:
            return
        if not may["stop"]:
            campaigns.stop(wb, campaign_id)
            self.known[campaign_id].over = True

    # ---- what may never happen -----------------------------------------------------------------------------------
    def _may_have_left(self, was: Campaign) -> None:
        known, organisation = self.known[was.campaign_id], self.wb.organisation()
        assert was.status == "active" and not known.over
        assert known.allowed is not None and known.allowed[0] == self._digest(was)
        assert self._may(known.allowed[1], ACTIVATE_CAMPAIGNS)
        assert goes_out_on(was, organisation) <= self.wb.today() and is_open(organisation, "email", self.wb.now())
        if self._asks() and not known.allowed_unapproved:
            assert known.approved is not None and known.approved[0] == self._digest(was)
            assert known.approved[1] not in (was.created_by, was.edited_by)

    @invariant()
    def results_add_up(self) -> None:
        with reading(self.wb.engine) as connection:
            counts = rows.state_counts(connection, list(self.known))
        for campaign_id, known in self.known.items():
            progress = progress_of(counts[campaign_id])
            assert progress.selected == known.selected == sum(progress.results.values())

    @invariant()
    def nothing_that_was_sent_is_forgotten(self) -> None:
        with reading(self.wb.engine) as connection:
            tried = connection.scalar(select(func.count()).select_from(attempts)) or 0
        assert tried >= self.tried
        self.tried = tried

    @invariant()
    def what_is_over_is_never_active(self) -> None:
        for campaign_id, known in self.known.items():
            assert not known.over or self._now(campaign_id).status != "active"

    # ---- how -----------------------------------------------------------------------------------------------------
    def _do(self, user: str, needed: str, action: Callable[[Workbench], Any]) -> bool:
        """Whether it was done; then the user had the permission."""
        try:
            action(self.wb.as_user(user))
        except CareloopError:
            return False
        assert self._may(user, needed)
        return True

    def _new(self, campaign_id: str) -> None:
        with reading(self.wb.engine) as connection:
            of = recipients.c.campaign_id == campaign_id
            self.known[campaign_id] = Known(connection.scalar(select(func.count()).where(of)) or 0)

    def _id(self, number: int) -> str:
        return list(self.known)[number] if number < len(self.known) else ""

    def _now(self, campaign_id: str) -> Campaign:
        with reading(self.wb.engine) as connection:
            return rows.campaign(connection, campaign_id)

    def _digest(self, campaign: Campaign) -> str:
        with reading(self.wb.engine) as connection:
            return content_digest(campaign, approval_rows.places(connection, campaign.campaign_id), {})

    def _may(self, user: str, permission: str) -> bool:
        return self.wb.as_user(user).user.may(permission)

    def _asks(self) -> bool:
        return self.wb.organisation().approval == "second_person"

    def _attempts(self, campaign_id: str) -> int:
        question = (
            select(func.count())
            .select_from(attempts)
            .join(recipients, recipients.c.recipient_id == attempts.c.recipient_id)
        )
        with reading(self.wb.engine) as connection:
            return connection.scalar(question.where(recipients.c.campaign_id == campaign_id)) or 0

    def _has_begun(self, campaign_id: str) -> bool:
        with reading(self.wb.engine) as connection:
            return rows.has_begun(connection, campaign_id)


@pytest.mark.parametrize(("examples", "steps"), [(4, 25), pytest.param(60, 60, marks=pytest.mark.long)])
def test_whatever_people_do_in_whatever_order(homes: Homes, examples: int, steps: int) -> None:
    Life.homes = homes
    run_state_machine_as_test(
        Life, settings=hypothesis_settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    )
