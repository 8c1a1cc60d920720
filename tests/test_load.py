"""Loading feeds: everything or nothing, again and again, and what is known of earlier days."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Select, func, select

from core import code_loads, loads
from core.domain.clinical import EVENTS, FACTS, GAPS
from core.errors import DataError, NotAllowed
from core.store import schema
from core.store.clinical import ClinicalStore, Generation
from core.store.database import reading
from core.workbench import Workbench
from tests.conftest import Clock
from tests.feeds import ANN, BOB, LAB, PATIENT, without_rules, write_feed
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

A1C = "L1,P1,4548-4,8.1,%,final,2026-05-01"


@pytest.fixture
def wb(wb: Workbench) -> Workbench:
    without_rules(wb)
    return wb


def test_a_feed_becomes_patients_facts_and_gaps(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    feed = write_feed(tmp_path / "feed", patients=[PATIENT, ANN, BOB], labs=[LAB, A1C])

    report = loads.load(bench, feed)

    assert report.status == "loaded"
    assert {name: (c.read, c.kept, c.rejected) for name, c in report.counts.items()} == {
        "patients.csv": (2, 2, 0),
        "labs.csv": (1, 1, 0),
    }
    generation = _current(bench)
    assert generation.facts().select("patient_id", "concept", "value").collect().rows() == [("P1", "hba1c", 8.1)]
    assert generation.panel(loads.today(bench).evaluation).collect()["patient_id"].sort().to_list() == ["P1", "P2"]
    assert _values(bench, select(schema.patients.c.last)) == ["Example", "Example"]
    opened = _values(bench, select(schema.open_gaps.c.measures).where(schema.open_gaps.c.patient_id == "P1"))
    assert "scr-mammogram" in opened[0].split()


def test_the_same_feed_again_changes_nothing_but_one_row_of_loads(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    feed = write_feed(tmp_path / "feed", patients=[PATIENT, ANN], labs=[LAB, A1C])
    loads.load(bench, feed)
    before, counts = _current(bench).name, _row_counts(bench)

    report = loads.load(bench, feed)

    assert report.status == "unchanged"
    assert _current(bench).name == before
    assert _row_counts(bench) == counts | {"loads": counts["loads"] + 1}


def test_the_same_rows_in_other_files_change_nothing_either(wb: Workbench, tmp_path: Path) -> None:
    loads.load(wb, write_feed(tmp_path / "one", patients=[PATIENT, ANN, BOB], labs=[LAB, A1C]))

    report = loads.load(wb, write_feed(tmp_path / "two", patients=[PATIENT, BOB, ANN], labs=[LAB, A1C]))

    assert report.status == "unchanged"


def test_a_column_that_is_empty_and_one_that_is_not_there_say_the_same(wb: Workbench, tmp_path: Path) -> None:
    loads.load(wb, write_feed(tmp_path / "one", patients=[PATIENT, ANN], labs=[LAB, A1C]))
    labs = [f"{LAB},local_name,ordered_on", f"{A1C},,"]

    report = loads.load(wb, write_feed(tmp_path / "two", patients=[f"{PATIENT},email", f"{ANN},"], labs=labs))

    assert report.status == "unchanged"


def test_events_are_added_by_their_id_and_earlier_ones_stay(wb: Workbench, tmp_path: Path) -> None:
    loads.load(wb, write_feed(tmp_path / "one", patients=[PATIENT, ANN], labs=[LAB, A1C]))

    loads.load(wb, write_feed(tmp_path / "two", labs=[LAB, "L2,P1,4548-4,7.0,%,final,2026-10-01"]))

    assert _current(wb).facts().collect()["value"].sort().to_list() == [7.0, 8.1]
    assert _values(wb, select(schema.patients.c.patient_id)) == ["P1"]


def test_a_corrected_event_keeps_its_earlier_version(wb: Workbench, tmp_path: Path) -> None:
    first, second = {"received_at": "2026-06-01T00:00:00Z"}, {"received_at": "2026-07-01T00:00:00Z"}
    loads.load(wb, write_feed(tmp_path / "one", manifest=first, patients=[PATIENT, ANN], labs=[LAB, A1C]))

    corrected = [LAB, "L1,P1,4548-4,9.9,%,corrected,2026-05-01"]
    loads.load(wb, write_feed(tmp_path / "two", manifest=second, labs=corrected))

    july = datetime(2026, 7, 1, tzinfo=UTC)
    versions = _current(wb).events().select("value", "superseded_at").collect().sort("value").rows()
    assert versions == [(8.1, july), (9.9, None)]
    assert _current(wb).facts().collect()["value"].to_list() == [9.9]


def test_a_feed_that_was_received_earlier_does_not_replace_what_is_known(wb: Workbench, tmp_path: Path) -> None:
    newer, older = {"received_at": "2026-07-01T00:00:00Z"}, {"received_at": "2026-06-01T00:00:00Z"}
    loads.load(wb, write_feed(tmp_path / "new", manifest=newer, patients=[PATIENT, ANN], labs=[LAB, A1C]))

    late = [LAB, "L1,P1,4548-4,9.9,%,final,2026-05-01"]
    married = [PATIENT, "P1,Ann,Maiden,1960-05-01,F,active"]
    loads.load(wb, write_feed(tmp_path / "old", manifest=older, patients=married, labs=late))

    assert _current(wb).facts().collect()["value"].to_list() == [8.1]
    assert _current(wb).table("patients").collect()["last"].to_list() == ["Example"]


def test_nothing_disappears_unless_the_feed_is_full(wb: Workbench, tmp_path: Path) -> None:
    loads.load(wb, write_feed(tmp_path / "one", patients=[PATIENT, ANN, BOB], labs=[LAB, A1C]))

    loads.load(wb, write_feed(tmp_path / "two", patients=[PATIENT, ANN.replace("Ann", "Anna")], labs=[LAB]))
    kept = _current(wb)
    assert kept.table("patients").collect().height == 2
    assert kept.facts().collect().height == 1

    full = {"full": ["patients", "labs"]}
    loads.load(wb, write_feed(tmp_path / "three", manifest=full, patients=[PATIENT, ANN], labs=[LAB]))
    assert _values(wb, select(schema.patients.c.patient_id)) == ["P1"]
    assert _current(wb).facts().collect().is_empty()
    assert _current(wb).events().collect()["superseded_at"].null_count() == 0


def test_a_full_feed_of_one_source_leaves_the_other_sources_alone(wb: Workbench, tmp_path: Path) -> None:
    loads.load(
        wb, write_feed(tmp_path / "ehr", manifest={"source_system": "ehr"}, patients=[PATIENT, ANN], labs=[LAB, A1C])
    )

    full = {"source_system": "laboratory", "full": ["labs"]}
    loads.load(wb, write_feed(tmp_path / "lab", manifest=full, labs=[LAB, "L1,P1,4548-4,7.5,%,final,2026-09-01"]))

    assert _current(wb).facts().collect()["value"].sort().to_list() == [7.5, 8.1]


def test_an_event_that_now_belongs_to_another_patient_ends_for_the_first(wb: Workbench, tmp_path: Path) -> None:
    small = _in_small_shards(wb)
    people = [PATIENT, *(f"P{n},Ann,Example{n},1960-05-01,F,active" for n in range(1, 41))]
    loads.load(small, write_feed(tmp_path / "one", patients=people, labs=[LAB, A1C]))

    loads.load(small, write_feed(tmp_path / "two", labs=[LAB, A1C.replace("P1", "P33")]))

    assert _current(small).facts().collect()["patient_id"].to_list() == ["P33"]


@pytest.mark.long
def test_more_shards_find_the_same(wb: Workbench, tmp_path: Path) -> None:
    people = [PATIENT, *(f"P{n},Ann,Example{n},19{n % 60 + 30}-05-01,F,active" for n in range(200))]
    labs = [LAB, *(f"L{n},P{n % 200},4548-4,{n % 9 + 4},%,final,2026-0{n % 9 + 1}-01" for n in range(800))]
    first = write_feed(tmp_path / "one", patients=people, labs=labs[:400])
    second = write_feed(tmp_path / "two", patients=people[:1] + people[50:], labs=labs[:1] + labs[300:])

    one, many = wb, _in_small_shards(replace(wb, clinical=ClinicalStore(tmp_path / "many")), 4_000)
    found = []
    for each in (one, many):
        for feed in (first, second):
            report = loads.load(each, feed)
            assert report.status == "loaded"
        generation = _current(each)
        gaps = generation.gaps(loads.today(each).evaluation).collect().sort("patient_id", "measure_id")
        facts = generation.facts().drop("received_at").collect().sort("patient_id", "event_id")
        found.append((len(generation.shards()) > 1, gaps, facts))

    assert (found[0][0], found[1][0]) == (False, True)
    assert found[0][1].equals(found[1][1])
    assert found[0][2].equals(found[1][2])


def test_a_missing_column_is_named_and_the_last_good_load_stays(wb: Workbench, tmp_path: Path) -> None:
    loads.load(wb, write_feed(tmp_path / "good", patients=[PATIENT, ANN]))
    before = _current(wb).name

    with pytest.raises(DataError, match=r"labs\.csv, line 1: the column lab_id is missing"):
        loads.load(wb, write_feed(tmp_path / "bad", patients=[PATIENT, BOB], labs=["patient_id,loinc", "P1,4548-4"]))

    assert _current(wb).name == before
    assert loads.history(wb)[0].status == "failed"
    assert "lab_id" in loads.history(wb)[0].message
    assert _values(wb, select(schema.patients.c.patient_id)) == ["P1"]


def test_the_first_feed_must_have_patients(wb: Workbench, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="patients"):
        loads.load(wb, write_feed(tmp_path / "feed", labs=[LAB, A1C]))

    assert loads.current(wb) is None


def test_a_folder_without_a_feed_says_what_is_expected(wb: Workbench, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"patients\.csv"):
        loads.load(wb, tmp_path)


def test_a_manifest_that_cannot_be_read_is_refused(wb: Workbench, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed", patients=[PATIENT, ANN])
    (feed / "manifest.json").write_text('{"full": ["patient"]}')

    with pytest.raises(DataError, match="full names the table 'patient'"):
        loads.load(wb, feed)


def test_a_second_load_at_the_same_time_is_told(wb: Workbench, tmp_path: Path) -> None:
    feed = write_feed(tmp_path / "feed", patients=[PATIENT, ANN])

    with wb.clinical.loading(), pytest.raises(NotAllowed, match="Another load is running"):
        loads.load(wb, feed)

    assert loads.load(wb, feed).status == "loaded"


def test_the_next_day_is_evaluated_once(wb: Workbench, clock: Clock, tmp_path: Path) -> None:
    visits = [
        "appointment_id,patient_id,start_at,status",
        "A1,P1,2026-11-25T09:00,scheduled",
        "A2,P1,2026-12-09T09:00,scheduled",
    ]
    loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, ANN], appointments=visits))
    question = select(schema.patients.c.next_appointment_at)
    assert _values(wb, question) == [datetime(2026, 11, 25, 15, 0, tzinfo=UTC)]  # 9:00 in Chicago

    clock.forward(days=2)
    loads.refresh(wb)
    loads.refresh(wb)

    assert _values(wb, question) == [datetime(2026, 12, 9, 15, 0, tzinfo=UTC)]
    assert [each.as_of for each in _current(wb).evaluations()] == [date(2026, 11, 24), date(2026, 11, 26)]
    assert _current(wb).panel(loads.today(wb).evaluation).collect()["next_appointment_on"].item() == date(2026, 12, 9)


def test_a_feed_adds_opt_outs_and_never_removes_or_changes_one(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    header = "opt_out_id,patient_id,phone,email,type,until,reason,made_on"
    first = [header, "O1,P1,,,health_email,,Privacy,2026-05-01", "O2,,312-555-0142,a@example.org,Global,,,2026-05-01"]
    loads.load(bench, write_feed(tmp_path / "one", patients=[PATIENT, ANN], opt_outs=first))

    second = [header, "O1,P1,,,health_email,2026-01-01,Privacy,2026-05-01", "O3,P1,,,all_text,,,2026-06-01"]
    loads.load(bench, write_feed(tmp_path / "two", manifest={"full": True}, patients=[PATIENT, ANN], opt_outs=second))

    kept = schema.opt_outs.c
    with reading(bench.engine) as connection:
        question = select(kept.source_key, kept.patient_id, kept.address, kept.type, kept.until, kept.source)
        rows = connection.execute(question.order_by(kept.source_key)).all()
    assert [tuple(row) for row in rows] == [
        ("O1", "P1", None, "health_email", None, "feed"),
        ("O2", None, "a@example.org", "global", None, "feed"),
        ("O2#phone", None, "+13125550142", "global", None, "feed"),
        ("O3", "P1", None, "all_text", None, "feed"),
    ]


def test_codes_of_a_practice_count_once_they_are_mapped(wb: Workbench, tmp_path: Path) -> None:
    header = "lab_id,patient_id,local_code,local_name,value,status,collected_on"
    labs = [header, "L1,P1,A1CPOC,A1c in house,8.4,final,2026-05-01", "L2,P1,A1CPOC,A1c in house,8.0,final,2026-08-01"]
    loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, ANN], labs=labs))
    unmapped = loads.unmapped_codes(wb).select("system", "code", "text", "events", "patients").rows()
    assert unmapped == [("LOCAL", "A1CPOC", "A1c in house", 2, 1)]

    codes = tmp_path / "code_map.csv"
    codes.write_text("system,code,concept\nlocal,A1CPOC,hba1c\n")
    assert code_loads.load_codes(wb, codes).headline == "1 code mapped"

    assert _current(wb).facts().collect()["value"].sort().to_list() == [8.0, 8.4]
    assert loads.unmapped_codes(wb).is_empty()
    assert loads.load(wb, tmp_path / "feed").status == "unchanged"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("local,A1CPOC,nonsense", "line 2, column concept"),
        ("nowhere,A1CPOC,hba1c", "line 2, column system"),
        ("local,,hba1c", "line 2, column code"),
    ],
)
def test_a_code_map_with_a_mistake_is_refused(wb: Workbench, tmp_path: Path, line: str, what: str) -> None:
    codes = tmp_path / "code_map.csv"
    codes.write_text(f"system,code,concept\n{line}\n")

    with pytest.raises(DataError, match=what):
        code_loads.load_codes(wb, codes)


def test_a_changed_patient_is_changed_in_the_database(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    columns = "patient_id,first,last,birth_date,email,sms_consent,language"
    loads.load(
        bench, write_feed(tmp_path / "one", patients=[columns, "P1,Ann,Example,1960-05-01,a@example.org,yes,en"])
    )

    loads.load(bench, write_feed(tmp_path / "two", patients=[columns, 'P1,Ann,"Exam""ple, Jr",1960-05-01,,no,Spanish']))

    row = schema.patients.c
    with reading(bench.engine) as connection:
        found = connection.execute(select(row.last, row.email, row.text_consent, row.language, row.birth_date)).all()
    assert [tuple(each) for each in found] == [('Exam"ple, Jr', None, "no", "es", date(1960, 5, 1))]


def test_facts_that_an_earlier_version_kept_in_another_layout_are_made_again(wb: Workbench, tmp_path: Path) -> None:
    loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, ANN], labs=[LAB, A1C]))
    before = _current(wb)
    about = before.folder / "about.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "layout": 0}))
    for path in (before.folder / "facts").glob("*.parquet"):
        pl.DataFrame({"patient_id": ["P1"]}).write_parquet(path)

    loads.refresh(wb)

    after = _current(wb)
    assert after.name != before.name
    assert after.about().is_current
    assert after.facts().select("patient_id", "concept", "value").collect().rows() == [("P1", "hba1c", 8.1)]
    assert after.events().collect().height == before.events().collect().height


def _current(wb: Workbench) -> Generation:
    generation = loads.current(wb)
    assert generation is not None
    return generation


def _in_small_shards(wb: Workbench, shard_bytes: int = 400) -> Workbench:
    return replace(wb, clinical=replace(wb.clinical, shard_bytes=shard_bytes))


def _values(wb: Workbench, question: Select[Any]) -> list[Any]:
    with reading(wb.engine) as connection:
        return list(connection.scalars(question))


def _row_counts(wb: Workbench) -> dict[str, int]:
    with reading(wb.engine) as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in schema.metadata.tables.items()
        }


def test_a_generation_says_its_shapes(wb: Workbench, tmp_path: Path) -> None:
    loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, ANN], labs=[LAB, A1C]))

    generation = _current(wb)

    assert generation.events().collect_schema() == EVENTS
    assert generation.facts().collect_schema() == FACTS
    assert generation.gaps(loads.today(wb).evaluation).collect_schema() == GAPS
    assert generation.table("patients").collect_schema()["birth_date"] == pl.Date
    assert generation.table("patients", generation.shard_of("P1")).collect()["patient_id"].to_list() == ["P1"]
