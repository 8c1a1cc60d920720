"""Reports: the ledger adds up whatever happened, and each patient's result can be read and exported."""

import hashlib
import io
import re
import zipfile
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from core import campaigns, report_exports, reports
from core.domain.csv_cells import neutral
from core.domain.message import RESULTS, STATES
from core.domain.progress import progress_of
from core.domain.report import headline
from core.domain.small_cells import ROUNDED
from core.domain.user import Scope, User
from core.errors import NotFound
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import attempts, audit, patients, recipients
from core.workbench import Workbench
from tests.clinic import CAMPAIGN, add_campaign, add_clinic, add_patients
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

ENDED = [
    # patient, state, reason
    ("p1", "handed_over", ""),
    ("p2", "handed_over", ""),
    ("p3", "unsuccessful", "address_refused"),
    ("p4", "not_sent", "no_address"),
    ("p5", "not_sent", "no_address"),
    ("p6", "not_sent", "opted_out:health_email"),
    ("p7", "waiting", ""),
    ("p8", "unknown", "connection_lost"),
]


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    """A campaign of eight patients in every kind of state; p8 is of the second group."""
    add_clinic(bench)
    ids = add_patients(bench, 7) + add_patients(bench, 1, start=8, group=2)
    add_campaign(bench, ids)
    with writing(bench.engine) as connection:
        for minute, (patient_id, state, reason) in enumerate(ENDED):
            at = None if state == "waiting" else bench.now() + timedelta(minutes=minute)
            connection.execute(
                update(recipients)
                .where(recipients.c.patient_id == patient_id)
                .values(state=state, reason=reason, finished_at=at)
            )
    return bench


def test_the_ledger_adds_up_to_the_number_selected(wb: Workbench) -> None:
    shown = reports.report(wb, "c1")

    assert shown.ledger.select("result", "reason", "count").rows() == [
        ("Successful", "", 2),
        ("Unsuccessful", "the mail server refused the address", 1),
        ("Not sent", "there is no email address on file", 2),
        ("Not sent", "the patient opted out (Health Reminders - Email)", 1),
        ("Waiting", "", 1),
        ("Unknown", "the connection was lost after the message had been sent; it may have arrived", 1),
    ]
    assert shown.ledger["count"].sum() == shown.progress.selected == 8
    assert shown.ledger["share"].sum() == pytest.approx(1.0)


def test_the_headline_says_what_was_reached_and_why_others_were_not(wb: Workbench) -> None:
    assert reports.report(wb, "c1").headline == (
        "Reached 2 of 8 patients (25%) so far; 1 still waits. "
        "Others: 3 not sent, 1 unsuccessful and 1 unknown; most often because there is no email address on file (2)."
    )


