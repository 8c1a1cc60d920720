"""Print runs: planned at once, made in the background, the same again, nobody printed twice (L2, L3, L5)."""

import hashlib
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from core import campaigns, downloads, letters, new_campaigns, print_runs, reports
from core.domain.user import Scope
from core.errors import NotAllowed, NotFound
from core.store import download_rows
from core.store.database import writing
from core.store.schema import downloads as downloads_table
from core.workbench import DISPATCHER, Workbench
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
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

pytestmark = pytest.mark.long


def test_letters_and_labels_are_made_and_the_campaign_is_completed(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    ids = add_people(bench, [{}, {"zip": None}, {"address1": "homeless"}, {"status": "deceased"}, {}])
    campaign = letter_campaign(bench, ids)
    run = printed(bench, campaign)
    assert (run.state, run.share, run.letter_count, run.patient_count) == ("ready", 1.0, 2, 2)
    assert [each.kind for each in run.files] == ["letters", "labels"]
    assert sum(run.not_printed.values()) == 3
    assert campaigns.campaign(bench, campaign.campaign_id).status == "completed"
    assert states(bench, campaign) == {
        "p1": ("printed", ""),
        "p2": ("not_sent", "postal_incomplete"),
        "p3": ("not_sent", "postal_unusable"),
        "p4": ("not_sent", "deceased"),
        "p5": ("printed", ""),
    }
    pages = words_of(downloads.content(bench, run.files[0].file_id).content)
    assert len(pages) == run.files[0].pages == 2
    assert "Ada Example1" in pages[0] and "1 Shore Road" in pages[0] and "Dear Ada," in pages[0]
    assert "100 Example Street" in pages[0] and "November 25, 2026" in pages[0]
    (sheet,) = words_of(downloads.content(bench, run.files[1].file_id).content)
    assert sheet.index("Ada Example1") < sheet.index("Ada Example5")


def test_the_report_says_that_letters_are_printed_and_not_mailed_yet(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {"city": None}]))
    assert "once the letters are made" in reports.report(wb, campaign.campaign_id).headline
    printed(wb, campaign)
    shown = reports.report(wb, campaign.campaign_id)
    assert shown.ledger.select("result", "reason", "count").rows() == [
        ("Not sent", "the postal address on file is incomplete", 1),
        ("Waiting", "printed, not mailed yet", 1),
    ]
    assert shown.headline.startswith("Reached 0 of 2 patients")
    assert shown.schedule.startswith("Letters made on Tue 24 Nov 2026, mail date Wed 25 Nov 2026")


def test_files_made_again_are_the_same_also_after_somebody_has_moved(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(
        bench, add_people(bench, [{}, {}, {}]), body="<p>{{ patient.full_name }}, call {{ call_back_number }}</p>"
    )
    run = printed(bench, campaign)
    first = {each.kind: each.digest for each in run.files}
    for each in run.files:
        downloads.delete(bench, each.file_id)
    move(bench, "p2", address1="99 Other Street", first="Eva")
    assert run_of(bench, campaign).missing_file_count == 2
    print_runs.make_again(bench, run.run_id)
    assert make(bench) == 2
    again = run_of(bench, campaign)
    assert {each.kind: each.digest for each in again.files} == first
    assert {hashlib.sha256(downloads.content(bench, each.file_id).content).hexdigest() for each in again.files} == set(
        first.values()
    )
    assert states(bench, campaign)["p2"] == ("printed", "")
    with pytest.raises(NotAllowed, match="All files are there"):
        print_runs.make_again(bench, run.run_id)


def test_nobody_gets_a_second_letter(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    ask(wb, campaign)
    with pytest.raises(NotAllowed, match="being made"):
        ask(wb, campaign)
    make(wb)
    with pytest.raises(NotAllowed, match="nobody gets a second one"):
        ask(wb, campaign)
    assert make(wb) == 0


def test_labels_before_the_letters_fit_or_are_marked_as_outdated(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}, {}]))
    run = printed(bench, campaign, letters=False)
    assert (run.has_letters, run.has_labels, len(run.files)) == (False, True, 1)
    assert campaigns.campaign(bench, campaign.campaign_id).status == "inactive"
    assert {state for state, _ in states(bench, campaign).values()} == {"waiting"}
    assert ask(bench, campaign, letters=False) == run.run_id, "the same labels are not made twice"
    move(bench, "p2", address1="7 New Road")
    changed = printed(bench, campaign, labels=False)
    assert changed.is_labels_outdated
    assert [(each.kind, each.is_outdated) for each in changed.files] == [("letters", False), ("labels", True)]
    ask(bench, campaign, letters=False)
    make(bench)
    right = run_of(bench, campaign)
    assert [(each.kind, each.is_outdated) for each in right.files] == [("letters", False), ("labels", False)]
    assert "7 New Road" in words_of(downloads.content(bench, right.files[1].file_id).content)[0]
    assert "7 New Road" in words_of(downloads.content(bench, right.files[0].file_id).content)[0]


