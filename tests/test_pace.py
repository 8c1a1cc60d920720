"""How fast messages have been leaving, by which forecasts go while something is being sent."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from core import campaign_list, campaigns, pace, reports
from core.store import accounts
from core.store.database import writing
from core.store.schema import attempts, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import Clock
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    add_clinic(bench)
    return bench


def left(wb: Workbench, count: int, *, seconds_apart: float, ago: float = 0.0, campaign_id: str = "c1") -> None:
    """The first `count` messages of a campaign have left at this distance, the last one `ago` seconds before now."""
    with writing(wb.engine) as connection:
        question = select(recipients.c.recipient_id).where(recipients.c.campaign_id == campaign_id)
        ids = list(connection.scalars(question.order_by(recipients.c.recipient_id).limit(count)))
        for place, recipient_id in enumerate(ids):
            at = wb.now() - timedelta(seconds=ago + (count - 1 - place) * seconds_apart)
            values = {"recipient_id": recipient_id, "number": 1, "worker": "w", "started_at": at, "ended_at": at}
            connection.execute(insert(attempts).values(**values, outcome="accepted"))
        done = update(recipients).where(recipients.c.recipient_id.in_(ids))
        connection.execute(done.values(state="handed_over", finished_at=wb.now()))


@pytest.mark.parametrize(
    ("count", "seconds_apart", "ago", "expected"),
    [
        (60, 1.0, 0, 60),  # one a second
        (60, 0.5, 300, 120),
        (50, 2.0, 0, 30),
        (49, 1.0, 0, None),  # too few to say so
        (60, 1.0, 601, None),  # too long ago
        (60, 0.0, 0, None),  # all at once says nothing
        (80, 10.0, 0, 6),  # of the last ten minutes only
    ],
)
def test_the_pace_is_that_of_the_last_ten_minutes(
    wb: Workbench, count: int, seconds_apart: float, ago: float, expected: float | None
) -> None:
    add_campaign(wb, add_patients(wb, 100))
    left(wb, count, seconds_apart=seconds_apart, ago=ago)

    found = pace.measured_pace(wb, "email")

    assert found == (None if expected is None else pytest.approx(expected))


def test_messages_of_other_channels_say_nothing_of_it(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 100), channel="text")
    left(wb, 60, seconds_apart=1)

    assert pace.measured_pace(wb, "email") is None


def test_it_is_never_above_the_limit_of_the_account(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 100))
    left(wb, 60, seconds_apart=1)
    accounts.change_organisation(wb.engine, {"email_rate_limit": 20}, at=wb.now(), by="ana")

    assert pace.measured_pace(wb, "email") == 20


def test_list_editor_and_report_say_when_the_rest_is_done_at_that_pace(wb: Workbench, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 160))
    left(wb, 60, seconds_apart=6)  # ten a minute, instead of the 600 that are usual

    [listed] = campaign_list.campaigns(wb)

    assert listed.schedule == "Going out now, done today about 12:10"
    assert campaigns.schedule(wb, listed.campaign) == listed.schedule
    assert reports.report(wb, "c1").schedule == listed.schedule
