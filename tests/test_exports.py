"""Exports hold what was on the screen, formatted and harmless, and say who made what of when by which rules."""

import csv
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime

import polars as pl
import pytest
from sqlalchemy import update

from core import exports, report_exports, reports
from core.domain.manifest import ExportTable
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound, TooMany
from core.store import accounts
from core.store.database import writing
from core.store.schema import patients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import Clock
from tests.followed import followed, split

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "harmless"]
TABLE = ExportTable(
    "Some rows",
    pl.DataFrame(
        {
            "Text": FORMULAS,
            "Count": range(7),
            "Share": [0.125] * 7,
            "Day": [date(2026, 11, 24)] * 7,
            "When": [datetime(2026, 11, 24, 14, 5)] * 7,
        },
        schema_overrides={"When": pl.Datetime("us", "America/Chicago")},
    ),
    ("Share",),
)


@pytest.fixture
def clinic(wb: Workbench) -> Workbench:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 3))
    return wb


def written(wb: Workbench, kind: str, *tables: ExportTable) -> io.BytesIO:
    out = io.BytesIO()
    said = exports.about(wb, "Trial", filters={"Group": "North"})
    exports.write(wb, out, tables or (TABLE,), said, kind=kind, action="trial.exported", subject="")
    return out


def test_parquet_comes_with_a_manifest_of_who_when_what_and_by_which_rules(wb: Workbench, clock: Clock) -> None:
    with zipfile.ZipFile(written(wb, "parquet")) as archive:
        rows = pl.read_parquet(archive.read("some-rows.parquet"))
        said = json.loads(archive.read("manifest.json"))

    assert rows.columns == TABLE.rows.columns and rows["Count"].to_list() == list(range(7))
    assert (said["what"], said["made_by"], said["filters"]) == ("Trial", "Ana Lyst", {"Group": "North"})
    assert said["made_at"].startswith(f"{clock():%Y-%m-%dT}") and said["as_of"] == wb.today().isoformat()
    assert said["data_of"] is None and said["time_zone"] == "America/Chicago"
    assert re.fullmatch("[0-9a-f]{12}", said["rules"]) and said["rule_versions"]["scr-mammogram"] >= 1
    assert said["careloop"]
    assert said["tables"] == [
        {"name": "Some rows", "rows": 7, "columns": rows.columns, "sha256": TABLE.harmless().digest}
    ]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_no_cell_is_a_formula_whatever_the_kind_of_file(wb: Workbench, kind: str) -> None:
    out = written(wb, kind, TABLE, replace(TABLE, name="Again"))
    with zipfile.ZipFile(out) as archive:
        content = archive.read(f"some-rows.{kind}")
    rows = pl.read_csv(content) if kind == "csv" else pl.read_parquet(content)

    assert rows["Text"].to_list() == [*(f"'{each}" for each in FORMULAS[:-1]), "harmless"]


def test_the_checksum_of_a_csv_in_an_archive_is_that_of_its_file(wb: Workbench) -> None:
    with zipfile.ZipFile(written(wb, "csv", TABLE, replace(TABLE, name="Again"))) as archive:
        (first, second) = json.loads(archive.read("manifest.json"))["tables"]
        content = archive.read("some-rows.csv")

    assert first["sha256"] == second["sha256"] == hashlib.sha256(content).hexdigest()
    assert b"2026-11-24 " in content and content.startswith(b"\xef\xbb\xbf")


def test_a_single_csv_is_a_plain_file(wb: Workbench) -> None:
    out = written(wb, "csv")

    assert pl.read_csv(out.getvalue()).height == 7
    assert (
        exports.file_name("list", "csv") == "list.csv" and exports.file_name("list", "csv", count=2) == "list-csv.zip"
    )
    assert exports.file_name("list", "parquet") == "list-parquet.zip"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Spring: Mammograms / 2026", "spring-mammograms-2026-figures-2026-11-28"),
        ("Año nuevo <b>", "ano-nuevo-b-figures-2026-11-28"),
        ("../..", "figures-2026-11-28"),
        ("検診", "figures-2026-11-28"),
        ("x" * 120, "x" * 60 + "-figures-2026-11-28"),
    ],
)
def test_a_file_is_called_after_its_campaign_its_content_and_its_day(name: str, stem: str) -> None:
    assert exports.stem(name, "figures", date(2026, 11, 28)) == stem


