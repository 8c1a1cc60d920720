"""Work lists on loaded data: scope, live fields, choices, export and the limit of a campaign."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import insert, select

from core import loads, panels, work_list_exports, work_lists
from core.domain.fields import FIELDS
from core.domain.period import Period
from core.domain.user import Scope, User
from core.domain.work_list import Filter, Sort, WorkList
from core.errors import TooMany
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import audit, campaigns, opt_outs, recipients
from core.workbench import Workbench
from tests.conftest import Clock
from tests.homes import Homes

AT = datetime(2026, 11, 1, 17, 0, tzinfo=UTC)
FEED: dict[str, list[dict[str, str]]] = {
    "groups": [{"group_id": "g1", "name": "Lakeside"}, {"group_id": "g2", "name": "Hillside"}],
    "providers": [
        {"provider_id": "p1", "last": "Lake", "group_id": "g1", "is_pcp": "yes", "display_name": "Dr. Ada Lake"},
        {"provider_id": "p2", "last": "Hill", "group_id": "g2", "is_pcp": "yes", "display_name": "Dr. José Hill"},
    ],
    "patients": [
        {
            "patient_id": "ann",
            "first": "=Ann",
            "last": "Árbol",
            "birth_date": "1970-02-28",
            "sex": "F",
            "language": "es",
            "email": "ann@clinic-mail.org",
            "phone_mobile": "+13125550142",
            "pcp_id": "p1",
            "group_id": "g1",
            "status": "active",
        },
        {
            "patient_id": "bo",
            "first": "Bo",
            "last": "Berg",
            "birth_date": "1990-01-01",
            "sex": "M",
            "email": "bo@clinic-mail.org",
            "pcp_id": "p2",
            "group_id": "g2",
        },
        {"patient_id": "cy", "first": "Cy", "last": "Cole", "birth_date": "2000-01-01", "sex": "M"},
    ],
    "appointments": [{"appointment_id": "a1", "patient_id": "bo", "start_at": "2026-12-01 09:00:00"}],
    "labs": [
        {
            "lab_id": "l1",
            "patient_id": "ann",
            "loinc": "4548-4",
            "local_name": "HbA1c",
            "value": "9.4",
            "unit": "%",
            "status": "final",
            "collected_on": "2026-10-01",
            "resulted_on": "2026-10-02",
        }
    ],
}


def write(folder: Path, tables: dict[str, list[dict[str, str]]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.fixture
def bench(wb: Workbench, homes: Homes, tmp_path: Path) -> Workbench:
    """A workbench with three patients loaded; users who see everything, one group, and nothing."""
    homes.fill(wb, "work-lists", lambda: loads.load(wb, write(tmp_path / "feed", FEED)))
    accounts.add_user(wb.engine, User("one", "One Group", scope=Scope(groups=frozenset({"g1"}))), at=AT, by="ana")
    accounts.add_user(wb.engine, User("none", "Nothing", scope=Scope(groups=frozenset())), at=AT, by="ana")
    return wb


def ids(wb: Workbench, *rows: Filter, **more: Any) -> list[str]:
    return work_lists.run(wb, WorkList(filters=(rows,), sorts=(Sort("name"),), **more)).ids


def test_before_anything_is_loaded_a_work_list_finds_nobody(wb: Workbench) -> None:
    found = work_lists.run(wb, WorkList(filters=((Filter("age", "greater", 1),),)))

    assert (found.count, found.page(0).height) == (0, 0)
    assert not work_lists.has_patients(wb)
    assert work_lists.fields(wb) == FIELDS
    assert work_lists.group_choices(wb) == []


def test_what_was_loaded_can_be_asked_and_is_shown(bench: Workbench) -> None:
    columns = ("name", "age", "group", "pcp", "lab:hba1c", "lab_date:hba1c", "next_appointment", "language")

    found = work_lists.run(bench, WorkList(sorts=(Sort("name"),), columns=columns))

    assert work_lists.has_patients(bench)
    shown = found.page(0).rows()
    assert shown[0] == (
        "ann", "Árbol, =Ann", 56, "Lakeside", "Dr. Ada Lake", 9.4, date(2026, 10, 1), None, "Spanish",
    )  # fmt: skip
    assert shown[1][:1] + shown[1][7:8] == ("bo", date(2026, 12, 1))
    assert ids(bench, Filter("lab:hba1c", "greater", 9)) == ["ann"]
    assert ids(bench, Filter("next_appointment", "not_in_next", Period(1, "months"))) == ["ann", "cy"]


@pytest.mark.parametrize(
    ("user", "visible", "groups"),
    [
        ("ana", ["ann", "bo", "cy"], [("g2", "Hillside"), ("g1", "Lakeside")]),
        ("one", ["ann"], [("g1", "Lakeside")]),
        ("none", [], []),
    ],
)
def test_a_user_finds_and_chooses_only_within_the_own_scope(
    bench: Workbench, user: str, visible: list[str], groups: list[tuple[str, str]]
) -> None:
    acting = bench.as_user(user)

    assert ids(acting) == visible
    assert ids(acting, Filter("opt_outs", "empty")) == visible
    assert ids(acting, groups=("g1", "g2")) == [patient for patient in visible if patient != "cy"]
    assert work_lists.group_choices(acting) == groups
    everybody = work_lists.patients_shown(acting, ["cy", "bo", "ann", "nobody"], ["name"])
    assert sorted(everybody["patient_id"]) == visible
    assert work_lists.choices(acting, "group") == [name for _id, name in groups]


def test_choices_are_the_words_that_occur(bench: Workbench) -> None:
    assert work_lists.choices(bench, "sex") == ["Female", "Male"]
    assert work_lists.provider_choices(bench, ["g2"]) == [("p2", "Dr. José Hill")]
    assert set(work_lists.choices(bench, "alerts")) >= {"Imm: Missing Influenza Vaccination"}
    assert "Global" in work_lists.choices(bench, "opt_outs")
    assert work_lists.choices(bench, "email") == work_lists.choices(bench, "age") == []


def test_labs_of_the_data_are_fields(bench: Workbench) -> None:
    names = {of.key: of.name for of in work_lists.fields(bench)}

    assert names["lab_date:hba1c"] == f"{names['lab:hba1c']} Date"


def test_opt_outs_are_read_at_each_run_by_patient_and_by_address(bench: Workbench) -> None:
    assert ids(bench, Filter("opt_outs", "not_empty")) == []

    made = {"reason": "Privacy", "source": "staff", "comment": "", "made_at": AT, "made_by": "ana"}
    rows: list[dict[str, Any]] = [
        {"patient_id": "bo", "type": "global", "starts_on": date(2026, 1, 1), "until": None},
        {"patient_id": "cy", "type": "global", "starts_on": date(2026, 1, 1), "until": date(2026, 11, 23)},  # over
        {"address": "ann@clinic-mail.org", "type": "health_email", "starts_on": date(2026, 1, 1), "until": None},
    ]
    with writing(bench.engine) as connection:
        for row in rows:
            connection.execute(insert(opt_outs).values(**made, **row))

    assert ids(bench, Filter("opt_outs", "not_empty")) == ["ann", "bo"]
    assert ids(bench, Filter("opt_outs", "contains", "email")) == ["ann"]
    assert ids(bench, Filter("opt_outs", "not_contains", "email")) == ["bo", "cy"]
    assert ids(bench, Filter("opt_outs", "equals", "global")) == ["bo"]
    shown = work_lists.run(bench, WorkList(columns=("opt_outs",), sorts=(Sort("opt_outs"),))).page(0)
    assert shown["opt_outs"].to_list() == [["Global"], ["Health Reminders - Email"], []]


def test_last_contacted_is_the_local_day_of_the_last_message(bench: Workbench) -> None:
    _contacted(bench, "bo", at=datetime(2026, 11, 21, 2, 0, tzinfo=UTC))  # the evening of 20 November in Chicago

    assert ids(bench, Filter("last_contacted", "equals", date(2026, 11, 20))) == ["bo"]
    assert ids(bench, Filter("last_contacted", "not_in_last", Period(1, "weeks"))) == ["ann", "cy"]
    found = work_lists.run(bench, WorkList(columns=("last_contacted",), sorts=(Sort("last_contacted"),)))
    assert found.page(0).rows()[0] == ("bo", date(2026, 11, 20))


def _contacted(wb: Workbench, patient_id: str, *, at: datetime) -> None:
    plain = {column.name: "" for column in campaigns.columns if not column.nullable and column.default is None}
    moments = {"created_at": at, "changed_at": at, "start_on": at.date()}
    lists: dict[str, Any] = {"messages": {}, "fields": {}, "measures": [], "protocols": [], "work_list": {}}
    with writing(wb.engine) as connection:
        connection.execute(insert(campaigns).values({**plain, **moments, **lists, "campaign_id": "c1"}))
        connection.execute(insert(recipients).values(campaign_id="c1", patient_id=patient_id, handed_over_at=at))


def test_an_export_holds_everybody_found_and_no_formula(bench: Workbench) -> None:
    out = io.BytesIO()
    found = work_lists.run(bench, WorkList(sorts=(Sort("name"),)))

    count = work_lists.export_csv(bench, found, out, columns=("name", "phone_mobile", "age", "alerts"), view_id="v1")

    lines = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
    assert count == 3
    assert lines[0] == ["Patient Id", "Patient Name", "Phone (M)", "Age", "Alerts & Recommendations"]
    assert lines[1][:4] == ["ann", "Árbol, =Ann", "(312) 555-0142", "56"]
    assert [line[0] for line in lines[1:]] == ["ann", "bo", "cy"]


def test_a_cell_that_a_spreadsheet_would_calculate_is_made_harmless(wb: Workbench, tmp_path: Path) -> None:
    patients = [
        {"patient_id": "x", "last": '=HYPERLINK("x")', "birth_date": "1990-01-01", "payer": "@SUM(1)"},
        {"patient_id": "y", "last": "-1+2", "birth_date": "1990-01-01", "payer": "+Plan"},
    ]
    loads.load(wb, write(tmp_path / "feed", {"patients": patients}))
    out = io.BytesIO()

    work_lists.export_csv(wb, work_lists.run(wb, WorkList()), out, columns=("name", "payer", "age"))

    lines = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))[1:]
    assert all(cell[0] == "'" for line in lines for cell in line[1:3])
    assert {line[3] for line in lines} == {"36"}


def test_an_export_of_nobody_has_a_head(bench: Workbench) -> None:
    out = io.BytesIO()

    assert work_lists.export_csv(bench.as_user("none"), work_lists.run(bench.as_user("none"), WorkList()), out) == 0
    assert out.getvalue().decode("utf-8-sig").startswith("Patient Id,Patient Name")


def test_an_export_is_recorded_with_its_count_and_view(bench: Workbench) -> None:
    work_lists.export_csv(bench, work_lists.run(bench, WorkList()), io.BytesIO(), columns=("age",), view_id="v1")

    with reading(bench.engine) as connection:
        line = connection.execute(select(audit).where(audit.c.action == "work_list.exported")).one()
    assert (line.user_id, line.subject, line.details) == ("ana", "v1", {"patients": 3, "columns": ["age"]})


def test_exactly_the_limit_is_allowed_and_one_more_says_how_to_narrow(wb: Workbench) -> None:
    work_lists.check_limit(wb, 2000)

    with pytest.raises(TooMany, match=r"2,001 patients are selected, 1 more than the 2,000 .* Add a filter") as refusal:
        work_lists.check_limit(wb, 2001)
    assert (refusal.value.count, refusal.value.limit) == (2001, 2000)


def test_the_limit_is_the_organisations_setting(wb: Workbench) -> None:
    accounts.change_organisation(wb.engine, {"campaign_limit": 5}, at=AT, by="ana")

    with pytest.raises(TooMany, match="1 more than the 5"):
        work_lists.check_limit(wb, 6)


def test_users_share_one_panel_until_the_next_load(bench: Workbench, tmp_path: Path) -> None:
    first = panels.panel(bench)
    assert panels.panel(bench.as_user("one")) is first

    loads.load(bench, write(tmp_path / "more", {"patients": [{"patient_id": "di", "birth_date": "1980-01-01"}]}))

    assert panels.panel(bench) is not first
    assert "di" in ids(bench)


def test_the_next_day_has_a_panel_of_its_own(bench: Workbench, clock: Clock) -> None:
    assert ids(bench, Filter("next_appointment", "not_empty")) == ["bo"]

    clock.forward(days=100)  # to 4 March: one year older on the way

    assert ids(bench, Filter("age", "equals", 57)) == ["ann"]
    assert ids(bench, Filter("next_appointment", "not_empty")) == []
    assert isinstance(panels.panel(bench).frame, pl.DataFrame)


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_a_list_as_workbook_or_parquet_says_what_was_asked_for(bench: Workbench, kind: str) -> None:
    asked = WorkList(groups=("g1",), filters=((Filter("age", "greater", 40.0), Filter("alerts", "not_empty")),))
    found, out = work_lists.run(bench, asked), io.BytesIO()

    assert work_list_exports.write(bench, found, out, kind=kind, view_id="v1") == found.count
    with zipfile.ZipFile(out) as archive:
        texts = b"".join(archive.read(name) for name in archive.namelist() if name.endswith((".xml", ".json"))).decode()
    assert "Age is greater than 40.0 and Alerts &amp; Recommendations is not empty" in texts.replace(" & ", " &amp; ")
    assert "Ana Lyst" in texts
