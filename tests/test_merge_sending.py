"""Merges while messages leave: whoever two ids were of gets no second message of a campaign, and nobody is lost."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from sqlalchemy import delete, select

from core.channels.email import EmailChannel
from core.sending import Batch, send_batch, take_batch
from core.store import schema
from core.store.database import reading, writing
from core.workbench import Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states, tries
from tests.conftest import Clock
from tests.dispatchers import start, taken, wait_until
from tests.drawn import drawn
from tests.mail_servers import Recorder
from tests.postgres import bench, bench_by_day, postgres_folder  # noqa: F401 (fixtures)
from tests.test_merges import combine

PATIENTS = 5
LATER = ("DATA", "451 4.3.0 try later")
IDS = [f"p{number}" for number in range(1, PATIENTS + 1)]


@pytest.fixture
def wb(bench_by_day: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench_by_day, server.port)


@pytest.fixture
def channel(wb: Workbench, server: Recorder) -> Iterator[EmailChannel]:
    with EmailChannel("127.0.0.1", server.port) as opened:
        yield opened


def send(batch: Batch, channel: EmailChannel, *, looks_again: bool = False) -> None:
    if looks_again:
        batch.checked_at -= 60
    send_batch(batch, channel, may_go_on=lambda: True)


def test_what_is_claimed_leaves_and_the_survivors_own_message_does_not(
    wb: Workbench, server: Recorder, channel: EmailChannel
) -> None:
    add_campaign(wb, add_patients(wb, 2))
    batch = taken(wb, "c1", worker="w1", limit=1)

    combine(wb, p1="p2")
    send(batch, channel)

    assert [address for address, _ in server.mails] == ["p1@example.org"]
    assert states(wb) == {"p2": ("handed_over", ""), "p1": ("not_sent", "merged")}
    assert tries(wb, "p2") == [(1, "accepted", "250")]
    assert not taken(wb, "c1", worker="w1").ready


def test_a_slow_batch_gives_a_merged_recipient_back_and_the_survivor_gets_the_message(
    wb: Workbench, server: Recorder, channel: EmailChannel
) -> None:
    add_campaign(wb, add_patients(wb, 2))
    batch = taken(wb, "c1", worker="w1", limit=1)

    combine(wb, p1="p2")
    send(batch, channel, looks_again=True)
    assert states(wb) == {"p2": ("waiting", ""), "p1": ("not_sent", "merged")}

    send(taken(wb, "c1", worker="w1"), channel)
    assert [address for address, _ in server.mails] == ["p2@example.org"]


def test_of_two_that_were_both_claimed_none_is_sent_again_when_one_has_left(
    wb: Workbench, server: Recorder, channel: EmailChannel, clock: Clock
) -> None:
    add_campaign(wb, add_patients(wb, 2))
    server.refusals["p2@"] = LATER
    batch = taken(wb, "c1", worker="w1")

    combine(wb, p1="p2")
    send(batch, channel)
    assert states(wb)["p1"] == ("handed_over", "")
    assert states(wb)["p2"][0] == "waiting"

    del server.refusals["p2@"]
    clock.forward(minutes=30)
    send(taken(wb, "c1", worker="w1"), channel)

    assert len(server.mails) == 1
    assert states(wb)["p2"] == ("not_sent", "merged")


def test_of_two_that_were_both_claimed_one_waits_until_it_is_known_whether_the_other_left(
    wb: Workbench, server: Recorder, channel: EmailChannel, clock: Clock
) -> None:
    add_campaign(wb, add_patients(wb, 2))
    server.refusals |= {"p1@": LATER, "p2@": LATER}
    first, second = (taken(wb, "c1", worker=worker, limit=1) for worker in ("w1", "w2"))
    combine(wb, p1="p2")
    send(second, channel)
    server.refusals.clear()
    clock.forward(minutes=5)

    assert not taken(wb, "c1", worker="w2").ready
    assert states(wb)["p2"][0] == "waiting"
    server.refusals["p1@"] = LATER
    send(first, channel)
    server.refusals.clear()
    clock.forward(minutes=30)
    for _ in range(2):
        send(taken(wb, "c1", worker="w1"), channel)

    assert [address for address, _ in server.mails] == ["p2@example.org"]
    assert states(wb) == {"p1": ("not_sent", "merged"), "p2": ("handed_over", "")}


def test_the_frequency_cap_counts_what_came_under_either_id(
    wb: Workbench, server: Recorder, channel: EmailChannel
) -> None:
    add_patients(wb, 2)
    add_campaign(wb, ["p1", "p2"])
    add_campaign(wb, ["p2"], campaign_id="c2", name="Another")
    send(taken(wb, "c1", worker="w1", limit=1), channel)

    combine(wb, p1="p2")
    send(taken(wb, "c2", worker="w1"), channel)

    assert states(wb, "c2") == {"p2": ("not_sent", "contacted_today")}
    assert len(server.mails) == 1


# ---- whatever happens in whatever order
@dataclass
class World:
    """What happens to the patients, and how many messages each person may have got. Two who each had one, or one on
    its way, before anybody knew that they are one, may have got both."""

    wb: Workbench
    channel: EmailChannel
    server: Recorder
    clock: Clock
    batches: list[Batch] = field(default_factory=list)
    person: dict[str, str] = field(default_factory=lambda: dict(zip(IDS, IDS, strict=True)))
    allowed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(IDS, 1))

    def claim(self, limit: int) -> None:
        batch = take_batch(self.wb, "c1", worker=f"w{len(self.batches)}", limit=limit)
        if batch is not None:
            self.batches.append(batch)

    def send(self, looks_again: bool) -> None:
        for batch in self.batches[:1]:
            send(batch, self.channel, looks_again=looks_again)
        self.batches = self.batches[1:]

    def merge(self, merged: str, survivor: str) -> None:
        merged, survivor = self.person[merged], self.person[survivor]
        if merged == survivor:
            return
        out = Counter(self.person[address.partition("@")[0]] for address, _ in self.server.mails)
        on_way = Counter(self.person[ready.begun.claimed.patient_id] for batch in self.batches for ready in batch.ready)
        self.allowed[survivor] = max(1, sum(out[each] + on_way[each] for each in (merged, survivor)))
        self.person = {each: survivor if now == merged else now for each, now in self.person.items()}
        combine(self.wb, **{merged: survivor})

    def refuse(self, patient_id: str) -> None:
        if self.server.refusals.pop(f"{patient_id}@", None) is None:
            self.server.refusals[f"{patient_id}@"] = LATER

    def finish(self) -> None:
        self.server.refusals.clear()
        while self.batches:
            self.send(False)
        for _ in range(2 * PATIENTS):
            self.clock.forward(minutes=31)
            self.claim(PATIENTS)
            self.send(False)

    def check(self) -> None:
        got = Counter(self.person[address.partition("@")[0]] for address, _ in self.server.mails)
        assert all(got[each] <= self.allowed[each] for each in got), (got, self.allowed)
        assert len(states(self.wb)) == PATIENTS  # every row that was selected is still counted


_patients = st.sampled_from(IDS)
_steps = st.one_of(
    st.tuples(st.just("claim"), st.integers(1, 3)),
    st.tuples(st.just("send"), st.booleans()),
    st.tuples(st.just("merge"), _patients, _patients),
    st.tuples(st.just("refuse"), _patients),
)


def _empty(wb: Workbench, server: Recorder, clock: Clock) -> None:
    server.mails.clear()
    server.refusals.clear()
    clock.at = Clock().at
    tables = (schema.attempts, schema.recipients, schema.campaigns, schema.merges, schema.open_gaps, schema.patients)
    with writing(wb.engine) as connection:
        for table in tables:
            connection.execute(delete(table))


@drawn(daily=5, many=120, steps=st.lists(_steps, max_size=14))
def test_nobody_gets_a_second_message_and_nobody_is_lost(
    wb: Workbench, server: Recorder, channel: EmailChannel, clock: Clock, steps: list[tuple[str, ...]]
) -> None:
    _empty(wb, server, clock)
    add_campaign(wb, add_patients(wb, PATIENTS))
    world = World(wb, channel, server, clock)

    for name, *values in steps:
        getattr(world, name)(*values)
        world.check()
    world.finish()

    world.check()
    reached = {world.person[address.partition("@")[0]] for address, _ in server.mails}
    gave_up = {state for state, _ in states(wb).values()}
    assert gave_up <= {"handed_over", "not_sent", "unsuccessful"}
    assert reached == set(world.person.values()) or "unsuccessful" in gave_up


# ---- a dispatcher of its own
@pytest.mark.long
def test_merges_while_a_dispatcher_sends(bench: Workbench, server: Recorder) -> None:  # noqa: F811
    wb = clinic_that_sends(bench, server.port)
    count = 600
    add_campaign(wb, add_patients(wb, count))
    child = start(wb)
    wait_until(lambda: len(server.mails) > 20)

    for number in range(count, count // 2, -1):  # from the end, towards those that are leaving
        combine(wb, **{f"p{number}": f"p{count - number + 1}"})
        time.sleep(0.002)
    wait_until(lambda: not {"waiting", "claimed"} & {state for state, _ in states(wb).values()})
    child.terminate()
    child.wait()

    got = Counter(address.partition("@")[0] for address, _ in server.mails)
    found = states(wb)
    assert set(got.values()) == {1}
    assert len(found) == count
    assert Counter(state for state, _ in found.values()) == {"handed_over": len(got), "not_sent": count - len(got)}
    assert {reason for state, reason in found.values() if state == "not_sent"} <= {"merged"}
    for number in range(1, count // 2 + 1):
        survivor, merged = found[f"p{number}"], found[f"p{count - number + 1}"]
        assert survivor == ("handed_over", "")
        both = got[f"p{number}"] + got[f"p{count - number + 1}"]
        assert merged == (("not_sent", "merged") if both == 1 else ("handed_over", ""))
    with reading(wb.engine) as connection:
        assert not connection.scalars(
            select(schema.recipients.c.patient_id).where(schema.recipients.c.patient_id.startswith("\x1f"))
        ).all()
