"""The effect that the product finds in the sample's following feed is the one that the feed was made with."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import update

from core import care_gaps, code_loads, effects, loads, next_feed, outcomes
from core.domain.clinical import OPEN_STATES
from core.domain.effects.allocation import CONTACT, HOLD_OUT, Candidate, allocate
from core.sample import write_sample
from core.sample.following import FOLLOW_UP, TRUTH
from core.store.database import writing
from core.store.schema import campaigns, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign

FIRST, LATER = date(2026, 6, 1), date(2026, 9, 15)
MEASURE = "scr-cervical"  # calls add most here


def noon(wb: Workbench, day: date) -> Workbench:
    at = datetime.combine(day, datetime.min.time(), tzinfo=wb.zone()) + timedelta(hours=12)
    return replace(wb, clock=lambda: at)


def hold_out_half(wb: Workbench, ids: list[str]) -> None:
    """A phone campaign for them, of whom half are held out and the others were reached."""
    people = [Candidate(each, frozenset(), "all", 1) for each in ids]
    arms = allocate(people, {CONTACT: 0.5, HOLD_OUT: 0.5}, campaign_id="c1", seed=5)
    add_campaign(wb, ids, channel="phone", measures=(MEASURE,), design="hold_out", status="completed")
    with writing(wb.engine) as connection:
        connection.execute(update(campaigns).values(allocated_at=wb.now()))
        for patient_id, one in arms.items():
            state = "delivered" if one.arm == CONTACT else "hold_out"
            mine = recipients.c.patient_id == patient_id
            connection.execute(
                update(recipients)
                .where(mine)
                .values(arm=one.arm, stratum=one.stratum, household=one.household, state=state)
            )


@pytest.mark.long
def test_the_effect_of_a_held_out_campaign_is_that_of_the_answer(wb: Workbench, tmp_path: Path) -> None:
    then, later = noon(wb, FIRST), noon(wb, LATER)
    write_sample(tmp_path / "first", patients=8_000, seed=7, as_of=FIRST)
    code_loads.load_codes(then, tmp_path / "first" / "code_map.csv")
    loads.load(then, tmp_path / "first")
    found = care_gaps.gaps(then, measures=[MEASURE], states=OPEN_STATES).collect()["patient_id"].to_list()
    hold_out_half(then, found)
    answer = next_feed.write(then, tmp_path / "first", tmp_path / "next", as_of=LATER)
    loads.load(later, tmp_path / "next")

    outcomes.refresh(later)

    effect = effects.effect(later, "c1")
    assert effect is not None and effect.last.days == FOLLOW_UP
    told = answer.filter(pl.col("measure_id") == MEASURE, pl.col("from_on") == FIRST)
    in_time = (pl.col("closed_on") - FIRST).dt.total_days() <= FOLLOW_UP  # a workday may be two days later
    closed = dict(told.group_by(pl.col("channel").is_not_null()).agg(in_time.sum()).iter_rows())
    counted = {arm.arm: arm.counts.closed for arm in effect.last.arms}
    assert counted == {CONTACT: closed[True], HOLD_OUT: closed[False]}
    truth = TRUTH[MEASURE]
    difference = effect.last.comparisons[0].difference
    assert difference.low <= truth.lift["phone"] <= difference.high
    for arm, share in ((CONTACT, truth.base + truth.lift["phone"]), (HOLD_OUT, truth.base)):
        one = next(each for each in effect.last.arms if each.arm == arm)
        assert one.share.estimate == pytest.approx(share, abs=0.035)  # three standard errors
    assert effect.log_rank is not None and effect.log_rank < 0.05
