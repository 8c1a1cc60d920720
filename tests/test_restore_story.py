"""Drawn histories: what is sent, stopped and taken back before and after a backup, which is then restored."""

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import strategies as st

from core import dispatcher, opt_outs, reconciling, restoring
from core.domain.user import User
from core.incoming_texts import Incoming, take_all
from core.settings import Settings
from core.store import accounts
from core.workbench import Workbench, open_workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import Clock
from tests.drawn import drawn
from tests.mail_servers import Recorder, recording
from tests.postgres import database, postgres_folder  # noqa: F401 (fixture)
from tests.restores import back_up, lose, operator

pytestmark = pytest.mark.long

PEOPLE = 9
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["send", "link", "staff", "remove", "stop", "start", "campaign", "refuse", "claim"]),
        st.integers(1, PEOPLE),
    ),
    max_size=8,
)


@dataclass
class History:
    """One home, what was done with it and who wants no more."""

    wb: Workbench
    server: Recorder
    clock: Clock
    campaigns: int = 0
    texts: int = 0
    staff: dict[str, int] = field(default_factory=dict)  # opt-outs that staff made, while they stand
    by_link: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)  # from which the last word was STOP
    mails_then: int = 0

    @property
    def stopped(self) -> set[str]:
        return {*self.staff, *self.by_link}

    def do(self, what: str, n: int) -> None:
        self.clock.forward(seconds=1)
        getattr(self, f"do_{what}")(n)

    def do_send(self, n: int) -> None:
        dispatcher.drain(self.wb, channel="email", limit=n)

    def do_refuse(self, n: int) -> None:
        """The server refuses for now: the attempt is used up."""
        self.server.refusals[f"p{n}@"] = ("DATA", "451 4.3.0 try later")
        dispatcher.drain(self.wb, channel="email", limit=2)
        self.server.refusals.pop(f"p{n}@")

    def do_claim(self, n: int) -> None:
        """A worker claims and is gone; its lease runs out."""
        from core.sending import take_batch

        if self.campaigns:
            take_batch(self.wb, f"c{self.campaigns}", worker=f"gone{self.clock()}", limit=1)

    def do_campaign(self, n: int) -> None:
        self.campaigns += 1
        ids = [f"p{each}" for each in range(1, PEOPLE + 1)][n - 1 :]
        add_campaign(self.wb, ids, campaign_id=f"c{self.campaigns}", name=f"No. {self.campaigns}")

    def do_link(self, n: int) -> None:
        """Whoever got the n-th mail presses its link."""
        if len(self.server.contents) >= n:
            token = re.search(rb"/u/([\w.=\r\n-]+?)[\s>\"]", self.server.contents[n - 1])
            assert token
            opt_outs.stop_by_link(self.wb, token[1].replace(b"=\r\n", b"").decode())
            self.by_link.add(self.server.mails[n - 1][0].partition("@")[0])

    def do_staff(self, n: int) -> None:
        patient = f"p{n}"
        if patient not in self.staff:
            self.staff[patient] = opt_outs.add(self.wb, patient, "global", reason="Other")

    def do_remove(self, n: int) -> None:
        patient = sorted(self.staff)[n % len(self.staff)] if self.staff else ""
        if patient:
            opt_outs.remove(self.wb, [self.staff.pop(patient)])

    def do_stop(self, n: int) -> None:
        self._text(n, "STOP")
        self.numbers.add(number(n))

    def do_start(self, n: int) -> None:
        self._text(n, "START")
        self.numbers.discard(number(n))

    def _text(self, n: int, words: str) -> None:
        self.texts += 1
        take_all(self.wb, [Incoming(f"SM{self.texts}", number(n), "+15550100200", words)])

    def stands(self) -> set[str]:
        """Who wants no more, by what the database says."""
        found = {f"p{n}" for n in range(1, PEOPLE + 1) if opt_outs.of_patient(self.wb, f"p{n}")}
        return found | {number(n) for n in range(1, PEOPLE + 1) if opt_outs.of_address(self.wb, number(n))}


