"""A group's own CSV files, read as its people have said: tried, saved in versions, loaded, and named in every error."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import strategies as st

from core import header_maps, loads, watching
from core.domain.header_map import HeaderMap
from core.domain.user import User
from core.errors import DataError, NotAllowed, NotFound
from core.feeds.csv_file import FILE, LINE
from core.feeds.mapped import as_ours
from core.feeds.moments import dates, moments
from core.store import accounts
from core.watching import Watcher
from core.workbench import Workbench
from tests.drawn import drawn
from tests.feeds import without_rules, write_files
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

HEADER = "Pat No;Given Name;Surname;DOB;Gender Code;Cell;State;Status"
FILE_TEXT = f"""{HEADER}
007;Ann;Example;03/04/1960;1;(312) 555-0101;IL;
008;Bob;Example;31/12/1970;2;312-555-0102;IL;gone
009;Cid;Example;12/31/1980;1;;IL;
;Nobody;Example;01/01/1990;2;;IL;
"""
MAP = HeaderMap(
    "patients",
    ("demographics*",),
    {
        "patient_id": "Pat No",
        "first": "Given Name",
        "last": "Surname",
        "birth_date": "DOB",
        "sex": "Gender Code",
        "phone_mobile": "Cell",
    },
    {"birth_date": "dmy"},
    {"sex": {"1": "F", "2": "M"}},
)


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    without_rules(bench)
    return bench


def sample(text: str = FILE_TEXT, name: str = "Demographics_20261127.csv") -> header_maps.Sample:
    return header_maps.read_sample(name, text.encode())


def patients(wb: Workbench) -> pl.DataFrame:
    generation = loads.current(wb)
    assert generation is not None
    return generation.table("patients").collect().sort("patient_id")


# ---- trying it -----------------------------------------------------------------------------------------------------
def test_a_sample_has_the_headers_as_they_stand_there_and_what_is_below() -> None:
    found = sample()
    assert found.headers == tuple(HEADER.split(";"))
    assert found.values("Gender Code") == ["1", "2"] and found.pattern == "demographics*"
    assert header_maps.read_sample("a.csv", HEADER.encode()).headers == found.headers, "a header line alone"


def test_proposals_leave_ids_and_what_nobody_knows_to_people() -> None:
    found = header_maps.proposals("patients", sample())
    assert {ours: each.header for ours, each in found.items()} == {
        "first": "Given Name",
        "last": "Surname",
        "birth_date": "DOB",
        "sex": "Gender Code",
        "phone_mobile": "Cell",
        "state": "State",
        "status": "Status",
    }


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04rest", "is no text"),
        (b"\x1f\x8brest", "is no text"),
        (b"a,b\n\x00\x01\x02", "is no text"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16"),
        (b"", "has no header"),
        (b"a,a\n", "is there twice"),
        (b"x" * (header_maps.LARGEST + 1), "larger than 2 MB"),
        (b'a,b\n"1,2\n3,4\n', "a.csv"),
    ],
)
def test_what_is_no_text_with_a_header_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says) as refused:
        header_maps.read_sample("/tmp/x/a.csv", content)
    assert "/tmp" not in str(refused.value) and "sample.csv" not in str(refused.value)


def test_a_piece_that_ends_in_the_middle_of_a_line_is_read_to_its_last_whole_one() -> None:
    cut = FILE_TEXT[: FILE_TEXT.index("Cid") + 2]
    assert sample(cut).rows.height == 2


def test_the_preview_shows_rows_as_they_would_be_read_and_what_is_wrong(wb: Workbench) -> None:
    found = header_maps.preview(wb, MAP, sample())
    assert found.rows["patient_id"].to_list() == ["007", "008"]
    assert [str(each) for each in found.rows["birth_date"]] == ["1960-04-03", "1970-12-31"]
    assert found.rows["sex"].to_list() == ["F", "M"]
    assert found.problems.rows() == [
        (4, "DOB", "is not a date, expected YYYY-MM-DD"),
        (5, "Pat No", "is missing"),
    ]


def test_words_that_are_not_known_are_named() -> None:
    assert header_maps.unknown_words("patients", "sex", sample(), "Gender Code") == ["1", "2"]
    assert header_maps.unknown_words("patients", "status", sample(), "Status") == ["gone"]
    assert header_maps.unknown_words("patients", "first", sample(), "Given Name") == []


def test_dates_that_can_be_read_both_ways_need_an_order(wb: Workbench) -> None:
    both = sample("Pat,DOB\n1,03/04/1960\n", "demographics.csv")
    unsure = HeaderMap("patients", ("demographics",), {"patient_id": "Pat", "birth_date": "DOB"})
    assert header_maps.date_order(both, "DOB") == "ambiguous"
    with pytest.raises(DataError, match="can be read in two ways"):
        header_maps.save(wb, unsure, sample=both)
    assert header_maps.save(wb, replace(unsure, orders={"birth_date": "mdy"}), sample=both) == 1


# ---- dates and words -----------------------------------------------------------------------------------------------
@drawn(
    daily=60,
    many=1000,
    day=st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 1, 1)),
    separator=st.sampled_from("/.-"),
    order=st.sampled_from(["mdy", "dmy", "ymd"]),
    is_padded=st.booleans(),
)
def test_a_day_is_read_in_the_order_in_which_it_was_written(
    day: date, separator: str, order: str, is_padded: bool
) -> None:
    parts = {
        "y": f"{day.year:04}",
        "m": f"{day.month:02}" if is_padded else str(day.month),
        "d": f"{day.day:02}" if is_padded else str(day.day),
    }
    text = separator.join(parts[each] for each in order)
    found = HeaderMap("appointments", ("a",), {"start_at": "At", "appointment_id": "Id"}, {"start_at": order})
    rows = pl.DataFrame(
        {
            "at": [text, f"{text} 14:30", "nonsense", None],
            "id": ["1", "2", "3", "4"],
            FILE: ["f"] * 4,
            LINE: [2, 3, 4, 5],
        }
    )
    read = as_ours(found, rows)["start_at"]
    assert dates(read).to_list() == [day, day, None, None]
    at = moments(read, ZoneInfo("UTC"))[1]
    assert (at.date(), at.hour, at.minute) == (day, 14, 30)


@pytest.mark.parametrize("text", ["31/12/1970", "1970-12-31x", "12/31", "00/00/1970"])
def test_a_date_in_another_order_is_no_date_and_never_another_day(text: str) -> None:
    found = HeaderMap("patients", ("a",), {"birth_date": "DOB"}, {"birth_date": "mdy"})
    rows = pl.DataFrame({"dob": [text], FILE: ["f"], LINE: [2]})
    assert dates(as_ours(found, rows)["birth_date"]).to_list() == [None]


def test_words_count_without_case_and_blanks_and_may_mean_nothing() -> None:
    found = HeaderMap("patients", ("a",), {"status": "S"}, {}, {"status": {"Gone": "inactive", "n/a": ""}})
    rows = pl.DataFrame({"s": [" GONE ", "n/a", "active", None], FILE: ["f"] * 4, LINE: [2, 3, 4, 5]})
    assert as_ours(found, rows)["status"].to_list() == ["inactive", None, "active", None]


# ---- loading -------------------------------------------------------------------------------------------------------
def test_a_feed_is_read_by_the_map_and_rejects_name_its_own_headers(wb: Workbench, tmp_path: Path) -> None:
    header_maps.save(wb, MAP, sample=sample())
    report = loads.load(wb, write_files(tmp_path / "feed", {"Demographics_20261128.csv": FILE_TEXT}))
    assert report.format == "careloop" and report.counts["Demographics_20261128.csv"].kept == 2
    assert any("the mapping does not use are ignored: state, status" in note for note in report.notes)
    found = patients(wb)
    assert found["patient_id"].to_list() == ["007", "008"] and found["sex"].to_list() == ["F", "M"]
    assert found["status"].to_list() == ["active", "active"], "their 'Status' is not ours: nobody mapped it"
    rejects = loads.rejects(wb).select("file", "line", "column", "reason").rows()
    assert rejects == [
        ("Demographics_20261128.csv", 4, "DOB", "is not a date, expected YYYY-MM-DD"),
        ("Demographics_20261128.csv", 5, "Pat No", "is missing"),
    ]


def test_a_table_that_hangs_on_patients_rejects_by_its_own_header_too(wb: Workbench, tmp_path: Path) -> None:
    header_maps.save(wb, MAP, sample=sample())
    visits = HeaderMap("visits", ("encounters",), {"visit_id": "Enc", "patient_id": "Pat", "visit_on": "DOS"})
    header_maps.save(wb, visits)
    files = {"demographics.csv": FILE_TEXT, "encounters.csv": "Enc,Pat,DOS\n1,007,2026-11-01\n2,999,2026-11-02\n"}
    report = loads.load(wb, write_files(tmp_path / "feed", files))
    assert report.format == "careloop", "although Synthea has a file of this name"
    assert report.counts["encounters.csv"].kept == 1
    assert ("encounters.csv", 3, "Pat") in loads.rejects(wb).select("file", "line", "column").rows()


def test_files_in_our_own_layout_are_read_beside_mapped_ones(wb: Workbench, tmp_path: Path) -> None:
    header_maps.save(wb, MAP, sample=sample())
    files = {"demographics.csv": FILE_TEXT, "groups.csv": "group_id,name\ng1,Hill\n"}
    assert loads.load(wb, write_files(tmp_path / "feed", files)).counts["groups.csv"].kept == 1


@pytest.mark.parametrize("lost", ["Pat No", "DOB", "Cell"])
def test_a_header_that_is_missing_one_night_is_an_error_with_its_name(wb: Workbench, tmp_path: Path, lost: str) -> None:
    header_maps.save(wb, MAP, sample=sample())
    feed = write_files(tmp_path / "feed", {"demographics.csv": FILE_TEXT.replace(lost, "Else")})
    with pytest.raises(
        DataError, match=rf"demographics\.csv, line 1: the column '{lost}' is missing, which is mapped to"
    ):
        loads.load(wb, feed)
    assert loads.current(wb) is None


def test_the_same_files_are_read_anew_when_the_map_has_changed(wb: Workbench, tmp_path: Path) -> None:
    header_maps.save(wb, MAP, sample=sample())
    feed = write_files(tmp_path / "feed", {"demographics.csv": FILE_TEXT})
    loads.load(wb, feed)
    assert loads.load(wb, feed).status == "unchanged"
    header_maps.save(wb, replace(MAP, words={"sex": {"1": "M", "2": "F"}}))
    assert loads.load(wb, feed).status == "loaded"
    assert patients(wb)["sex"].to_list() == ["M", "F"]


def test_two_files_of_one_table_are_refused(wb: Workbench, tmp_path: Path) -> None:
    header_maps.save(wb, MAP, sample=sample())
    feed = write_files(tmp_path / "feed", {"demographics_1.csv": FILE_TEXT, "demographics_2.csv": FILE_TEXT})
    with pytest.raises(DataError, match="both hold the table patients"):
        loads.load(wb, feed)


def test_a_watched_feed_that_failed_is_tried_again_when_its_map_is_saved(wb: Workbench, tmp_path: Path) -> None:
    write_files(tmp_path / "inbox" / "mon", {"demographics.csv": FILE_TEXT, "_DONE": ""})
    watcher = Watcher(wb, tmp_path / "inbox")
    watcher.look()
    assert [each.state for each in watcher.look()] == ["failed"]
    header_maps.save(wb, MAP, sample=sample())
    assert [each.state for each in watcher.look()] == ["loaded"]
    assert [each.state for each in watching.arrivals(wb)] == ["loaded"]


# ---- keeping -------------------------------------------------------------------------------------------------------
def test_every_version_is_kept_with_who_saved_it_and_a_map_can_be_removed(wb: Workbench, tmp_path: Path) -> None:
    assert header_maps.current(wb) == ()
    assert [header_maps.save(wb, MAP), header_maps.save(wb, replace(MAP, words={}))] == [1, 2]
    header_maps.remove(wb, "patients")
    assert header_maps.current(wb) == ()
    found = header_maps.history(wb, "patients")
    assert [(each.version, each.saved_by, bool(each.content)) for each in found] == [
        (3, "ana", False),
        (2, "ana", True),
        (1, "ana", True),
    ]
    with pytest.raises(NotFound):
        header_maps.remove(wb, "patients")
    with pytest.raises(DataError, match="holds no feed"):
        loads.load(wb, write_files(tmp_path / "feed", {"demographics.csv": FILE_TEXT}))


def test_a_file_belongs_to_one_table(wb: Workbench) -> None:
    header_maps.save(wb, MAP)
    other = HeaderMap("groups", ("Demographics_old",), {"group_id": "G", "name": "N"})
    with pytest.raises(DataError, match="mapped to another table"):
        header_maps.save(wb, other)


def test_who_may_not_load_maps_nothing(wb: Workbench) -> None:
    accounts.add_user(wb.engine, User("mia", "Mia", roles=frozenset({"manager"})), at=wb.now(), by="ana")
    for act in (
        lambda: header_maps.save(wb.as_user("mia"), MAP),
        lambda: header_maps.remove(wb.as_user("mia"), "patients"),
    ):
        with pytest.raises(NotAllowed, match="say how files are read"):
            act()
    with pytest.raises(NotFound):
        header_maps.columns("nothing")
