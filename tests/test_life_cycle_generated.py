"""Several people with roles and scopes do anything at any time: what may never happen to a campaign does not."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
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
from tests.drawn import drawn
from tests.homes import Homes
from tests.mail_servers import recording

PEOPLE = ("nina", "omar", "pia", "nina", "omar", "pia", "nick", "mo", "lim", "ana")
PATIENTS = ("p1", "p2", "p3", "p4")
MOST = 4


@dataclass
class Known:
    """What is known of a campaign beside the database.

    allowed   the hash of what somebody who may activate let go out, and by whom
    approved  the hash of what was approved last, and by whom
    """

    selected: int
    allowed: tuple[str, str] | None = None
    allowed_unapproved: bool = False  # before an approval was asked for the first time
    approved: tuple[str, str] | None = None
    over: bool = False  # stopped or deleted
    editors: set[str] = field(default_factory=set)  # since it was made or last approved


class Life:
    """One clinic with seven people. Every action may be refused; whatever is done must have been allowed."""

    def __init__(self, homes: Homes) -> None:
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, folder)
        home = folder / "home"
        plain = Settings(home=home, database_url=f"sqlite:///{home / 'careloop.db'}")
        homes.new(plain)
        self.clock = Clock(TUESDAY_NOON)
        self.server = self.stack.enter_context(recording())
        self.wb = open_workbench(replace(plain, smtp_port=self.server.port), clock=self.clock)
        self.stack.callback(self.wb.engine.dispose)
        self._add_people()
        self.known: dict[str, Known] = {}
        self.tried = 0
        self.has_asked = False

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
    def make(self, user: str, number: int) -> None:
        if len(self.known) >= MOST:
            return
        ids = PATIENTS[number:] or PATIENTS
        self._do(
            user,
            MAKE_CAMPAIGNS,
            lambda wb: self._new(
                campaigns.create(wb, template_id="mammogram-reminder", patient_ids=ids, name=f"c{len(self.known)}")
            ),
        )

    def copy(self, user: str, number: int) -> None:
        if (campaign_id := self._id(number)) and len(self.known) < MOST:
            self._do(user, MAKE_CAMPAIGNS, lambda wb: self._new(new_campaigns.copy(wb, campaign_id)))

    def edit(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        changes = {"start_on": self.wb.today() + timedelta(days=self.clock.at.hour % 4), "description": user}
        if self._do(user, MAKE_CAMPAIGNS, lambda wb: campaigns.save(wb, campaign_id, changes, version=was.version)):
            assert was.status in ("inactive", "active")
            self.known[campaign_id].editors |= {user} if self._now(campaign_id).edited_at != was.edited_at else set()
            if was.status == "active":
                assert self.wb.today() < goes_out_on(was, self.wb.organisation())
                assert not self._has_begun(campaign_id)
                assert self._may(user, ACTIVATE_CAMPAIGNS)
                now = self._now(campaign_id)
                self.known[campaign_id].allowed = (self._digest(now), user) if now.status == "active" else None

    def activate(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        if self._do(user, ACTIVATE_CAMPAIGNS, lambda wb: campaigns.activate(wb, campaign_id)):
            now, known = self._now(campaign_id), self.known[campaign_id]
            assert not known.over and goes_out_on(now, self.wb.organisation()) >= self.wb.today()
            known.allowed = (self._digest(now), user)
            known.allowed_unapproved = not self.has_asked

    def inactivate(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        if self._do(user, MAKE_CAMPAIGNS, lambda wb: campaigns.inactivate(wb, campaign_id)):
            assert was.status == "active" and self.wb.today() < goes_out_on(was, self.wb.organisation())
            self.known[campaign_id].allowed = None

    def stop(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        is_own_draft = was.created_by == user and was.status == "inactive"
        needed = MAKE_CAMPAIGNS if is_own_draft else ACTIVATE_CAMPAIGNS
        if self._do(user, needed, lambda wb: campaigns.stop(wb, campaign_id)):
            self.known[campaign_id].over = True

    def delete(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        if self._do(user, DELETE_CAMPAIGNS, lambda wb: campaigns.delete(wb, campaign_id, version=was.version)):
            assert was.status != "active"
            self.known[campaign_id].over = True

    def ask(self, user: str, number: int) -> None:
        if campaign_id := self._id(number):
            self._do(user, MAKE_CAMPAIGNS, lambda wb: approvals.ask(wb, campaign_id))
            self.server.mails.clear()

    def approve(self, user: str, number: int) -> None:
        if not (campaign_id := self._id(number)):
            return
        was = self._now(campaign_id)
        if self._do(user, ACTIVATE_CAMPAIGNS, lambda wb: approvals.approve(wb, campaign_id, version=was.version)):
            known = self.known[campaign_id]
            assert self._asks() and user not in known.editors | {was.created_by}
            known.approved = (self._digest(was), user)
            known.editors.clear()

    def ask_for_approval_or_not(self, _user: str, number: int) -> None:
        self.clock.forward(seconds=1)
        set_up(self.wb, approval="second_person" if number else "none")
        self.has_asked |= number > 0
        self.clock.forward(seconds=1)

    def close_a_day(self, _user: str, number: int) -> None:
        day = self.wb.today() + timedelta(days=number)
        set_up(self.wb, extra_holidays=(*self.wb.organisation().extra_holidays, day))

    def wait(self, _user: str, number: int) -> None:
        self.clock.forward(hours=1 + 8 * number)

    def wait_for_a_window(self, user: str, number: int) -> None:
        """The next noon in Chicago, where something may leave."""
        self.clock.forward(hours=1)
        while not is_open(self.wb.organisation(), "email", self.wb.now()) or self.clock.at.hour != 18:
            self.clock.forward(hours=1)
        self.send(user, number)

    def send(self, _user: str, number: int) -> None:
        limit = number or None
        before = {campaign_id: self._now(campaign_id) for campaign_id in self.known}
        counted = {campaign_id: self._attempts(campaign_id) for campaign_id in self.known}

        dispatcher.drain(self.wb, channel="email", limit=limit)

        for campaign_id, was in before.items():
            if self._attempts(campaign_id) > counted[campaign_id]:
                self._may_have_left(was)

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
            assert known.approved[1] not in known.editors | {was.created_by}

    def results_add_up(self) -> None:
        with reading(self.wb.engine) as connection:
            counts = rows.state_counts(connection, list(self.known), scope=Scope())
        for campaign_id, known in self.known.items():
            progress = progress_of(counts[campaign_id])
            assert progress.selected == known.selected == sum(progress.results.values())

    def nothing_that_was_sent_is_forgotten(self) -> None:
        with reading(self.wb.engine) as connection:
            tried = connection.scalar(select(func.count()).select_from(attempts)) or 0
        assert tried >= self.tried
        self.tried = tried

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


OFTEN = (Life.edit, Life.activate, Life.approve, Life.wait_for_a_window)
SELDOM = (
    Life.make,
    Life.copy,
    Life.inactivate,
    Life.stop,
    Life.delete,
    Life.ask,
    Life.ask_for_approval_or_not,
    Life.close_a_day,
    Life.wait,
    Life.send,
    Life.the_table_says_what_happens,
)
ACTIONS = (*OFTEN, *OFTEN, *SELDOM)
steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.sampled_from(PEOPLE), st.sampled_from((0, 0, 0, 1, 1, 2, 3))),
    min_size=20,
    max_size=60,
)


@drawn(daily=4, many=300, done=steps, asks=st.booleans(), is_active=st.booleans())
def test_whatever_people_do_in_whatever_order(homes: Homes, done: list[Any], asks: bool, is_active: bool) -> None:
    life = Life(homes)
    try:
        life.ask_for_approval_or_not("ana", int(asks))
        life.make("nina", 0)
        life.make("omar", 2)
        if is_active:
            life.edit("nina", 0)
            life.approve("omar", 0)
            life.activate("pia", 0)
        for action, user, number in done:
            action(life, user, number)
            life.results_add_up()
            life.nothing_that_was_sent_is_forgotten()
            life.what_is_over_is_never_active()
    finally:
        life.teardown()
