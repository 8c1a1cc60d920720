"""The library, previews for chosen patients, and what authors are told about a message."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from core import measures, message_previews, templates
from core.domain.campaign import PURPOSES, Campaign, Message
from core.domain.field_values import clock_time, full_name, gap_words, long_date
from core.domain.findings import findings
from core.domain.measure import Span
from core.domain.merge_field import EXAMPLES, FIELDS, FieldValue
from core.domain.organisation import Organisation
from core.domain.rendering import MissingField, render
from core.domain.template import Template
from core.domain.unsubscribe import SAMPLE
from core.domain.user import Scope, User
from core.domain.work_list import Filter, WorkList
from core.errors import NotFound, TemplateError
from core.mailer import mailer
from core.merge_fields import fields_for
from core.store import accounts
from core.store.database import writing
from core.store.schema import groups, locations, open_gaps, patients, providers
from core.workbench import Workbench
from tests.conftest import ROOT

IDS = {
    "ad-hoc-letter": "letter",
    "ad-hoc-text": "text",
    "care-manager-call": "phone",
    "check-up-reminder-call": "phone",
    "check-up-reminder-letter": "letter",
    "check-up-reminder-text": "text",
    "colorectal-screening": "email",
    "diabetes-care-gaps": "email",
    "mammogram-reminder": "email",
    "pre-visit-diabetes-letter": "letter",
    "recent-visit-thank-you": "email",
    "visit-thank-you-text": "text",
    "weight-management": "email",
}
EVERY = pytest.mark.parametrize("template", templates.library(), ids=lambda template: template.template_id)
EACH = pytest.mark.parametrize(
    "template", [one for one in templates.library() if one.channel == "email"], ids=lambda one: one.template_id
)
PLAIN = pytest.mark.parametrize(
    "template",
    [one for one in templates.library() if one.channel in ("text", "phone")],
    ids=lambda one: one.template_id,
)
COMPLETE = Organisation(postal_address="12 Shore Road, Springfield")
AUTHOR = {name: str(EXAMPLES[name]) for name, field in FIELDS.items() if field.source == "author"}


def test_the_library_has_examples_of_each_mode() -> None:
    assert {template.template_id: template.channel for template in templates.library()} == IDS
    with pytest.raises(NotFound):
        templates.template("no-such-template")


REVEALING = {name: measure.revealing for name, measure in measures.measures().items()}


@EACH
def test_a_template_is_complete_and_nothing_is_wrong_with_it(template: Template) -> None:
    assert template.purpose in PURPOSES
    assert template.about and template.proposed_name(date(2026, 11, 24)).endswith("Nov 24, 2026")
    assert set(template.measures) <= set(measures.measures())
    assert bool(template.measures) == (template.purpose == "care_gap")
    protocols = {measures.measures()[measure_id].protocol for measure_id in template.measures}
    assert protocols <= set(template.protocols)
    for version in template.versions:
        message = Message(template.subject, version.body)
        told = findings(message, measures=template.measures, revealing=REVEALING, fields=AUTHOR, organisation=COMPLETE)
        assert told == []


@EACH
def test_a_template_renders_with_everything_and_with_nothing_on_file(template: Template) -> None:
    always = {name: EXAMPLES[name] for name, field in FIELDS.items() if not field.may_miss}

    for version in template.versions:
        for values in (EXAMPLES, always):
            html = render(version.body, values, html=True)
            assert "(555) 010-0100" in html
            assert "do not reply" in html
            assert render(template.subject, values, html=False)
        assert "{" not in html and "[[" not in html and "None" not in html


@PLAIN
def test_a_text_or_call_has_nothing_wrong_in_any_language(wb: Workbench, template: Template) -> None:
    assert set(template.messages) == {"en", "es"}
    campaign = replace(templates.example_campaign(wb, template), fields=AUTHOR | {"help_number": "(312) 555-0100"})

    assert [finding for finding in templates.findings(wb, campaign) if finding.level == "error"] == []


@pytest.mark.parametrize("language", ["en", "es"])
@PLAIN
def test_a_text_fits_two_segments_and_a_call_forty_five_seconds(
    wb: Workbench, template: Template, language: str
) -> None:
    campaign = templates.example_campaign(wb, template)

    if template.channel == "text":
        shown = message_previews.example_text(campaign, language=language)
        assert shown.segments.encoding == "GSM-7" and shown.segments.count <= 2
        assert "STOP" in shown.text and "(555) 010-0100" in shown.text
    else:
        call = message_previews.example_call(campaign, language=language)
        assert call.script_seconds <= 45 and call.voicemail_seconds <= 30
        assert call.language == language and "5 5 5" in call.script and "5 5 5" in call.voicemail


@PLAIN
def test_a_text_or_call_is_written_for_a_number_that_others_have_too(wb: Workbench, template: Template) -> None:
    always = {name: EXAMPLES[name] for name, field in FIELDS.items() if not field.may_miss}

    for message in template.messages.values():
        for part in (message.body, message.voicemail):
            assert not part or render(part, always, html=False)


@EVERY
def test_a_suggested_work_list_is_one_that_can_be_run(template: Template) -> None:
    work_list = WorkList.from_json(dict(template.work_list))

    assert work_list.to_json() == template.work_list
    alerts = [row.value for rows in work_list.filters for row in rows if row.field == "alerts"]
    names = [measures.measures()[measure_id].name for measure_id in template.measures]
    assert all(any(str(value) in name for name in names) for value in alerts)
    assert bool(alerts) == bool(names)
    asked = " ".join(str(value).lower() for value in alerts)
    assert not asked or any(word in asked for word in templates.measure_names(template)) or "dm:" in asked


@EACH
def test_a_message_reads_easily(template: Template) -> None:
    for version in template.versions:
        text = re.sub(r"<[^>]+>|&nbsp;", " ", render(version.body, EXAMPLES, html=True))
        assert grade(text) < 8


def grade(text: str) -> float:
    """Flesch-Kincaid grade level, with syllables counted as groups of vowels."""
    sentences = max(1, len(re.findall(r"[.!?:](?:\s|$)", text)))
    words = re.findall(r"[A-Za-z']+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower())))) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def test_the_diabetes_template_offers_one_of_three_messages() -> None:
    template = templates.template("diabetes-care-gaps")

    assert [version.name for version in template.versions] == ["Visit overdue", "Regular lab work", "Eye exam overdue"]
    assert template.body == template.versions[0].body


def test_the_mammogram_template_names_the_interval_of_the_rule() -> None:
    body = templates.template("mammogram-reminder").body

    assert "every two years" in body and "age 40 through 74" in " ".join(body.split())
    assert measures.measures()["scr-mammogram"].ways[0].window == Span(months=24)


def test_the_class_template_asks_its_author_for_day_time_and_place() -> None:
    asks = templates.template("weight-management").asks

    assert {"class_date", "class_time", "class_place", "call_back_number", "sign_off"} <= set(asks)


def test_every_measure_has_words_that_no_subject_may_hold_and_a_sensitive_one_is_not_spoken_of() -> None:
    for measure in measures.measures().values():
        assert measure.revealing, measure.measure_id
        assert not (measure.called and measure.is_sensitive), measure.measure_id


def test_the_page_about_merge_fields_shows_the_table_in_the_program() -> None:
    page = (Path(ROOT) / "docs" / "merge-fields.md").read_text(encoding="utf-8")

    rows = re.findall(r"^\| `([^`]+)` \| (.+) \| (.+) \| (yes|no) \|$", page, re.MULTILINE)
    assert rows == [
        (
            field.name,
            field.about,
            field.example if isinstance(field.example, str) else ", ".join(field.example),
            "yes" if field.may_miss else "no",
        )
        for field in FIELDS.values()
    ]


def told(subject: str = "A note", body: str = "<p>{{ call_back_number }}</p>", **changes: Any) -> list[str]:
    values: dict[str, Any] = {"measures": ["scr-mammogram"], "revealing": REVEALING}
    values |= {"fields": AUTHOR, "organisation": COMPLETE}
    return [f"{finding.level} {finding.part}" for finding in findings(Message(subject, body), **values | changes)]


@pytest.mark.parametrize(
    ("subject", "is_wrong"),
    [
        ("A health reminder from {{ practice.name }}", False),
        ("Your Mammogram is due", True),
        ("Flu shots are here", True),
        ("FLU!", True),
        ("Influence and fluency", False),
        ("About your diabetes", True),
        ("Breast cancer screenings", True),
        ("Lose weight with us", True),
        ("You need: {{ gaps | listed }}", True),
    ],
)
def test_no_subject_names_a_condition_a_result_or_a_care_gap(subject: str, is_wrong: bool) -> None:
    assert ("error subject" in told(subject)) == is_wrong


@pytest.mark.parametrize(
    ("body", "has_number"),
    [
        ("<p>Call us.</p>", False),
        ("<p>Call 12345.</p>", False),
        ("<p>Call (555) 010-0100.</p>", True),
        ("<p>Call 555.010.0100 now</p>", True),
        ("<p>Call {{ practice.phone }}.</p>", True),
        ("<p>Call {{ clinic.phone | default('us') }}.</p>", True),
    ],
)
def test_a_body_holds_a_number_to_call(body: str, has_number: bool) -> None:
    assert ("error body" not in told(body=body)) == has_number


def test_an_organisation_may_forbid_names_in_bodies() -> None:
    body = "<p>Your mammogram is due: {{ gaps | listed('and') }}. {{ call_back_number }}</p>"

    assert told(body=body) == []
    assert told(body=body, organisation=replace(COMPLETE, names_in_bodies=False)) == ["error body", "error body"]


def test_a_link_may_hold_the_number_but_nothing_about_the_reader() -> None:
    number = '<a href="tel:{{ call_back_number }}">{{ call_back_number }}</a>'
    private = '<a href="https://x.example/{{ patient.last_name }}">{{ call_back_number }}</a>'

    assert told(body=number) == []
    assert told(body=private) == ["error body"]


def test_what_the_author_did_not_fill_in_and_what_cannot_be_rendered_is_told() -> None:
    assert told(body="<p>{{ class_date }} {{ call_back_number }}</p>", fields={}) == ["error fields"]
    assert told(body="<p>{{ nobody.name }} (555) 010-0100</p>") == ["error body"]
    assert told(organisation=Organisation()) == ["warning organisation"]


@pytest.fixture
def clinic(wb: Workbench) -> Iterator[Workbench]:
    """Everything on file for p1, only a status for p2; p3 has a long name and p4 one in Chinese letters."""
    everything = {
        "first": "Adelaide",
        "last": "Example",
        "suffix": "Jr.",
        "preferred_name": "Ada",
        "pcp_id": "d1",
        "group_id": "g1",
        "next_appointment_at": datetime(2026, 12, 1, 20, 30, tzinfo=UTC),
        "next_appointment_provider_id": "d1",
        "last_visit_on": date(2026, 11, 16),
    }
    with writing(wb.engine) as connection:
        connection.execute(insert(groups).values(group_id="g1", name="Lakeside Group", phone="+15550100177"))
        connection.execute(
            insert(locations).values(
                location_id="l1", group_id="g1", name="Lakeside Clinic", address1="12 Shore Road", city="Springfield",
                phone="+15550100123",
            )
        )  # fmt: skip
        connection.execute(
            insert(providers).values(provider_id="d1", last="Sample", display_name="Dr. Maria Sample", location_id="l1")
        )
        people: dict[str, dict[str, Any]] = {
            "p1": everything,
            "p2": {},
            "p3": {"first": "Maximiliana", "last": "Featherstonehaugh-Cholmondeley"},
            "p4": {"first": "美玲", "last": "陳"},
        }
        for patient_id, values in people.items():
            connection.execute(insert(patients).values(patient_id=patient_id, status="active", **values))
        connection.execute(insert(open_gaps).values(patient_id="p1", measures="imm-flu scr-mammogram"))
    accounts.change_organisation(
        wb.engine, {"name": "Shore Health", "postal_address": "1 Main Street, Springfield"}, at=wb.now(), by="ana"
    )
    yield wb


def draft(wb: Workbench, subject: str = "A note", body: str = "<p>Hello</p>", **changes: Any) -> Campaign:
    values: dict[str, Any] = {
        "campaign_id": "c1", "name": "C", "description": "", "channel": "email", "purpose": "care_gap",
        "template_id": "mammogram-reminder", "status": "inactive", "start_on": date(2026, 11, 25),
        "messages": {"en": Message(subject, body)}, "from_email": "do-not-reply@shore.example",
        "from_name": "Shore Health", "created_at": wb.now(), "created_by": "ana", "changed_at": wb.now(),
        "changed_by": "ana",
    }  # fmt: skip
    return Campaign(**values | changes)


def test_the_fields_of_a_patient_are_read_from_the_records(clinic: Workbench) -> None:
    fields = fields_for(clinic, ["p1"], draft(clinic, measures=("scr-mammogram",), fields={"sign_off": "Dr. Sample"}))

    assert fields["p1"] == {
        "patient.first_name": "Ada",
        "patient.last_name": "Example",
        "patient.full_name": "Adelaide Example Jr.",
        "provider.name": "Dr. Maria Sample",
        "clinic.name": "Lakeside Clinic",
        "clinic.phone": "(555) 010-0123",
        "clinic.address": "12 Shore Road, Springfield",
        "appointment.date": "Tuesday, December 1, 2026",
        "appointment.time": "2:30 PM",
        "appointment.provider": "Dr. Maria Sample",
        "last_visit.date": "Monday, November 16, 2026",
        "gaps": ("mammogram",),
        "practice.name": "Lakeside Group",
        "practice.phone": "(555) 010-0177",
        "call_back_number": "(555) 010-0100",
        "sign_off": "Dr. Sample",
    }


def test_what_is_not_on_file_is_left_out_and_the_practice_falls_back_to_the_organisation(clinic: Workbench) -> None:
    fields = fields_for(clinic, ["p2", "gone"], draft(clinic))

    assert fields == {
        "p2": {
            "practice.name": "Shore Health",
            "practice.phone": "(555) 010-0100",
            "call_back_number": "(555) 010-0100",
            "sign_off": "Your care team",
        }
    }


def test_every_field_can_be_had(clinic: Workbench) -> None:
    fields = fields_for(clinic, ["p1"], draft(clinic, fields=AUTHOR))

    assert set(fields["p1"]) == set(FIELDS)


def test_an_appointment_that_has_begun_is_none(clinic: Workbench, clock: Any) -> None:
    clock.forward(days=8)

    assert "appointment.date" not in fields_for(clinic, ["p1"], draft(clinic))["p1"]


def test_a_preview_is_the_mail_the_patient_would_get(clinic: Workbench) -> None:
    body = "<p>Dear {{ patient.first_name }}, call {{ call_back_number }}<script>x</script></p><ul><li>one</li></ul>"

    mail = templates.preview(clinic, draft(clinic, "For {{ patient.first_name }}\u2028Bcc: x", body), "p1")

    assert mail.subject == "For Ada Bcc: x"
    assert "Dear Ada, call (555) 010-0100" in mail.html and "<script" not in mail.html
    assert '<p style="margin:0 0 16px">' in mail.html
    assert mail.text.startswith("Dear Ada, call (555) 010-0100\n\n- one\n")
    for part in (mail.html, mail.text):
        assert "1 Main Street, Springfield" in part and f"/u/{SAMPLE}." in part


@EACH
def test_a_template_can_be_shown_before_there_are_patients(wb: Workbench, template: Template) -> None:
    for version in template.versions:
        mail = templates.example(wb, template, version.body)

        assert "Hello Ada" in mail.html and "Example Health Group" in mail.text
    assert templates.example(wb, template) == templates.example(wb, template, template.body)


def test_a_preview_says_which_field_is_missing(clinic: Workbench) -> None:
    with pytest.raises(MissingField, match="not on file") as error:
        templates.preview(clinic, draft(clinic, body="<p>{{ provider.name }}</p>"), "p2")
    assert error.value.field == "provider.name"

    with pytest.raises(MissingField, match="not filled in"):
        templates.preview(clinic, draft(clinic, body="<p>{{ class_date }}</p>"), "p1")


def test_a_preview_for_somebody_outside_the_scope_is_not_found(clinic: Workbench) -> None:
    limited = User("gus", "Gus", scope=Scope(groups=frozenset({"g2"})))
    accounts.add_user(clinic.engine, limited, at=clinic.now(), by="command-line")

    with pytest.raises(NotFound):
        templates.preview(clinic.as_user("gus"), draft(clinic), "p1")
    assert templates.extremes(clinic.as_user("gus"), draft(clinic), ["p1", "p2"]) == {}


def test_extremes_show_a_long_name_a_missing_field_and_other_letters(clinic: Workbench) -> None:
    campaign = draft(clinic, body="<p>{{ patient.first_name | default('-') }} {{ provider.name | default('-') }}</p>")

    assert templates.extremes(clinic, campaign, ["p1", "p2", "p3", "p4"]) == {
        "longest name": "p3",
        "missing field": "p2",
        "non-Latin name": "p4",
    }
    assert templates.extremes(clinic, campaign, ["p1"]) == {"longest name": "p1"}
    assert templates.extremes(clinic, campaign, []) == {}


def test_fields_that_some_patients_lack_are_told_with_those_who_would_not_be_sent_the_message(
    clinic: Workbench,
) -> None:
    every = ["p1", "p2", "p3", "p4"]
    needed = draft(clinic, "From {{ provider.name }}", "<p>{{ provider.name }} {{ appointment.date }}</p>")
    lacking = {
        name: [one for one in every if not fields_for(clinic, every, needed)[one].get(name)]
        for name in ("provider.name", "appointment.date")
    }
    optional = "{% if provider.name %}{{ provider.name }}{% endif %} {{ appointment.date | default('soon') }}"

    assert "p2" in lacking["provider.name"] and "p1" not in lacking["provider.name"]
    assert templates.unfillable(clinic, needed, every) == {name: ids for name, ids in lacking.items() if ids}
    assert templates.unfillable(clinic, draft(clinic, body=f"<p>Hello {optional}</p>"), every) == {}
    assert templates.unfillable(clinic, needed, []) == {}
    with pytest.raises(TemplateError):
        templates.unfillable(clinic, draft(clinic, body="<p>{{ patient.firstname }}</p>"), every)


def test_findings_of_a_campaign_are_told_once(clinic: Workbench) -> None:
    found = templates.findings(clinic, draft(clinic, "Your mammogram", "<p>(555) 010-0100</p>"))

    assert [finding.part for finding in found] == ["subject"]
    assert "mammogram" in found[0].sentence


def test_a_message_that_cannot_be_rendered_makes_no_mailer(clinic: Workbench) -> None:
    with pytest.raises(TemplateError):
        mailer(clinic, draft(clinic, body="<p>{{ 'x' * 10**9 }}</p>"))


def test_a_test_mail_has_a_link_that_stops_nothing_and_a_message_id_of_its_own(clinic: Workbench) -> None:
    form = mailer(clinic, draft(clinic))
    fields: dict[str, FieldValue] = {}

    test = form.compose(fields, recipient_id=None, to="ana@example.org", at=clinic.now())
    real = form.compose(fields, recipient_id=7, to="ada@example.org", at=clinic.now())

    assert b"/u/sample." in test and b"Message-ID: <c1.test-" in test
    assert b"/u/7." in real and b"Message-ID: <c1.7." in real


def test_gap_words_are_those_of_the_campaign_in_a_fixed_order() -> None:
    called = {"imm-flu": "flu vaccine", "scr-hiv": "", "scr-mammogram": "mammogram", "scr-mammogram-2": "mammogram"}

    everything = gap_words(["scr-mammogram-2", "scr-mammogram", "imm-flu", "scr-hiv", "x"], measures=[], called=called)

    assert everything == ("flu vaccine", "mammogram")
    assert gap_words(["scr-mammogram", "imm-flu"], measures=["scr-mammogram"], called=called) == ("mammogram",)


@pytest.mark.parametrize(("hour", "text"), [(6, "12:05 AM"), (18, "12:05 PM"), (19, "1:05 PM"), (5, "11:05 PM")])
def test_times_read_as_people_write_them(wb: Workbench, hour: int, text: str) -> None:
    assert clock_time(datetime(2026, 12, 1, hour, 5, tzinfo=UTC), zone=wb.zone()) == text


def test_names_and_dates_read_as_people_write_them() -> None:
    assert long_date(date(2026, 2, 1)) == "Sunday, February 1, 2026"
    assert full_name("Ada", None, None) is None
    assert full_name("Ada", "Example", None) == "Ada Example"


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([Filter("conditions", "contains", "diabetes"), Filter("alerts", "not_empty")], "Diabetics with Care Gaps"),
        ([Filter("alerts", "contains", "Scr: Mammogram")], "Mammogram Reminder"),
        (
            [Filter("conditions", "contains", "diabetes"), Filter("alerts", "contains", "mammogram")],
            "Mammogram Reminder",
        ),
        ([Filter("conditions", "not_contains", "diabetes")], None),
        ([Filter("alerts", "not_contains", "mammogram")], None),
        ([Filter("age", "greater", 49)], None),
    ],
)
def test_the_template_is_suggested_whose_gap_or_condition_is_looked_for(rows: list[Filter], name: str | None) -> None:
    found = templates.fitting(WorkList(filters=(tuple(rows),)), templates.library())

    assert (found.name if found else None) == name
