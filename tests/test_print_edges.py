"""Letters at the edges: full files, two people who press at once, returned letters of two campaigns, sisters."""

import threading
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from core import campaigns, downloads, mailings, new_campaigns, preflight, print_runs, templates
from core.domain.campaign import Message
from core.domain.organisation import ReturnAddress
from core.errors import CareloopError, NotAllowed
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import recipients
from core.workbench import Workbench
from tests.conftest import Clock
from tests.letters import (
    add_people,
    ask,
    clinic_that_prints,
    letter_campaign,
    make,
    printed,
    run_of,
    states,
    words_of,
)
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

_BODY = "<p>{{ patient.first_name }} {% if gaps %}{{ gaps | listed }}{% endif %} {{ call_back_number }}</p>"
TODAY = date(2026, 11, 24)


@pytest.mark.long
@pytest.mark.parametrize(("count", "files"), [(200, [200]), (201, [200, 1]), (400, [200, 200])])
def test_files_are_full_and_labels_lie_in_their_order(wb: Workbench, count: int, files: list[int]) -> None:
    clinic_that_prints(wb)
    run = printed(wb, letter_campaign(wb, add_people(wb, [{} for _ in range(count)])))
    own = [each for each in run.files if each.kind == "letters"]
    assert [each.pages for each in own] == files
    text = [page for each in own for page in words_of(downloads.content(wb, each.file_id).content)]
    labels = "".join(words_of(downloads.content(wb, run.files[-1].file_id).content))
    order = [page[page.index("Ada Example") :].split()[1] for page in text]
    places = [labels.index(f"{each}\r\n") for each in order]
    assert len(set(order)) == count and places == sorted(places)


