"""What cannot be loaded is listed with file, line, column and reason, and defects are counted with what they cost."""

from pathlib import Path
from typing import Any

import pytest

from core import loads
from core.errors import DataError
from core.workbench import Workbench
from tests.feeds import ANN, BOB, LAB, PATIENT, without_rules, write_feed

NO_DATE = "is not a date, expected YYYY-MM-DD"
TOO_MANY = "the row has more values than the header has columns"
TOO_OLD = "makes the patient older than 115"
NOBODY = "names no patient, number or address that can be used"
VISIT = "appointment_id,patient_id,start_at"
VITAL = "vital_id,patient_id,code,value,taken_on"
CONTACT = "patient_id,first,last,birth_date,sex,phone_mobile,phone_home,email,pcp_id,status,deceased_on"


@pytest.fixture
def wb(wb: Workbench) -> Workbench:
    without_rules(wb)
    return wb


@pytest.mark.parametrize(
    ("table", "lines", "reject"),
    [
        ("patients", [PATIENT, ANN, "P2,Bob,Example,,M,"], (3, "birth_date", "is missing")),
        ("patients", [PATIENT, ANN, "P2,Bob,Example,13/25/1961,M,"], (3, "birth_date", NO_DATE)),
        ("patients", [PATIENT, ANN, "P2,Bob,Example,2031-01-01,M,"], (3, "birth_date", "is in the future")),
        ("patients", [PATIENT, ANN, "P2,Bob,Example,1880-01-01,M,"], (3, "birth_date", TOO_OLD)),
        ("patients", [PATIENT, ANN, ",Bob,Example,1980-01-01,M,"], (3, "patient_id", "is missing")),
        ("patients", [PATIENT, ANN, "P2,Bob,Ex,ample,1980-01-01,M,active"], (3, "", TOO_MANY)),
        ("labs", [LAB, "L1,P9,4548-4,8,%,final,2026-01-01"], (2, "patient_id", "the patient is not known")),
        ("labs", [LAB, "L1,P1,4548-4,8,%,final,2027-01-01"], (2, "collected_on", "is in the future")),
        ("labs", [LAB, "L1,P1,4548-4,8,%,final,1950-01-01"], (2, "collected_on", "is before the patient's birth")),
        ("vitals", [VITAL, "V1,P1,8480-6,120,soon"], (2, "taken_on", NO_DATE)),
        ("opt_outs", ["opt_out_id,email,type", "O1,none,global"], (2, "patient_id", NOBODY)),
        ("appointments", [VISIT, "A1,P9,2026-12-01T09:00"], (2, "patient_id", "the patient is not known")),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_listed(
    wb: Workbench, tmp_path: Path, table: Any, lines: list[str], reject: tuple[int, str, str]
) -> None:
    write_feed(tmp_path / "feed", patients=[PATIENT, ANN])
    report = loads.load(wb, write_feed(tmp_path / "feed", manifest=None, **{table: lines}))

    assert report.reject_count == 1
    assert loads.rejects(wb).rows() == [(table, f"{table}.csv", *reject)]
    assert report.counts[f"{table}.csv"].rejected == 1


def test_the_events_of_a_rejected_patient_say_so(wb: Workbench, tmp_path: Path) -> None:
    patients = [PATIENT, ANN, "P2,Bob,Example,never,M,active"]
    feed = write_feed(tmp_path / "feed", patients=patients, labs=[LAB, "L1,P2,4548-4,8,%,final,2026-01-01"])

    report = loads.load(wb, feed)

    assert loads.rejects(wb).select("table", "line", "reason").rows()[0] == ("labs", 2, "the patient was rejected")
    assert _sentence(report, "rejected_patients") == "1 patient was not loaded because of the birth date or id."


def test_lines_are_true_after_an_address_of_two_lines(wb: Workbench, tmp_path: Path) -> None:
    header = "patient_id,birth_date,address1"
    patients = [header, 'P1,1960-05-01,"12 Main Street\nUnit 4"', "P2,never,5 Side Street"]

    loads.load(wb, write_feed(tmp_path / "feed", patients=patients))

    assert loads.rejects(wb)["line"].to_list() == [4]


def test_no_reject_and_no_report_holds_a_value(wb: Workbench, tmp_path: Path) -> None:
    patients = [
        CONTACT,
        "P1,Ann,Secretname,1960-05-01,F,12,34,secret@gmial.com,,,",
        "P2,Bob,Secretname,secretday,M,,,,,,",
    ]

    report = loads.load(wb, write_feed(tmp_path / "feed", patients=patients))

    told = f"{report} {report.defects} {loads.rejects(wb).rows()} {loads.history(wb)}"
    assert "ecret" not in told


def test_an_unusable_number_is_left_out_and_counted(wb: Workbench, tmp_path: Path) -> None:
    patients = [
        CONTACT,
        "P1,Ann,One,1960-05-01,F,312-555-0142,312-555-0142,a@example.org,,,",
        "P2,Bob,Two,1970-05-01,M,000-000-0000,,none@none.com,,,",
        "P3,Cid,Three,1980-05-01,M,312-555-0142,,a@example.org,,,",
        "P4,Dot,Four,1990-05-01,F,800-555-0142,,,,,",
    ]

    report = loads.load(wb, write_feed(tmp_path / "feed", patients=patients))

    found = {defect.defect: defect.patients for defect in report.defects}
    assert found["no_mobile"] == 2
    assert found["no_email"] == 2
    assert found["home_is_mobile"] == 1
    assert found["shared_mobile"] == 2
    assert found["shared_email"] == 2
    assert found["patients.phone_mobile: placeholder"] == 1
    assert found["patients.phone_mobile: is a toll-free number"] == 1
    assert found["patients.email: placeholder"] == 1
    assert _sentence(report, "no_mobile") == "2 patients have no usable mobile number and cannot be sent texts."


def test_defects_of_registration_are_counted(wb: Workbench, tmp_path: Path) -> None:
    providers = ["provider_id,last,active", "D1,Here,yes", "D2,Gone,no"]
    patients = [
        CONTACT,
        "P1,Ann,Same,1960-05-01,F,,,,D1,,",
        "P2,ann,same,1960-05-01,,,,,D2,,",
        "P3,Cid,Three,1980-05-01,M,,,,D9,,",
        "P4,Test,ZZTEST,1990-05-01,F,,,,,,",
        "P5,Mickey,Mouse,1990-05-01,F,,,,,,",
        "P6,Eve,Six,1900-01-01,F,,,,,,",
        "P7,Fay,Seven,1950-01-01,F,,,,D1,active,2026-01-01",
    ]

    report = loads.load(wb, write_feed(tmp_path / "feed", providers=providers, patients=patients))

    found = {defect.defect: defect.patients for defect in report.defects}
    expected = {"duplicates": 2, "sex_unknown": 1, "retired_pcp": 1, "foreign_pcp": 1, "test_patients": 3}
    assert {key: found.get(key) for key in expected} == expected
    assert found["deceased_but_active"] == 1
    generation = loads.current(wb)
    assert generation is not None
    statuses = generation.table("patients").collect().sort("patient_id")["status"].to_list()
    assert statuses == ["active", "active", "active", "test", "test", "test", "deceased"]


def test_defects_of_results_are_counted(wb: Workbench, tmp_path: Path) -> None:
    header = "lab_id,patient_id,loinc,local_code,value,unit,status,collected_on"
    labs = [
        header,
        "L1,P1,,A1CPOC,8.1,%,final,2026-01-01",
        "L2,P1,4548-4,,see note,%,final,2026-01-01",
        "L3,P2,4548-4,,8.1,%,preliminary,2026-01-01",
        "L4,P2,4548-4,,8.1,%,whatever,2026-01-01",
    ]

    report = loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, ANN, BOB], labs=labs))

    found = {defect.defect: defect.patients for defect in report.defects}
    expected = {"lab_without_loinc": 1, "value_no_number": 1, "not_done": 1, "status_unknown": 1}
    assert {key: found.get(key) for key in expected} == expected
    generation = loads.current(wb)
    assert generation is not None
    assert generation.facts().collect()["event_id"].to_list() == ["L2"]  # done, and with a code that means something


