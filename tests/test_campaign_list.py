"""The list of campaigns that open tabs ask for every two seconds: what it asks the database, and its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from core import approvals, campaign_list, campaigns
from core.domain.approval import Asked
from core.domain.life_cycle import ACTIONS, APPROVE
from core.store import approval_rows
from core.store.database import writing
from core.workbench import Workbench
from tests.clinic import add_clinic, add_patients
from tests.colleagues import add_colleagues, add_limited, set_up


@pytest.fixture
def clinic(wb: Workbench) -> Workbench:
    add_clinic(wb)
    add_colleagues(wb)
    return wb


def add_drafts(wb: Workbench, number: int, *, is_asked: bool = False) -> list[str]:
    """Drafts of Nina's for the same three patients, for which approval is asked."""
    ids = [f"p{each}" for each in (1, 2, 3)]
    made = [
        campaigns.create(wb.as_user("nina"), template_id="mammogram-reminder", patient_ids=ids) for _ in range(number)
    ]
    if is_asked:
        with writing(wb.engine) as connection:
            for each in made:
                approval_rows.set_asked(connection, each, Asked(wb.now(), "nina"))
    return made


@contextmanager
def statements(wb: Workbench) -> Iterator[list[str]]:
    """The statements that the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(wb.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(wb.engine, "before_cursor_execute", note)


def drawn(wb: Workbench, *, size: int = 2) -> int:
    """How many statements the first page of the list takes, with its menus."""
    with statements(wb) as asked:
        page = campaign_list.page(wb, size=size)
        campaigns.allowed_each(wb, [one.campaign for one in page.listed])
    assert len(page.listed) == size
    return len(asked)


@pytest.mark.parametrize("approval", ["none", "second_person"])
@pytest.mark.parametrize("user", ["omar", "lim"])
def test_what_the_list_asks_does_not_grow_with_the_number_of_campaigns(
    clinic: Workbench, user: str, approval: str
) -> None:
    add_limited(clinic, "lim", "approver", "g1")
    set_up(clinic, approval=approval)
    add_patients(clinic, 3)
    add_drafts(clinic, 2)
    few = drawn(clinic.as_user(user))

    add_drafts(clinic, 10)

    assert drawn(clinic.as_user(user)) == few


@pytest.mark.parametrize(("approval", "most"), [("none", 0), ("second_person", 7)])
def test_each_campaign_that_is_shown_takes_a_few_statements_at_most(
    clinic: Workbench, approval: str, most: int
) -> None:
    set_up(clinic, approval=approval)
    add_patients(clinic, 3)
    add_drafts(clinic, 4)
    omar = clinic.as_user("omar")

    assert drawn(omar, size=4) - drawn(omar, size=2) <= 2 * most


def test_home_asks_of_a_campaign_that_waits_whether_this_user_may_approve_it_and_nothing_else(
    clinic: Workbench,
) -> None:
    set_up(clinic, approval="second_person")
    add_patients(clinic, 3)
    omar = clinic.as_user("omar")
    counts = []
    for number in (1, 5):
        add_drafts(clinic, number, is_asked=True)
        with statements(clinic) as asked:
            found = approvals.waiting(omar)
        counts.append(len(asked))

    assert len(found) == 6
    assert counts[1] - counts[0] <= 5 * 4


def test_a_page_has_its_campaigns_of_the_status_and_says_how_many_there_are(clinic: Workbench) -> None:
    add_patients(clinic, 3)
    made = add_drafts(clinic, 5)
    campaigns.stop(clinic, made[0])
    everybody = [one.campaign.campaign_id for one in campaign_list.campaigns(clinic)]

    second = campaign_list.page(clinic, number=2, size=2)
    drafts = campaign_list.page(clinic, group="Inactive", size=2)
    beyond = campaign_list.page(clinic, number=9, size=2)
    nobody = campaign_list.page(clinic, group="Completed", size=2)

    assert ([one.campaign.campaign_id for one in second.listed], second.count) == (everybody[2:4], 5)
    assert (len(drafts.listed), drafts.count, {one.status for one in drafts.listed}) == (2, 4, {"Inactive"})
    assert ([one.campaign.campaign_id for one in beyond.listed], beyond.number) == (everybody[4:], 3)
    assert (nobody.listed, nobody.count, nobody.number) == ([], 0, 1)


@pytest.mark.parametrize("user", ["nina", "omar", "mo", "ana"])
@pytest.mark.parametrize("approval", ["none", "second_person"])
def test_several_campaigns_at_once_are_allowed_what_each_is_alone(clinic: Workbench, user: str, approval: str) -> None:
    set_up(clinic, approval=approval)
    add_patients(clinic, 3)
    made = add_drafts(clinic, 2, is_asked=approval != "none")
    campaigns.stop(clinic, made[0])
    acting = clinic.as_user(user)
    found = [campaigns.campaign(acting, each) for each in made]

    together = campaigns.allowed_each(acting, found)

    assert together == {each.campaign_id: campaigns.allowed(acting, each) for each in found}
    assert set(together[made[0]]) == set(ACTIONS)
    some = campaigns.allowed_each(acting, found, actions=(APPROVE,))
    assert some == {each: {APPROVE: together[each][APPROVE]} for each in made}
