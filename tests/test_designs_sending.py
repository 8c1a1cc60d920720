"""Campaigns with a design while they go out: who gets what and when, whatever comes between."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st
from sqlalchemy import select, update

from core import campaigns, communications, dispatcher, equity, new_campaigns, report_parts, reports, roll_ups
from core.channels import twilio_outbox
from core.domain.campaign import Message
from core.domain.roll_up import Wanted
from core.errors import CareloopError
from core.store.database import reading, writing
from core.store.schema import patients, recipients
from core.workbench import Workbench
from tests.clinic import add_clinic, add_patients, clinic_that_sends, states
from tests.conftest import Clock
from tests.designed import DELAYED, HOLD_OUT, activated, add_couples, arms, draft, new_clinic, people
from tests.dispatchers import start, wait_until
from tests.drawn import drawn
from tests.homes import Homes
from tests.mail_servers import Recorder
from tests.postgres import bench, bench_by_day, postgres_folder  # noqa: F401 (fixtures)
from tests.test_merges import combine
from tests.twilio_line import Line, connected

pytestmark = pytest.mark.long

AB: dict[str, Any] = {
    "design": "ab",
    "holdout_share": 50,
    "messages": {
        "en": Message("Subject A", "<p>Words of A. {{ call_back_number }}</p>"),
        "es": Message("Asunto A", "<p>Palabras de A. {{ call_back_number }}</p>"),
    },
    "variant": {
        "en": Message("Subject B", "<p>Words of B. {{ call_back_number }}</p>"),
        "es": Message("Asunto B", "<p>Palabras de B. {{ call_back_number }}</p>"),
    },
}


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def mailed(server: Recorder) -> list[str]:
    return sorted(address.partition("@")[0] for address, _ in server.mails)


# ---- held out --------------------------------------------------------------------------------------------------------
def test_nobody_held_out_gets_a_mail_and_the_report_counts_everybody_once(wb: Workbench, server: Recorder) -> None:
    activated(wb, add_couples(wb, 10), **HOLD_OUT)
    held = people(wb)["hold_out"]

    dispatcher.drain(wb)

    assert mailed(server) == sorted(people(wb)["contact"])
    assert {each for each, state in states(wb).items() if state == ("hold_out", "hold_out")} == held
    found = reports.report(wb, "c1")
    assert found.campaign.status == "completed" and found.ledger["count"].sum() == 20
    assert ("the patient was chosen at random not to be contacted", 10) in found.ledger.select("reason", "count").rows()


def test_reports_lists_steps_and_the_overview_tell_one_number_of_who_is_to_contact(
    wb: Workbench, server: Recorder
) -> None:
    """Of the held out some have no address, and some are not decided about when the campaign is stopped."""
    activated(wb, add_couples(wb, 20), **HOLD_OUT)
    held, contacted = (sorted(people(wb)[arm]) for arm in ("hold_out", "contact"))
    with writing(wb.engine) as connection:
        without = update(patients).where(patients.c.patient_id.in_(held[:8]))
        connection.execute(without.values(email=None))
        undecided = recipients.c.patient_id.in_([*held[8:16], *contacted[:8]])
        connection.execute(update(recipients).where(undecided).values(next_at=wb.now() + timedelta(days=1)))
    dispatcher.drain(wb)
    campaigns.stop(wb, "c1")
    roll_ups.refresh(wb)

    found, parts = reports.report(wb, "c1"), report_parts.parts(wb, campaigns.campaign(wb, "c1"))

    assert {each for each in states(wb).values() if each[0] == "not_sent"} == {("not_sent", "no_address")}
    assert found.headline == (
        "Reached 12 of 20 patients to contact (60%); 20 held out by chance. Others: 8 not sent; most often because the "
        "campaign was stopped before the patient was contacted (8)."
    )
    assert found.progress == campaigns.progress(wb, "c1")
    assert campaigns.campaigns(wb)[0].progress.held_out == 20
    assert dict(parts.funnel.select("key", "count").iter_rows())["eligible"] == 20
    assert parts.failures.select("key", "count").rows() == [("stopped", 8)]
    assert equity.equity(wb, Wanted(), "sex").filter(pl.col("step") == "selected")["selected"].to_list() == [20]
    failed = report_parts.Slice(report_parts.FAILURE, "Not sent", "stopped")
    assert report_parts.patient_ids(wb, "c1", failed) == [each for each in arms(wb) if each in contacted[:8]]


def test_whom_a_copy_leaves_out_by_its_origins_no_step_offers_for_a_follow_up(wb: Workbench) -> None:
    draft(wb, add_couples(wb, 10), **HOLD_OUT)
    sister = new_campaigns.also_by(wb, "c1", "check-up-reminder-text")
    campaigns.stop(wb, "c1")
    made = new_campaigns.copy(wb, "c1")
    campaigns.activate(wb, sister)
    campaigns.save(wb, made, {"start_on": wb.today()}, version=1)
    campaigns.activate(wb, made)
    dispatcher.drain(wb)

    parts = report_parts.parts(wb, campaigns.campaign(wb, made))

    assert parts.funnel["missed"].to_list() == [0] * parts.funnel.height and parts.failures.is_empty()
    assert report_parts.patient_ids(wb, made, report_parts.Slice("step", "eligible")) == []
    assert reports.report(wb, made).headline == "Reached 10 of 10 patients to contact (100%); 10 held out by chance."


def test_whoever_was_held_out_under_an_id_that_was_merged_stays_so(wb: Workbench, server: Recorder) -> None:
    activated(wb, add_patients(wb, 10), **HOLD_OUT)
    held, contacted = (min(people(wb)[arm]) for arm in ("hold_out", "contact"))
    combine(wb, **{held: contacted})

    dispatcher.drain(wb)

    assert contacted not in mailed(server) and len(server.mails) == 4
    assert contacted not in new_campaigns.plan_copy(wb, "c1", [contacted]).patient_ids


STEPS = ("drain", "drain", "next day", "follow up", "copy", "also by", "stop", "inactivate", "activate", "edit")


@drawn(daily=4, many=40, steps=st.lists(st.sampled_from(STEPS), min_size=3, max_size=10), seed=st.integers(0, 9))
def test_whatever_is_done_nobody_held_out_is_contacted_in_any_way(steps: list[str], seed: int, homes: Homes) -> None:
    with new_clinic(homes) as (wb, clock, server):
        ids = add_couples(wb, 5)
        activated(wb, ids, seed=seed, start_on=wb.today() + timedelta(days=1), **HOLD_OUT)
        for step in steps:
            before = people(wb)["hold_out"]
            _do(wb, clock, step, ids)
            assert not server.mails or people(wb)["hold_out"] in (before, set())
        held = people(wb)["hold_out"]
        assert not held & set(mailed(server))
        with reading(wb.engine) as connection:
            left = select(recipients.c.patient_id).where(recipients.c.attempt_count > 0)
            assert not held & set(connection.scalars(left))


def _do(wb: Workbench, clock: Clock, step: str, ids: list[str]) -> None:
    """A step as people take it; what is not possible at that moment is refused."""
    version = campaigns.campaign(wb, "c1").version
    with suppress(CareloopError):
        if step == "drain":
            dispatcher.drain(wb)
        elif step == "next day":
            clock.forward(days=1)
        elif step == "follow up":
            campaigns.activate(wb, new_campaigns.copy(wb, "c1", patient_ids=ids))
        elif step == "copy":
            campaigns.activate(wb, new_campaigns.copy(wb, "c1"))
        elif step == "also by":
            campaigns.activate(wb, new_campaigns.also_by(wb, "c1", "check-up-reminder-text"))
        elif step == "edit":
            campaigns.save(wb, "c1", {"start_on": wb.today() + timedelta(days=2)}, version=version)
        else:
            getattr(campaigns, step)(wb, "c1")


# ---- later -----------------------------------------------------------------------------------------------------------
def test_those_who_come_later_wait_for_their_day_and_the_campaign_with_them(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    active = activated(wb, add_couples(wb, 10), **DELAYED)
    assert campaigns.schedule(wb, active).endswith("10 more from Tue 19 Jan 2027")

    dispatcher.drain(wb)
    assert mailed(server) == sorted(people(wb)["contact"])
    shown = campaigns.campaign(wb, "c1")
    assert shown.status == "active"
    assert campaigns.schedule(wb, shown).startswith("Goes out Tue 19 Jan 2027, from 9:00")

    clock.forward(days=55, hours=11)  # Monday 18 January, Martin Luther King's day, 23:00
    assert dispatcher.drain(wb) == 0
    clock.forward(hours=13)
    dispatcher.drain(wb)
    assert len(mailed(server)) == 20 and {state for state, _ in states(wb).values()} == {"handed_over"}
    assert campaigns.campaign(wb, "c1").status == "completed"


def test_a_delay_holds_whatever_brings_a_recipient_back(wb: Workbench, server: Recorder, clock: Clock) -> None:
    activated(wb, add_couples(wb, 10), **DELAYED)
    with writing(wb.engine) as connection:  # as if the wait were lost
        connection.execute(update(recipients).values(next_at=None))

    dispatcher.drain(wb)

    assert mailed(server) == sorted(people(wb)["contact"])
    with reading(wb.engine) as connection:
        waits = set(connection.scalars(select(recipients.c.next_at).where(recipients.c.arm == "later")))
    assert {each.isoformat() for each in waits if each} == {"2027-01-19T06:00:00+00:00"}


def test_who_comes_later_is_too_late_only_after_days_of_their_own(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    activated(wb, add_patients(wb, 4), **DELAYED)
    later = people(wb)["later"]
    dispatcher.drain(wb)

    clock.forward(days=56 + wb.organisation().days_to_send + 1)
    dispatcher.drain(wb)

    assert {states(wb)[each] for each in later} == {("not_sent", "too_late")}


def test_a_campaign_that_is_stopped_never_contacts_who_was_to_come_later(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    activated(wb, add_patients(wb, 10), **DELAYED)
    dispatcher.drain(wb)
    later = people(wb)["later"]
    campaigns.stop(wb, "c1")
    clock.forward(days=56)

    assert dispatcher.drain(wb) == 0
    assert set(new_campaigns.plan_copy(wb, "c1").patient_ids) == later


def test_arms_hold_through_a_kill_in_the_middle(
    bench_by_day: Workbench,  # noqa: F811
    server: Recorder,
    clock: Clock,
) -> None:
    wb = clinic_that_sends(bench_by_day, server.port)
    activated(wb, add_patients(wb, 80), **HOLD_OUT)
    before = people(wb)

    child = start(wb)
    wait_until(lambda: len(server.mails) >= 13)
    child.kill()
    child.wait()
    dispatcher.drain(wb)

    assert people(wb) == before
    assert set(mailed(server)) <= before["contact"] and len(mailed(server)) == len(set(mailed(server)))


# ---- two versions ----------------------------------------------------------------------------------------------------
def test_each_patient_gets_the_mail_of_their_version_in_their_language(wb: Workbench, server: Recorder) -> None:
    ids = add_patients(wb, 20)
    with writing(wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id.in_(ids[::2])).values(language="es"))
    activated(wb, ids, **AB)

    dispatcher.drain(wb)

    expected = {}
    for arm, members in people(wb).items():
        for each in members:
            expected[each] = f"{'Asunto' if each in ids[::2] else 'Subject'} {arm.upper()}"
    got = {}
    for content in server.contents:
        mail = email.message_from_bytes(content, policy=email.policy.default)
        got[str(mail["To"]).strip("<>").partition("@")[0]] = str(mail["Subject"])
        assert f" {str(mail['Subject'])[-1]}." in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert got == expected
    for each, subject in expected.items():
        shown = communications.campaign_of(wb, "c1", each)
        assert subject in {one.subject for one in shown.messages.values()}


@pytest.fixture
def line(bench_by_day: Workbench) -> Iterator[Line]:  # noqa: F811
    add_clinic(bench_by_day)
    with connected(bench_by_day) as found:
        yield found


def test_each_patient_gets_the_text_of_their_version(line: Line) -> None:
    ids = add_couples(line.wb, 3)
    words = {name: {"en": Message("", f"Words of {name}. {{{{ call_back_number }}}}")} for name in "AB"}
    # Those of a couple have one number: the first of them gets the text.
    activated(line.wb, ids, channel="text", design="ab", holdout_share=50, messages=words["A"], variant=words["B"])

    assert dispatcher.drain(line.wb) == 3

    with reading(line.wb.engine) as connection:
        numbers = {row.phone_mobile: row.patient_id for row in connection.execute(select(patients))}
    arms = {each: arm for arm, members in people(line.wb).items() for each in members}
    assert len(set(arms.values())) == 2
    for number, text in line.sent():
        assert text.startswith(f"Words of {arms[numbers[number]].upper()}.")


def test_a_call_says_and_leaves_the_words_of_the_version(line: Line) -> None:
    ids = add_couples(line.wb, 2)
    words = {
        name: {
            "en": Message("", f"Script {name}. {{{{ call_back_number }}}}", f"Tape {name}. {{{{ call_back_number }}}}")
        }
        for name in "AB"
    }
    twilio_outbox.behave(line.access, "+13125551000", "machine")
    twilio_outbox.behave(line.access, "+13125551001", "machine")
    activated(line.wb, ids, channel="phone", design="ab", holdout_share=50, messages=words["A"], variant=words["B"])

    assert dispatcher.drain(line.wb) == 2
    called = [each for each, (state, _) in states(line.wb).items() if state != "not_sent"]
    wait_until(lambda: all(states(line.wb)[each][0] == "delivered" for each in called), seconds=30)

    arms = {each: arm.upper() for arm, members in people(line.wb).items() for each in members}
    heard = {}
    for call in line.calls():
        found = twilio_outbox.call(line.access, call.sid)
        heard[call.recipient] = " ".join(said.text for said in found.transcript if said.verb == "Say")
    assert arms["p1"] != arms["p3"]
    assert f"Tape {arms['p1']}." in heard["+13125551000"] and f"Tape {arms['p3']}." in heard["+13125551001"]
