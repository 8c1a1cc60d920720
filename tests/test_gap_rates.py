"""Rates of care gaps of a small loaded feed: against a slow count, within scope, over time, targets and exports."""

import csv
import random
from collections import Counter
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select

from core import care_gaps, gap_rates, gap_targets, loads, work_lists
from core.domain.slices import AGE_BANDS, BREAK_DOWNS, gap_list
from core.domain.user import Scope, User
from core.errors import CareloopError, NotAllowed, NotFound
from core.store import accounts, schema
from core.store.database import reading
from core.workbench import Workbench
from tests.homes import Homes
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

AS_OF = date(2026, 11, 24)
MAMMOGRAM = "scr-mammogram"
NAME = "Scr: Mammogram Overdue"
PATIENTS = 160


def feed_of(folder: Path) -> None:
    """Women and a few others, some with a mammogram, with every column filled for most."""
    draw = random.Random(7)
    folder.mkdir()
    (folder / "manifest.json").write_text('{"source_system": "ehr", "received_at": "2026-11-20T06:00:00+00:00"}')
    (folder / "groups.csv").write_text("group_id,name\ng1,North\ng2,=South\n")
    (folder / "providers.csv").write_text(
        "provider_id,last,group_id,is_pcp,display_name\n"
        + "".join(f"d{n},D{n},g{1 + n % 2},yes,Dr. {n}\n" for n in range(4))
    )
    columns = ["patient_id", "last", "birth_date", "sex", "group_id", "pcp_id", "status"]
    columns += ["language", "race", "ethnicity", "payer", "zip"]
    people = [
        [
            f"p{n}", f"L{n}", draw.choice(["1948-03-01", "1955-06-01", "1970-02-01", "1985-01-01"]),
            draw.choice("FFFFM"), draw.choice(["g1", "g1", "g2", ""]), draw.choice(["d0", "d1", "d2", "d3", ""]),
            draw.choice(["active"] * 9 + ["inactive"]), draw.choice(["en", "es", ""]),
            draw.choice(["White", "white", "Asian", ""]), draw.choice(["Hispanic or Latino", ""]),
            draw.choice(["Medicare", "MEDICARE", "Blue Plan"]), draw.choice(["60601", "60614-1234", "02139", ""]),
        ]
        for n in range(PATIENTS)
    ]  # fmt: skip
    labs = [
        [f"l{n}", f"p{n}", "24604-1", "final", draw.choice(["2026-03-04", "2025-02-04", "2024-12-20", "2023-01-01"])]
        for n in range(0, PATIENTS, 2)
    ]
    for name, heads, rows in (
        ("patients.csv", columns, people),
        ("labs.csv", ["lab_id", "patient_id", "loinc", "status", "collected_on"], labs),
    ):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([heads, *rows])


@pytest.fixture
def loaded(wb: Workbench, homes: Homes, tmp_path: Path) -> Workbench:
    feed_of(tmp_path / "feed")
    return homes.fill(wb, "gap-rates", lambda: loads.load(wb, tmp_path / "feed"))


def limited(wb: Workbench, scope: Scope) -> Workbench:
    accounts.add_user(wb.engine, User("nora", "Nora", scope=scope), at=wb.now(), by="command-line")
    return wb.as_user("nora")


def slowly(wb: Workbench, by: str) -> dict[str | None, tuple[int, int, int]]:
    """Eligible, satisfied and open by what a person reads in a patient's row, counted one after the other."""
    generation = loads.current(wb)
    assert generation is not None
    people = {row["patient_id"]: row for row in generation.table("patients").collect().iter_rows(named=True)}
    found: dict[str | None, Counter[str]] = {}
    for gap in care_gaps.gaps(wb, measures=[MAMMOGRAM]).collect().iter_rows(named=True):
        if gap["state"] in ("not_applicable", "excluded", "cannot_determine"):
            continue
        tally = found.setdefault(said(people[gap["patient_id"]], by), Counter())
        tally["eligible"] += 1
        tally["satisfied"] += gap["state"] in ("satisfied", "due_soon")
        tally["open"] += gap["state"] in ("overdue", "out_of_range")
    return {key: (each["eligible"], each["satisfied"], each["open"]) for key, each in found.items()}


def said(person: dict[str, Any], by: str) -> str | None:
    if by == "age":
        born = person["birth_date"]
        age = AS_OF.year - born.year - ((AS_OF.month, AS_OF.day) < (born.month, born.day))
        return next(str(low) for low, high in AGE_BANDS if high is None or low <= age <= high)
    if by == "zip3":
        return person["zip"] and str(person["zip"])[:3]
    value = person[{"group": "group_id", "pcp": "pcp_id"}.get(by, by)]
    return value and str(value).lower()