def number(n: int) -> str:
    return f"+1312555010{n}"


@contextmanager
def histories(url: str = "") -> Iterator[History]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="careloop-story-")))
        server, clock = stack.enter_context(recording()), Clock()
        home = folder / "home"
        settings = Settings(home, url or f"sqlite:///{home}/careloop.db", smtp_port=server.port)
        wb = open_workbench(settings, clock=clock)
        accounts.add_user(wb.engine, User("ana", "Ana Lyst"), at=clock(), by="command-line")
        wb = wb.as_user("ana")
        add_clinic(wb)
        add_patients(wb, PEOPLE)
        history = History(wb, server, clock)
        try:
            yield history
        finally:
            lose(history.wb)


def restored(history: History, archive: Path, *, elsewhere: bool, has_ledger: bool) -> None:
    """The home is lost and comes back, in its place or elsewhere, with its ledger or without."""
    wb = lose(history.wb)
    settings, ledgers = wb.settings, []
    if elsewhere:
        home = wb.settings.home.parent / "new"
        url = wb.settings.database_url.replace(str(wb.settings.home), str(home))
        settings = replace(wb.settings, home=home, database_url=url)
        ledgers = [wb.settings.ledger] if has_ledger else []
    elif not has_ledger:
        shutil.rmtree(wb.settings.ledger, ignore_errors=True)
    restoring.restore(settings, archive, replace=True, ledgers=ledgers, clock=history.clock)
    history.wb = open_workbench(settings, clock=history.clock).as_user("ana")


def check(
    before: list[tuple[str, int]], after: list[tuple[str, int]], history: History, where: tuple[bool, bool]
) -> None:
    elsewhere, has_ledger = where
    for action in before:
        history.do(*action)
    history.clock.forward(seconds=1)
    stood = history.stands()
    archive = back_up(history.wb, history.wb.settings.home.parent / "a.zip")
    for action in after:
        history.do(*action)
    stands = history.stands()

    restored(history, archive, elsewhere=elsewhere, has_ledger=has_ledger)
    dispatcher.drain(history.wb)
    reconciling.release(
        operator(history.wb),
        reason="x",
        since_unknown="maybe-sent",
        stops_may_be_missing=not has_ledger,
        people_checked=elsewhere,
    )
    if has_ledger:
        assert history.stands() == stands and history.stopped | history.numbers <= stands
    else:
        assert history.stands() == stood
    mails = len(history.server.mails)
    for hours in (1, 1, 24):
        history.clock.forward(hours=hours)
        dispatcher.drain(history.wb)

    per_campaign = Counter((name.split(".")[0], address) for address, name in history.server.mails)
    assert all(count == 1 for count in per_campaign.values()), per_campaign
    if has_ledger:
        late = {address.partition("@")[0] for address, _ in history.server.mails[mails:]}
        assert not late & history.stopped


@drawn(
    daily=2,
    many=60,
    before=ACTIONS,
    after=ACTIONS,
    where=st.tuples(st.booleans(), st.booleans()),
)
def test_nobody_gets_a_second_mail_and_no_stop_is_forgotten(
    before: list[tuple[str, int]], after: list[tuple[str, int]], where: tuple[bool, bool]
) -> None:
    with histories() as history:
        check([("campaign", 1), *before], after, history, where)


@pytest.mark.long
@drawn(daily=8, many=25, before=ACTIONS, after=ACTIONS, has_ledger=st.booleans())
def test_the_same_on_postgresql(
    postgres_folder: str,  # noqa: F811
    before: list[tuple[str, int]],
    after: list[tuple[str, int]],
    has_ledger: bool,
) -> None:
    with database(postgres_folder) as url, histories(url) as history:
        check([("campaign", 1), *before], after, history, (False, has_ledger))
