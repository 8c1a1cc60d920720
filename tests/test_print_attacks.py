"""Letters when something happens in between: nobody gets a wrong, second or no letter."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from core import campaigns, downloads, mailings, new_campaigns, preflight, print_files, printing
from core.errors import NotAllowed, NotFound
from core.store import download_rows, print_rows
from core.store.database import writing
from core.store.schema import print_letters
from core.workbench import Workbench
from tests.conftest import Clock
from tests.letters import (
    add_people,
    ask,
    clinic_that_prints,
    letter_campaign,
    make,
    move,
    printed,
    run_of,
    states,
    words_of,
)
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

TODAY = date(2026, 11, 24)


def test_who_dies_after_the_letters_were_asked_for_gets_none(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}, {}]))
    ask(bench, campaign)
    move(bench, "p1", status="deceased")
    make(bench)
    assert states(bench, campaign) == {"p1": ("not_sent", "deceased"), "p2": ("printed", "")}
    (pages,) = [words_of(downloads.content(bench, each.file_id).content) for each in run_of(bench, campaign).files[:1]]
    assert len(pages) == 1 and "Example2" in pages[0]


def test_who_moves_after_the_letters_were_asked_for_gets_one_at_the_new_address(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    ask(wb, campaign)
    move(wb, "p1", address1="99 New Road")
    make(wb)
    for file in run_of(wb, campaign).files:
        text = " ".join(words_of(downloads.content(wb, file.file_id).content))
        assert "99 New Road" in text and "1 Shore Road" not in text


def test_who_dies_while_files_are_made_by_a_worker_that_is_killed_gets_none(wb: Workbench, clock: Clock) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    ask(wb, campaign)
    with writing(wb.engine) as connection:
        run = print_rows.take(connection, worker="dead", at=wb.now())
    assert run is not None
    printing._keep(wb, run, print_files.missing(wb, run)[0], "dead")
    move(wb, "p2", status="deceased")
    clock.forward(days=3)
    make(wb)
    assert states(wb, campaign) == {"p1": ("printed", ""), "p2": ("not_sent", "deceased")}
    text = [words_of(downloads.content(wb, each.file_id).content) for each in run_of(wb, campaign).files]
    assert "Example2" not in str(text)


def test_a_worker_that_lost_its_run_does_not_plan_it_again(wb: Workbench, clock: Clock) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    ask(wb, campaign)
    clock.forward(days=1)
    with writing(wb.engine) as connection:
        slow = print_rows.take(connection, worker="slow", at=wb.now())
    assert slow is not None
    clock.at += print_rows.LEASE + timedelta(seconds=1)
    with writing(wb.engine) as connection:
        other = print_rows.take(connection, worker="other", at=wb.now())
    assert other is not None
    with pytest.raises(printing._NotMine):
        printing._fresh(wb, slow, "slow")


def test_stopping_throws_away_labels_of_an_earlier_run_as_well(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}, {}]))
    labels = printed(bench, campaign, letters=False).files[0]
    ask(bench, campaign, labels=False)
    campaigns.stop(bench, campaign.campaign_id)
    assert run_of(bench, campaign).files == ()
    assert downloads.files(bench) == []
    with pytest.raises(NotFound):
        downloads.content(bench, labels.file_id)


def test_letters_of_merged_records_are_mailed_and_come_back(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}, {"address1": "1 Shore Road"}]))
    printed(bench, campaign)
    with writing(bench.engine) as connection:
        from core.store import merges as rows

        made = [rows.Merge("p2", "p1", "staff", TODAY)]
        rows.keep(connection, made, led_on={}, at=bench.now(), by="ana")
        rows.follow(connection, {"p2": "p1"}, at=bench.now())
    assert mailings.mark_mailed(bench, campaign.campaign_id, on=TODAY, patient_ids=["p2"]) == 1
    back = mailings.mark_returned(bench, campaign.campaign_id, patient_ids=["p2"], reason="mail_moved", on=TODAY)
    assert back == 1
    assert preflight.reach(bench, ["p1"], channels=["letter"])[0].reached == ()


def test_a_letter_that_lies_printed_is_in_no_follow_up(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    printed(wb, campaign)
    mailings.mark_mailed(wb, campaign.campaign_id, on=TODAY, patient_ids=["p2"])
    planned = new_campaigns.plan_copy(wb, campaign.campaign_id, ["p1", "p2"])
    assert planned.patient_ids == ("p2",) and sum(planned.left_out.values()) == 1


def test_a_letter_does_not_come_back_before_it_was_mailed(wb: Workbench, clock: Clock) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    printed(wb, campaign)
    clock.forward(days=3)
    mailings.mark_mailed(wb, campaign.campaign_id, on=TODAY + timedelta(2))
    with pytest.raises(NotAllowed, match="before"):
        mailings.mark_returned(
            wb, campaign.campaign_id, patient_ids=["p1"], reason="mail_moved", on=TODAY + timedelta(1)
        )


def test_in_a_household_one_name_that_cannot_be_printed_keeps_no_letter_from_the_other(wb: Workbench) -> None:
    clinic_that_prints(wb)
    home = {"address1": "5 Shore Road"}
    people = [{**home, "first": "Ada"}, {**home, "last": "Ex\U00012345"}, {"address1": "6 Shore Road"}]
    campaign = letter_campaign(wb, add_people(wb, people), per_household="yes")
    printed(wb, campaign)
    assert states(wb, campaign) == {"p1": ("printed", ""), "p2": ("not_sent", "no_glyph"), "p3": ("printed", "")}


def test_in_a_household_two_long_names_get_a_letter_each(wb: Workbench) -> None:
    clinic_that_prints(wb)
    home = {"address1": "5 Shore Road"}
    long = [{**home, "first": "Maximiliana " * 2, "last": f"Featherstonehaugh-Wolfeschlegel {each}"} for each in "AB"]
    campaign = letter_campaign(wb, add_people(wb, long), per_household="yes", page="letter")
    run = printed(wb, campaign)
    assert {state for state, _ in states(wb, campaign).values()} == {"printed"}
    assert run.patient_count == 2


def test_preflight_and_the_print_run_look_at_the_mail_date(wb: Workbench) -> None:
    clinic_that_prints(wb)
    ids = add_people(wb, [{"birth_date": date(2008, 11, 27)}, {}])
    for _ in range(3):
        before = letter_campaign(wb, ["p2"])
        printed(wb, before)
        mailings.mark_mailed(wb, before.campaign_id, on=TODAY)
    campaign = letter_campaign(wb, ids)
    later = campaigns.save(wb, campaign.campaign_id, {"start_on": date(2026, 12, 7)}, version=campaign.version)
    assert sorted(preflight.of_campaign(wb, later, ids).reached) == ["p1", "p2"]
    run = printed(wb, later)
    assert states(wb, later) == {"p1": ("printed", ""), "p2": ("printed", "")}
    text = str(words_of(downloads.content(wb, run.files[0].file_id).content))
    assert "Parent or guardian" not in text


def test_no_deadlock_between_a_worker_that_keeps_a_file_and_who_asks_for_letters(bench: Workbench) -> None:  # noqa: F811
    import threading

    if bench.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer")
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}, {}]))
    ask(bench, campaign, letters=False)
    with writing(bench.engine) as connection:
        run = print_rows.take(connection, worker="w", at=bench.now())
    assert run is not None
    failures: list[BaseException] = []

    def ask_for_letters() -> None:
        try:
            ask(bench, campaign)
        except BaseException as error:
            failures.append(error)

    made = print_files.made(bench, run, print_files.missing(bench, run)[0])
    other = threading.Thread(target=ask_for_letters)
    with writing(bench.engine) as connection:
        assert print_rows.hold(connection, run.run_id, worker="w", at=bench.now())
        other.start()
        other.join(1.5)
        download_rows.add(connection, made)
    other.join(10)
    assert failures == []


def test_who_no_longer_sees_anybody_of_a_campaign_cannot_fetch_its_letters(wb: Workbench) -> None:
    from dataclasses import replace

    from core.domain.user import Scope

    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    file = printed(wb, campaign).files[0]
    gone = replace(wb, user=replace(wb.user, scope=Scope(groups=frozenset({"g2"}))))
    assert downloads.files(gone) == []
    with pytest.raises(NotFound):
        downloads.content(gone, file.file_id)


def test_a_failure_is_logged_without_a_word_of_the_letters(wb: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]), body="<p>{{ patient.full_name }} {{ call_back_number }}</p>")
    run_id = ask(wb, campaign)
    with writing(wb.engine) as connection:
        values = {"patient.full_name": "Ada Secret", "call_back_number": 5}
        connection.execute(update(print_letters).values(addressee=[{"Secret": "Shore"}], values=values))
    make(wb)
    run = run_of(wb, campaign)
    assert run.state == "failed" and run.run_id == run_id
    assert "Secret" not in caplog.text and "Shore" not in caplog.text and "Secret" not in run.problem
