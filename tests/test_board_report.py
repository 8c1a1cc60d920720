"""Reports for a meeting: the figures of the pages as a PDF, as far as the reader may see them, and no patient."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from core import board_report, reports, roll_ups
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store.database import writing
from core.store.schema import recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.designed import DELAYED, activated, add_couples
from tests.followed import followed, split
from tests.pdfs import page_texts
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)


@pytest.fixture
def clinic(bench_by_day: Workbench) -> Workbench:  # noqa: F811
    """c1 went to 27 of 30 patients of the first group; c2, a draft, is for one of the second."""
    bench = bench_by_day
    add_clinic(bench)
    add_campaign(bench, add_patients(bench, 30), name="Mammograms <b>in</b> November", status="completed")
    add_campaign(bench, add_patients(bench, 1, start=80, group=2), campaign_id="c2", name="Draft", status="inactive")
    with writing(bench.engine) as connection:
        ended = recipients.c.patient_id.in_([f"p{number}" for number in range(1, 28)])
        connection.execute(update(recipients).where(ended).values(state="handed_over", finished_at=bench.now()))
    return bench


def text(content: bytes) -> str:
    return " ".join(page_texts(content))


def test_the_report_of_a_campaign_has_headline_results_and_course_and_no_patient(clinic: Workbench) -> None:
    said = text(board_report.campaign_pdf(clinic, "c1"))

    assert "Mammograms <b>in</b> November" in said and "Campaign report · Email" in said
    assert "27 of 30 patients were reached, 3 still wait" in said
    assert "Selected 30 100.0 %" in said and "Over time" in said
    assert "Made for Ana Lyst" in said and "As of" in said and "Page 1 of" in said
    assert "Example, Ada" not in said and "p1@example.org" not in said
    assert accounts.recorded(clinic.engine, "report.printed", "c1") == [{}]


def test_the_overview_counts_what_went_out_in_the_period_without_drafts(clinic: Workbench) -> None:
    today = clinic.today()
    said = text(board_report.overview_pdf(clinic, today - timedelta(days=400), today + timedelta(days=400)))

    assert "1 campaign contacted 25 patients and reached 25 of them (100.0 %)." in said
    assert "Mammograms <b>in</b> November" in said and "Draft" not in said
    assert accounts.recorded(clinic.engine, "overview.printed", "")


def test_a_period_in_which_nothing_went_out_says_so(clinic: Workbench) -> None:
    said = text(board_report.overview_pdf(clinic, date(2020, 1, 1), date(2020, 1, 31)))

    assert "Nobody was contacted in this period." in said and "Wed 1 Jan 2020 to Fri 31 Jan 2020" in said


def test_what_was_contacted_in_the_period_is_in_it_whenever_its_campaign_began(clinic: Workbench) -> None:
    add_campaign(clinic, [f"p{n}" for n in range(1, 21)], campaign_id="c4", name="Old", channel="text",
                 start_on=clinic.today() - timedelta(days=40))  # fmt: skip
    with writing(clinic.engine) as connection:
        left = {"state": "delivered", "handed_over_at": clinic.now() - timedelta(days=20)}
        connection.execute(update(recipients).where(recipients.c.campaign_id == "c4").values(left))
    roll_ups.refresh(clinic)
    today = clinic.today()

    said = text(board_report.overview_pdf(clinic, today - timedelta(days=30), today - timedelta(days=10)))

    assert "1 campaign contacted 20 patients and reached 20 of them (100.0 %)." in said
    assert "Nobody was contacted" not in said and "Old Text" in said and "All 20 20 100.0 %" in said


def test_a_period_that_ends_before_it_begins_is_refused(clinic: Workbench) -> None:
    with pytest.raises(NotAllowed, match="Choose a later last day"):
        board_report.overview_pdf(clinic, date(2020, 1, 2), date(2020, 1, 1))


def test_nobody_reads_of_campaigns_out_of_their_sight(clinic: Workbench) -> None:
    person = User("otto", "Otto", scope=Scope(groups=frozenset({"g9"})), roles=frozenset({"manager"}))
    accounts.add_user(clinic.engine, person, at=clinic.now(), by="ana")
    otto = replace(clinic, user=person)

    with pytest.raises(NotFound):
        board_report.campaign_pdf(otto, "c1")
    today = clinic.today()
    assert "Mammograms" not in text(board_report.overview_pdf(otto, today - timedelta(400), today + timedelta(400)))


def few(wb: Workbench, *, group: int = 1) -> None:
    """A third campaign, for three patients."""
    add_campaign(wb, add_patients(wb, 3, start=90, group=group), campaign_id="c3", name="Few", status="completed")


def test_of_a_campaign_of_a_few_patients_nothing_is_printed_but_that_it_is_one(clinic: Workbench) -> None:
    few(clinic)
    today = clinic.today()

    alone = text(board_report.campaign_pdf(clinic, "c3"))
    among = text(board_report.overview_pdf(clinic, today - timedelta(days=400), today + timedelta(days=400)))

    assert "Fewer than 11 patients were selected: too few for figures." in alone and "Results" not in alone
    assert "2 campaigns contacted 25 patients" in among
    assert "2 campaigns are not listed: too few patients were contacted, or they could be worked out." in among


def test_a_limited_reader_gets_everything_on_paper_of_the_same_patients(clinic: Workbench) -> None:
    add_campaign(clinic, [f"p{n}" for n in range(1, 29)] + add_patients(clinic, 20, start=100, group=2),
                 campaign_id="c4", name="Both groups", status="completed")  # fmt: skip
    with writing(clinic.engine) as connection:
        mine = recipients.c.campaign_id == "c4"
        ended = {"state": "delivered", "handed_over_at": clinic.now(), "finished_at": clinic.now()}
        connection.execute(update(recipients).where(mine).values(ended))
    person = User("gil", "Gil", scope=Scope(groups=frozenset({"g2"})), roles=frozenset({"manager"}))
    accounts.add_user(clinic.engine, person, at=clinic.now(), by="ana")
    roll_ups.refresh(clinic)
    today = clinic.today()

    said = text(board_report.overview_pdf(replace(clinic, user=person), today, today + timedelta(days=1)))

    assert "1 campaign contacted 20 patients and reached 20 of them (100.0 %)." in said
    assert "Of the patients of your groups." in said
    assert "Contacted 20" in said and "Delivered 100.0 %" in said


@pytest.mark.parametrize(
    ("count", "selected"), [(4, "Fewer than 11 patients were selected"), (10, "20 patients selected")]
)
def test_how_few_are_contacted_later_is_not_printed(clinic: Workbench, count: int, selected: str) -> None:
    ids = add_couples(clinic, count, start=200)
    tomorrow = clinic.today() + timedelta(days=1)
    activated(clinic, ids, campaign_id="c5", **DELAYED | {"start_on": tomorrow, "holdout_share": 20})

    said = text(board_report.campaign_pdf(clinic, "c5"))

    assert selected in said and "Goes out Wed 25 Nov 2026" in said and "more from" not in said


def test_how_many_were_reached_is_one_number_in_the_first_lines(clinic: Workbench) -> None:
    add_campaign(clinic, add_patients(clinic, 120, start=501), campaign_id="c7", name="Halves", status="completed")
    became = {f"p{500 + int(each[1:])}": row for each, row in split(60, 30, 20).items()}
    for number in range(544, 561):
        became[f"p{number}"] |= {"state": "not_sent", "reason": "no_address", "handed_over_at": None}
    followed(clinic, became, campaign_id="c7", design="hold_out", holdout_share=50, measures=["scr-mammogram"])

    said = text(board_report.campaign_pdf(clinic, "c7"))

    assert "43 reached; about 30 of about 60 to contact closed a gap within 90 days" in said
    assert "Reached 43 of 60 patients to contact" in said


def test_when_a_campaign_of_a_few_will_be_done_is_not_printed(clinic: Workbench) -> None:
    settled = {"status": "active", "activated_at": clinic.now(), "start_on": clinic.today() + timedelta(days=1)}
    add_campaign(clinic, add_patients(clinic, 8, start=500), campaign_id="c6", name="Eight", **settled)

    passed_on = reports.report(clinic, "c6", is_passed_on=True).schedule

    assert passed_on == "Goes out Wed 25 Nov 2026, from 9:00"
    assert reports.report(clinic, "c6").schedule == f"{passed_on}, done about 9:05"