@pytest.mark.parametrize("by", [each.key for each in BREAK_DOWNS])
def test_rates_by_each_break_down_are_those_of_a_slow_count(loaded: Workbench, by: str) -> None:
    slices = gap_rates.slice_rates(loaded, MAMMOGRAM, by)

    words = {"English": "en", "Spanish": "es", "Female": "f", "Male": "m"}
    found = {
        key and words.get(key, key).lower(): row
        for key, *row in slices.select("key", "eligible", "satisfied", "open").iter_rows()
    }
    assert {key: tuple(row) for key, row in found.items()} == slowly(loaded, by)
    assert slices["eligible"].sum() > 50


@pytest.mark.parametrize("by", [each.key for each in BREAK_DOWNS])
def test_each_slice_opens_a_work_list_of_as_many_patients(loaded: Workbench, by: str) -> None:
    for row in gap_rates.slice_rates(loaded, MAMMOGRAM, by).iter_rows(named=True):
        found = work_lists.run(loaded, gap_list(NAME, by, row["key"]))

        assert found.count == row["open"]


def test_all_measures_have_the_rates_of_their_care_gaps(loaded: Workbench) -> None:
    rates = gap_rates.measure_rates(loaded)
    same = care_gaps.rates(loaded)

    assert rates.schema == gap_rates.MEASURE_RATES
    columns = ["measure_id", "eligible", "satisfied", "open"]
    assert rates.sort("measure_id").select(columns).rows() == same.select(columns).rows()
    assert rates["name"].to_list() == sorted(rates["name"])


def test_before_the_first_load_there_are_no_rates_and_no_course(wb: Workbench) -> None:
    rates = gap_rates.measure_rates(wb)

    assert set(rates["eligible"]) == {0}
    assert rates["rate"].null_count() == rates.height
    assert gap_rates.slice_rates(wb, MAMMOGRAM, "group").is_empty()
    assert gap_rates.trend(wb, MAMMOGRAM).is_empty()


def test_who_becomes_due_is_counted_by_the_days_until_then(loaded: Workbench) -> None:
    gaps = care_gaps.gaps(loaded, measures=[MAMMOGRAM], states=["satisfied", "due_soon"]).collect()
    row = gap_rates.measure_rates(loaded).row(by_predicate=pl.col("measure_id") == MAMMOGRAM, named=True)

    for days in (30, 60, 90):
        soon = [due for due in gaps["due_on"] if due is not None and due <= AS_OF + timedelta(days=days)]
        assert row[f"due_in_{days}"] == len(soon)
    assert 0 < row["due_in_30"] < row["due_in_90"]


@pytest.mark.parametrize(
    "scope", [Scope(groups=frozenset({"g1"})), Scope(providers=frozenset({"d2", "d3"}))], ids=["group", "provider"]
)
def test_a_user_sees_rates_of_patients_in_scope_only(loaded: Workbench, scope: Scope) -> None:
    everybody = gap_rates.measure_rates(loaded)
    nora = limited(loaded, scope)

    rates, same = gap_rates.measure_rates(nora).sort("measure_id"), care_gaps.rates(nora)
    assert (
        rates["eligible"].to_list() == same["eligible"].to_list() != everybody.sort("measure_id")["eligible"].to_list()
    )
    by, ids = ("group", scope.groups) if scope.groups else ("pcp", scope.providers)
    assert set(gap_rates.slice_rates(nora, MAMMOGRAM, by)["key"]) == set(ids or ())
    mine = rates.row(by_predicate=pl.col("measure_id") == MAMMOGRAM, named=True)
    assert gap_rates.trend(nora, MAMMOGRAM)["eligible"].to_list()[-1] == mine["eligible"]


def test_the_course_is_evaluated_for_each_end_of_a_month(loaded: Workbench) -> None:
    told: list[float] = []
    assert not gap_rates.is_trend_known(loaded, MAMMOGRAM)
    course = gap_rates.trend(loaded, MAMMOGRAM, progress=told.append)

    assert course.schema == gap_rates.TREND
    assert course["on"].to_list()[:2] == [date(2025, 11, 30), date(2025, 12, 31)]
    assert course["on"].to_list()[-2:] == [date(2026, 10, 31), AS_OF]
    for day, eligible, satisfied, opened in course.select("on", "eligible", "satisfied", "open").iter_rows():
        row = care_gaps.rates(loaded, as_of=day).row(by_predicate=pl.col("measure_id") == MAMMOGRAM, named=True)
        assert (eligible, satisfied, opened) == (row["eligible"], row["satisfied"], row["open"])
    assert told == sorted(told) and told[-1] == 1.0
    assert gap_rates.is_trend_known(loaded, MAMMOGRAM)


