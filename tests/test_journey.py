"""One path through everything, without a browser: from the CSV files of a feed to the report, by public functions."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from core import (
    campaigns,
    care_gaps,
    code_loads,
    dispatcher,
    loads,
    new_campaigns,
    opt_outs,
    outbox,
    preflight,
    report_exports,
    reports,
    work_lists,
)
from core.channels.outbox import start_outbox
from core.domain.period import Period
from core.domain.work_list import Filter, WorkList
from core.workbench import Workbench
from tests.conftest import Clock

TODAY = date(2026, 11, 24)  # a Tuesday; it is noon at the practice
DUE_WOMAN = {"birth_date": "1970-02-01", "sex": "F", "status": "active", "group_id": "g1", "pcp_id": "d1"}
# What becomes of each patient of the campaign, and why: the ledger of the report, row by row.
EXPECTED = {
    "ada": ("Successful", ""),
    "iva": ("Successful", ""),
    "opted": ("Not sent", "the patient opted out (Health Reminders - Email)"),
    "closed": ("Not sent", "no care gap that the message is about is open"),
    "died": ("Not sent", "the patient has died"),
    "nomail": ("Not sent", "there is no email address on file"),
}
PEOPLE = [
    {"patient_id": "ada", "first": "Ada", "last": "Amsel", "email": "ada@clinic-mail.org"},
    {"patient_id": "iva", "first": "Iva", "last": "Ibis", "email": "iva@clinic-mail.org"},
    {"patient_id": "nomail", "first": "Nora", "last": "Nandu"},
    {"patient_id": "opted", "first": "Olga", "last": "Otter", "email": "olga@clinic-mail.org"},
    {"patient_id": "closed", "first": "Clea", "last": "Crane", "email": "clea@clinic-mail.org"},
    {"patient_id": "died", "first": "Dora", "last": "Dove", "email": "dora@clinic-mail.org"},
    {"patient_id": "soon", "first": "Sue", "last": "Swan", "email": "sue@clinic-mail.org"},
    {"patient_id": "done", "first": "Dina", "last": "Duck", "email": "dina@clinic-mail.org"},
    {"patient_id": "man", "first": "Max", "last": "Mole", "email": "max@clinic-mail.org", "sex": "M"},
]
MAMMOGRAM = {"code_system": "LOCAL", "code": "MAMMO", "text": "Mammogram", "status": "completed"}
DONE = {"procedure_id": "x1", "patient_id": "done", "performed_on": "2026-03-02", **MAMMOGRAM}
DONE_MEANWHILE = {"procedure_id": "x2", "patient_id": "closed", "performed_on": "2026-11-24", **MAMMOGRAM}
FEED: dict[str, list[dict[str, str]]] = {
    "groups": [{"group_id": "g1", "name": "Lakeside", "phone": "(555) 555-0101"}],
    "providers": [
        {"provider_id": "d1", "last": "Lake", "group_id": "g1", "is_pcp": "yes", "display_name": "Dr. Ada Lake"}
    ],
    "patients": [DUE_WOMAN | person for person in PEOPLE],
    "appointments": [{"appointment_id": "a1", "patient_id": "soon", "start_at": "2026-12-01 09:00:00"}],
    "procedures": [DONE],
}
ASKED = WorkList(
    filters=(
        (
            Filter("alerts", "contains", "Scr: Mammogram"),
            Filter("next_appointment", "not_in_next", Period(1, "months")),
        ),
    )
)


@pytest.fixture
def sending(wb: Workbench) -> Iterator[Workbench]:
    """The workbench with a mail server that keeps what it gets in the home's outbox."""
    server = start_outbox(wb.settings.home / "outbox")
    yield replace(wb, settings=replace(wb.settings, smtp_port=server.port))
    server.stop()


def write(folder: Path, tables: dict[str, list[dict[str, str]]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(column for row in rows for column in row)))
            writer.writeheader()
            writer.writerows(rows)
    return folder


def code_map(folder: Path) -> Path:
    path = folder / "code_map.csv"
    path.write_text("system,code,concept\nLOCAL,MAMMO,mammogram\n", "utf-8")
    return path


