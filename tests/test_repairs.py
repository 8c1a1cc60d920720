"""The data repair list: from feeds and what happened since to counts, list, work list and export."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import select

from core import corrections, loads, repairs, work_lists
from core.domain.user import Scope
from core.domain.work_list import Filter, WorkList
from core.store import address_states
from core.store.database import reading, writing
from core.store.schema import audit
from core.workbench import Workbench
from tests.conftest import Clock
from tests.feeds import without_rules, write_feed
from tests.postgres import bench, bench_by_day, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

HEAD = (
    "patient_id,first,last,birth_date,sex,status,group_id,pcp_id,phone_mobile,phone_home,email,"
    "address1,city,state,zip,guarantor_id"
)
HOME = "1 Elm St,Peoria,IL,61601"


def row(patient_id: str, mobile: str = "", home: str = "", email: str = "", address: str = HOME, **more: str) -> str:
    born, status = more.get("born", "1960-05-01"), more.get("status", "active")
    pcp, adult = more.get("pcp", "d1"), more.get("guarantor", "")
    return f"{patient_id},=Ann,Example{patient_id},{born},F,{status},g1,{pcp},{mobile},{home},{email},{address},{adult}"


PEOPLE = [
    row("P1", "312-555-0101", "", "p1@example.org"),
    row("P2", "555-01", "", "none@none.com"),  # unusable twice
    row("P3", "", "312-555-0103", "p3@example.org", ",,,", pcp="d2"),
    row("P4", "", "", "", "1 Elm St,,,", pcp="d3"),  # nowhere
    row("P5", "", "", "", ",,,", status="inactive"),
    row("P6", "", "", "", born="2020-05-01", guarantor="P1"),
    row("P7", "", "", "", born="2020-05-01", guarantor="P4", pcp=""),
]


@pytest.fixture
def clinic(bench_by_day: Workbench, clock: Clock, tmp_path: Path) -> Workbench:  # noqa: F811
    without_rules(bench_by_day)
    feed = write_feed(
        tmp_path / "one",
        patients=[HEAD, *PEOPLE],
        groups=["group_id,name", "g1,Group 1"],
        locations=["location_id,group_id,name", "l1,g1,=Lakeside", "l2,g1,Hillside"],
        providers=["provider_id,last,group_id,location_id", "d1,A,g1,l1", "d2,B,g1,l2", "d3,C,g1,"],
    )
    loads.load(bench_by_day, feed)
    clock.forward(hours=1)
    return bench_by_day


def counted(wb: Workbench) -> dict[tuple[str, str], int]:
    return {(problem, clinic): number for problem, clinic, number in repairs.counts(wb).iter_rows()}


def who(wb: Workbench, problem: str, clinic: str | None = None) -> list[str]:
    return repairs.listed(wb, problem, clinic=clinic).rows["patient_id"].to_list()


def test_counts_are_by_reason_and_clinic_and_only_of_the_active(clinic: Workbench) -> None:
    assert counted(clinic) == {
        ("text:too short", "=Lakeside"): 1,
        ("phone:too short", "=Lakeside"): 1,
        ("email:placeholder", "=Lakeside"): 1,
        ("text:missing", "Hillside"): 1,
        ("letter:missing", "Hillside"): 1,
        ("text:missing", "No clinic"): 1,
        ("phone:missing", "No clinic"): 1,
        ("email:missing", "No clinic"): 1,
        ("letter:incomplete", "No clinic"): 1,
        ("all", "No clinic"): 1,
        ("text:adult", "No clinic"): 1,
        ("phone:adult", "No clinic"): 1,
    }


def test_each_number_is_a_list_a_work_list_and_a_filter_with_the_same_patients(clinic: Workbench) -> None:
    for (problem, place), number in counted(clinic).items():
        listed = repairs.listed(clinic, problem, clinic=place)
        assert listed.count == number == len(listed.rows)
        assert work_lists.run(clinic, repairs.work_list(problem, place)).ids == who(clinic, problem, place)
    everywhere = repairs.listed(clinic, "text:missing")
    assert (everywhere.count, sorted(everywhere.rows["patient_id"])) == (2, ["P3", "P4"])

    none = work_lists.run(
        clinic, WorkList(filters=((Filter("contact_problem", "empty"), Filter("status", "equals", "Active")),))
    )
    assert sorted(none.ids) == ["P1", "P6"]
    shown = work_lists.patients_shown(clinic, ["P4", "P1"], ["contact_problem", "clinic"])
    assert shown["contact_problem"].list.len().to_list() == [5, 0]
    assert shown["clinic"].to_list() == [[], ["=Lakeside"]]
    assert "Emails came back" in work_lists.choices(clinic, "contact_problem")
    assert work_lists.choices(clinic, "clinic") == ["=Lakeside", "Hillside"]


def test_what_happens_since_counts_at_once(clinic: Workbench) -> None:
    assert ("email:dead", "=Lakeside") not in counted(clinic)
    with writing(clinic.engine) as connection:
        at = clinic.now()
        address_states.mark_dead(connection, "p1@example.org", channel="email", reason="mailbox_unknown", at=at)
        address_states.mark_dead(connection, "+13125550101", channel="text", reason="landline", at=at)
    assert who(clinic, "email:dead") == ["P1"] and who(clinic, "text:landline") == ["P1", "P6"]

    corrections.correct(clinic, "P4", "mobile", {"phone_mobile": "312-555-0104"})
    corrections.correct(clinic, "P3", "address", {"address1": "2 Oak", "city": "Peoria", "state": "IL", "zip": "61601"})
    corrections.correct(clinic, "P2", "email", {"email": "p2@example.org"})

    assert who(clinic, "all") == [] and who(clinic, "text:adult") == []  # P4 answers for P7
    assert who(clinic, "letter:missing") == [] and who(clinic, "email:placeholder") == []
    corrections.withdraw(clinic, "P4", "mobile")
    assert who(clinic, "all") == ["P4"]


def test_a_later_feed_says_it_anew_for_those_whom_it_names(clinic: Workbench, tmp_path: Path) -> None:
    second = write_feed(tmp_path / "two", patients=[HEAD, row("P1", "000-000-0000", "", "p1@gmial.com")])
    loads.load(clinic, second)

    assert who(clinic, "text:placeholder") == ["P1"] and who(clinic, "email:mistyped domain") == ["P1"]
    assert who(clinic, "text:too short") == ["P2"], "of whom this feed says nothing"

    third = write_feed(tmp_path / "three", patients=[HEAD, row("P2", "312-555-0102", "", "")])
    loads.load(clinic, third)
    assert who(clinic, "text:too short") == [] and who(clinic, "email:placeholder") == []
    assert who(clinic, "email:missing") == ["P2", "P4"]


def test_the_export_has_reason_clinic_and_what_to_do_without_formulas_and_is_audited(clinic: Workbench) -> None:
    out = BytesIO()
    assert repairs.export_csv(clinic, out) == 12
    rows = pl.read_csv(out.getvalue(), infer_schema=False)
    assert rows.columns == ["Patient Id", "Patient", "Reason", "Clinic", "What to do"]
    assert set(rows["Clinic"]) == {"'=Lakeside", "Hillside", "No clinic"}
    assert all(rows["What to do"].str.len_chars() > 5)

    part = BytesIO()
    assert repairs.export_csv(clinic, part, problem="text:missing", clinic="Hillside") == 1
    with reading(clinic.engine) as connection:
        lines = connection.execute(select(audit).where(audit.c.action == "repair_list.exported")).all()
    assert [line.details for line in lines] == [{"patients": 4, "rows": 12}, {"patients": 1, "rows": 1}]


def test_a_user_sees_the_patients_of_the_scope_only(clinic: Workbench) -> None:
    scope = Scope(providers=frozenset({"d2"}))
    limited = replace(clinic, user=replace(clinic.user, scope=scope))

    assert counted(limited) == {("text:missing", "Hillside"): 1, ("letter:missing", "Hillside"): 1}
    assert who(limited, "all") == [] and who(limited, "text:missing") == ["P3"]


def test_without_a_load_there_is_nothing_to_repair(bench_by_day: Workbench) -> None:  # noqa: F811
    assert repairs.counts(bench_by_day).is_empty()
    assert repairs.listed(bench_by_day, "all").count == 0
    assert repairs.export_csv(bench_by_day, BytesIO()) == 0


def test_pages_of_the_list_are_in_the_order_of_names(clinic: Workbench) -> None:
    pages = [repairs.listed(clinic, "text:missing", page=page, size=1) for page in range(3)]

    assert [each.rows["patient_id"].to_list() for each in pages] == [["P3"], ["P4"], []]
    assert {each.count for each in pages} == {2}