def test_each_patient_has_contact_result_reason_and_local_time(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        connection.execute(update(patients).values(phone_mobile="+15550100123"))
        recipient = connection.scalar(select(recipients.c.recipient_id).where(recipients.c.patient_id == "p3"))
        connection.execute(update(recipients).where(recipients.c.patient_id == "p3").values(attempt_count=1))
        connection.execute(
            insert(attempts).values(
                recipient_id=recipient, number=1, worker="w", started_at=wb.now(), outcome="permanent", reply="5.1.1 no"
            )
        )

    row = reports.report(wb, "c1").patients.row(2, named=True)

    assert (row["name"], row["email"], row["phone"]) == ("Example, Ada", "p3@example.org", "(555) 010-0123")
    assert (row["result"], row["icon"], row["reason"]) == (
        "Unsuccessful",
        "error",
        "the mail server refused the address",
    )
    assert (row["provider"], row["group"], row["attempts"], row["reply"]) == ("Dr. 1 Sample", "Group 1", 1, "5.1.1 no")
    assert f"{row['at']:%Y-%m-%d %H:%M}" == "2026-11-24 12:02"


def test_the_course_over_time_counts_every_patient_who_is_finished(wb: Workbench) -> None:
    over_time = reports.report(wb, "c1").over_time

    assert over_time["count"].sum() == 7
    assert over_time.row(0)[1:] == ("Successful", 1)


def test_who_is_limited_to_a_group_reads_figures_of_its_patients_alone(wb: Workbench) -> None:
    person = User("lim", "Limited", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(wb.engine, person, at=wb.now(), by="ana")
    limited = wb.as_user("lim")

    shown = reports.report(limited, "c1")

    assert shown.patients.height == shown.progress.selected == shown.ledger["count"].sum() == 7
    by_result = dict(shown.patients.group_by("result").len().iter_rows())
    assert by_result == dict(shown.ledger.group_by("result").agg(pl.col("count").sum()).iter_rows())
    assert shown.over_time["count"].sum() == 6
    assert "of 7 patients" in shown.headline
    assert shown.notes == ("Of the 7 patients of your groups.",)
    assert campaigns.progress(limited, "c1") == shown.progress
    assert [each.progress for each in campaigns.campaigns(limited)] == [shown.progress]


def scientist(wb: Workbench) -> Workbench:
    return replace(wb, user=User("sam", "Sam", roles=frozenset({"data_scientist"})))


def test_whoever_may_not_see_patients_reads_nothing_of_a_campaign_of_a_few(wb: Workbench) -> None:
    shown = reports.report(scientist(wb), "c1")

    assert shown.headline == "Fewer than 11 patients were selected: too few for figures."
    assert shown.ledger.is_empty() and shown.over_time.is_empty() and shown.patients.is_empty() and not shown.advice
    assert set(shown.progress.results.values()) == {0} and shown.progress.size == "fewer than 11 patients"
    assert campaigns.progress(scientist(wb), "c1") == shown.progress
    assert [each.progress for each in campaigns.campaigns(scientist(wb))] == [shown.progress]


def many(wb: Workbench) -> None:
    """A campaign of 48: 31 were reached, 13 came back, 3 were opted out and one had no address."""
    add_campaign(wb, add_patients(wb, 48, start=20), campaign_id="m", name="Many", status="completed")
    ends = [("delivered", "")] * 31 + [("returned", "returned")] * 13 + [("not_sent", "opted_out:health_email")] * 3
    with writing(wb.engine) as connection:
        for number, (state, reason) in enumerate([*ends, ("not_sent", "no_address")], start=20):
            values = {"state": state, "reason": reason, "finished_at": wb.now()}
            connection.execute(update(recipients).where(recipients.c.patient_id == f"p{number}").values(values))


def test_whoever_may_not_see_patients_reads_rounded_counts_and_is_told_so(wb: Workbench) -> None:
    many(wb)
    out = io.BytesIO()

    shown = reports.report(scientist(wb), "m")
    report_exports.write_figures(scientist(wb), shown, out, kind="parquet")

    assert shown.headline == "Reached about 30 of about 50 patients."
    # 13 came back; the few that were not sent are hidden, and these since they would give those away
    assert shown.ledger.select("result", "count").rows() == [("Successful", 30)]
    assert shown.notes == (ROUNDED,)
    with zipfile.ZipFile(out) as archive:
        assert ROUNDED in archive.read("manifest.json").decode()


def test_what_is_passed_on_has_exact_results_of_all_patients_without_reasons(wb: Workbench) -> None:
    many(wb)
    limited = replace(wb, user=User("m", "M", roles=frozenset({"manager"}), scope=Scope(groups=frozenset({"g1"}))))

    whole, part = (reports.report(each, "m", is_passed_on=True) for each in (wb, limited))

    assert whole.ledger.select("result", "reason", "count").rows() == [
        ("Successful", "", 31), ("Returned", "", 13), ("Not sent", "", 4),
    ]  # fmt: skip
    assert "31 of 48 patients (65%). Others: 4 not sent and 13 returned." in whole.headline
    assert part.ledger.select("result", "count").rows() == [("Successful", 30)]
    assert part.notes == ("Of about 50 patients of your groups.", ROUNDED)


def test_a_report_of_another_groups_campaign_is_not_found(wb: Workbench) -> None:
    person = User("otto", "Otto", scope=Scope(groups=frozenset({"g9"})))
    accounts.add_user(wb.engine, person, at=wb.now(), by="ana")

    with pytest.raises(NotFound):
        reports.report(wb.as_user("otto"), "c1")


def test_an_export_is_recorded_and_its_cells_are_harmless(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        connection.execute(
            update(patients).where(patients.c.patient_id == "p1").values(last='=HYPERLINK("x")', first=None)
        )
    shown, out = reports.report(wb, "c1"), io.BytesIO()

    count = report_exports.write_patients(wb, shown, out, kind="csv")

    rows = pl.read_csv(out.getvalue())
    assert count == rows.height == 8
    assert rows.columns == list(reports.EXPORT_NAMES.values())
    assert rows["Patient"][0] == '\'=HYPERLINK("x")'
    assert rows["When"][0] == "2026-11-24 12:00"
    with reading(wb.engine) as connection:
        line = connection.execute(select(audit).order_by(audit.c.audit_id.desc()).limit(1)).one()
    digest = hashlib.sha256(out.getvalue()).hexdigest()
    assert (line.action, line.subject) == ("report.exported", "c1")
    assert line.details == {"format": "csv", "rows": {"patients": 8}, "sha256": [digest]}


def test_a_workbook_has_the_ledger_and_the_patients(wb: Workbench) -> None:
    shown, out = reports.report(wb, "c1"), io.BytesIO()

    report_exports.write_patients(wb, shown, out, kind="xlsx")

    with zipfile.ZipFile(out) as book:
        names, texts = (book.read(f"xl/{part}.xml").decode() for part in ("workbook", "sharedStrings"))
        found = re.findall('name="([^"]+)"', names)
        sheets = [book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (2, len(found))]
    assert found[:4] == ["About", "Results", "Over time", "Steps"] and found[-1] == "Patients"
    assert "there is no email address on file" in texts and "p8@example.org" in texts
    assert [sheet.count("<row ") for sheet in sheets] == [1 + 6, 1 + 8]
    assert not any("<f>" in sheet for sheet in sheets)


def test_a_campaign_nobody_was_written_to_has_a_report(wb: Workbench) -> None:
    add_campaign(wb, ["p1"], campaign_id="c2", name="Second", status="inactive", start_on=date(2026, 11, 30))

    shown = reports.report(wb, "c2")

    assert shown.headline == "Not sent: 1 patient would get it once it is active."
    assert shown.over_time.is_empty()
    assert shown.progress == campaigns.progress(wb, "c2")


HEADLINES = [
    # status, counts by state, of those held out, headline
    ("active", {"waiting": 3}, {}, "3 patients selected, none written to yet. Goes out soon."),
    ("completed", {"handed_over": 3}, {}, "Reached 3 of 3 patients (100%)."),
    (
        "completed",
        {"handed_over": 1, "unsuccessful": 1},
        {},
        "Reached 1 of 2 patients (50%). Others: 1 unsuccessful.",
    ),
    (
        "stopped",
        {"handed_over": 1, "delivered": 1, "returned": 2},
        {},
        "Reached 2 of 4 patients (50%). Others: 2 returned.",
    ),
    (
        "completed",
        {"delivered": 12, "returned": 1, "hold_out": 13},
        {"hold_out": 13},
        "Reached 12 of 13 patients to contact (92%); 13 held out by chance. Others: 1 returned.",
    ),
    (
        "completed",
        {"delivered": 40, "hold_out": 24, "not_sent": 16},
        {"hold_out": 24, "not_sent": 16},
        "Reached 40 of 40 patients to contact (100%); 40 held out by chance.",
    ),
    (
        "stopped",
        {"delivered": 1, "stopped": 39},
        {"stopped": 20},
        "Reached 1 of 20 patients to contact (5%); 20 held out by chance. Others: 19 not sent.",
    ),
    (
        "active",
        {"delivered": 1, "waiting": 3, "claimed": 1},
        {"waiting": 1, "claimed": 1},
        "Reached 1 of 3 patients to contact (33%) so far; 2 still wait; 2 held out by chance.",
    ),
]


@pytest.mark.parametrize(("status", "counts", "held", "sentence"), HEADLINES)
def test_headlines(status: str, counts: dict[str, int], held: dict[str, int], sentence: str) -> None:
    progress = progress_of(counts, held_out=held)
    ledger = pl.DataFrame({"result": list(progress.results), "reason": "", "count": list(progress.results.values())})
    ledger = ledger.filter(pl.col("count") > 0)

    assert headline(replace(CAMPAIGN, status=status), progress, ledger=ledger, schedule="Goes out soon") == sentence


@given(counts=st.dictionaries(st.sampled_from(sorted(STATES)), st.integers(0, 2_000)))
def test_results_add_up_whatever_the_states_are(counts: dict[str, int]) -> None:
    progress = progress_of(counts)

    assert sum(progress.results.values()) == progress.selected == sum(counts.values())
    assert set(progress.results) == set(RESULTS)
    assert 0 <= progress.share <= 1


CELLS = [
    ("=1+1", "'=1+1"),
    ("+1555", "'+1555"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("  =1", "'  =1"),
    ("\t=1", "'\t=1"),
    ("\rx", "'\rx"),
    ("＝1", "'＝1"),
    ("Ada", "Ada"),
    ("a=b", "a=b"),
    ("", ""),
]


@pytest.mark.parametrize(("cell", "harmless"), CELLS)
def test_a_cell_that_a_spreadsheet_would_run_becomes_text(cell: str, harmless: str) -> None:
    frame = pl.DataFrame({"cell": [cell, None], "number": [-1, 2]})

    assert neutral(frame).rows() == [(harmless, -1), (None, 2)]


@pytest.mark.parametrize("count", [3, 12])
def test_lists_of_few_and_of_many_campaigns_count_the_readers_own_patients(wb: Workbench, count: int) -> None:
    limited = replace(wb, user=User("m", "M", roles=frozenset({"manager"}), scope=Scope(groups=frozenset({"g1"}))))
    for number in range(count):
        add_campaign(wb, ["p1", "p8"], campaign_id=f"x{number}", name=f"Extra {number}")

    listed = {each.campaign.campaign_id: each.progress.selected for each in campaigns.campaigns(limited)}

    assert listed == {"c1": 7, **{f"x{number}": 1 for number in range(count)}}
