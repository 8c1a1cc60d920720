"""Approval by a second person: what goes out is what somebody else has approved, to the letter (C11)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from core import approval_mail, approvals, campaigns, dispatcher, print_runs, users
from core.domain.approval import content_digest
from core.domain.campaign import EDITABLE, Message
from core.domain.organisation import Organisation
from core.errors import Conflict, NotAllowed, SettingsError
from core.store.database import reading, writing
from core.store.schema import audit, recipients
from core.store.schema import campaigns as campaign_table
from core.workbench import DISPATCHER, Workbench
from tests.clinic import CAMPAIGN, add_campaign, add_patients, clinic_that_sends, states_only
from tests.colleagues import add_colleagues, add_limited, approve, clinic_with_approval, set_up, state
from tests.conftest import Clock
from tests.letters import add_people, clinic_that_prints, letter_campaign, make, run_of
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_with_approval(bench, server.port)


def make_draft(wb: Workbench, count: int = 3, *, by: str = "nina") -> str:
    ids = add_patients(wb, count)
    return campaigns.create(wb.as_user(by), template_id="mammogram-reminder", patient_ids=ids)


def actions(wb: Workbench) -> list[str]:
    with reading(wb.engine) as connection:
        return list(connection.scalars(select(audit.c.action).order_by(audit.c.audit_id)))


# ---- asking and approving ------------------------------------------------------------------------------------------
def test_asked_for_it_waits_on_the_approvers_home_and_in_their_mailbox(wb: Workbench, server: Recorder) -> None:
    campaign_id = make_draft(wb)
    assert state(wb, campaign_id) == "not_asked"

    assert approvals.ask(wb.as_user("nina"), campaign_id) == 2
    assert server.mails == [], "a page waits for no mail server"
    assert [approval_mail.send_due(wb) for _ in range(2)] == [2, 0]

    assert state(wb, campaign_id) == "waits"
    assert b"Nina Sample asks for approval of a email campaign" not in server.contents[0]
    assert b"Nina Sample asks for approval of an email campaign" in server.contents[0]
    assert sorted(to for to, _ in server.mails) == ["omar@example.org", "pia@example.org"]
    assert [one.campaign_id for one, _ in approvals.waiting(wb.as_user("omar"))] == [campaign_id]
    assert approvals.waiting(wb.as_user("nina")) == [] == approvals.waiting(wb.as_user("mo"))
    assert "campaign.approval_asked" in actions(wb)
    with pytest.raises(NotAllowed, match="waits for approval already"):
        approvals.ask(wb.as_user("nina"), campaign_id)


def test_a_mail_server_that_is_away_keeps_nobody_from_asking(wb: Workbench, server: Recorder, clock: Clock) -> None:
    away = replace(wb, settings=replace(wb.settings, smtp_port=1))
    campaign_id = make_draft(wb)

    assert approvals.ask(away.as_user("nina"), campaign_id) == 2

    assert state(wb, campaign_id) == "waits"
    assert approval_mail.send_due(away) == 0 == approval_mail.send_due(wb), "not at once"
    clock.forward(minutes=3)
    assert approval_mail.send_due(wb) == 2


def test_an_approver_is_told_of_each_time_somebody_asks_and_of_nothing_that_waits_no_more(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    campaign_id = make_draft(wb)
    approvals.ask(wb.as_user("nina"), campaign_id)
    approve(wb, campaign_id)
    assert approval_mail.send_due(wb) == 0

    campaigns.save(wb.as_user("nina"), campaign_id, {"description": "another"}, version=1)
    clock.forward(minutes=1)
    approvals.ask(wb.as_user("nina"), campaign_id)
    users.change(wb, "pia", is_active=False)
    dispatcher.run(wb.as_user(DISPATCHER), once=True)

    assert [to for to, _ in server.mails] == ["omar@example.org"]
    assert actions(wb).count("campaign.approver_told") == 1


def test_approved_it_waits_no_more_and_can_be_activated(wb: Workbench) -> None:
    campaign_id = make_draft(wb)
    approvals.ask(wb.as_user("nina"), campaign_id)
    with pytest.raises(NotAllowed, match="waits for approval by a second person"):
        campaigns.activate(wb.as_user("omar"), campaign_id)

    found = approvals.approve(wb.as_user("omar"), campaign_id, version=1, note="Fine with me")

    assert (found.state, found.kept and found.kept.approved_by, found.asked) == ("approved", "omar", None)
    assert approvals.waiting(wb.as_user("pia")) == []
    assert campaigns.activate(wb.as_user("omar"), campaign_id).status == "active"
    assert actions(wb)[-2:] == ["campaign.approved", "campaign.activated"]


def test_an_author_who_may_activate_does_so_once_somebody_else_has_approved(wb: Workbench) -> None:
    campaign_id = make_draft(wb, by="omar")
    with pytest.raises(NotAllowed, match="You made this campaign"):
        approve(wb, campaign_id, by="omar")

    approve(wb, campaign_id, by="pia")

    assert campaigns.activate(wb.as_user("omar"), campaign_id).activated_by == "omar"


def test_who_changed_it_does_not_approve_it_and_whoever_did_not_does(wb: Workbench) -> None:
    campaign_id = make_draft(wb)
    campaigns.save(wb.as_user("omar"), campaign_id, {"description": "For Omar's clinic"}, version=1)

    with pytest.raises(NotAllowed, match="You changed this campaign"):
        approve(wb, campaign_id, by="omar")

    approve(wb, campaign_id, by="pia")
    assert state(wb, campaign_id) == "approved"


@pytest.mark.parametrize("user_id", ["nina", "nick", "mo"])
def test_who_may_not_activate_does_not_approve(wb: Workbench, user_id: str) -> None:
    campaign_id = make_draft(wb)

    with pytest.raises(NotAllowed, match="You may not activate or approve campaigns"):
        approve(wb, campaign_id, by=user_id)


def test_who_sees_only_some_of_its_patients_does_not_approve_and_is_not_asked(wb: Workbench, server: Recorder) -> None:
    ids = add_patients(wb, 1) + add_patients(wb, 1, start=2, group=2)
    campaign_id = campaigns.create(wb.as_user("nina"), template_id="mammogram-reminder", patient_ids=ids)
    some = add_limited(wb, "sue", "approver", "g1")

    approvals.ask(wb.as_user("nina"), campaign_id)

    assert approvals.waiting(some) == []
    with pytest.raises(NotAllowed, match="patients you may not see"):
        approvals.approve(some, campaign_id, version=1)


def test_an_approver_approves_what_was_looked_at(wb: Workbench) -> None:
    campaign_id = make_draft(wb)
    campaigns.save(wb.as_user("nina"), campaign_id, {"description": "changed meanwhile"}, version=1)

    with pytest.raises(Conflict, match="was changed by Nina Sample meanwhile"):
        approvals.approve(wb.as_user("omar"), campaign_id, version=1)

    assert state(wb, campaign_id) == "not_asked"


def test_what_could_not_be_active_is_neither_asked_for_nor_approved(wb: Workbench) -> None:
    ids = add_patients(wb, 1)
    campaign_id = campaigns.create(wb.as_user("nina"), template_id="weight-management", patient_ids=ids)

    with pytest.raises(NotAllowed, match=r"Approval cannot be asked for yet.*class_date"):
        approvals.ask(wb.as_user("nina"), campaign_id)
    with pytest.raises(NotAllowed, match="cannot be approved yet"):
        approve(wb, campaign_id)


def test_where_no_approval_is_asked_for_there_is_none_to_give(wb: Workbench) -> None:
    set_up(wb, approval="none")
    campaign_id = make_draft(wb)

    with pytest.raises(NotAllowed, match="asks for no approval"):
        approve(wb, campaign_id)
    assert campaigns.activate(wb.as_user("omar"), campaign_id).status == "active"


def test_the_setting_takes_only_its_two_words(wb: Workbench) -> None:
    with pytest.raises(SettingsError, match="approval"):
        set_up(wb, approval="perhaps")


# ---- what ends it --------------------------------------------------------------------------------------------------
EDITS: list[dict[str, Any]] = [
    {"name": "Another name"},
    {"description": "Why"},
    {"purpose": "education"},
    {"start_on": date(2026, 12, 1)},
    {"messages": {"en": Message("Hello", "<p>Please call {{ call_back_number }}.</p>")}},
    {"messages": None},  # a Spanish message as well
    {"from_email": "care@example.org"},
    {"from_name": "Another team"},
    {"fields": {"call_back_number": "+15550100123", "sign_off": "Your care team"}},
    {"measures": ()},
    {"protocols": ()},
    {"skip_closed_gaps": False},
    {"skip_booked": False},
    {"design": "hold_out", "holdout_share": 10},
    {"holdout_share": 20, "design": "hold_out"},
    {"delay_weeks": 8, "holdout_share": 50, "design": "delayed"},
    {"variant": {"en": Message("Another subject", "<p>Call {{ call_back_number }}.</p>")}},
]


@pytest.mark.parametrize("changes", EDITS, ids=lambda each: next(iter(each)))
def test_each_edit_ends_an_approval_and_says_whose_it_was(wb: Workbench, changes: dict[str, Any]) -> None:
    campaign_id = make_draft(wb)
    approve(wb, campaign_id)
    was = campaigns.campaign(wb, campaign_id)
    if changes == {"messages": None}:
        changes = {"messages": {**was.messages, "es": Message("Hola", "<p>Llame al {{ call_back_number }}.</p>")}}

    campaigns.save(wb.as_user("nina"), campaign_id, changes, version=was.version)

    found = approvals.state(wb, campaign_id)
    assert (found.state, found.kept and found.kept.voided_by) == ("void", "nina")
    with pytest.raises(NotAllowed, match="waits for approval"):
        campaigns.activate(wb.as_user("omar"), campaign_id)


def test_every_field_that_can_be_edited_is_tried_above() -> None:
    assert {next(iter(each)) for each in EDITS} == set(EDITABLE)


def test_an_edit_that_is_undone_needs_an_approval_all_the_same(wb: Workbench) -> None:
    campaign_id = make_draft(wb)
    approve(wb, campaign_id)
    was = campaigns.campaign(wb, campaign_id)

    campaigns.save(wb.as_user("nina"), campaign_id, {"name": "Other"}, version=was.version)
    campaigns.save(wb.as_user("nina"), campaign_id, {"name": was.name}, version=was.version + 1)

    assert state(wb, campaign_id) == "void"


def test_saving_without_a_change_ends_nothing(wb: Workbench) -> None:
    campaign_id = make_draft(wb)
    approve(wb, campaign_id)
    was = campaigns.campaign(wb, campaign_id)

    campaigns.save(wb.as_user("nina"), campaign_id, {"name": was.name}, version=was.version)

    assert state(wb, campaign_id) == "approved"


def test_an_edit_of_an_active_campaign_makes_it_inactive(wb: Workbench) -> None:
    campaign_id = make_draft(wb)
    approve(wb, campaign_id)
    active = campaigns.activate(wb.as_user("omar"), campaign_id)

    edited = campaigns.save(wb.as_user("omar"), campaign_id, {"description": "Why"}, version=active.version)

    assert (edited.status, edited.activated_by) == ("inactive", None)
    with pytest.raises(NotAllowed, match="waits for approval"):
        campaigns.activate(wb.as_user("pia"), campaign_id)
    approve(wb, campaign_id, by="pia")
    assert campaigns.activate(wb.as_user("omar"), campaign_id).status == "active"


def test_taken_back_and_activated_again_unchanged_needs_no_second_approval(wb: Workbench) -> None:
    campaign_id = make_draft(wb)
    approve(wb, campaign_id)
    campaigns.activate(wb.as_user("omar"), campaign_id)

    campaigns.inactivate(wb.as_user("nina"), campaign_id)

    assert campaigns.activate(wb.as_user("pia"), campaign_id).status == "active"


def test_another_recipient_or_order_of_them_is_told_by_the_hash() -> None:
    whole = content_digest(CAMPAIGN, [1, 2], {})

    assert content_digest(CAMPAIGN, [2, 1], {}) == whole
    assert content_digest(CAMPAIGN, [1, 2, 3], {}) != whole != content_digest(CAMPAIGN, [1], {})
    assert content_digest(replace(CAMPAIGN, channel="text"), [1, 2], {}) != whole
    assert content_digest(CAMPAIGN, [1, 2], {"sender": ["Another"]}) != whole


# ---- sending -------------------------------------------------------------------------------------------------------
def test_what_was_changed_behind_the_programs_back_is_held_and_the_others_go_out(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    campaign_id = make_draft(wb, 2)
    approve(wb, campaign_id)
    campaigns.activate(wb.as_user("omar"), campaign_id)
    other = campaigns.create(wb.as_user("nina"), template_id="mammogram-reminder", patient_ids=["p1", "p2"])
    campaigns.save(wb.as_user("nina"), other, {"start_on": date(2026, 11, 27)}, version=1)
    approve(wb, other)
    campaigns.activate(wb.as_user("omar"), other)
    with writing(wb.engine) as connection:
        mine = campaign_table.c.campaign_id == campaign_id
        connection.execute(update(campaign_table).where(mine).values(from_name="Somebody"))
    clock.at = datetime(2026, 11, 27, 18, tzinfo=UTC)

    assert dispatcher.drain(wb) == 2

    assert states_only(wb, campaign_id=campaign_id) == ["waiting"] * 2
    assert states_only(wb, campaign_id=other) == ["handed_over"] * 2
    with writing(wb.engine) as connection:  # put right, it goes on by itself
        connection.execute(update(campaign_table).where(mine).values(from_name="Your care team"))
    set_up(wb, contacts_per_day=9)
    assert dispatcher.drain(wb) == 2


def test_turned_on_for_the_first_time_the_setting_holds_nothing_that_was_activated_before(
    bench: Workbench,  # noqa: F811
    server: Recorder,
    clock: Clock,
) -> None:
    wb = clinic_that_sends(bench, server.port)
    add_colleagues(wb)
    before = make_draft(wb, 2)
    campaigns.activate(wb.as_user("omar"), before)
    clock.forward(minutes=5)
    set_up(wb, approval="second_person")
    clock.at = datetime(2026, 11, 25, 18, tzinfo=UTC)

    assert dispatcher.drain(wb) == 2
    assert campaigns.progress(wb, before).waiting_count == 0


def test_what_was_put_active_without_approval_after_the_setting_was_turned_on_is_held(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    clock.forward(minutes=5)
    add_campaign(wb, add_patients(wb, 2))

    assert dispatcher.drain(wb) == 0
    [listed] = campaigns.campaigns(wb)
    assert "nobody has approved" in listed.schedule and "nobody has approved" in campaigns.schedule(wb, listed.campaign)


def test_a_merge_of_two_records_of_one_person_ends_no_approval(wb: Workbench) -> None:
    campaign_id = make_draft(wb, 2)
    approve(wb, campaign_id)

    with writing(wb.engine) as connection:
        row = (recipients.c.campaign_id == campaign_id) & (recipients.c.patient_id == "p1")
        connection.execute(update(recipients).where(row).values(patient_id="p9"))

    assert state(wb, campaign_id) == "approved"


# ---- letters -------------------------------------------------------------------------------------------------------
@pytest.fixture
def prints(bench: Workbench) -> Workbench:  # noqa: F811
    clinic_that_prints(bench)
    add_colleagues(bench)
    set_up(bench, approval="second_person")
    return bench


def test_letters_are_printed_when_a_second_person_has_approved_them(prints: Workbench) -> None:
    made = letter_campaign(prints.as_user("nina"), add_people(prints, [{}, {}]))

    def start(version: int) -> None:
        print_runs.start(prints.as_user("nina"), made.campaign_id, letters=True, labels=True, version=version)

    with pytest.raises(NotAllowed, match="waits for approval"):
        start(made.version)
    approve(prints, made.campaign_id)

    start(made.version)
    make(prints)

    assert run_of(prints, made).state == "ready"


def test_another_sender_on_letters_needs_an_approval(prints: Workbench) -> None:
    made = letter_campaign(prints.as_user("nina"), add_people(prints, [{}]))
    approve(prints, made.campaign_id)
    assert state(prints, made.campaign_id) == "approved"

    address = replace(
        prints.organisation().return_addresses[0], lines=("Another Group", "1 Other St", "Elsewhere, IL 60001")
    )
    set_up(prints, return_addresses=(address,))

    assert state(prints, made.campaign_id) == "void"


def test_the_default_is_none() -> None:
    assert Organisation().approval == "none"


def test_an_approver_who_left_has_approved_all_the_same(wb: Workbench, clock: Clock) -> None:
    campaign_id = make_draft(wb, 1)
    approve(wb, campaign_id)
    users.change(wb, "omar", is_active=False)
    clock.forward(hours=1)

    assert campaigns.activate(wb.as_user("pia"), campaign_id).activated_at == wb.now()
