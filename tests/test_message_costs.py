"""What texts and calls cost, fixed wording, and what a report says of texts and calls."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from core import campaigns, message_costs, new_campaigns, reports
from core.domain.campaign import Message
from core.errors import NotAllowed, TemplateError
from core.store.database import writing
from core.store.schema import recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients

SHORT, LONG = "Call (312) 555-0100.", "Llame al (312) 555-0100. " + "x" * 150


@pytest.fixture
def ids(wb: Workbench) -> list[str]:
    add_clinic(wb)
    number: dict[str, Any] = {"phone_mobile": "+13125550123", "phone_home": "+13125550124"}
    return add_patients(wb, 3, **number) + add_patients(wb, 2, start=4, language="es", **number)


def test_each_language_costs_its_own_segments(wb: Workbench, ids: list[str]) -> None:
    messages = {"en": Message("", SHORT), "es": Message("", LONG)}
    campaign = campaigns.campaign(wb, add_campaign(wb, ids, channel="text", messages=messages))

    found = message_costs.cost(wb, campaign, ids)

    assert found.units == {"en": 1, "es": 2}
    assert found.dollars == Decimal("0.012") * (3 * 1 + 2 * 2)
    assert found.sentence == "about $0.08 for 5 patients"


@pytest.mark.parametrize(
    ("design", "patients", "segments"),
    [("hold_out", 3, 3), ("delayed", 5, 5), ("ab", 5, 3 + 2 * 2)],
)
def test_who_is_held_out_costs_nothing_and_version_b_its_own_segments(
    wb: Workbench, ids: list[str], design: str, patients: int, segments: int
) -> None:
    made = {"messages": {"en": Message("", SHORT)}, "variant": {"en": Message("", LONG)}}
    campaign = add_campaign(wb, ids, channel="text", design=design, holdout_share=40, **made)

    found = message_costs.cost(wb, campaigns.campaign(wb, campaign), ids)

    assert (found.patients, found.dollars) == (patients, Decimal("0.012") * segments)


def test_a_call_costs_every_minute_that_it_begins(wb: Workbench, ids: list[str]) -> None:
    messages = {"en": Message("", SHORT, SHORT), "es": Message("", "palabra " * 150, SHORT)}
    campaign = campaigns.campaign(wb, add_campaign(wb, ids, channel="phone", messages=messages))

    found = message_costs.cost(wb, campaign, ids)

    assert found.units == {"en": 1, "es": 2}
    assert found.dollars == Decimal("0.014") * (3 * 1 + 2 * 2)


def test_a_text_that_cannot_be_filled_in_costs_nothing_that_could_be_said(wb: Workbench, ids: list[str]) -> None:
    messages = {"en": Message("", "{{ patient.shoe_size }}")}
    campaign = campaigns.campaign(wb, add_campaign(wb, ids, channel="text", messages=messages))

    with pytest.raises(TemplateError):
        message_costs.cost(wb, campaign, ids)


def test_fixed_wording_stays_and_its_numbers_can_be_changed(wb: Workbench, ids: list[str]) -> None:
    made = new_campaigns.create(wb, template_id="visit-thank-you-text", patient_ids=ids)
    was = campaigns.campaign(wb, made)

    with pytest.raises(NotAllowed, match="wording of this template is fixed"):
        campaigns.save(wb, made, {"messages": {"en": Message("", SHORT)}}, version=was.version)
    changed = {"messages": was.messages, "fields": {**was.fields, "help_number": "(312) 555-0188"}}
    kept = campaigns.save(wb, made, changed, version=was.version)

    assert kept.messages == was.messages
    assert kept.fields["help_number"] == "(312) 555-0188"


@pytest.mark.parametrize(("channel", "number"), [("text", "(312) 555-0123"), ("phone", "(312) 555-0199")])
def test_a_report_shows_the_number_and_who_is_being_rung(
    wb: Workbench, ids: list[str], channel: str, number: str
) -> None:
    campaign_id = add_campaign(wb, ids, channel=channel, messages={"en": Message("", SHORT, SHORT)})
    state, to = ("calling", "+13125550199") if channel == "phone" else ("not_sent", None)
    reason = "" if channel == "phone" else "no_text_consent"
    with writing(wb.engine) as connection:
        connection.execute(
            update(recipients).where(recipients.c.patient_id == "p1").values(state=state, address=to, reason=reason)
        )

    shown = reports.report(wb, campaign_id)

    row = shown.patients.row(0, named=True)
    assert (row["email"], row["phone"]) == ("p1@example.org", number)
    rung = shown.ledger.select("result", "reason").rows()
    assert (("Waiting", "ringing") in rung) == (channel == "phone")
    assert "none called yet" in shown.headline or channel == "text"
