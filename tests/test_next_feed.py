"""What follows a home's sample: whom its campaigns contacted, by which channel, is what the answer counts."""

import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import update

from core import care_gaps, code_loads, loads, next_feed
from core.domain.clinical import OPEN_STATES
from core.sample import write_sample
from core.sample.following import TRUTH
from core.store.database import writing
from core.store.schema import campaigns, recipients
from core.workbench import Workbench
from tests.clinic import MAMMOGRAM, add_campaign
from tests.conftest import ROOT

pytestmark = pytest.mark.long

FIRST, LATER = date(2026, 11, 2), date(2027, 2, 5)


def test_contacted_patients_have_the_lift_of_their_channel_and_nobody_else(wb: Workbench, tmp_path: Path) -> None:
    noon = datetime.combine(FIRST, datetime.min.time(), tzinfo=wb.zone()) + timedelta(hours=12)
    wb = replace(wb, clock=lambda: noon)
    write_sample(tmp_path / "sample", patients=300, seed=4, as_of=FIRST)
    code_loads.load_codes(wb, tmp_path / "sample" / "code_map.csv")
    loads.load(wb, tmp_path / "sample")
    gaps = care_gaps.gaps(wb, measures=[MAMMOGRAM], states=OPEN_STATES).collect()
    mailed, held_out, others = (
        gaps["patient_id"][:8].to_list(),
        gaps["patient_id"][8:12].to_list(),
        gaps["patient_id"][12:],
    )
    add_campaign(wb, [*mailed, *held_out])
    with writing(wb.engine) as connection:
        connection.execute(update(campaigns).values(activated_at=noon))
        for ids, state in ((mailed, "handed_over"), (held_out, "hold_out")):
            connection.execute(update(recipients).where(recipients.c.patient_id.in_(ids)).values(state=state))

    answer = next_feed.write(wb, tmp_path / "sample", tmp_path / "next", as_of=LATER)

    truth = TRUTH[MAMMOGRAM]
    about = answer.filter(pl.col("measure_id") == MAMMOGRAM)
    told = {row["patient_id"]: (row["channel"], row["from_on"], row["chance"]) for row in about.iter_rows(named=True)}
    assert {told[each] for each in mailed} == {("email", FIRST, truth.base + truth.lift["email"])}
    assert {told[each] for each in held_out} == {(None, FIRST, truth.base)}
    assert {told[each] for each in others} == {(None, None, truth.base)}
    kept = pl.read_csv(tmp_path / "next-answer.csv", try_parse_dates=True)
    assert kept["closed_on"].to_list() == answer["closed_on"].to_list()


def test_a_feed_told_anew_since_an_earlier_day_closes_gaps_of_campaigns_alone(wb: Workbench, tmp_path: Path) -> None:
    early = datetime.combine(FIRST - timedelta(days=100), datetime.min.time(), tzinfo=wb.zone())
    noon = datetime.combine(FIRST, datetime.min.time(), tzinfo=wb.zone()) + timedelta(hours=12)
    wb = replace(wb, clock=lambda: noon)
    write_sample(tmp_path / "sample", patients=300, seed=4, as_of=FIRST)
    code_loads.load_codes(wb, tmp_path / "sample" / "code_map.csv")
    loads.load(wb, tmp_path / "sample")
    gaps = care_gaps.gaps(wb, measures=[MAMMOGRAM], states=OPEN_STATES, as_of=early.date()).collect()
    ids = gaps["patient_id"].to_list()
    add_campaign(replace(wb, clock=lambda: early), ids, channel="phone")
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(state="delivered"))

    answer = next_feed.write(wb, tmp_path / "sample", tmp_path / "next", as_of=FIRST, since=early.date())

    assert sorted(answer["patient_id"]) == sorted(ids) and set(answer["measure_id"]) == {MAMMOGRAM}
    closed = answer["closed_on"].drop_nulls()
    assert closed.len() and closed.is_between(early.date(), FIRST, closed="none").all()


def test_the_command_refuses_a_folder_without_a_sample(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "core", "sample", str(tmp_path / "next"), "--next", str(tmp_path)]
    environ = {"CARELOOP_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "holds no sample" in done.stderr
