"""What one person may not do alone where a second one must approve: not with somebody's help who only saves, not by the
setting, and not by what patients see beside the campaign (C11)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select

from core import (
    approval_mail,
    approvals,
    campaigns,
    dispatcher,
    introductory_email,
    logos,
    organisation_settings,
    setting_effects,
)
from core.domain.campaign import Message
from core.errors import NotAllowed
from core.store import approval_rows
from core.store.database import migrate, reading, writing
from core.store.schema import audit, provider_settings
from core.workbench import DISPATCHER, Workbench
from tests.clinic import add_patients, clinic_that_sends
from tests.colleagues import add_colleagues, approve, clinic_with_approval, set_up, state
from tests.conftest import Clock
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_logos import png
from tests.test_migrations import to

TEMPLATES = {"email": "mammogram-reminder", "text": "ad-hoc-text", "phone": "check-up-reminder-call"}


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_with_approval(bench, server.port)


def draft(wb: Workbench, channel: str = "email") -> str:
    ids = add_patients(wb, 2, phone_mobile="+13125550142")
    made = campaigns.create(wb.as_user("nina"), template_id=TEMPLATES[channel], patient_ids=ids)
    if channel == "phone":
        fields = {**campaigns.campaign(wb, made).fields, "on_behalf_of": "Dr. 1 Sample"}
        save(wb, made, "nina", fields=fields)
    return made


def save(wb: Workbench, campaign_id: str, by: str, **changes: Any) -> None:
    campaigns.save(wb.as_user(by), campaign_id, changes, version=campaigns.campaign(wb, campaign_id).version)


# ---- who has changed it ---------------------------------------------------------------------------------------------
def test_an_approver_does_not_approve_a_text_of_his_own_after_somebody_else_has_saved(wb: Workbench) -> None:
    campaign_id = draft(wb)
    save(wb, campaign_id, "omar", messages={"en": Message("Call me", "<p>Call {{ call_back_number }}</p>")})
    save(wb, campaign_id, "nina", description="A word")

    with pytest.raises(NotAllowed, match="You changed this campaign"):
        approve(wb, campaign_id)
    assert approvals.ask(wb.as_user("nina"), campaign_id) == 1  # Pia alone
    assert [one.campaign_id for one, _ in approvals.waiting(wb.as_user("pia"))] == [campaign_id]
    assert approvals.waiting(wb.as_user("omar")) == []

    approve(wb, campaign_id, by="pia")
    assert state(wb, campaign_id) == "approved"


def test_what_a_second_person_has_approved_counts_no_more_against_who_wrote_it(wb: Workbench) -> None:
    campaign_id = draft(wb)
    save(wb, campaign_id, "omar", description="Omar's")
    approve(wb, campaign_id, by="pia")
    save(wb, campaign_id, "nick", description="Nick's")

    approve(wb, campaign_id, by="omar")

    assert state(wb, campaign_id) == "approved"


def test_who_has_changed_a_campaign_before_this_was_kept_is_known_from_the_audit_log(wb: Workbench) -> None:
    campaign_id = draft(wb)
    save(wb, campaign_id, "omar", description="Omar's")
    save(wb, campaign_id, "nina", description="Nina's")
    to(wb.engine, "0017")

    migrate(wb.engine)

    with reading(wb.engine) as connection:
        assert approval_rows.editors(connection, campaign_id) == {"omar", "nina"}


# ---- turned off and on ----------------------------------------------------------------------------------------------
def test_turning_approval_off_and_on_again_lets_nothing_out_that_nobody_has_approved(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    campaign_id = draft(wb)
    organisation_settings.change(wb, {"approval": "none"})
    clock.forward(minutes=1)
    campaigns.activate(wb.as_user("omar"), campaign_id)
    clock.forward(minutes=1)
    organisation_settings.change(wb, {"approval": "second_person"})
    server.mails.clear()
    clock.at = datetime(2026, 11, 25, 18, tzinfo=UTC)

    assert dispatcher.drain(wb) == 0
    assert server.mails == []
    assert [one.campaign_id for one, _ in approvals.waiting(wb.as_user("pia"))] == [campaign_id]
    assert campaigns.allowed(wb.as_user("nina"), campaigns.campaign(wb, campaign_id))["ask"] == ""

    approve(wb, campaign_id, by="pia")
    assert approvals.waiting(wb.as_user("pia")) == []
    assert dispatcher.drain(wb) == 2


def test_turning_approval_off_is_told_everybody_else_who_may_approve(wb: Workbench, server: Recorder) -> None:
    organisation_settings.change(wb, {"approval": "none", "from_name": "Care"}, note="Too slow")
    assert server.mails == []  # the dispatcher sends, no page

    assert approval_mail.send_due(wb.as_user(DISPATCHER)) == 2
    assert approval_mail.send_due(wb.as_user(DISPATCHER)) == 0
    assert sorted(to for to, _ in server.mails) == ["omar@example.org", "pia@example.org"]
    assert b"turned off" in server.contents[0] and b"ask at once" in server.contents[0]
    organisation_settings.change(wb, {"approval": "second_person"})
    assert approval_mail.send_due(wb.as_user(DISPATCHER)) == 0
    with reading(wb.engine) as connection:
        told = connection.scalars(select(audit.c.subject).where(audit.c.action == "settings.approver_told")).all()
    assert sorted(told) == ["omar", "pia"]


def test_what_is_active_already_is_not_asked_to_be_approved_where_it_goes_out_as_it_is(
    bench: Workbench,  # noqa: F811
    server: Recorder,
    clock: Clock,
) -> None:
    wb = clinic_that_sends(bench, server.port)
    add_colleagues(wb)
    campaign_id = draft(wb)
    campaigns.activate(wb.as_user("omar"), campaign_id)
    clock.forward(minutes=1)
    set_up(wb, approval="second_person")

    with pytest.raises(NotAllowed, match="active before approval was asked for"):
        approve(wb, campaign_id, by="pia")
    assert approvals.waiting(wb.as_user("pia")) == []


# ---- what patients see beside it ------------------------------------------------------------------------------------
SEEN = [
    ("email", {"name": "Another Group"}),
    ("email", {"postal_address": "1 Other St, Elsewhere, IL 60001"}),
    ("email", {"call_back_number": "+13125550177"}),
    ("email", {"sign_off": "Somebody"}),
    ("text", {"name": "Another Group"}),
    ("text", {"help_number": "+13125550177"}),
    ("phone", {"name": "Another Group"}),
    ("phone", {"caller_id": "+13125550177"}),
]


@pytest.mark.parametrize(("channel", "changes"), SEEN)
def test_what_patients_see_of_the_organisation_was_approved_as_well(
    wb: Workbench, channel: str, changes: dict[str, str]
) -> None:
    campaign_id = draft(wb, channel)
    approve(wb, campaign_id)
    was = {key: getattr(wb.organisation(), key) for key in changes}

    set_up(wb, **changes)

    assert state(wb, campaign_id) == "void"
    set_up(wb, **was)
    assert state(wb, campaign_id) == "approved"


@pytest.mark.parametrize("changes", [{"postal_address": "1 Other St"}, {"caller_id": "+13125550177"}])
def test_what_a_mode_does_not_show_ends_no_approval(wb: Workbench, changes: dict[str, str]) -> None:
    campaign_id = draft(wb, "text")
    approve(wb, campaign_id)

    set_up(wb, **changes)

    assert state(wb, campaign_id) == "approved"


def test_another_logo_in_emails_needs_an_approval(wb: Workbench) -> None:
    campaign_id = draft(wb)
    approve(wb, campaign_id)

    logos.add(wb, "Clinic", png())

    assert state(wb, campaign_id) == "void"


def test_another_introductory_email_needs_one_where_it_is_sent(wb: Workbench) -> None:
    campaign_id = draft(wb)
    approve(wb, campaign_id)
    text = introductory_email.messages(wb)["en"]
    changed = Message(text.subject, text.body + "<p>One more.</p>")
    introductory_email.save(wb, "en", changed, seen=0)
    assert state(wb, campaign_id) == "approved"

    with writing(wb.engine) as connection:
        connection.execute(
            insert(provider_settings).values(provider_id="dr1", introduces=True, changed_at=wb.now(), changed_by="ana")
        )

    assert state(wb, campaign_id) == "void"


def test_what_is_held_on_its_day_because_the_organisation_changed_goes_on_once_it_is_approved_again(
    wb: Workbench, clock: Clock
) -> None:
    campaign_id = draft(wb)
    approve(wb, campaign_id)
    campaigns.activate(wb.as_user("omar"), campaign_id)
    clock.at = datetime(2026, 11, 25, 18, tzinfo=UTC)
    said = setting_effects.effects(wb, {"name": "Another Group"})
    set_up(wb, name="Another Group")
    assert dispatcher.drain(wb) == 0

    approve(wb, campaign_id, by="pia")

    assert dispatcher.drain(wb) == 2
    assert said == [
        "1 approved campaign shows this to patients: its approval ends, and what is active is held until somebody "
        "approves it again."
    ]
