"""Letters that were mailed or came back, and what follows for later ones."""

from dataclasses import replace
from datetime import date

import pytest

from core import downloads, mailings, new_campaigns, preflight, reports
from core.domain.user import Scope
from core.errors import NotAllowed, NotFound
from core.store import campaigns as rows
from core.store.database import writing
from core.store.schema import audit
from core.workbench import Workbench
from tests.conftest import Clock
from tests.letters import add_people, clinic_that_prints, letter_campaign, move, printed, states
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)


def test_letters_are_mailed_all_or_by_file_or_by_patient(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}, {}, {"zip": "00000"}]))
    run = printed(bench, campaign)
    c1 = campaign.campaign_id
    assert mailings.mark_mailed(bench, c1, on=TODAY, patient_ids=["p2"]) == 1
    assert mailings.mark_mailed(bench, c1, on=TODAY, patient_ids=["p2", "p3"]) == 0
    assert mailings.mark_mailed(bench, c1, on=TODAY, file_id=run.files[0].file_id) == 1
    assert mailings.mark_mailed(bench, c1, on=TODAY) == 0
    assert {each: state for each, (state, _) in states(bench, campaign).items()} == {
        "p1": "mailed", "p2": "mailed", "p3": "not_sent",
    }  # fmt: skip
    headline = reports.report(bench, campaign.campaign_id).headline
    assert headline.startswith("Letters were mailed to 2 of 3 patients (67%).")


@pytest.mark.parametrize("on", [date(2026, 11, 23), TOMORROW])
def test_letters_are_mailed_between_their_making_and_today(wb: Workbench, on: date) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    with pytest.raises(NotAllowed, match="Create the letters first"):
        mailings.mark_mailed(wb, campaign.campaign_id, on=TODAY)
    printed(wb, campaign)
    with pytest.raises(NotAllowed, match="choose a day"):
        mailings.mark_mailed(wb, campaign.campaign_id, on=on)


@pytest.mark.parametrize("reason", sorted(mailings.RETURN_REASONS))
def test_after_a_letter_came_back_no_other_goes_there_until_the_address_changes(
    bench_by_reason: Workbench, reason: str
) -> None:
    wb = bench_by_reason
    campaign = letter_campaign(wb, add_people(wb, [{}, {"address1": "1 Shore Rd."}, {}]))
    printed(wb, campaign)
    assert mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p1"], reason=reason, on=TODAY) == 1
    assert mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p1"], reason=reason, on=TODAY) == 0
    assert states(wb, campaign)["p1"] == ("returned", reason)
    of_house = reason in ("mail_undeliverable", "mail_insufficient", "mail_no_number", "mail_no_box", "mail_vacant")
    assert _reached(wb) == (["p3"] if of_house else ["p2", "p3"])
    move(wb, "p1", address1="99 New Road")
    assert _reached(wb) == (["p1", "p3"] if of_house else ["p1", "p2", "p3"])


@pytest.fixture
def bench_by_reason(wb: Workbench) -> Workbench:
    clinic_that_prints(wb)
    return wb


def test_a_letter_that_did_not_come_back_after_all(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}, {"address1": "1 Shore Road"}]))
    printed(bench, campaign)
    mailings.mark_returned(bench, campaign.campaign_id, patient_ids=["p1", "p2"], reason="mail_vacant", on=TODAY)
    assert mailings.take_back_returned(bench, campaign.campaign_id, patient_ids=["p1"]) == 1
    assert _reached(bench) == [], "the other one came back as well"
    assert mailings.take_back_returned(bench, campaign.campaign_id, patient_ids=["p2"]) == 1
    assert _reached(bench) == ["p1", "p2"]
    assert states(bench, campaign) == {"p1": ("mailed", ""), "p2": ("mailed", "")}