def test_a_row_whose_key_comes_again_counts_as_repeated(wb: Workbench, tmp_path: Path) -> None:
    labs = [LAB, "L1,P1,4548-4,8.1,%,final,2026-01-01", "L1,P1,4548-4,7.1,%,final,2026-01-01"]

    report = loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, ANN], labs=labs))

    counts = report.counts["labs.csv"]
    assert (counts.read, counts.kept, counts.rejected, counts.repeated) == (2, 1, 0, 1)
    generation = loads.current(wb)
    assert generation is not None
    assert generation.events().collect()["value"].to_list() == [7.1]


def test_columns_and_files_that_are_not_known_are_reported(wb: Workbench, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed", patients=[f"{PATIENT},shoe_size", f"{ANN},42"], shoes=["a,b", "1,2"])

    report = loads.load(wb, feed)

    assert report.notes == (
        "patients.csv: columns that are not known are ignored: shoe_size.",
        "shoes.csv is not used: no table has this name.",
    )


def _sentence(report: loads.LoadReport, key: str) -> str:
    return next(defect.sentence for defect in report.defects if defect.defect == key)


@pytest.mark.parametrize(
    "name", ["patients.csv.gz", "labs.csv.gz", "Labs.TSV.GZ", "encounters.csv.gz", "visits.csv.zip"]
)
def test_a_table_that_is_packed_is_refused_and_not_left_out(wb: Workbench, tmp_path: Path, name: str) -> None:
    write_feed(tmp_path / "feed", patients=[PATIENT, ANN])
    (tmp_path / "feed" / name).write_bytes(b"packed")

    with pytest.raises(DataError, match=f"{name} is packed. Unpack it in its folder"):
        loads.load(wb, tmp_path / "feed")


def test_files_of_a_folder_that_are_not_read_are_named(wb: Workbench, tmp_path: Path) -> None:
    write_feed(tmp_path / "feed", patients=[PATIENT, ANN], oddities=["a"])
    for name in ("labs.xlsx", "readme.md", "old.gz", ".hidden", "a1.bak", "a2.bak", "a3.bak"):
        (tmp_path / "feed" / name).write_bytes(b"x")

    assert loads.load(wb, tmp_path / "feed").notes == (
        "oddities.csv is not used: no table has this name.",
        "Not read: a1.bak, a2.bak, a3.bak, labs.xlsx, old.gz and 1 more. Files that are read end with .csv, .txt, "
        ".psv, .tsv. Unpack the others first.",
    )


def test_a_stray_quote_loads_nothing_and_its_line_is_named(wb: Workbench, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed", patients=[PATIENT, ANN, 'P2,"Bob,Example,1970-06-02,M,active', ANN, BOB])

    with pytest.raises(DataError, match=r"patients.csv, line 3: a quote opens here and is not closed"):
        loads.load(wb, feed)

    assert loads.current(wb) is None


def test_a_line_of_zero_bytes_is_listed(wb: Workbench, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed", patients=[PATIENT, ANN, "\x00" * 30, BOB])

    report = loads.load(wb, feed)

    assert (report.counts["patients.csv"].kept, report.counts["patients.csv"].rejected) == (2, 1)
    assert loads.rejects(wb).select("line", "reason").rows() == [
        (3, "the line holds only zero bytes: what was written here is lost")
    ]
