"""Letters that were mailed or came back, and what follows for later ones."""

from dataclasses import replace
from datetime import date

import pytest

from core import communications, downloads, mailings, new_campaigns, preflight, reports
from core.domain.mailing import is_of_address
from core.domain.user import Scope
from core.errors import NotAllowed, NotFound
from core.store import campaigns as rows
from core.store.database import writing
from core.store.schema import audit
from core.workbench import Workbench
from tests.conftest import Clock
from tests.letters import add_people, clinic_that_prints, letter_campaign, move, printed, states
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

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
    assert headline.startswith("Reached 2 of 3 patients (67%).")


@pytest.mark.parametrize("on", [date(2026, 11, 23), TOMORROW])
def test_letters_are_mailed_between_their_making_and_today(wb: Workbench, on: date) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    with pytest.raises(NotAllowed, match="Create the letters first"):
        mailings.mark_mailed(wb, campaign.campaign_id, on=TODAY)
    printed(wb, campaign)
    with pytest.raises(NotAllowed, match="choose a day"):
        mailings.mark_mailed(wb, campaign.campaign_id, on=on)


def test_what_a_reason_is_about() -> None:
    of_house = {"mail_undeliverable", "mail_insufficient", "mail_no_number", "mail_no_box", "mail_vacant"}
    of_person = {"mail_moved", "mail_unknown", "mail_refused", "mail_unclaimed", "mail_deceased"}
    assert {each for each in mailings.RETURN_REASONS if is_of_address(each)} == of_house
    assert set(mailings.RETURN_REASONS) == of_house | of_person


@pytest.mark.parametrize(("reason", "of_house"), [("mail_vacant", True), ("mail_moved", False)])
def test_after_a_letter_came_back_no_other_goes_there_until_the_address_changes(
    wb: Workbench, reason: str, of_house: bool
) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {"address1": "1 Shore Rd."}, {}]))
    printed(wb, campaign)
    assert mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p1"], reason=reason, on=TODAY) == 1
    assert mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p1"], reason=reason, on=TODAY) == 0
    assert states(wb, campaign)["p1"] == ("returned", reason)
    assert _reached(wb) == (["p3"] if of_house else ["p2", "p3"])
    move(wb, "p1", address1="99 New Road")
    assert _reached(wb) == (["p1", "p3"] if of_house else ["p1", "p2", "p3"])


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


def test_the_report_says_where_a_letter_went_and_when_it_came_back(bench: Workbench, clock: Clock) -> None:  # noqa: F811
    clinic_that_prints(bench)
    away = {"zip": "00000"}
    campaign = letter_campaign(bench, add_people(bench, [{"address2": "Apt 4"}, {}, away, {}]))
    printed(bench, campaign)
    clock.forward(days=3)
    for patient_id in ("p1", "p2", "p3"):
        move(bench, patient_id, address1="99 New Road", address2=None)
    mailings.mark_returned(bench, campaign.campaign_id, patient_ids=["p1"], reason="mail_moved", on=date(2026, 11, 26))
    patients = reports.report(bench, campaign.campaign_id).patients
    assert dict(patients.select("patient_id", "postal").iter_rows()) == {
        "p1": "1 Shore Road, Apt 4, Springfield, IL 62701",
        "p2": "2 Shore Road, Springfield, IL 62701",
        "p3": "99 New Road, Springfield, IL 00000",  # no letter went anywhere: the one on file
        "p4": "4 Shore Road, Springfield, IL 62701",
    }
    came_back = dict(patients.select("patient_id", "returned_on").iter_rows())
    assert came_back == {"p1": date(2026, 11, 26), "p2": None, "p3": None, "p4": None}


def test_the_day_a_letter_came_back_is_kept_and_what_was_a_mistake_stays_in_its_history(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}]))
    printed(bench, campaign)
    mailings.mark_returned(bench, campaign.campaign_id, patient_ids=["p1"], reason="mail_moved", on=TODAY)
    [letter] = communications.letters_of(bench, "p1")
    assert letter.returned_on == TODAY
    mailings.take_back_returned(bench, campaign.campaign_id, patient_ids=["p1"])
    [letter] = communications.letters_of(bench, "p1")
    assert letter.returned_on is None
    heard = communications.history(bench, campaign.campaign_id, "p1").events
    assert [(each.kind, each.by) for each in heard] == [("came_back", "ana"), ("not_come_back", "ana")]


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


def test_letters_that_came_back_have_reached_nobody_and_are_told_once(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}, {}, {"zip": "00000"}]))
    printed(wb, campaign)
    mailings.mark_mailed(wb, campaign.campaign_id, on=TODAY, patient_ids=["p1", "p2"])
    mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p2"], reason="mail_refused", on=TODAY)
    headline = reports.report(wb, campaign.campaign_id).headline
    assert headline.startswith(
        "Reached 1 of 4 patients (25%) so far; 1 came back; that to 1 is printed and not marked as "
        "mailed. Others: 1 not sent; most often because"
    )