def test_labels_that_still_fit_stay_beside_the_letters(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    printed(wb, campaign, letters=False)
    run = printed(wb, campaign, labels=False)
    assert not run.is_labels_outdated
    assert [each.kind for each in run.files] == ["letters", "labels"]


def test_labels_of_letters_that_are_made_go_on_whatever_sheet_lies_in_the_printer(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}, {}, {}]))
    run = printed(bench, campaign)
    before = {each.kind: each.digest for each in run.files}

    def again(sheet: str, first: int) -> dict[str, tuple[str, int]]:
        kept = campaigns.campaign(bench, campaign.campaign_id)
        print_runs.start(
            bench, kept.campaign_id, letters=False, labels=True, version=kept.version, on_sheet=(sheet, first)
        )
        make(bench)
        return {each.kind: (each.digest, each.pages) for each in run_of(bench, campaign).files}

    same = again("avery-5160", 1)
    other = again("avery-5163", 9)
    back = again("avery-5160", 1)

    assert {kind: digest for kind, (digest, _) in same.items()} == before
    assert other["labels"][0] != before["labels"] and other["labels"][1] == 2
    assert other["letters"][0] == before["letters"]
    assert {kind: digest for kind, (digest, _) in back.items()} == before
    with pytest.raises(NotAllowed, match="There is no such label"):
        again("avery-5163", 11)
    with pytest.raises(NotAllowed, match="There is no such label"):
        again("avery-0", 1)
    assert len(run_of(bench, campaign).files) == 2


