"""Reading Synthea's CSV tables, in the variants of its versions."""

from pathlib import Path

import pytest

from core import loads
from core.errors import DataError
from core.workbench import Workbench
from tests.feeds import without_rules, write_feed

PATIENTS = ["Id,BIRTHDATE,DEATHDATE,FIRST,LAST,GENDER,RACE", "p1,1960-05-01,,Ann46,Example958,F,white"]


@pytest.fixture
def wb(wb: Workbench) -> Workbench:
    without_rules(wb)
    return wb


def test_the_tables_become_ours(wb: Workbench, tmp_path: Path) -> None:
    feed = write_feed(
        tmp_path / "feed",
        patients=PATIENTS,
        conditions=["START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION", "2020-01-01,,p1,e1,44054006,Diabetes"],
        observations=[
            "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
            "2026-01-01T04:17:47Z,p1,e1,laboratory,4548-4,HbA1c,8.1,%,numeric",
            "2026-01-01T04:17:47Z,p1,e1,vital-signs,8480-6,Systolic,128,mm[Hg],numeric",
            "2026-01-01T04:17:47Z,p1,e1,survey,72166-2,Smoking,Never smoker,,text",
        ],
        immunizations=["DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION", "2025-10-10T04:17:47Z,p1,e1,140,Influenza"],
    )

    report = loads.load(wb, feed)

    assert report.format == "synthea"
    assert {name: counts.kept for name, counts in report.counts.items()} == {
        "patients.csv": 1,
        "conditions.csv": 1,
        "observations.csv": 3,
        "immunizations.csv": 1,
    }
    generation = loads.current(wb)
    assert generation is not None
    kinds = generation.events().collect().select("kind", "system", "code").rows()
    assert sorted(kinds) == [
        ("immunization", "CVX", "140"),
        ("lab", "LOINC", "4548-4"),
        ("problem", "SNOMED", "44054006"),
        ("vital", "LOINC", "72166-2"),
        ("vital", "LOINC", "8480-6"),
    ]
    assert generation.table("patients").collect().select("first", "last").row(0) == ("Ann", "Example")


def test_columns_of_newer_versions_are_read(wb: Workbench, tmp_path: Path) -> None:
    feed = write_feed(
        tmp_path / "feed",
        patients=[PATIENTS[0].replace("Id", "ID") + ",MIDDLE", PATIENTS[1] + ",Lee7"],
        conditions=[
            "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION",
            "2020-01-01,,p1,e1,http://snomed.info/sct,44054006,Diabetes",
        ],
        procedures=["DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION", "2020-02-01T00:00:00Z,p1,e1,73761001,Colonoscopy"],
    )

    report = loads.load(wb, feed)

    assert report.counts["procedures.csv"].kept == 1
    generation = loads.current(wb)
    assert generation is not None
    assert generation.table("patients").collect()["middle"].to_list() == ["Lee"]
    assert generation.events().collect()["system"].unique().to_list() == ["SNOMED"]


def test_equal_rows_are_all_kept_and_stay_the_same_when_they_come_again(wb: Workbench, tmp_path: Path) -> None:
    conditions = ["START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION", *["2020-01-01,,p1,e1,44054006,Diabetes"] * 3]
    loads.load(wb, write_feed(tmp_path / "one", patients=PATIENTS, conditions=conditions))

    report = loads.load(
        wb, write_feed(tmp_path / "two", patients=PATIENTS, conditions=conditions, providers=["Id,NAME"])
    )

    assert report.status == "unchanged"
    generation = loads.current(wb)
    assert generation is not None
    assert generation.events().collect().height == 3


def test_the_folder_that_synthea_writes_is_found_in(wb: Workbench, tmp_path: Path) -> None:
    write_feed(tmp_path / "output" / "csv", patients=PATIENTS)

    assert loads.load(wb, tmp_path / "output").counts["patients.csv"].kept == 1


def test_a_patient_who_died_long_ago_is_not_too_old(wb: Workbench, tmp_path: Path) -> None:
    patients = [*PATIENTS, "p2,1899-05-01,1970-01-01,Bob,Example,M,white", "p3,1899-05-01,,Cid,Example,M,white"]

    report = loads.load(wb, write_feed(tmp_path / "feed", patients=patients))

    assert (report.counts["patients.csv"].kept, report.counts["patients.csv"].rejected) == (2, 1)


def test_a_missing_column_is_named(wb: Workbench, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed", patients=PATIENTS, conditions=["START,PATIENT", "2020-01-01,p1"])

    with pytest.raises(DataError, match=r"conditions.csv, line 1: the column CODE is missing"):
        loads.load(wb, feed)
