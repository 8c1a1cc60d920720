"""The Care gaps page without a browser: rates, targets, break-downs, the course, and what opens the work list."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import gap_rates, gap_targets, loads, work_lists
from core.domain.slices import BREAK_DOWNS, gap_list
from core.domain.user import Scope, User
from core.store import accounts
from core.workbench import Workbench
from pages._shared import interval, percent, plain
from tests.feeds import write_feed
from tests.homes import Homes
from tests.pages import opened, title
from tests.test_gap_rates import MAMMOGRAM, NAME, feed_of
from tests.test_pages import kept  # noqa: F401 (fixture)

pytestmark = pytest.mark.long


@pytest.fixture
def practice(kept: Workbench, homes: Homes, tmp_path: Path) -> Workbench:  # noqa: F811
    feed_of(tmp_path / "feed")
    return homes.fill(kept, "gap-rates", lambda: loads.load(kept, tmp_path / "feed"))


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def test_the_page_shows_every_measure_and_the_numbers_of_the_one_of_its_address(practice: Workbench) -> None:
    app = opened("care_gaps", id=MAMMOGRAM)

    assert not app.exception
    assert app.selectbox(key="cg_measure").value == MAMMOGRAM
    assert app.dataframe[0].value.shape[0] == gap_rates.measure_rates(practice).height
    row = next(row for row in gap_rates.measure_rates(practice).iter_rows(named=True) if row["measure_id"] == MAMMOGRAM)
    assert metrics(app)["Open gaps today"] == str(row["open"])
    assert metrics(app)["Target"] == "none"


def test_the_open_gaps_of_a_measure_open_its_work_list(practice: Workbench) -> None:
    app = opened("care_gaps", id=MAMMOGRAM)
    number = work_lists.run(practice, gap_list(NAME)).count

    app.button(key="cg_open").click().run()

    assert title(app) == "Work list"
    assert f"{number} patients" in [heading.value for heading in app.subheader]


@pytest.mark.parametrize("by", [each.key for each in BREAK_DOWNS])
def test_each_break_down_is_drawn(practice: Workbench, by: str) -> None:
    app = opened("care_gaps", id=MAMMOGRAM)

    app.session_state["cg_by"] = by
    app.run()

    assert not app.exception
    assert not app.error
    slices = gap_rates.slice_rates(practice, MAMMOGRAM, by)
    assert app.dataframe[1].value.iloc[:, 0].tolist() == slices["name"].to_list()


def test_a_target_is_set_and_taken_away(practice: Workbench) -> None:
    app = opened("care_gaps", id=MAMMOGRAM)

    app.number_input(key=f"cg_target_{MAMMOGRAM}").set_value(72.5).run()
    app.button(key="cg_target_save").click().run()

    assert gap_targets.targets(practice) == {MAMMOGRAM: 0.725}
    assert metrics(app)["Target"] == "72.5 %"
    app.button(key="cg_target_remove").click().run()
    assert gap_targets.targets(practice) == {}
    assert not app.exception


def test_somebody_who_sees_some_groups_cannot_set_a_target(practice: Workbench) -> None:
    scope = Scope(groups=frozenset({"g1"}))
    accounts.add_user(practice.engine, User("analyst", "North Only", scope=scope), at=practice.now(), by="command-line")

    app = opened("care_gaps", id=MAMMOGRAM)

    assert not app.exception
    assert [each.key for each in app.number_input] == []
    assert app.dataframe[1].value.iloc[:, 0].tolist() == ["North"]


def test_the_course_is_found_on_demand(practice: Workbench) -> None:
    app = opened("care_gaps", id=MAMMOGRAM)
    assert not gap_rates.is_trend_known(practice, MAMMOGRAM)

    app.button(key="cg_trend").click().run()

    assert not app.exception
    assert gap_rates.is_trend_known(practice, MAMMOGRAM)
    assert "cg_trend" not in [button.key for button in app.button]


def test_an_address_of_no_measure_shows_the_first(practice: Workbench) -> None:
    app = opened("care_gaps", id="nowhere")

    assert not app.exception
    assert app.selectbox(key="cg_measure").value == gap_rates.measure_rates(practice)["measure_id"][0]


def test_intervals_have_a_decimal_and_numbers_separators(practice: Workbench) -> None:
    assert interval(0.0291, 0.0344) == "2.9–3.4 %"
    assert interval(None, None) == "–"

    app = opened("care_gaps", id=MAMMOGRAM)

    [shown] = [row for row in gap_rates.measure_rates(practice).iter_rows(named=True) if row["name"] == NAME]
    rows = app.dataframe[0].value.set_index("Measure")
    assert rows.loc[NAME, "95 % interval"] == interval(shown["low"], shown["high"])
    columns = json.loads(app.dataframe[0].proto.columns)
    assert {columns[name]["type_config"]["format"] for name in ("Up to date", "Eligible", "Open")} == {"localized"}


def test_a_phone_gets_the_same_rates_as_lines(practice: Workbench) -> None:
    app = opened("care_gaps", id=MAMMOGRAM)

    row = next(row for row in gap_rates.measure_rates(practice).iter_rows(named=True) if row["measure_id"] == MAMMOGRAM)
    said = f"{percent(row['rate'])} · {row['satisfied']:,} of {row['eligible']:,} · {row['open']:,} open"
    assert any(plain(NAME) in each.value and plain(said) in each.value for each in app.markdown)


def test_both_exports_say_that_comparing_them_may_narrow_down_a_small_number(practice: Workbench) -> None:
    app = opened("care_gaps", id=MAMMOGRAM)

    buttons = [each.proto for each in app.get("download_button")]
    assert [each.label for each in buttons] == ["Export CSV", "Export CSV"]
    assert all("Whoever compares exports by different break-downs" in each.help for each in buttons)


def test_who_is_on_track_and_of_whom_we_cannot_tell_is_said_beside_the_rate(kept: Workbench, tmp_path: Path) -> None:  # noqa: F811
    born = kept.today() - timedelta(days=10)
    patients = [
        "patient_id,first,last,birth_date,sex,status",
        "p1,Ann,A,1970-02-01,,active",
        f"p2,Bo,B,{born},F,active",
    ]
    loads.load(kept, write_feed(tmp_path / "feed", patients=patients))

    unknown, infant = opened("care_gaps", id=MAMMOGRAM), opened("care_gaps", id="visit-w30")

    [said] = [each.value for each in unknown.caption if "on track" in each.value]
    assert "**0 on track**" in said and "**1 cannot tell**" in said and "left out of the rate" in said
    [said] = [each.value for each in infant.caption if "on track" in each.value]
    assert "**1 on track**" in said and "**0 cannot tell**" in said


def test_a_measurement_year_is_shown_instead_of_today(practice: Workbench) -> None:
    app = opened("care_gaps", id=MAMMOGRAM)

    app.session_state["cg_year"] = practice.today().year
    app.run()

    assert not app.exception
    row = next(
        row
        for row in gap_rates.year_rates(practice, practice.today().year).iter_rows(named=True)
        if row["measure_id"] == MAMMOGRAM
    )
    shown = app.dataframe[0].value
    assert metrics(app)["Not counted yet"] == str(row["eligible"] - row["satisfied"])
    assert [name for name in ("Not yet", "Year ends", "Open") if name in shown] == ["Not yet", "Year ends"]
    assert app.dataframe[1].value["Up to date"].tolist()