def test_month_ends_of_the_first_and_last_day_of_a_month() -> None:
    assert gap_rates.month_ends(date(2024, 3, 1))[-2:] == [date(2024, 2, 29), date(2024, 3, 1)]
    assert gap_rates.month_ends(date(2024, 3, 31))[-2:] == [date(2024, 2, 29), date(2024, 3, 31)]
    assert gap_rates.month_ends(date(2024, 3, 31))[0] == date(2023, 3, 31)


def test_a_target_says_how_many_are_still_needed_and_is_recorded(loaded: Workbench) -> None:
    gap_targets.set_target(loaded, MAMMOGRAM, 0.9)

    row = gap_rates.measure_rates(loaded).row(by_predicate=pl.col("measure_id") == MAMMOGRAM, named=True)
    assert row["target"] == 0.9
    assert (row["satisfied"] + row["needed"]) / row["eligible"] >= 0.9
    assert (row["satisfied"] + row["needed"] - 1) / row["eligible"] < 0.9
    gap_targets.set_target(loaded, MAMMOGRAM, None)
    assert gap_targets.targets(loaded) == {}
    question = select(schema.audit.c.details).where(schema.audit.c.action == "measure.target_set")
    with reading(loaded.engine) as connection:
        assert list(connection.scalars(question)) == [{"target": 0.9}, {"target": None}]


def test_targets_of_two_measures_are_kept_apart(bench: Workbench) -> None:  # noqa: F811
    gap_targets.set_target(bench, MAMMOGRAM, 0.7)
    gap_targets.set_target(bench, "dm-a1c", 0.65)
    gap_targets.set_target(bench, MAMMOGRAM, 0.725)

    assert gap_targets.targets(bench) == {MAMMOGRAM: 0.725, "dm-a1c": 0.65}
    assert bench.organisation().campaign_limit == 2000  # the other settings do not mind


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01, 0.00001])
def test_a_target_that_is_no_share_is_refused(wb: Workbench, share: float) -> None:
    with pytest.raises(CareloopError, match="more than 0 % and at most 100 %"):
        gap_targets.set_target(wb, MAMMOGRAM, share)


def test_only_who_sees_everybody_may_set_a_target(loaded: Workbench) -> None:
    with pytest.raises(NotAllowed, match="counts for every group"):
        gap_targets.set_target(limited(loaded, Scope(groups=frozenset({"g1"}))), MAMMOGRAM, 0.5)
    with pytest.raises(NotFound, match="There is no measure 'nothing'"):
        gap_targets.set_target(loaded, "nothing", 0.5)


def test_what_does_not_exist_is_named_with_what_does(loaded: Workbench) -> None:
    with pytest.raises(NotFound, match="There is no measure 'nothing' that is on"):
        gap_rates.trend(loaded, "nothing")
    with pytest.raises(NotFound, match=r"Rates by 'shoe' do not exist\. There are group, pcp, age"):
        gap_rates.slice_rates(loaded, MAMMOGRAM, "shoe")


def test_an_export_hides_small_cells_and_holds_no_formula(loaded: Workbench) -> None:
    out = BytesIO()
    gap_rates.export_slices(loaded, MAMMOGRAM, "group", out)

    rows = {row["Name"]: row for row in csv.DictReader(out.getvalue().decode("utf-8-sig").splitlines())}
    assert set(rows) == {"North", "'=South", "(not recorded)"}
    slices = gap_rates.slice_rates(loaded, MAMMOGRAM, "group")
    for name, eligible, satisfied in slices.select("name", "eligible", "satisfied").iter_rows():
        row = rows[f"'{name}" if name.startswith("=") else name]
        if row["Suppressed"] == "yes":
            assert (row["Eligible"], row["Up to date"], row["Rate"]) == ("", "", "")
        else:
            assert (row["Eligible"], row["Up to date"]) == (str(eligible), str(satisfied))
            assert min(eligible, satisfied, eligible - satisfied) >= 11


def test_an_export_of_all_measures_is_recorded(loaded: Workbench) -> None:
    out = BytesIO()
    count = gap_rates.export_measures(loaded, out)

    rows = list(csv.DictReader(out.getvalue().decode("utf-8-sig").splitlines()))
    assert len(rows) == count
    assert all(not row["Eligible"] or int(row["Eligible"]) >= 11 for row in rows)
    question = select(schema.audit.c.details).where(schema.audit.c.action == "gap_rates.exported")
    with reading(loaded.engine) as connection:
        [details] = connection.scalars(question)
    assert details["rows"] == count and details["suppressed"] == sum(row["Suppressed"] == "yes" for row in rows)


