"""A feed says that two ids are one patient: before, with or after what it says of either."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st
from sqlalchemy import select

from core import care_gaps, corrections, loads, merges, opt_outs, patient_search
from core.domain.history import EVENT_KEY
from core.errors import NotAllowed
from core.settings import Settings
from core.store import schema
from core.store.clinical import ClinicalStore, Generation
from core.store.database import reading
from core.workbench import Workbench, open_workbench
from tests.conftest import Clock
from tests.drawn import drawn
from tests.feeds import LAB, PATIENT, without_rules, write_bundle, write_feed
from tests.homes import Homes
from tests.postgres import bench, bench_by_day, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

MERGE = "merged_id,patient_id,merged_on"
A1C = "L1,P1,4548-4,8.1,%,final,2026-05-01"
LATER = "L2,P2,4548-4,7.0,%,final,2026-10-01"


@pytest.fixture
def plain(wb: Workbench) -> Workbench:
    """Without rules: for tests of what is kept, whatever it finds."""
    without_rules(wb)
    return wb


def person(patient_id: str, first: str = "Ann", **_: str) -> str:
    return f"{patient_id},{first},Example,1960-05-01,F,active"


def people(*ids: str) -> list[str]:
    return [PATIENT, *map(person, ids)]


def now(wb: Workbench) -> Generation:
    generation = loads.current(wb)
    assert generation is not None
    return generation


def ids(wb: Workbench, name: str = "patients") -> list[str]:
    return now(wb).table(name).collect()["patient_id"].sort().to_list()


def labs(wb: Workbench) -> list[tuple[str, str]]:
    current = now(wb).events().filter(pl.col("superseded_at").is_null())
    return sorted(current.select("event_id", "patient_id").collect().rows())


def in_sql(wb: Workbench) -> list[str]:
    with reading(wb.engine) as connection:
        return sorted(connection.scalars(select(schema.patients.c.patient_id)))


@pytest.fixture(params=["one shard", "many shards"])
def sharded(plain: Workbench, request: pytest.FixtureRequest) -> Workbench:
    """A home whose shards hold everybody, or hardly anybody."""
    if request.param == "one shard":
        return plain
    return replace(plain, clinical=ClinicalStore(plain.clinical.folder, shard_bytes=64))


def test_a_merge_after_both_were_there(bench_by_day: Workbench, tmp_path: Path) -> None:  # noqa: F811
    wb = bench_by_day
    without_rules(wb)
    loads.load(wb, write_feed(tmp_path / "one", patients=people("P1", "P2"), labs=[LAB, A1C, LATER]))

    report = loads.load(wb, write_feed(tmp_path / "two", merges=[MERGE, "P1,P2,2026-11-20"]))

    assert report.status == "loaded"
    assert ids(wb) == in_sql(wb) == ["P2"]
    assert labs(wb) == [("L1", "P2"), ("L2", "P2")]
    assert now(wb).facts().collect()["patient_id"].to_list() == ["P2", "P2"]
    assert [(m.merged_id, str(m.merged_on), m.source) for m in merges.of_patient(wb, "P2")] == [
        ("P1", "2026-11-20", "feed")
    ]
    assert loads.load(wb, write_feed(tmp_path / "three", merges=[MERGE, "P1,P2,2026-11-21"])).status == "unchanged"


@pytest.mark.parametrize("merge", ["P1,P2,", "P1,P2,2026-11-20"])
def test_a_merge_in_the_feed_that_brings_both(sharded: Workbench, tmp_path: Path, merge: str) -> None:
    wb = sharded
    tables: dict[str, Any] = {
        "patients": people("P1", "P2", "P3", "P4"),
        "labs": [LAB, A1C, LATER],
        "merges": [MERGE, merge],
    }

    report = loads.load(wb, write_feed(tmp_path / "one", **tables))

    assert ids(wb) == in_sql(wb) == ["P2", "P3", "P4"]
    assert labs(wb) == [("L1", "P2"), ("L2", "P2")]
    counts = report.counts["patients.csv"]
    assert (counts.read, counts.kept, counts.repeated) == (4, 3, 1)


def test_what_later_feeds_say_of_the_merged_id_is_the_survivors(sharded: Workbench, tmp_path: Path) -> None:
    wb = sharded
    loads.load(wb, write_feed(tmp_path / "one", patients=people("P1", "P2", "P3", "P4"), labs=[LAB, A1C]))
    loads.load(wb, write_feed(tmp_path / "two", merges=[MERGE, "P1,P2,"]))

    later = [LAB, A1C, "L3,P1,4548-4,6.0,%,final,2026-11-01"]
    loads.load(wb, write_feed(tmp_path / "three", patients=[PATIENT, person("P1", "Wrong")], labs=later))

    assert ids(wb) == in_sql(wb) == ["P2", "P3", "P4"]
    assert set(now(wb).table("patients").collect()["first"]) == {"Ann"}
    assert labs(wb) == [("L1", "P2"), ("L3", "P2")]
    assert now(wb).events().collect().height == 2  # L1 said again is no new version


def test_a_full_feed_that_still_sends_the_merged_id_alone_does_not_lose_the_person(
    sharded: Workbench, tmp_path: Path
) -> None:
    wb = sharded
    full = {"full": ["patients"]}
    loads.load(wb, write_feed(tmp_path / "one", patients=people("P1", "P2", "P3")))
    loads.load(wb, write_feed(tmp_path / "two", merges=[MERGE, "P1,P2,"]))

    only = [PATIENT, person("P1", "Wrong"), person("P3")]
    loads.load(wb, write_feed(tmp_path / "three", manifest=full, patients=only))
    assert (ids(wb), set(now(wb).table("patients").collect()["first"])) == (["P2", "P3"], {"Ann"})

    loads.load(wb, write_feed(tmp_path / "four", manifest=full, patients=people("P3")))
    assert ids(wb) == ["P3"]

    loads.load(wb, write_feed(tmp_path / "five", manifest=full, patients=only))
    assert ids(wb) == ["P2", "P3"]


@pytest.mark.parametrize("rows", [["P1,P2,", "P2,P3,"], ["P2,P3,", "P1,P2,"]])
@pytest.mark.parametrize("feeds", [1, 2])
def test_chains_end_with_the_last_survivor(sharded: Workbench, tmp_path: Path, rows: list[str], feeds: int) -> None:
    wb = sharded
    loads.load(wb, write_feed(tmp_path / "one", patients=people("P1", "P2", "P3"), labs=[LAB, A1C, LATER]))

    for number, some in enumerate([rows] if feeds == 1 else [rows[:1], rows[1:]]):
        loads.load(wb, write_feed(tmp_path / f"m{number}", merges=[MERGE, *some]))

    assert ids(wb) == in_sql(wb) == ["P3"]
    assert labs(wb) == [("L1", "P3"), ("L2", "P3")]
    assert merges.survivor(wb, "P1") == merges.survivor(wb, "P2") == "P3"


REFUSED = {
    "nobody survives": (["P1,P9,"], ["P1", "P2"], ["the patient is not known"]),
    "a circle": (["P1,P2,", "P2,P1,"], ["P1", "P2"], ["is, by other merges, the survivor of its own survivor"] * 2),
    "itself": (["P1,P1,"], ["P1", "P2"], ["is the survivor itself"]),
    "one of two": (["P1,P9,", "P2,P1,"], ["P1"], ["the patient is not known"]),
    "no survivor": (["P1,,"], ["P1", "P2"], ["is missing"]),
    "rejected": (["P1,P3,"], ["P1", "P2"], ["the patient was rejected"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_merge_that_cannot_be_leaves_both_and_is_told(plain: Workbench, tmp_path: Path, case: str) -> None:
    rows, left, reasons = REFUSED[case]
    bad = "P3,Cy,Example,tomorrow,F,active"

    loads.load(plain, write_feed(tmp_path / "one", patients=[*people("P1", "P2"), bad], merges=[MERGE, *rows]))

    assert ids(plain) == left
    told = loads.rejects(plain).filter(pl.col("table") == "merges")
    assert told["reason"].to_list() == reasons


def test_the_survivors_row_wins_in_every_small_table(plain: Workbench, tmp_path: Path) -> None:
    tables: dict[str, Any] = {
        "patients": [f"{PATIENT},guarantor_id", f"{person('P1')},", f"{person('P2')},", f"{person('P3')},P1"],
        "portal_accounts": ["patient_id,active_since", "P1,2020-01-01", "P2,2022-01-01"],
        "programs": [
            "patient_id,program,status",
            "P1,action plan,active",
            "P1,group visit,active",
            "P2,action plan,no",
        ],
        "appointments": ["appointment_id,patient_id,start_at", "A1,P1,2026-12-01T09:00", "A2,P2,2026-12-02T09:00"],
        "opt_outs": ["opt_out_id,patient_id,type", "O1,P1,all_text", "O2,P2,health_email"],
    }
    loads.load(plain, write_feed(tmp_path / "one", **tables))
    loads.load(plain, write_feed(tmp_path / "two", merges=[MERGE, "P1,P2,"]))

    def rows(name: str, *columns: str) -> list[tuple[Any, ...]]:
        return sorted(now(plain).table(name).select(pl.col(columns).cast(pl.String)).collect().rows())

    assert rows("portal_accounts", "patient_id", "active_since") == [("P2", "2022-01-01")]
    assert rows("programs", "patient_id", "program", "status") == [
        ("P2", "action plan", "no"),
        ("P2", "group visit", "active"),
    ]
    assert rows("appointments", "appointment_id", "patient_id") == [("A1", "P2"), ("A2", "P2")]
    assert rows("opt_outs", "opt_out_id", "patient_id") == [("O1", "P2"), ("O2", "P2")]
    assert rows("patients", "patient_id", "guarantor_id") == [("P2", None), ("P3", "P2")]
    assert {each.type for each in opt_outs.of_patient(plain, "P2")} == {"all_text", "health_email"}
    # As it was before, from a source that does not know of the merge: that is not news.
    assert loads.load(plain, write_feed(tmp_path / "again", **tables)).status == "unchanged"


def test_an_opt_out_that_a_later_feed_gives_to_the_merged_id_counts(bench_by_day: Workbench, tmp_path: Path) -> None:  # noqa: F811
    wb = bench_by_day
    without_rules(wb)
    loads.load(wb, write_feed(tmp_path / "one", patients=people("P1", "P2"), merges=[MERGE, "P1,P2,"]))

    loads.load(wb, write_feed(tmp_path / "two", opt_outs=["opt_out_id,patient_id,type", "O1,P1,all_text"]))

    assert [each.type for each in opt_outs.of_patient(wb, "P2")] == ["all_text"]


def test_what_staff_have_corrected_of_the_merged_id_counts_with_the_load(plain: Workbench, tmp_path: Path) -> None:
    loads.load(plain, write_feed(tmp_path / "one", patients=people("P1", "P2")))
    corrections.correct(plain, "P1", "email", {"email": "new@example.org"})

    loads.load(plain, write_feed(tmp_path / "two", merges=[MERGE, "P1,P2,"]))

    with reading(plain.engine) as connection:
        assert connection.execute(select(schema.patients.c.patient_id, schema.patients.c.email)).all() == [
            ("P2", "new@example.org")
        ]
    assert [each.patient_id for each in patient_search.find(plain, "Example", everybody=True).people] == ["P2"]


def fhir(patient_id: str, *links: tuple[str, str], **more: Any) -> Mapping[str, Any]:
    name = [{"family": "Example", "given": ["Ann"]}]
    linked = [{"other": {"reference": other}, "type": kind} for other, kind in links]
    known = {"resourceType": "Patient", "name": name, "birthDate": "1960-05-01", "gender": "female"}
    return known | {"id": patient_id, "link": linked} | more


LINKS = {
    "on the record that is no more": (fhir("P1", ("Patient/P2", "replaced-by"), active=False), fhir("P2")),
    "on the survivor": (fhir("P1", active=False), fhir("P2", ("Patient/P1", "replaces"))),
    "on both, by addresses": (
        fhir("P1", ("urn:uuid:P2", "replaced-by"), active=False),
        fhir("P2", ("urn:uuid:P1", "replaces")),
    ),
    "on a survivor whose old record is not sent any more": (fhir("P2", ("Patient/P1", "replaces")),),
}


@pytest.mark.parametrize("case", LINKS)
def test_links_of_fhir_patients(plain: Workbench, tmp_path: Path, case: str) -> None:
    visit = {"resourceType": "Encounter", "id": "V1", "status": "finished", "subject": {"reference": "Patient/P1"}}
    write_bundle(tmp_path / "feed" / "all.json", *LINKS[case], visit | {"period": {"start": "2026-01-02"}})

    loads.load(plain, tmp_path / "feed")

    assert ids(plain) == ["P2"]
    assert now(plain).table("patients").collect()["status"].to_list() == ["active"]
    assert labs(plain) == [("V1", "P2")]


@pytest.mark.parametrize("kind", ["refer", "seealso", "other"])
def test_other_links_are_no_merges(plain: Workbench, tmp_path: Path, kind: str) -> None:
    write_bundle(tmp_path / "feed" / "all.json", fhir("P1", ("Patient/P2", kind)), fhir("P2"))

    loads.load(plain, tmp_path / "feed")

    assert ids(plain) == ["P1", "P2"]


def test_a_link_to_a_relative_is_no_merge(plain: Workbench, tmp_path: Path) -> None:
    write_bundle(tmp_path / "feed" / "all.json", fhir("P1", ("RelatedPerson/P2", "replaced-by")), fhir("P2"))

    loads.load(plain, tmp_path / "feed")

    assert ids(plain) == ["P1", "P2"]


# ---- as if there had been one id from the start
def _one_id(lines: Sequence[str]) -> list[str]:
    return [line.replace(",P1,", ",P2,") for line in lines]


def _states(wb: Workbench) -> pl.DataFrame:
    gaps = now(wb).gaps(loads.today(wb).evaluation).collect()
    return gaps.sort("patient_id", "measure_id")


def test_care_gaps_are_those_of_a_patient_who_had_one_id_from_the_start(wb: Workbench, tmp_path: Path) -> None:
    tests = [
        LAB,
        "L1,P1,4548-4,8.1,%,final,2026-05-01",
        "L2,P2,4548-4,9.9,%,final,2025-10-01",
        "L3,P1,10524-7,negative,,final,2025-03-01",
    ]
    ill = ["problem_id,patient_id,code,onset_on,status", "D1,P1,E11.9,2019-01-01,active"]
    both: dict[str, Any] = {"patients": people("P1", "P2", "P3"), "labs": tests, "problems": ill}
    loads.load(wb, write_feed(tmp_path / "one", **both))
    loads.load(wb, write_feed(tmp_path / "two", merges=[MERGE, "P1,P2,"]))
    merged = _states(wb)
    evidence = care_gaps.explain_patient(wb, "P2")

    full = {"full": True}
    single: dict[str, Any] = {"patients": people("P2", "P3"), "labs": _one_id(tests), "problems": _one_id(ill)}
    loads.load(wb, write_feed(tmp_path / "three", manifest=full, **single))

    assert merged.filter(pl.col("state") != "not_applicable").height > 5
    assert _states(wb).equals(merged)
    assert care_gaps.explain_patient(wb, "P2") == evidence


# ---- by hand
def test_staff_merge_two_patients_of_the_last_load(bench_by_day: Workbench, tmp_path: Path) -> None:  # noqa: F811
    wb = bench_by_day
    rows = [LAB, A1C, LATER, "L9,P9,4548-4,7.0,%,final,2026-10-01"]
    feed = write_feed(tmp_path / "one", patients=people("P1", "P2"), labs=rows)
    loads.load(wb, feed)
    told = loads.rejects(wb)

    merges.merge(wb, "P1", into="P2")

    assert ids(wb) == in_sql(wb) == ["P2"]
    assert labs(wb) == [("L1", "P2"), ("L2", "P2")]
    assert loads.rejects(wb).equals(told)
    assert [row.format for row in loads.history(wb)] == ["merge", "careloop"]
    assert loads.load(wb, feed).status == "unchanged"


def test_nobody_merges_by_hand_while_a_load_runs(plain: Workbench, tmp_path: Path) -> None:
    loads.load(plain, write_feed(tmp_path / "one", patients=people("P1", "P2")))

    with plain.clinical.loading(), pytest.raises(NotAllowed, match="Another load"):
        merges.merge(plain, "P1", into="P2")

    assert in_sql(plain) == ["P1", "P2"]


def test_the_manifest_may_say_that_the_table_of_merges_is_full(plain: Workbench, tmp_path: Path) -> None:
    full = {"full": ["merges"]}
    loads.load(plain, write_feed(tmp_path / "one", patients=people("P1", "P2", "P3"), merges=[MERGE, "P1,P2,"]))

    loads.load(plain, write_feed(tmp_path / "two", manifest=full, merges=[MERGE, "P3,P2,"]))

    assert ids(plain) == ["P2"]
    assert merges.survivor(plain, "P1") == "P2"


def test_versions_of_an_event_keep_their_identity(plain: Workbench, tmp_path: Path) -> None:
    times = [{"received_at": f"2026-{month}-01T00:00:00Z"} for month in ("06", "07", "08", "09")]
    loads.load(plain, write_feed(tmp_path / "one", manifest=times[0], patients=people("P1", "P2"), labs=[LAB, A1C]))
    corrected = A1C.replace("8.1", "9.9")
    loads.load(plain, write_feed(tmp_path / "two", manifest=times[1], labs=[LAB, corrected]))

    loads.load(plain, write_feed(tmp_path / "three", manifest=times[2], merges=[MERGE, "P1,P2,"]))
    loads.load(plain, write_feed(tmp_path / "four", manifest=times[3], labs=[LAB, corrected.replace("P1", "P2")]))

    events = now(plain).events().collect().sort("value")
    assert events.select("patient_id", "value").rows() == [("P2", 8.1), ("P2", 9.9)]
    assert events.select(EVENT_KEY).unique().height == 1
    assert json.dumps(events["superseded_at"].is_null().to_list()) == "[false, true]"


# ---- whatever is merged when
_EVENTS = [(f"L{number}", f"20{number + 18}-0{number + 1}-01", f"{6 + number / 2}") for number in range(8)]
_PERSONS = {"P1": "P3", "P2": "P3", "P3": "P3", "P4": "P5", "P5": "P5", "P6": "P6"}
_STEPS = [("P1", "P2"), ("P2", "P3"), ("P4", "P5")]
_FEEDS = 3


@drawn(
    daily=1,
    many=25,
    owners=st.lists(st.sampled_from(sorted(_PERSONS)), min_size=8, max_size=8),
    came=st.lists(st.integers(0, _FEEDS - 1), min_size=8, max_size=8),
    merged=st.lists(st.integers(0, _FEEDS - 1), min_size=3, max_size=3),
    full=st.booleans(),
)
def test_whenever_ids_are_merged_it_is_as_if_there_had_been_one_id(
    settings: Settings,
    homes: Homes,
    tmp_path_factory: pytest.TempPathFactory,
    owners: list[str],
    came: list[int],
    merged: list[int],
    full: bool,
) -> None:
    folder = tmp_path_factory.mktemp("drawn")
    manifest = {"source_system": "ehr", "full": ["patients", "labs"] if full else False}

    def labs_of(names: Mapping[str, str], *, until: int, since: int) -> list[str]:
        rows = zip(_EVENTS, owners, came, strict=True)
        return [LAB, *(_lab(event, names[owner]) for event, owner, load in rows if since <= load <= until)]

    two = _home(folder / "two", settings, homes)
    as_sent = dict(zip(_PERSONS, _PERSONS, strict=True))
    for feed in range(_FEEDS):
        tables: dict[str, Any] = {
            "patients": people(*_PERSONS),
            "labs": labs_of(as_sent, until=feed, since=0 if full else feed),
            "merges": [MERGE, *(f"{a},{b}," for (a, b), load in zip(_STEPS, merged, strict=True) if load <= feed)],
        }
        loads.load(two, write_feed(folder / f"feed{feed}", manifest=manifest, **tables))
    one = _home(folder / "one", settings, homes)
    rows = labs_of(_PERSONS, until=_FEEDS, since=0)
    loads.load(one, write_feed(folder / "alone", manifest=manifest, patients=people("P3", "P5", "P6"), labs=rows))

    assert (ids(two), in_sql(two), labs(two)) == (ids(one), in_sql(one), labs(one))
    assert _facts(two).equals(_facts(one))
    assert _states(two).equals(_states(one))
    for wb in (one, two):
        wb.engine.dispose()


def _lab(event: tuple[str, str, str], patient_id: str) -> str:
    key, day, value = event
    return f"{key},{patient_id},4548-4,{value},%,final,{day}"


def _facts(wb: Workbench) -> pl.DataFrame:
    return now(wb).facts().select("patient_id", "concept", "on", "value").collect().sort("on")


def _home(folder: Path, settings: Settings, homes: Homes) -> Workbench:
    """A home of its own with a few rules, whose shards hold hardly anybody."""
    own = replace(settings, home=folder, database_url=f"sqlite:///{folder / 'careloop.db'}")
    homes.new(own)
    wb = open_workbench(own, clock=Clock())
    without_rules(wb, but=("dm-a1c", "dm-a1c-high", "scr-prediabetes"))
    return replace(wb, clinical=ClinicalStore(wb.clinical.folder, shard_bytes=256))