def test_patients_are_followed_from_the_files_of_a_feed_to_the_report(
    sending: Workbench, clock: Clock, tmp_path: Path
) -> None:
    wb = sending
    feed = write(tmp_path / "feed", FEED)

    code_loads.load_codes(wb, code_map(tmp_path))
    report = loads.load(wb, feed)
    assert (report.status, report.reject_count) == ("loaded", 0)
    assert care_gaps.explain(wb, "ada", "scr-mammogram").state == "overdue"
    assert care_gaps.explain(wb, "done", "scr-mammogram").state == "satisfied"

    found = work_lists.run(wb, ASKED)
    assert sorted(found.ids) == sorted(EXPECTED)

    [by_email, *_] = preflight.reach(wb, found.ids, purpose="care_gap", measures=("scr-mammogram",))
    assert by_email.count == 5
    assert [(missed.reason.key, missed.count) for missed in by_email.not_reached] == [("no_address", 1)]

    campaign_id = new_campaigns.create(wb, template_id="mammogram-reminder", patient_ids=found.ids, work_list=ASKED)
    draft = campaigns.campaign(wb, campaign_id)
    assert (draft.status, draft.purpose, draft.measures) == ("inactive", "care_gap", ("scr-mammogram",))
    campaigns.save(wb, campaign_id, {"name": "November round", "start_on": TODAY}, version=draft.version)
    campaigns.activate(wb, campaign_id)

    what_happens_meanwhile(wb, feed)
    clock.forward(hours=12)  # midnight: outside the window
    assert dispatcher.drain(wb) == 0
    clock.forward(hours=9, minutes=5)
    assert dispatcher.drain(wb) == 2
    assert dispatcher.drain(wb) == 0

    assert campaigns.campaign(wb, campaign_id).status == "completed"
    read_the_mails(wb)
    read_the_report(wb, campaign_id)


def what_happens_meanwhile(wb: Workbench, feed: Path) -> None:
    """One patient asks for no more mails, one has the mammogram, one dies; a new feed says so."""
    opt_outs.add(wb, "opted", "health_email", reason="Too many messages")
    patients = [DUE_WOMAN | person for person in PEOPLE]
    for patient in patients:
        if patient["patient_id"] == "died":
            patient |= {"status": "deceased", "deceased_on": "2026-11-20"}
    write(feed, {**FEED, "patients": patients, "procedures": [DONE, DONE_MEANWHILE]})
    assert loads.load(wb, feed).status == "loaded"


def read_the_mails(wb: Workbench) -> None:
    kept = outbox.mails(wb)
    assert sorted(mail.recipient for mail in kept.mails) == ["ada@clinic-mail.org", "iva@clinic-mail.org"]
    mail = next(outbox.mail(wb, entry.name) for entry in kept.mails if entry.recipient.startswith("ada"))
    assert "Hello Ada," in mail.text
    assert "mammogram" in mail.text
    assert mail.subject == "A health reminder from Lakeside"

    token = mail.unsubscribe.strip("<>").rpartition("/u/")[2]
    assert opt_outs.stop_by_link(wb.as_user("patient"), token)
    [stopped] = opt_outs.of_patient(wb, "ada")
    assert stopped.type == "health_email"


def read_the_report(wb: Workbench, campaign_id: str) -> None:
    shown = reports.report(wb, campaign_id)
    assert shown.ledger.select("result", "reason", "count").rows() == [
        ("Successful", "", 2),
        ("Not sent", "no care gap that the message is about is open", 1),
        ("Not sent", "the patient has died", 1),
        ("Not sent", "the patient opted out (Health Reminders - Email)", 1),
        ("Not sent", "there is no email address on file", 1),
    ]
    assert shown.ledger["count"].sum() == shown.progress.selected == len(EXPECTED)
    assert shown.headline.startswith("Reached 2 of 6 patients (33%)")
    rows = shown.patients.select("patient_id", "result", "reason").rows()
    assert {patient: (result, reason) for patient, result, reason in rows} == EXPECTED

    out = BytesIO()
    report_exports.write_patients(wb, shown, out, kind="csv")
    assert pl.read_csv(out.getvalue())["Result"].value_counts().sort("Result").rows() == [
        ("Not sent", 4),
        ("Successful", 2),
    ]
