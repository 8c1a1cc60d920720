"""The first event that closed a gap is the one that looking at every patient on every day would find."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from core import care_gaps, closings, code_loads, engines, loads, next_feed, rules
from core.domain.clinical import OPEN_STATES
from core.domain.effects.outcomes import is_closed, is_open
from core.sample import write_sample
from core.workbench import Workbench
from tests.clinic import add_campaign
from tests.test_effect_of_the_sample import noon

pytestmark = pytest.mark.long

FIRST, LATER = date(2026, 9, 1), date(2026, 12, 15)


def test_the_first_event_is_that_of_a_look_at_every_day(wb: Workbench, tmp_path: Path) -> None:
    then, later = noon(wb, FIRST), noon(wb, LATER)
    write_sample(tmp_path / "first", patients=600, seed=3, as_of=FIRST)
    code_loads.load_codes(then, tmp_path / "first" / "code_map.csv")
    loads.load(then, tmp_path / "first")
    gaps = care_gaps.gaps(then, states=OPEN_STATES).collect()
    add_campaign(then, gaps["patient_id"].unique().sort().to_list(), channel="phone", status="completed")
    next_feed.write(then, tmp_path / "first", tmp_path / "next", as_of=LATER)
    loads.load(later, tmp_path / "next")
    generation = loads.current(later)
    assert generation is not None
    measures = list(rules.every(later).values())
    told = closings.told_of(generation, measures, gaps["patient_id"].unique())
    opened = closings.opened(told, measures, on=FIRST)

    found = closings.closings(told, measures, opened, after=FIRST, through=FIRST + timedelta(days=90))

    pair, days = ["patient_id", "measure_id"], []
    for day in (FIRST + timedelta(days=each) for each in range(91)):
        known = pl.concat(engines.evaluated(generation, measures, as_of=day))
        if day == FIRST:
            assert opened.sort(pair).equals(
                known.filter(is_open(), pl.col("patient_id").is_in(told.people["patient_id"].implode()))
                .select(pair)
                .sort(pair)
            )
        else:
            days.append(known.filter(is_closed()).select(*pair, closed_on=pl.lit(day)))
    expected = pl.concat(days).join(opened, on=pair, how="semi").group_by(pair).agg(pl.min("closed_on"))
    assert expected.height > 100 and expected["measure_id"].n_unique() > 8
    assert found.sort(pair).equals(expected.sort(pair))
