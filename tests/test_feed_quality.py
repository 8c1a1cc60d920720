"""What is kept of each load: rows, freshness and lag of each table; and the gate over real loads."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core import feed_gate, feed_quality, loads
from core.domain.feed_quality import TableQuality
from core.domain.organisation import FeedRule
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store.database import reading
from core.store.schema import audit
from core.workbench import DISPATCHER, Workbench
from tests.conftest import Clock
from tests.feeds import LAB, PATIENT, without_rules, write_bundle, write_feed
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

MORNING = datetime(2026, 11, 24, 8, tzinfo=UTC)
PEOPLE = [f"P{number},Ann,Example,1960-05-01,F,active" for number in range(20)]
APPOINTMENT = "appointment_id,patient_id,start_at,made_at"


class Source:
    """A source that sends one feed after the other."""

    def __init__(self, wb: Workbench, folder: Path) -> None:
        self.wb, self.folder, self.number = wb, folder, 0

    def sends(self, people: int | None, *, full: Any = True, at: datetime | None = None, **tables: list[str]) -> None:
        self.number += 1
        manifest = {"source_system": "ehr", "received_at": (at or self.wb.now()).isoformat(), "full": full}
        if people is not None:
            tables["patients"] = [PATIENT, *PEOPLE[:people]]
        loads.load(self.wb, write_feed(self.folder / str(self.number), manifest=manifest, **tables))

    @property
    def wrong(self) -> list[str]:
        return [f"{each.kind} {each.feed_table}" for each in feed_gate.gate(self.wb).problems]


@pytest.fixture
def source(wb: Workbench, tmp_path: Path) -> Source:
    without_rules(wb)
    return Source(wb, tmp_path)


def quality(wb: Workbench, table: str) -> TableQuality:
    return next(row for row in feed_quality.latest(wb) if row.feed_table == table)


def labs(*days: str, start: int = 1) -> list[str]:
    lines = [f"L{number},P1,4548-4,7.1,%,final,{day}" for number, day in enumerate(days, start)]
    return [LAB, *lines]


def test_each_load_keeps_rows_freshness_and_lag_of_each_table(wb: Workbench, source: Source, clock: Clock) -> None:
    source.sends(20, labs=labs("2026-11-01", "2020-01-01"))
    first = quality(wb, "labs")
    clock.forward(days=1)
    new = labs("2026-11-01", "2020-01-01", "2026-11-24", "2026-11-24", "2026-10-25")

    source.sends(19, labs=new)

    found = quality(wb, "labs")
    assert (first.rows, first.rows_before, first.latest_on, first.lag_median) == (2, None, date(2026, 11, 1), None)
    assert (found.rows, found.rows_before, found.latest_on) == (5, 2, date(2026, 11, 24))
    assert (found.lag_median, found.lag_p90) == (1, 31)
    assert found.received_at == wb.now()
    people = quality(wb, "patients")
    assert (people.rows, people.rows_before, people.change) == (19, 20, "↓ 5.0% fewer")
    shown = {row["Table"]: row for row in feed_quality.table(wb).to_dicts()}
    assert shown["labs"]["Age at load"] == "1 day" and shown["labs"]["Lag"] == "1 day, 31 for 90%"
    assert shown["patients"]["Latest event"] == "–"


def test_rows_that_come_twice_or_were_not_taken_do_not_count(wb: Workbench, source: Source) -> None:
    source.sends(None, patients=[PATIENT, *PEOPLE[:3], PEOPLE[2], "P9,Zoe,Example,never,F,active"])

    assert quality(wb, "patients").rows == 3


def test_the_median_of_the_last_five_loads_stands_beside_the_last(wb: Workbench, source: Source, clock: Clock) -> None:
    for people in (5, 20, 19, 20, 18, 20, 17):
        source.sends(people)
        clock.forward(hours=1)

    assert (quality(wb, "patients").rows_before, quality(wb, "patients").rows_median) == (20, 20)


def test_a_full_feed_that_lost_patients_closes_until_a_good_one_comes(source: Source, clock: Clock) -> None:
    found = []
    for people in (20, 16, 12, 12, 13):
        source.sends(people)
        found.append(source.wrong)
        clock.forward(hours=1)

    assert found == [[], [], ["shrunken patients"], ["shrunken patients"], []]


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [(10, 1, ["shrunken labs"]), (10, 8, []), (3, 1, []), (3, 0, ["shrunken labs"]), (20, 15, ["shrunken labs"])],
)
def test_a_full_feed_that_lost_what_closes_care_gaps_closes_too(
    source: Source, clock: Clock, before: int, after: int, wrong: list[str]
) -> None:
    days = ["2026-11-01"] * 20
    source.sends(20, labs=labs(*days[:before]))
    clock.forward(hours=1)

    source.sends(20, labs=labs(*days[:after]))

    assert source.wrong == wrong


def test_what_was_lost_and_comes_back_is_not_late(source: Source, clock: Clock) -> None:
    days = ["2020-01-01", "2021-01-01", "2022-01-01", "2026-11-20"]
    source.sends(20, labs=labs(*days))
    clock.forward(days=1)
    source.sends(20, labs=labs(*days[:1]))
    clock.forward(days=1)

    source.sends(20, labs=labs(*days, "2026-11-24"))

    assert quality(source.wb, "labs").lag_median == 2


def test_a_patient_missing_from_several_tables_is_one_patient(source: Source) -> None:
    lost = ["X1", "X2"]
    source.sends(
        20,
        labs=[LAB, *(f"L{each},{each},4548-4,7.1,%,final,2026-11-01" for each in lost)],
        appointments=[APPOINTMENT, *(f"A{each},{each},2026-12-01 10:00,2026-11-20 09:00" for each in lost)],
    )

    found = {each.defect: each.patients for each in loads.defects(source.wb)}

    assert found["unknown_patient"] == 2


def test_what_only_adds_may_be_small_and_does_not_make_a_loss_good(source: Source) -> None:
    source.sends(20)
    source.sends(1, full=False)
    assert source.wrong == []
    source.sends(5)
    source.sends(1, full=False)

    assert source.wrong == ["shrunken patients"]


def test_a_full_feed_without_appointments_closes_only_when_earlier_ones_had_them(source: Source, clock: Clock) -> None:
    source.sends(20)
    clock.forward(hours=1)
    source.sends(20, labs=labs("2026-11-01"))
    assert source.wrong == []
    clock.forward(hours=1)
    source.sends(20, labs=labs("2026-11-01"), appointments=[APPOINTMENT, "A1,P1,2026-12-01 10:00,2026-11-20 09:00"])
    assert source.wrong == []
    assert quality(source.wb, "appointments").latest_on == date(2026, 11, 20)
    clock.forward(hours=1)
    source.sends(20)

    assert source.wrong == ["missing appointments", "missing labs"]


def test_data_grows_old_whatever_the_hour_it_was_loaded(source: Source, clock: Clock) -> None:
    source.sends(20, at=MORNING - timedelta(days=5))
    assert source.wrong == []

    clock.forward(days=2)

    assert source.wrong == ["stale patients"]
    assert feed_gate.gate(source.wb).reason == ("The table patients of ehr is older than 7 days.")
    assert feed_quality.table(source.wb)["Received"].to_list() == ["✕ Thu 19 Nov 2026 too old"]


def test_a_newer_feed_with_the_same_rows_keeps_the_data_fresh_but_the_same_files_again_do_not(
    wb: Workbench, source: Source, clock: Clock
) -> None:
    source.sends(20)
    clock.forward(days=6)
    assert "unchanged" in loads.load(wb, source.folder / "1").status
    clock.forward(days=2)
    assert source.wrong == ["stale patients"]

    source.sends(20)

    assert [row.status for row in loads.history(wb)] == ["unchanged", "unchanged", "loaded"]
    assert source.wrong == []


def test_a_table_of_which_no_row_could_be_used_has_not_come(source: Source, clock: Clock) -> None:
    source.sends(20)
    clock.forward(days=8)

    source.sends(None, full=False, patients=[PATIENT, "P9,Zoe,Example,never,F,active"], labs=labs("2026-11-01"))

    assert source.wrong == ["stale patients"]


def test_fhir_without_patients_says_nothing_of_patients_unless_it_is_full(
    wb: Workbench, tmp_path: Path, clock: Clock
) -> None:
    person = {"resourceType": "Patient", "id": "P1", "birthDate": "1960-05-01", "gender": "female"}
    visit = {
        "resourceType": "Encounter",
        "id": "V1",
        "status": "finished",
        "subject": {"reference": "Patient/P1"},
        "period": {"start": "2026-11-01"},
    }
    write_bundle(tmp_path / "one" / "a.json", person)
    loads.load(wb, tmp_path / "one")
    clock.forward(days=8)
    write_bundle(tmp_path / "two" / "a.json", visit)
    loads.load(wb, tmp_path / "two")
    assert [row.feed_table for row in feed_quality.latest(wb)] == ["patients", "visits"]
    assert [problem.kind for problem in feed_gate.gate(wb).problems] == ["stale"]

    write_bundle(tmp_path / "three" / "a.json", {**visit, "id": "V2"})
    write_feed(tmp_path / "three", manifest={"full": True})
    loads.load(wb, tmp_path / "three")

    assert [problem.kind for problem in feed_gate.gate(wb).problems] == ["missing", "stale"]


def test_an_organisation_says_what_it_needs(wb: Workbench, source: Source) -> None:
    rules = (FeedRule("labs", max_age_days=None, largest_shrink=60),)
    accounts.change_organisation(wb.engine, {"feed_rules": rules}, at=wb.now(), by="ana")
    assert wb.organisation().feed_rules == rules
    source.sends(20, labs=labs("2026-11-01", "2026-11-02", "2026-11-03"))
    source.sends(1, labs=labs("2026-11-01"))
    assert source.wrong == ["shrunken labs"]


def test_of_a_source_that_ended_nothing_is_expected_until_it_sends_again(
    wb: Workbench, source: Source, clock: Clock
) -> None:
    source.sends(20)
    clock.forward(days=8)
    with pytest.raises(NotFound, match="Nothing was loaded"):
        feed_gate.end_source(wb, "ehr2")
    with pytest.raises(NotAllowed, match="a person"):
        feed_gate.end_source(wb.as_user(DISPATCHER), "ehr")
    assert source.wrong == ["stale patients"]

    feed_gate.end_source(wb, "ehr")

    assert source.wrong == [] and feed_quality.latest(wb) == []
    source.sends(10)
    assert wb.organisation().ended_sources == ()
    assert source.wrong == ["shrunken patients"]


def test_a_release_opens_the_gate_for_this_state_and_is_on_record(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    clock: Clock,
) -> None:
    source = Source(bench, tmp_path)
    source.sends(20)
    clock.forward(hours=1)
    source.sends(10)
    clock.forward(hours=1)

    gate = feed_gate.release(bench, reason="  We closed\n a clinic. ", seen=feed_gate.gate(bench))

    assert gate.is_open and gate.releases[0].reason == "We closed a clinic."
    with reading(bench.engine) as connection:
        row = connection.execute(select(audit).where(audit.c.action == "feed.released")).one()
    assert (row.user_id, row.details["reason"]) == ("ana", "We closed a clinic.")
    source.sends(11)
    assert source.wrong == []  # half of the patients is what is usual now
    source.sends(5)
    assert source.wrong == ["shrunken patients"]
    assert feed_gate.lines(bench)[0].startswith("The feed gate is closed since Tue 24 Nov 2026: nothing is sent")


def test_who_may_not_release_is_told_why_and_nothing_opens(wb: Workbench, source: Source, clock: Clock) -> None:
    with pytest.raises(NotAllowed, match="is open"):
        feed_gate.release(wb, reason="To be sure.")
    source.sends(20)
    seen = feed_gate.gate(wb)
    clock.forward(days=8)
    accounts.add_user(wb.engine, User("bo", "Bo", scope=Scope(groups=frozenset({"g1"}))), at=wb.now(), by="ana")

    for who, reason, why in (
        (wb, " \n", "needs a reason"),
        (wb, "x" * 501, "needs a reason"),
        (wb.as_user("bo"), "I say so.", "may see all of them"),
        (wb.as_user(DISPATCHER), "I say so.", "a person"),
    ):
        with pytest.raises(NotAllowed, match=why):
            feed_gate.release(who, reason=reason)
    with pytest.raises(NotAllowed, match="another reason meanwhile"):
        feed_gate.release(wb, reason="Looked at.", seen=seen)

    assert source.wrong == ["stale patients"]