def test_two_people_who_press_at_once_print_once(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    campaign = letter_campaign(bench, add_people(bench, [{}, {}]))
    answers: list[str] = []

    def press() -> None:
        try:
            answers.append(ask(bench, campaign))
        except CareloopError as error:
            answers.append(type(error).__name__)

    pressing = [threading.Thread(target=press) for _ in range(4)]
    for each in pressing:
        each.start()
    for each in pressing:
        each.join()
    assert (len(answers), answers.count("NotAllowed")) == (4, 3)
    make(bench)
    assert run_of(bench, campaign).letter_count == 2 and len(downloads.files(bench)) == 2


def test_stopping_while_the_last_file_is_made_prints_all_or_nothing(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    ids = add_people(bench, [{} for _ in range(4)])
    for each in ids:
        campaign = letter_campaign(bench, [each])
        ask(bench, campaign)
        making = threading.Thread(target=make, args=(bench,))
        making.start()
        with suppress(CareloopError):
            campaigns.stop(bench, campaign.campaign_id)
        making.join()
        status = campaigns.campaign(bench, campaign.campaign_id).status
        found = (status, run_of(bench, campaign).state, states(bench, campaign)[each][0])
        assert found in [("stopped", "stopped", "stopped"), ("completed", "ready", "printed")]
        assert bool(run_of(bench, campaign).files) == (status == "completed")


@pytest.mark.parametrize("reason", ["mail_moved", "mail_vacant"])
def test_taking_one_return_back_leaves_that_of_another_campaign(wb: Workbench, reason: str) -> None:
    clinic_that_prints(wb)
    add_people(wb, [{}])
    made = [letter_campaign(wb, ["p1"]) for _ in range(2)]
    for each in made:
        printed(wb, each)
    for each in made:
        mailings.mark_returned(wb, each.campaign_id, patient_ids=["p1"], reason=reason, on=TODAY)
    mailings.take_back_returned(wb, made[0].campaign_id, patient_ids=["p1"])
    assert preflight.reach(wb, ["p1"], channels=["letter"])[0].reached == ()
    mailings.take_back_returned(wb, made[1].campaign_id, patient_ids=["p1"])
    assert preflight.reach(wb, ["p1"], channels=["letter"])[0].reached == ("p1",)


def test_a_letter_returned_from_general_delivery_stops_those_of_nobody_else(wb: Workbench) -> None:
    clinic_that_prints(wb)
    there = {"address1": "General Delivery"}
    campaign = letter_campaign(wb, add_people(wb, [there, there]))
    printed(wb, campaign)
    mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p1"], reason="mail_undeliverable", on=TODAY)
    assert preflight.reach(wb, ["p1", "p2"], channels=["letter"])[0].reached == ("p2",)


def test_a_letter_beside_an_email_and_the_other_way_round(wb: Workbench, clock: Clock) -> None:
    clinic_that_prints(wb)
    ids = add_people(wb, [{"email": "a@example.org"}, {}])
    by_email = next(each for each in templates.library() if each.channel == "email")
    email = new_campaigns.create(wb, template_id=by_email.template_id, patient_ids=ids)
    sister = campaigns.campaign(wb, new_campaigns.also_by(wb, email, "ad-hoc-letter"))
    message = {"en": Message("", "<p>Call {{ call_back_number }} {{ sign_off }}</p>")}
    sister = campaigns.save(
        wb, sister.campaign_id, {"messages": message, "purpose": "announcement"}, version=sister.version
    )
    printed(wb, sister)
    assert {state for state, _ in states(wb, sister).values()} == {"printed"}
    with pytest.raises(NotAllowed):
        new_campaigns.also_by(wb, sister.campaign_id, by_email.template_id)
    mailings.mark_mailed(wb, sister.campaign_id, on=TODAY)
    clock.forward(days=1)
    again = campaigns.campaign(wb, new_campaigns.copy(wb, sister.campaign_id, patient_ids=ids))
    assert (again.channel, again.family_id, again.status) == ("letter", None, "inactive")
    assert printed(wb, again).patient_count == 2


def test_a_plan_is_the_same_when_nothing_changed(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    people: list[dict[str, Any]] = [
        {"first": "Éva\u2028"},
        {"last": "李"},
        {"zip": None},
        {"address2": "N/A"},
        {"address1": "1 Shore Road"},
    ]
    campaign = letter_campaign(bench, add_people(bench, people), body=_BODY, per_household="no")
    ask(bench, campaign)
    assert make(bench) == 2, "no file is made twice"


def test_records_that_change_again_and_again_end_in_a_sentence(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    ask(wb, campaign)
    _run(wb, "CREATE TRIGGER t AFTER INSERT ON downloads BEGIN UPDATE patients SET address1 = address1 || '1'; END")
    make(wb)
    run = run_of(wb, campaign)
    assert (run.state, run.files) == ("failed", ()) and "changed again" in run.problem
    _run(wb, "DROP TRIGGER t")
    assert printed(wb, campaign).state == "ready"


def _run(wb: Workbench, statement: str) -> None:
    with writing(wb.engine) as connection:
        connection.exec_driver_sql(statement)


def test_a_letter_that_came_back_unmarked_was_mailed_after_it_was_made(wb: Workbench, clock: Clock) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    clock.forward(days=5)
    printed(wb, campaign)
    mailings.mark_returned(wb, campaign.campaign_id, patient_ids=["p1"], reason="mail_moved", on=date(2026, 11, 29))
    with reading(wb.engine) as connection:
        assert connection.scalars(select(recipients.c.handed_over_at)).one().date() == date(2026, 11, 29)


def test_what_failed_at_first_can_be_tried_again(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    run_id = ask(wb, campaign)
    _run(wb, "UPDATE print_runs SET state = 'failed', problem = 'no memory'")
    print_runs.make_again(wb, run_id)
    make(wb)
    run = run_of(wb, campaign)
    assert (run.state, run.letter_count, run.has_labels) == ("ready", 2, True)
    assert {state for state, _ in states(wb, campaign).values()} == {"printed"}


def test_what_failed_when_it_was_made_again_can_be_tried_again(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {}]))
    run = printed(wb, campaign)
    for each in run.files:
        downloads.delete(wb, each.file_id)
    print_runs.make_again(wb, run.run_id)
    _run(wb, "UPDATE print_runs SET state = 'failed', problem = 'no memory'")
    print_runs.make_again(wb, run.run_id)
    assert make(wb) == 2 and run_of(wb, campaign).state == "ready"


def test_an_address_that_fits_the_letter_and_not_the_label_stops_nobodys_letters(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {"first": "W" * 30, "last": None}, {}]), sheet="avery-l7160")
    run = printed(wb, campaign)
    assert (run.state, run.letter_count) == ("ready", 3)
    labels = words_of(downloads.content(wb, run.files[1].file_id).content)[0].split("Example Health Group")
    assert "Example1" in labels[1] and "Letter 2" in labels[2] and "by hand" in labels[2] and "Example3" in labels[3]


@pytest.mark.parametrize("name", ["W" * 30, "李" * 30, "M" * 25])
@pytest.mark.parametrize("page", ["letter-window", "a4-window"])
def test_one_wide_name_stops_nobody_elses_letter(wb: Workbench, page: str, name: str) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}, {"first": name, "last": None}]), page=page)
    run = printed(wb, campaign)
    assert run.state == "ready" and states(wb, campaign)["p1"] == ("printed", "")


def test_a_sender_too_long_for_labels_is_said_before_and_keeps_no_labels_of_made_letters(wb: Workbench) -> None:
    clinic_that_prints(wb)
    long = ReturnAddress("main", "Main", ("S" * 80, "100 Example Street", "Springfield, IL 62701"))
    changes: dict[str, Any] = {"return_addresses": (long,)}
    accounts.change_organisation(wb.engine, changes, at=wb.now(), by="ana")
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    with pytest.raises(NotAllowed, match="sender is too long"):
        ask(wb, campaign)
    assert print_runs.run_of(wb, campaign.campaign_id) is None
    assert printed(wb, campaign, labels=False).state == "ready"
    ask(wb, campaign, letters=False)
    make(wb)
    run = run_of(wb, campaign)
    assert (run.state, [each.kind for each in run.files]) == ("ready", ["letters", "labels"])