def test_whoever_stands_on_one_letter_is_mailed_and_returned_together(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    home = {"address1": "5 Shore Road"}
    campaign = letter_campaign(bench, add_people(bench, [home, home, {}]), per_household="yes")
    run = printed(bench, campaign)
    assert (run.letter_count, run.patient_count) == (2, 3)
    assert mailings.mark_mailed(bench, campaign.campaign_id, on=TODAY, patient_ids=["p1"]) == 2
    assert mailings.mark_returned(bench, campaign.campaign_id, patient_ids=["p2"], reason="mail_vacant", on=TODAY) == 2
    assert [state for state, _ in states(bench, campaign).values()] == ["returned", "returned", "printed"]


def test_letters_count_for_the_cap_of_the_week(wb: Workbench, clock: Clock) -> None:
    clinic_that_prints(wb)
    add_people(wb, [{"email": "ada@example.org"}])
    for _ in range(3):
        campaign = letter_campaign(wb, ["p1"])
        printed(wb, campaign)
        mailings.mark_mailed(wb, campaign.campaign_id, on=TODAY)
    (email,) = preflight.reach(wb, ["p1"], channels=["email"])
    assert [each.reason.key for each in email.not_reached] == ["contacted_often:3"]
    clock.forward(days=7)
    (email,) = preflight.reach(wb, ["p1"], channels=["email"])
    assert email.reached == ("p1",)


def test_one_letter_stops_no_email_of_the_same_day(wb: Workbench) -> None:
    clinic_that_prints(wb)
    add_people(wb, [{"email": "ada@example.org"}])
    campaign = letter_campaign(wb, ["p1"])
    printed(wb, campaign)
    mailings.mark_mailed(wb, campaign.campaign_id, on=TODAY)
    (email,) = preflight.reach(wb, ["p1"], channels=["email"])
    assert email.reached == ("p1",)


def test_files_are_for_who_may_see_all_patients_or_made_the_campaign(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {"group_id": "g2"}]))
    file = printed(wb, campaign).files[0]
    other = replace(wb, user=replace(wb.user, user_id="bo", scope=Scope(groups=frozenset({"g1"}))))
    assert downloads.files(other) == []
    with pytest.raises(NotFound):
        downloads.content(other, file.file_id)
    with pytest.raises(NotAllowed):
        mailings.mark_mailed(other, campaign.campaign_id, on=TODAY)
    with pytest.raises(NotFound):
        mailings.mark_mailed(other, campaign.campaign_id, on=TODAY, patient_ids=["p2"])
    assert mailings.mark_mailed(other, campaign.campaign_id, on=TODAY, patient_ids=["p1"]) == 1


def test_everything_is_audited_without_a_word_of_patients(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    file = printed(wb, campaign).files[0]
    downloads.content(wb, file.file_id)
    mailings.mark_mailed(wb, campaign.campaign_id, on=TODAY)
    mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p1"], reason="mail_moved", on=TODAY)
    downloads.delete(wb, file.file_id)
    with writing(wb.engine) as connection:
        lines = connection.execute(audit.select()).all()
        assert rows.campaign(connection, campaign.campaign_id).status == "completed"
    said = {row.action for row in lines}
    assert said >= {
        "print_run.planned", "print_run.ready", "download.made", "download.fetched", "download.deleted",
        "letters.mailed", "letters.returned", "campaign.completed",
    }  # fmt: skip
    assert not any("Example1" in str(row) or "Shore" in str(row) for row in lines)


def _reached(wb: Workbench) -> list[str]:
    found = preflight.reach(wb, ["p1", "p2", "p3"], channels=["letter"])[0].reached
    return sorted(found)


def test_a_follow_up_is_for_whose_letter_came_back(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    printed(wb, campaign)
    mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p1"], reason="mail_moved", on=TODAY)
    assert new_campaigns.plan_copy(wb, campaign.campaign_id, ["p1"]).patient_ids == ("p1",)


def test_letters_that_were_not_mailed_after_all_wait_again_and_those_that_came_back_do_not(
    bench: Workbench,  # noqa: F811
) -> None:
    clinic_that_prints(bench)
    home = {"address1": "5 Shore Road"}
    campaign = letter_campaign(bench, add_people(bench, [home, home, {}]), per_household="yes")
    printed(bench, campaign)
    c1 = campaign.campaign_id
    mailings.mark_mailed(bench, c1, on=TODAY)
    mailings.mark_returned(bench, c1, patient_ids=["p3"], reason="mail_refused", on=TODAY)
    assert mailings.take_back_mailed(bench, c1, patient_ids=["p1", "p3"]) == 2
    assert mailings.take_back_mailed(bench, c1, patient_ids=["p1"]) == 0
    assert [state for state, _ in states(bench, campaign).values()] == ["printed", "printed", "returned"]
    with bench.engine.connect() as connection:
        assert connection.execute(audit.select().where(audit.c.action == "letters.not_mailed")).all()
    assert mailings.mark_mailed(bench, c1, on=TODAY) == 2


def test_a_report_counts_letters_that_came_back_among_the_mailed_and_not_among_the_others(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}, {}, {"zip": "00000"}]))
    printed(wb, campaign)
    mailings.mark_mailed(wb, campaign.campaign_id, on=TODAY, patient_ids=["p1", "p2"])
    mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p2"], reason="mail_refused", on=TODAY)
    headline = reports.report(wb, campaign.campaign_id).headline
    assert headline.startswith(
        "Letters were mailed to 2 of 4 patients (50%) so far; 1 came back; that to 1 is printed and not marked as "
        "mailed. Others: 1 not sent; most often because"
    )