def test_groups_and_providers_are_placed_against_the_limits_of_chance(loaded: Workbench) -> None:
    assert gap_rates.slice_rates(loaded, MAMMOGRAM, "pcp")["beyond"].null_count() == 0
    assert set(gap_rates.slice_rates(loaded, MAMMOGRAM, "sex")["beyond"]) == {None}


def test_who_is_on_track_is_neither_for_nor_against_a_rate(wb: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"source_system": "ehr", "received_at": "2026-11-20T06:00:00+00:00"}')
    (folder / "patients.csv").write_text(
        "patient_id,last,birth_date,sex,status\n"
        "new,A,2026-10-01,F,active\nlate,B,2025-01-01,F,active\nadult,C,1970-01-01,F,active\n"
    )
    loads.load(wb, folder)

    row = gap_rates.measure_rates(wb).row(by_predicate=pl.col("measure_id") == "visit-w30", named=True)

    assert (row["eligible"], row["satisfied"], row["open"]) == (1, 0, 1)


def counted_in_2026(wb: Workbench) -> tuple[int, int]:
    """Women from 42 through 74 on 31 December 2026, and those of them with a mammogram since 1 October 2024."""
    generation = loads.current(wb)
    assert generation is not None
    tested = {
        gap["patient_id"]
        for gap in care_gaps.gaps(wb, measures=[MAMMOGRAM]).collect().iter_rows(named=True)
        if gap["last_on"] and gap["last_on"] >= date(2024, 10, 1)
    }
    women = [
        row["patient_id"]
        for row in generation.table("patients").collect().iter_rows(named=True)
        if row["sex"] == "F" and row["status"] == "active" and date(1952, 1, 1) <= row["birth_date"] < date(1985, 1, 1)
    ]
    return len(women), len([each for each in women if each in tested])


def test_a_measurement_year_counts_by_its_own_ages_and_windows(loaded: Workbench) -> None:
    told: list[float] = []
    rates = gap_rates.year_rates(loaded, 2026, progress=told.append)

    row = rates.row(by_predicate=pl.col("measure_id") == MAMMOGRAM, named=True)
    today = gap_rates.measure_rates(loaded).row(by_predicate=pl.col("measure_id") == MAMMOGRAM, named=True)
    assert rates.schema == gap_rates.YEAR_RATES
    assert (row["eligible"], row["satisfied"]) == counted_in_2026(loaded)
    assert 0 < row["satisfied"] < row["eligible"] < today["eligible"]
    assert row["ends"] == date(2026, 12, 31)
    assert rates.row(by_predicate=pl.col("measure_id") == "imm-flu", named=True)["ends"] == date(2026, 6, 30)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_slices_of_a_year_add_up_to_its_rate_and_to_its_rows(loaded: Workbench) -> None:
    row = gap_rates.year_rates(loaded, 2025).row(by_predicate=pl.col("measure_id") == MAMMOGRAM, named=True)
    gaps = care_gaps.gaps(loaded, measures=[MAMMOGRAM], year=2025).collect()

    for by in ("group", "age", "payer"):
        slices = gap_rates.slice_rates(loaded, MAMMOGRAM, by, year=2025)
        assert (slices["eligible"].sum(), slices["satisfied"].sum()) == (row["eligible"], row["satisfied"])
    assert set(gaps["as_of"]) == {date(2025, 12, 31)}
    assert gaps["state"].cast(pl.String).is_in(["satisfied", "due_soon"]).sum() == row["satisfied"]


def test_a_user_sees_the_year_of_patients_in_scope_only(loaded: Workbench) -> None:
    everybody = gap_rates.year_rates(loaded, 2026)
    mine = gap_rates.year_rates(limited(loaded, Scope(groups=frozenset({"g1"}))), 2026)

    assert 0 < mine["eligible"].sum() < everybody["eligible"].sum()


@pytest.mark.parametrize("year", [1989, 2027])
def test_a_year_that_has_not_begun_or_lies_too_far_back_is_refused(loaded: Workbench, year: int) -> None:
    with pytest.raises(NotFound, match=f"no measurement year {year}. There are 1990 to 2026"):
        gap_rates.year_rates(loaded, year)
    with pytest.raises(NotFound):
        care_gaps.gaps(loaded, year=year)


def test_the_export_of_a_year_says_when_it_ends_and_hides_small_cells(loaded: Workbench) -> None:
    out = BytesIO()

    gap_rates.export_measures(loaded, out, year=2026)

    rows = {row["Name"]: row for row in csv.DictReader(out.getvalue().decode("utf-8-sig").splitlines())}
    assert rows[NAME]["Year ends"] == "2026-12-31"
    assert [row["Eligible"] for row in rows.values() if row["Suppressed"] == "yes"][:1] == [""]