def test_a_workbook_begins_with_a_sheet_about_it_and_its_sheets_are_formatted(wb: Workbench) -> None:
    with zipfile.ZipFile(written(wb, "xlsx")) as book:
        names = re.findall('<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        texts = re.findall("<t[^>]*>([^<]*)</t>", book.read("xl/sharedStrings.xml").decode())
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
        styles = book.read("xl/styles.xml").decode()

    assert names == ["About", "Some rows"]
    assert {"What", "Trial", "Made by", "Ana Lyst", "Filter: Group", "North", "Rule scr-mammogram"} <= set(texts)
    assert any(TABLE.harmless().digest in text for text in texts)
    assert "'=1+1" in texts and "<f>" not in sheet
    assert 'state="frozen"' in sheet and "<cols>" in sheet
    assert {"0.0%", "yyyy-mm-dd", "yyyy-mm-dd hh:mm"} <= set(re.findall('formatCode="([^"]+)"', styles))


@pytest.mark.parametrize("kind", exports.KINDS)
def test_a_table_without_rows_is_a_file_with_its_columns(wb: Workbench, kind: str) -> None:
    out = written(wb, kind, replace(TABLE, rows=TABLE.rows.head(0)))

    assert out.getvalue()


def test_more_rows_than_a_sheet_has_are_refused_with_what_to_do(wb: Workbench) -> None:
    many = ExportTable("Many", pl.DataFrame({"n": pl.zeros(exports.MOST_ROWS + 1, pl.Int8, eager=True)}))

    with pytest.raises(TooMany, match="Export it as CSV or Parquet"):
        written(wb, "xlsx", many)
    with pytest.raises(NotFound, match="There are csv, xlsx, parquet"):
        written(wb, "ods")


def test_an_export_is_recorded_with_its_checksums_and_no_name(wb: Workbench) -> None:
    written(wb, "csv")

    [details] = accounts.recorded(wb.engine, "trial.exported", "")
    assert details == {"format": "csv", "rows": {"some-rows": 7}, "sha256": [TABLE.harmless().digest]}


def test_who_may_not_export_patients_takes_the_figures_along_without_a_patient(clinic: Workbench) -> None:
    person = User("dana", "Dana", roles=frozenset({"data_scientist"}), scope=Scope())
    accounts.add_user(clinic.engine, person, at=clinic.now(), by="ana")
    dana = clinic.as_user("dana")
    shown, out = reports.report(dana, "c1"), io.BytesIO()

    with pytest.raises(NotAllowed):
        report_exports.write_patients(dana, shown, out, kind="csv")
    report_exports.write_figures(dana, reports.report(dana, "c1"), out, kind="csv")

    with zipfile.ZipFile(out) as archive:
        assert sorted(archive.namelist()) == sorted(["manifest.json", *(f"{name}.csv" for name in FIGURES)])
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Example" not in everything and b"p1" not in everything
    assert accounts.recorded(clinic.engine, "report.figures_exported", "c1")


FIGURES = (
    *("results", "over-time", "steps", "not-reached", "effect-arms", "effect"),
    *("by-language", "by-provider", "by-group"),
)


def figures(wb: Workbench) -> tuple[dict[str, list[dict[str, str]]], dict[str, str]]:
    """The tables of the figures as CSV, and what the manifest says they are about."""
    out = io.BytesIO()
    report_exports.write_figures(wb, reports.report(wb, "c1"), out, kind="csv")
    with zipfile.ZipFile(out) as archive:
        text = {name: archive.read(f"{name}.csv").decode("utf-8-sig") for name in FIGURES}
        about = json.loads(archive.read("manifest.json"))["filters"]
    return {name: list(csv.DictReader(io.StringIO(each))) for name, each in text.items()}, about


def test_the_figures_hold_every_part_of_the_report_and_say_what_they_are_about(wb: Workbench) -> None:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 80), status="completed")
    followed(wb, split(40, 19, 11), design="hold_out", holdout_share=50)

    found, about = figures(wb)

    assert found["steps"][0] | {"Counts": ""} == {
        "Step": "Selected", "Patients": "80", "Of selected": "1.0", "Of the step before": "", "Counts": ""
    }  # fmt: skip
    assert found["by-group"] == [
        {"Group": "Group 1", "Selected": "80", "Reached": "40", "Booked": "0", "Gap closed": "19"}
    ]
    assert found["by-language"][0]["Language"] == "English"
    assert (found["effect-arms"][-2]["Share"], found["effect-arms"][-1]["Arm"]) == ("0.475", "Held out")
    last = found["effect"][-1]
    assert (last["Within days"], last["Difference"], last["Method"]) == ("90", "0.2", "Newcombe")
    assert float(last["95 % from"]) < 0.0 < float(last["95 % to"]) and 0.05 < float(last["p"]) < 0.1
    assert about == {
        "Campaign": "c1",
        "Mode": "email",
        "Start date": "2026-06-01",
        "Who is contacted": "50 % are contacted, 50 % are not, by chance",
        "Care gaps": "Scr: Mammogram Overdue",
    }


def test_figures_are_rounded_and_hidden_for_who_may_not_see_patients_as_on_the_page(wb: Workbench) -> None:
    add_clinic(wb)
    ids = [*add_patients(wb, 79), *add_patients(wb, 3, start=80, group=2, language="es")]
    add_campaign(wb, ids, status="completed")
    followed(wb, split(41, 27, 4), design="hold_out", holdout_share=50)
    person = User("dana", "Dana", roles=frozenset({"data_scientist"}), scope=Scope())
    accounts.add_user(wb.engine, person, at=wb.now(), by="ana")

    found, _ = figures(wb.as_user("dana"))

    assert found["steps"][0]["Patients"] == "80" and found["effect"] == found["effect-arms"] == []
    counts = [cell for rows in found.values() for row in rows for cell in row.values() if cell.isdigit()]
    assert all(int(each) == 0 or (int(each) >= 15 and int(each) % 5 == 0) for each in counts)
    assert "Spanish" not in str(found) and "'es'" not in str(found)


def test_the_patients_of_a_report_are_the_same_in_every_kind_of_file(clinic: Workbench) -> None:
    with writing(clinic.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p1").values(last="=cmd"))
    shown = reports.report(clinic, "c1")
    files = {kind: io.BytesIO() for kind in exports.KINDS}
    for kind, out in files.items():
        assert report_exports.write_patients(clinic, shown, out, kind=kind) == 3

    with zipfile.ZipFile(files["parquet"]) as archive:
        rows = pl.read_parquet(archive.read("patients.parquet"))
    assert rows["Patient"].to_list() == pl.read_csv(files["csv"].getvalue())["Patient"].to_list()
    assert "'=cmd, Ada" in rows["Patient"].to_list()
