"""Introductory emails as people turn them on: the numbers they are shown first, and what became of the emails (E8)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from core import introductions, introductory_email, opt_outs
from core.domain.user import Scope, User
from core.errors import NotAllowed
from core.store import accounts
from core.store.database import writing
from core.store.schema import patients, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    """Five patients of the first provider, one without an address; two of the second. A day begins two emails."""
    add_clinic(bench)
    add_patients(bench, 5)
    add_patients(bench, 2, start=6, group=2)
    with writing(bench.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p5").values(email=None))
    accounts.change_organisation(bench.engine, {"introductions_per_day": 2}, at=bench.now(), by="ana")
    return bench


def counts(wb: Workbench) -> list[tuple[str, bool, int, int, int]]:
    return [
        (each.provider_id, each.is_on, each.patients, each.introduced, each.to_come)
        for each in introductions.providers(wb)
    ]


def end(wb: Workbench, patient_id: str, state: str, **more: object) -> None:
    with writing(wb.engine) as connection:
        values = {"state": state, "address": f"{patient_id}@example.org", "finished_at": wb.now(), **more}
        connection.execute(update(recipients).where(recipients.c.patient_id == patient_id).values(values))


def test_the_list_of_providers_says_who_was_introduced_and_who_is_still_to_come(wb: Workbench) -> None:
    assert counts(wb) == [("dr1", False, 4, 0, 4), ("dr2", False, 2, 0, 2)]

    introductions.turn_on(wb, "dr1", seen=4)
    assert introductions.top_up(wb) == 2
    assert counts(wb)[0] == ("dr1", True, 4, 0, 2), "two wait already"

    end(wb, "p1", "introductory")
    end(wb, "p2", "unsuccessful", reason="retries_exceeded")
    assert counts(wb)[0] == ("dr1", True, 4, 1, 3), "given up, and so to be tried again"


def test_before_a_provider_is_turned_on_it_is_said_how_many_are_written_to_and_for_how_long(wb: Workbench) -> None:
    opt_outs.add(wb, "p1", "health_email", reason="Too many messages")

    planned = introductions.plan(wb, ["dr1", "dr2"])
    assert (planned.patients, planned.count) == ({"dr1": 3, "dr2": 2}, 5)
    assert (planned.per_day, planned.days, planned.is_first) == (2, 3, True)

    introductions.turn_on(wb, "dr1", seen=3)
    later = introductions.plan(wb, ["dr2"])
    assert (later.count, later.days, later.is_first) == (2, 3, False), "those of dr1 share the days: (2 + 4) / 2"


def test_no_more_are_written_to_than_were_confirmed(wb: Workbench) -> None:
    with pytest.raises(NotAllowed, match="4 patients would get"):
        introductions.turn_on_all(wb, {"dr2": 2, "dr1": 3})

    assert not introductions.in_force(wb)


def test_only_somebody_who_may_see_everybody_turns_providers_on(wb: Workbench) -> None:
    accounts.add_user(wb.engine, User("one", "One", scope=Scope(groups=frozenset({"g1"}))), at=wb.now(), by="ana")
    one = wb.as_user("one")

    assert introductions.may_turn(wb) and not introductions.may_turn(one)
    assert counts(one) == [("dr1", False, 4, 0, 4)]
    with pytest.raises(NotAllowed):
        introductions.turn_on(one, "dr1", seen=4)


def test_the_stream_is_counted_by_result_today_and_in_all(wb: Workbench) -> None:
    introductions.turn_on(wb, "dr1", seen=4)
    introductions.top_up(wb)
    end(wb, "p1", "introductory")
    end(wb, "p2", "returned")
    later = replace(wb, clock=lambda: wb.now() + timedelta(days=1))
    introductions.top_up(later)
    add_campaign(wb, ["p6"])
    end(wb, "p6", "introductory", message="introductory")

    found = introductions.stream(later)

    assert {result: number for result, number in found.today.results.items() if number} == {"Waiting": 2}
    assert {result: number for result, number in found.all.results.items() if number} == {
        "Introductory Email": 1,
        "Returned": 1,
        "Waiting": 2,
    }
    assert found.in_place == 1


@pytest.mark.parametrize(("language", "word"), [("en", "Would you rather not"), ("es", "Prefiere no recibir")])
def test_the_introductory_email_can_be_looked_at_in_each_language(wb: Workbench, language: str, word: str) -> None:
    mail = introductory_email.preview(wb, language)

    assert word in mail.html and word in mail.text
    assert wb.organisation().name in mail.subject
