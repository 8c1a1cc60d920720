"""Campaigns made of other campaigns: replacements and follow-ups, for whom and from when (C9, R2, E4)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from core import campaigns, new_campaigns
from core.domain.campaign import Message
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import audit, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients, states_only
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

STATES = {
    "p1": ("handed_over", ""),
    "p2": ("introductory", ""),
    "p3": ("unsuccessful", "address_refused"),
    "p4": ("not_sent", "same_address"),
    "p5": ("not_sent", "opted_out:health_email"),
    "p6": ("stopped", "stopped"),
    "p7": ("unknown", "connection_lost"),
    "p8": ("hold_out", "hold_out"),
    "p9": ("claimed", ""),
}


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    """A stopped campaign of nine patients in every kind of state; p6 is of the second group."""
    add_clinic(bench)
    ids = add_patients(bench, 5) + add_patients(bench, 1, start=6, group=2) + add_patients(bench, 3, start=7)
    add_campaign(bench, ids, status="stopped", description="The spring round", skip_booked=False)
    with writing(bench.engine) as connection:
        for patient_id, (state, reason) in STATES.items():
            connection.execute(
                update(recipients).where(recipients.c.patient_id == patient_id).values(state=state, reason=reason)
            )
    return bench


def test_a_replacement_is_for_those_who_were_not_contacted(wb: Workbench) -> None:
    made = campaigns.campaign(wb, new_campaigns.copy(wb, "c1"))

    assert campaigns.patients(wb, made.campaign_id) == ["p4", "p5", "p6"]
    assert states_only(wb, campaign_id=made.campaign_id) == ["waiting"] * 3
    was = campaigns.campaign(wb, "c1")
    assert made.messages == was.messages
    assert (made.description, made.measures, made.purpose, made.skip_booked) == (
        "The spring round",
        was.measures,
        was.purpose,
        False,
    )
    assert (made.name, made.status, made.activated_at, made.finished_at, made.version) == (
        "Mammogram reminder – copy",
        "inactive",
        None,
        None,
        1,
    )
    assert made.start_on == date(2026, 11, 25)


def test_a_copy_is_recorded_with_its_source(wb: Workbench) -> None:
    campaign_id = new_campaigns.copy(wb, "c1")

    with reading(wb.engine) as connection:
        row = connection.execute(select(audit).where(audit.c.action == "campaign.copied")).one()
    assert (row.user_id, row.subject) == ("ana", campaign_id)
    assert row.details == {"source": "c1", "recipients": 3}


def test_a_copy_takes_a_free_name_however_often_it_is_made(wb: Workbench) -> None:
    names = [campaigns.campaign(wb, new_campaigns.copy(wb, "c1")).name for _ in range(2)]
    names.append(campaigns.campaign(wb, new_campaigns.copy(wb, "c1", name=" Once more ")).name)

    assert names == ["Mammogram reminder – copy", "Mammogram reminder – copy (2)", "Once more"]


@pytest.mark.parametrize("status", ["inactive", "active"])
def test_a_campaign_that_goes_on_is_not_replaced(wb: Workbench, status: str) -> None:
    add_campaign(wb, ["p1"], campaign_id="c2", name="Another", status=status)

    with pytest.raises(NotAllowed, match="still goes on"):
        new_campaigns.copy(wb, "c2")


def test_a_follow_up_is_for_the_patients_of_a_result_and_leaves_out_whom_it_must(wb: Workbench) -> None:
    planned = new_campaigns.plan_copy(wb, "c1", list(STATES))

    assert planned.patient_ids == ("p1", "p2", "p3", "p4", "p5", "p6")
    assert planned.name == "Mammogram reminder – follow-up"
    assert planned.left_out == {
        "may have got the message already: decide about them first": 1,
        "were chosen at random not to be contacted": 1,
        "still wait in this campaign": 1,
    }
    made = new_campaigns.copy(wb, "c1", patient_ids=["p3", "p7"])
    assert campaigns.patients(wb, made) == ["p3"]


@pytest.mark.parametrize(
    ("ago", "start_on"),
    [
        (timedelta(hours=1), date(2026, 11, 27)),  # Tue, free from Thu 11:00, so Fri is the first whole day
        (timedelta(days=1), date(2026, 11, 26)),
        (timedelta(days=5), date(2026, 11, 25)),  # tomorrow, as always
    ],
)
def test_after_an_introductory_email_a_follow_up_starts_when_nobody_waits_any_more(
    wb: Workbench, ago: timedelta, start_on: date
) -> None:
    with writing(wb.engine) as connection:
        connection.execute(
            update(recipients)
            .where(recipients.c.patient_id == "p2")
            .values(message="introductory", handed_over_at=wb.now() - ago)
        )

    assert new_campaigns.plan_copy(wb, "c1", ["p2"]).start_on == start_on


def test_a_follow_up_by_text_waits_for_no_introductory_email(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        values = {"message": "introductory", "handed_over_at": wb.now()}
        connection.execute(update(recipients).where(recipients.c.patient_id == "p2").values(**values))
    texts = {"channel": "text", "status": "completed", "messages": {"en": Message("", "Call (312) 555-0100.")}}
    add_campaign(wb, ["p2"], campaign_id="c2", name="Texts", **texts)

    planned = new_campaigns.plan_copy(wb, "c2")

    assert (planned.start_on, planned.waits_for_introduction) == (date(2026, 11, 25), False)


def test_a_copy_is_only_of_patients_whom_the_user_may_see(wb: Workbench) -> None:
    accounts.add_user(wb.engine, User("one", "One", scope=Scope(groups=frozenset({"g1"}))), at=wb.now(), by="ana")
    one = wb.as_user("one")

    assert new_campaigns.plan_copy(one, "c1").patient_ids == ("p4", "p5")
    with pytest.raises(NotFound):
        new_campaigns.copy(one, "c1", patient_ids=["p6"])
    with pytest.raises(NotFound):
        new_campaigns.copy(one, "nowhere")


def test_a_copy_for_nobody_is_not_made(wb: Workbench) -> None:
    with pytest.raises(NotAllowed, match="Nobody would be in the copy"):
        new_campaigns.copy(wb, "c1", patient_ids=["p7"])

    assert len(campaigns.campaigns(wb)) == 1
