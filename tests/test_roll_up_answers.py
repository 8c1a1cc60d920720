"""What comes back counts as the answer to a message for two weeks."""

from datetime import timedelta

import pytest

from core import roll_ups
from core.workbench import Workbench
from tests.conftest import TUESDAY_NOON
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_roll_ups import DAY, do, filled, totals


@pytest.mark.parametrize(("late", "count"), [(timedelta(), 1), (timedelta(seconds=1), 0)])
def test_an_opt_out_is_the_answer_to_a_message_within_two_weeks_and_no_later(
    bench: Workbench,  # noqa: F811
    late: timedelta,
    count: int,
) -> None:
    filled(bench)
    do(bench, 1, "state", 1, "handed_over", TUESDAY_NOON, 1, False)
    do(bench, 2, "opt_out", 1, "stop", TUESDAY_NOON + 14 * DAY + late)
    roll_ups.refresh(bench)

    assert sum(each["opt_outs"] for each in totals(bench).values()) == count
