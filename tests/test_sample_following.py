"""The feed that follows a sample closes the gaps that it says, on those days, and nothing else of these people."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from core import care_gaps, code_loads, loads
from core.errors import CareloopError
from core.sample import write_sample
from core.sample.following import ASKED, FOLLOW_UP, TRUTH, write_next
from core.workbench import Workbench

pytestmark = pytest.mark.long

FIRST, LATER = date(2026, 11, 2), date(2027, 2, 5)


def on(wb: Workbench, day: date) -> Workbench:
    return replace(wb, clock=lambda: datetime.combine(day, datetime.min.time(), tzinfo=wb.zone()) + timedelta(hours=12))


def asked_of(gaps: pl.DataFrame, *, channel: str | None, from_on: date | None) -> pl.DataFrame:
    open_gaps = gaps.filter(pl.col("state").cast(pl.String).is_in(["overdue", "due"]))
    return open_gaps.select(
        "patient_id", "measure_id", channel=pl.lit(channel, pl.String), from_on=pl.lit(from_on, pl.Date)
    ).cast(ASKED)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    write_sample(tmp_path / "first", patients=300, seed=4, as_of=FIRST)
    return tmp_path / "first"


def test_each_closed_gap_is_closed_on_its_day_after_the_load(wb: Workbench, sample: Path, tmp_path: Path) -> None:
    then, later = on(wb, FIRST), on(wb, LATER)
    code_loads.load_codes(then, sample / "code_map.csv")
    loads.load(then, sample)
    gaps = care_gaps.gaps(then).collect()
    answer = write_next(sample, tmp_path / "next", as_of=LATER, asked=asked_of(gaps, channel="phone", from_on=FIRST))
    loads.load(later, tmp_path / "next")

    closed = answer.drop_nulls("closed_on")
    assert closed.height > 30 and set(closed["measure_id"]) >= {"scr-colorectal", "imm-flu", "scr-mammogram"}
    now = care_gaps.gaps(later).collect()
    both = closed.join(now, on=["patient_id", "measure_id"], how="left")
    assert both.filter(pl.col("last_on") != pl.col("closed_on")).is_empty()
    assert set(both["state"].cast(pl.String)) <= {"satisfied", "due_soon"}


def test_the_same_arguments_give_the_same_bytes_and_all_rows_before(sample: Path, tmp_path: Path) -> None:
    asked = pl.DataFrame([("P000010", "imm-flu", "text", FIRST)], schema=ASKED, orient="row")
    for name in ("a", "b"):
        write_next(sample, tmp_path / name, as_of=LATER, asked=asked)
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    for name in ("patients", "labs", "procedures"):
        before = (sample / f"{name}.csv").read_text("utf-8").splitlines()
        assert (tmp_path / "a" / f"{name}.csv").read_text("utf-8").splitlines()[: len(before)] == before


def test_what_was_to_come_and_is_past_was_kept_or_missed(sample: Path, tmp_path: Path) -> None:
    write_next(sample, tmp_path / "next", as_of=LATER, asked=ASKED.to_frame())
    rows = pl.read_csv(tmp_path / "next" / "appointments.csv", infer_schema=False)
    past = rows.filter(pl.col("start_at").str.slice(0, 10) < LATER.isoformat())
    assert past.filter(pl.col("status").is_in(["scheduled", "confirmed"])).is_empty()


def test_contacted_patients_close_more_often_by_what_the_answer_says(sample: Path, tmp_path: Path) -> None:
    """Many people with one gap each, half of them called: the shares are those of the table."""
    patients = [f"X{number}" for number in range(8000)]
    asked = pl.DataFrame(
        {
            "patient_id": patients,
            "measure_id": ["scr-mammogram"] * len(patients),
            "channel": ["phone" if number % 2 else None for number in range(len(patients))],
            "from_on": [FIRST] * len(patients),
        },
        schema=ASKED,
    )
    rows = ["patient_id,pcp_id", *(f"{patient}," for patient in patients)]
    (sample / "patients.csv").write_text("\n".join(rows) + "\n", "utf-8")
    answer = write_next(sample, tmp_path / "next", as_of=FIRST + timedelta(days=FOLLOW_UP + 4), asked=asked)
    shares = dict(answer.group_by("channel").agg(pl.col("closed_on").is_not_null().mean()).iter_rows())
    truth = TRUTH["scr-mammogram"]
    assert shares[None] == pytest.approx(truth.base, abs=0.015)
    assert shares["phone"] == pytest.approx(truth.base + truth.lift["phone"], abs=0.017)


def test_what_cannot_follow_is_refused(sample: Path, tmp_path: Path) -> None:
    for previous, day, why in (
        (tmp_path, LATER, "holds no sample"),
        (sample, FIRST, "must be of a later day"),
    ):
        with pytest.raises(CareloopError, match=why):
            write_next(previous, tmp_path / "next", as_of=day, asked=ASKED.to_frame())
    with pytest.raises(CareloopError, match="is not empty"):
        write_next(sample, sample, as_of=LATER, asked=ASKED.to_frame())
