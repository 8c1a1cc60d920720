"""Deleting a campaign: gone from every list, and nothing forgotten of what its patients got (C12)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from core import (
    campaign_list,
    campaigns,
    communications,
    dispatcher,
    downloads,
    mailings,
    new_campaigns,
    receipts,
    reports,
)
from core.campaign_order import put_in_order
from core.errors import Conflict, NotAllowed, NotFound
from core.receipts import Status
from core.store.database import reading, writing
from core.store.schema import audit, recipients
from core.store.schema import campaigns as table
from core.workbench import Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states, states_only
from tests.colleagues import add_colleagues
from tests.conftest import Clock
from tests.letters import add_people, clinic_that_prints, letter_campaign, printed
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    wb = clinic_that_sends(bench, server.port)
    add_colleagues(wb)
    return wb


def delete(wb: Workbench, campaign_id: str) -> None:
    campaigns.delete(wb, campaign_id, version=campaigns.campaign(wb, campaign_id).version)


def sent(wb: Workbench, count: int = 2, **changes: Any) -> str:
    """A campaign that is completed."""
    campaign_id = add_campaign(wb, add_patients(wb, count), **changes)
    assert dispatcher.drain(wb) == count
    return campaign_id


@pytest.mark.parametrize("user_id", ["nina", "omar", "mo"])
def test_only_an_administrator_deletes(wb: Workbench, user_id: str) -> None:
    campaign_id = add_campaign(wb, add_patients(wb, 1), status="inactive", created_by=user_id)

    with pytest.raises(NotAllowed, match="You may not delete campaigns"):
        campaigns.delete(wb.as_user(user_id), campaign_id, version=1)
    with pytest.raises(NotAllowed, match="You may not delete campaigns"):
        campaigns.plan_deletion(wb.as_user(user_id), campaign_id)

    assert campaigns.campaign(wb, campaign_id)


def test_an_active_one_is_stopped_first(wb: Workbench) -> None:
    campaign_id = add_campaign(wb, add_patients(wb, 2))

    with pytest.raises(NotAllowed, match=r"it is active\. Stop it first"):
        delete(wb, campaign_id)

    campaigns.stop(wb, campaign_id)
    delete(wb, campaign_id)
    with pytest.raises(NotFound):
        campaigns.campaign(wb, campaign_id)


def test_the_numbers_are_confirmed_and_a_change_meanwhile_is_told(wb: Workbench) -> None:
    campaign_id = sent(wb, 3)
    plan = campaigns.plan_deletion(wb, campaign_id)
    assert (plan.selected, plan.contacted, plan.not_contacted, plan.unknown) == (3, 3, 0, 0)

    with pytest.raises(Conflict, match="Nothing was deleted"):
        campaigns.delete(wb, campaign_id, version=1)

    assert campaigns.campaign(wb, campaign_id).status == "completed"


def test_deleted_it_is_in_no_list_and_nothing_can_be_done_to_it(wb: Workbench) -> None:
    campaign_id = sent(wb)
    version = campaigns.campaign(wb, campaign_id).version
    sister = new_campaigns.also_by(wb, campaign_id, "ad-hoc-text")

    delete(wb, campaign_id)

    assert [one.campaign.campaign_id for one in campaign_list.campaigns(wb)] == [sister]
    assert new_campaigns.sisters(wb, campaigns.campaign(wb, sister)) == []
    doings = (
        lambda: campaigns.campaign(wb, campaign_id),
        lambda: campaigns.progress(wb, campaign_id),
        lambda: campaigns.patients(wb, campaign_id),
        lambda: campaigns.save(wb, campaign_id, {"name": "x"}, version=version),
        lambda: campaigns.activate(wb, campaign_id),
        lambda: campaigns.stop(wb, campaign_id),
        lambda: campaigns.send_test(wb, campaign_id, "a@example.org"),
        lambda: campaigns.delete(wb, campaign_id, version=version + 1),
        lambda: new_campaigns.copy(wb, campaign_id),
        lambda: new_campaigns.also_by(wb, campaign_id, "ad-hoc-phone"),
        lambda: reports.report(wb, campaign_id),
        lambda: communications.resolve(wb, campaign_id, ["p1"], decision="again"),
    )
    for doing in doings:
        with pytest.raises(NotFound):
            doing()


def test_its_name_is_free_again_as_often_as_it_is_deleted(wb: Workbench) -> None:
    ids = add_patients(wb, 1)
    for _ in range(3):
        made = campaigns.create(wb, template_id="mammogram-reminder", patient_ids=ids, name="Spring")
        assert campaigns.campaign(wb, made).name == "Spring"
        delete(wb, made)


def test_a_draft_that_is_deleted_writes_to_nobody(wb: Workbench, clock: Clock, server: Recorder) -> None:
    campaign_id = campaigns.create(wb, template_id="mammogram-reminder", patient_ids=add_patients(wb, 2))

    delete(wb, campaign_id)
    clock.at = datetime(2026, 11, 25, 18, tzinfo=UTC)

    assert dispatcher.drain(wb) == 0 and server.mails == []
    assert set(states(wb, campaign_id).values()) == {("stopped", "stopped")}
    with reading(wb.engine) as connection:
        row = connection.execute(select(table).where(table.c.campaign_id == campaign_id)).one()
        line = connection.execute(select(audit).where(audit.c.action == "campaign.deleted")).one()
    assert (row.status, row.deleted_by) == ("stopped", "ana")
    assert (line.subject, line.details) == (campaign_id, {"not_contacted": 2, "status": "inactive"})


def test_what_it_sent_stays_in_the_histories_of_its_patients(wb: Workbench) -> None:
    campaign_id = sent(wb, description="Why we wrote")
    before = communications.of_patient(wb, "p1")
    assert [(one.title, one.description) for one in before] == [("Mammogram reminder", "Why we wrote")]

    delete(wb, campaign_id)

    assert communications.of_patient(wb, "p1") == before
    assert communications.history(wb, campaign_id, "p1").state == "handed_over"
    assert communications.campaign_of(wb, campaign_id, "p1").message.subject == "Time for a check-up"


def test_it_still_counts_for_how_often_a_patient_is_written_to(wb: Workbench) -> None:
    delete(wb, sent(wb))
    add_campaign(wb, ["p1", "p2"], campaign_id="c2", name="Another")

    assert dispatcher.drain(wb) == 0

    assert {reason for _, reason in states(wb, "c2").values()} == {"contacted_today"}


def text_sent(wb: Workbench) -> int:
    """A text that was handed over, in a campaign that is completed and deleted; returns its recipient."""
    ids = add_patients(wb, 1, phone_mobile="+13125550101")
    campaign_id = add_campaign(wb, ids, channel="text", status="completed")
    with writing(wb.engine) as connection:
        values = {"state": "handed_over", "attempt_count": 1, "address": "+13125550101"}
        connection.execute(update(recipients).values(**values))
        recipient_id = connection.scalar(select(recipients.c.recipient_id))
    delete(wb, campaign_id)
    return int(recipient_id or 0)


def test_what_is_told_of_its_messages_later_is_still_kept(wb: Workbench) -> None:
    recipient_id = text_sent(wb)

    receipts.take_all(wb, [Status("text", f"{recipient_id}-1", "SM1", "delivered", None)])

    assert states(wb)["p1"][0] == "delivered"


def test_nobody_who_would_be_tried_again_is_and_it_does_not_come_back_to_life(wb: Workbench) -> None:
    text_sent(wb)
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(state="waiting"))
        put_in_order(connection, {"c1"}, at=wb.now())

    with reading(wb.engine) as connection:
        assert connection.scalar(select(table.c.status)) == "completed"
    assert states_only(wb) == ["stopped"]


@pytest.fixture
def prints(bench: Workbench) -> Workbench:  # noqa: F811
    clinic_that_prints(bench)
    return bench


def test_letters_of_a_deleted_campaign_cannot_be_fetched_any_more(prints: Workbench) -> None:
    made = letter_campaign(prints, add_people(prints, [{}, {}]))
    run = printed(prints, made)
    plan = campaigns.plan_deletion(prints, made.campaign_id)
    assert (plan.not_mailed, plan.selected) == (2, 2)

    delete(prints, made.campaign_id)

    assert downloads.files(prints) == [] == downloads.files(prints, with_deleted=True)
    for file in run.files:
        with pytest.raises((NotFound, NotAllowed)):
            downloads.content(prints, file.file_id)
    with pytest.raises(NotFound):
        mailings.mark_mailed(prints, made.campaign_id, on=prints.today())
    [letter] = communications.letters_of(prints, "p1")
    assert (letter.title, letter.campaign_id) == (made.name, None) and letter.printed_at