def test_a_campaign_whose_letters_are_being_made_can_be_stopped_and_not_changed(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    ask(wb, campaign)
    with pytest.raises(NotAllowed, match="being made just now"):
        campaigns.save(wb, campaign.campaign_id, {"name": "Other"}, version=campaign.version)
    assert campaigns.stop(wb, campaign.campaign_id) == 1
    assert make(wb) == 0
    assert run_of(wb, campaign).state == "stopped"
    assert states(wb, campaign) == {"p1": ("stopped", "stopped")}
    with pytest.raises(NotAllowed, match="stopped for good"):
        ask(wb, campaign)


def test_letters_are_never_activated(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    with pytest.raises(NotAllowed, match="not activated"):
        campaigns.activate(wb, campaign.campaign_id)


def test_an_older_version_on_the_screen_is_not_printed(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    with pytest.raises(NotAllowed, match="not saved"):
        print_runs.start(wb, campaign.campaign_id, letters=True, labels=False, version=campaign.version - 1)
    assert print_runs.run_of(wb, campaign.campaign_id) is None


def test_where_nobody_has_an_address_nothing_is_planned(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{"address1": None, "city": None, "state": None, "zip": None}]))
    with pytest.raises(NotAllowed, match="no postal address on file"):
        ask(wb, campaign)
    assert states(wb, campaign) == {"p1": ("waiting", "")}


def test_a_plan_of_another_day_is_worked_out_anew(wb: Workbench, clock: Clock) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    ask(wb, campaign)
    move(wb, "p1", status="deceased")
    clock.forward(days=1)
    make(wb)
    assert states(wb, campaign) == {"p1": ("not_sent", "deceased"), "p2": ("printed", "")}
    assert run_of(wb, campaign).letter_count == 1


def test_which_files_are_being_made_is_one_question_however_many_campaigns_there_are(wb: Workbench) -> None:
    clinic_that_prints(wb)
    ids = add_people(wb, [{}])
    others = [letter_campaign(wb, ids) for _ in range(2)]
    for each in others:
        ask(wb, each)
    make(wb)
    asked: list[str] = []
    event.listen(wb.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert print_runs.under_way(wb) == {}
    assert len([each for each in asked if each.startswith("SELECT")]) == 1
    campaign = letter_campaign(wb, ids)
    run_id = ask(wb, campaign)
    assert {name: run.run_id for name, run in print_runs.under_way(wb).items()} == {campaign.name: run_id}
    nobody = replace(wb, user=replace(wb.user, user_id="bo", scope=Scope(groups=frozenset({"g2"}))))
    assert print_runs.under_way(nobody) == {}


def test_files_expire_and_their_lines_stay(wb: Workbench, clock: Clock) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    file = printed(wb, campaign, labels=False).files[0]
    clock.forward(days=30)
    assert downloads.expire(wb.as_user(DISPATCHER)) == 1
    assert downloads.files(wb) == []
    (line,) = downloads.files(wb, with_deleted=True)
    assert (line.file_id, line.deleted_how, line.digest) == (file.file_id, "expired", file.digest)
    with pytest.raises(NotFound, match="made again"):
        downloads.content(wb, file.file_id)


def test_two_workers_share_and_make_each_file_once(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    people = add_people(bench, [{} for _ in range(8)])
    made = [letter_campaign(bench, [each]) for each in people]
    for each in made:
        ask(bench, each, labels=False)
    counts: list[int] = []
    workers = [threading.Thread(target=lambda name=f"w{n}": counts.append(make(bench, name))) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(counts) == 8
    assert len(downloads.files(bench)) == 8
    assert all(run_of(bench, each).state == "ready" for each in made)


def test_a_worker_whose_lease_ran_out_is_followed_by_another(wb: Workbench, clock: Clock) -> None:
    from core.store import print_rows
    from core.store.database import writing

    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    ask(wb, campaign)
    with writing(wb.engine) as connection:
        assert print_rows.take(connection, worker="dead", at=wb.now())
    assert make(wb) == 0
    clock.at += print_rows.LEASE + timedelta(seconds=1)
    assert make(wb) == 2
    assert run_of(wb, campaign).state == "ready"


def test_a_file_that_the_database_refuses_ends_the_run_in_a_sentence(wb: Workbench) -> None:
    clinic_that_prints(wb)
    ids = add_people(wb, [{}])
    campaign = letter_campaign(wb, ids)
    run_id = ask(wb, campaign)
    document = downloads.add_document(wb, "Guide", "", b"Plain words")
    with writing(wb.engine) as connection:
        taken = {"live_key": download_rows.live_key(run_id, "letters", 1)}
        connection.execute(update(downloads_table).where(downloads_table.c.file_id == document.file_id).values(taken))
    assert make(wb) == 0
    run = run_of(wb, campaign)
    assert (run.state, run.files) == ("failed", ()) and "IntegrityError" in run.problem


def test_a_copy_is_for_whom_no_letter_was_printed(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {"zip": "00000"}]))
    printed(wb, campaign)
    assert new_campaigns.plan_copy(wb, campaign.campaign_id).patient_ids == ("p2",)


def test_who_cannot_be_printed_is_listed_and_the_others_get_their_letters(wb: Workbench) -> None:
    clinic_that_prints(wb)
    people: list[dict[str, Any]] = [
        {"last": "Ex\U00012345"},
        {"address1": "W" * 300},
        {"first": None, "last": None},
        {"last": "Nguyễn 李"},
    ]
    campaign = letter_campaign(wb, add_people(wb, people))
    assert printed(wb, campaign).letter_count == 1
    assert {patient: why for patient, (_, why) in states(wb, campaign).items()} == {
        "p1": "no_glyph", "p2": "address_too_long", "p3": "missing_field:patient.full_name", "p4": "",
    }  # fmt: skip
    listed = print_runs.not_printed(wb, campaign.campaign_id)
    assert listed["patient_id"].to_list() == ["p1", "p2", "p3"]
    assert listed["reason"][0] == "the letter holds a character that cannot be printed"


def test_a_letter_can_be_looked_at_before_it_is_printed(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {"zip": None}]))
    (page,) = words_of(letters.preview(wb, campaign, "p1"))
    assert "Dear Ada," in page and "1 Shore Road" in page
    (page,) = words_of(letters.example(wb, campaign))
    assert "Ada Example Jr." in page
    test = letters.test_letter(wb, campaign.campaign_id, "p1")
    assert "TEST" in words_of(test.content)[0] and states(wb, campaign)["p1"] == ("waiting", "")
    with pytest.raises(NotAllowed, match="incomplete"):
        letters.preview(wb, campaign, "p2")
    with pytest.raises(NotFound):
        letters.preview(wb, campaign, "p99")
    assert letters.findings(wb, campaign) == [] and letters.problems(wb, campaign) == {}
