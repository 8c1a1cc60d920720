"""The history of each message, and what a person decides about those of which nobody knows whether they left."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core import campaigns, communications, dispatcher, reports
from core.domain.message import STATES
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import audit, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients, states
from tests.conftest import Clock
from tests.mail_servers import Recorder, rude
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    """Two patients: of the message to the first nobody knows whether it left."""
    add_clinic(bench)
    here = replace(bench, settings=replace(bench.settings, smtp_port=server.port))
    add_campaign(here, add_patients(here, 2))
    with rude("end", times=1) as cut:
        dispatcher.drain(replace(here, settings=replace(here.settings, smtp_port=cut.port)))
    assert states(here) == {"p1": ("unknown", "connection_lost"), "p2": ("handed_over", "")}
    return here


def test_the_history_says_who_claimed_it_and_what_the_server_said_each_time(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    add_patients(wb, 1, start=7, email="later@example.org")
    add_campaign(wb, ["p7"], campaign_id="c2", name="Another")
    dispatcher.drain(wb)
    server.refusals.clear()
    clock.forward(minutes=2)
    dispatcher.drain(wb)

    found = communications.history(wb, "c2", "p7")

    assert (found.state, found.address, found.language, found.message) == (
        "handed_over",
        "later@example.org",
        "en",
        "campaign",
    )
    assert [(one.number, one.outcome, one.code, one.reply) for one in found.attempts] == [
        (1, "temporary", "451", "4.3.0 try later"),
        (2, "accepted", "250", "2.0.0 taken"),
    ]
    assert all(one.worker and one.ended_at and one.started_at <= one.ended_at for one in found.attempts)


DECISIONS = [
    # decision, state and reason afterwards, status of the campaign, mails after another round
    ("arrived", ("handed_over", ""), "completed", 0),
    ("not_arrived", ("unsuccessful", "not_arrived"), "completed", 0),
    ("again", ("waiting", ""), "active", 1),
]


@pytest.mark.parametrize(("decision", "after", "status", "mails"), DECISIONS)
def test_a_person_decides_about_an_unknown_message_and_the_audit_says_who(
    wb: Workbench, server: Recorder, decision: str, after: tuple[str, str], status: str, mails: int
) -> None:
    assert campaigns.campaign(wb, "c1").status == "completed"

    done = communications.resolve(wb, "c1", ["p1", "p2"], decision=decision)

    assert (done.kept, done.left) == (1, 1), "p2 was not unknown"
    assert states(wb) == {"p1": after, "p2": ("handed_over", "")}
    assert campaigns.campaign(wb, "c1").status == status
    with reading(wb.engine) as connection:
        line = connection.execute(select(audit).where(audit.c.action == "messages.resolved")).one()
    assert (line.user_id, line.details) == ("ana", {"decision": decision, "recipients": 1})
    (event,) = communications.history(wb, "c1", "p1").events
    assert (event.kind, event.by, event.details["decision"]) == ("resolved", "ana", decision)

    dispatcher.drain(wb)
    assert len(server.mails) == mails
    assert communications.unknown(wb, "c1") == []


def test_nothing_decides_by_itself_however_long_it_takes(wb: Workbench, server: Recorder, clock: Clock) -> None:
    for _ in range(5):
        clock.forward(days=1)
        dispatcher.drain(wb)

    assert communications.unknown(wb, "c1") == ["p1"]
    assert server.mails == []


def test_deciding_twice_changes_nothing_the_second_time(wb: Workbench) -> None:
    first = communications.resolve(wb, "c1", ["p1"], decision="arrived")
    second = communications.resolve(wb, "c1", ["p1"], decision="again")

    assert (first.kept, second.kept) == (1, 0)
    assert states(wb)["p1"] == ("handed_over", "")


def test_a_stopped_campaign_sends_nothing_again(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 1, start=5), campaign_id="c2", name="Another")
    with rude("end", times=1) as cut:
        dispatcher.drain(replace(wb, settings=replace(wb.settings, smtp_port=cut.port)), limit=1)
    with writing(wb.engine) as connection:
        connection.exec_driver_sql("UPDATE campaigns SET status = 'stopped' WHERE campaign_id = 'c2'")

    with pytest.raises(NotAllowed, match="stopped for good"):
        communications.resolve(wb, "c2", ["p5"], decision="again")
    assert communications.resolve(wb, "c2", ["p5"], decision="not_arrived").kept == 1


def test_who_may_not_see_or_change_the_campaign_decides_nothing(wb: Workbench) -> None:
    add_patients(wb, 1, start=8, group=2)
    for name, group in (("one", "g1"), ("two", "g2")):
        user = User(name, name, scope=Scope(groups=frozenset({group})))
        accounts.add_user(wb.engine, user, at=wb.now(), by="ana")

    with pytest.raises(NotAllowed, match="dispatcher"):
        communications.resolve(wb.as_user("dispatcher"), "c1", ["p1"], decision="again")
    with pytest.raises(NotFound):
        communications.resolve(wb.as_user("two"), "c1", ["p1"], decision="again")
    with pytest.raises(NotFound):
        communications.history(wb.as_user("two"), "c1", "p1")
    with pytest.raises(NotFound):
        communications.history(wb, "c1", "p8")
    assert communications.resolve(wb.as_user("one"), "c1", ["p1"], decision="arrived").kept == 1


def test_the_report_adds_up_with_every_state_there_is(wb: Workbench) -> None:
    ids = add_patients(wb, len(STATES), start=20)
    add_campaign(wb, ids, campaign_id="c2", name="Another")
    with writing(wb.engine) as connection:
        for patient_id, state in zip(ids, STATES, strict=True):
            connection.exec_driver_sql(f"UPDATE recipients SET state = '{state}' WHERE patient_id = '{patient_id}'")

    shown = reports.report(wb, "c2")

    assert shown.ledger["count"].sum() == shown.progress.selected == len(STATES)
    assert shown.progress.finished == sum(state.is_finished for state in STATES.values())


def test_texts_without_a_receipt_count_as_successful_after_three_days(wb: Workbench) -> None:
    add_campaign(wb, ["p1", "p2"], campaign_id="c2", name="Another", channel="text")
    with writing(wb.engine) as connection:
        for patient_id, hours in (("p1", 73), ("p2", 71)):
            concerned = (recipients.c.patient_id == patient_id) & (recipients.c.campaign_id == "c2")
            left = {"state": "handed_over", "handed_over_at": wb.now() - timedelta(hours=hours)}
            connection.execute(update(recipients).where(concerned).values(left))

    dispatcher.drain(wb)

    assert states(wb, "c2") == {"p1": ("unconfirmed", "unconfirmed"), "p2": ("handed_over", "")}
    assert STATES["unconfirmed"].result == "Successful"
    assert states(wb)["p2"] == ("handed_over", ""), "an email is confirmed by nobody"
