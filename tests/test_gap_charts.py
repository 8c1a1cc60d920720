"""Charts of rates say their finding in the title, and each mark finds its row again."""

from datetime import date

import polars as pl
import pytest

from core.charts import bars, funnel, trend
from core.domain.control_limits import limits
from core.domain.rates import overall_rate, with_interval


def slices(*rows: tuple[str, int, int]) -> pl.DataFrame:
    counts = pl.DataFrame(
        rows, schema={"name": pl.String, "satisfied": pl.Int64, "eligible": pl.Int64}, orient="row"
    ).with_columns(key=pl.col("name"))
    rates = with_interval(counts)
    overall = overall_rate(counts)
    beyond = [limits(size, overall).place(rate) for size, rate in rates.select("eligible", "rate").iter_rows()]
    return rates.with_columns(beyond=pl.Series(beyond, dtype=pl.String))


FUNNELS = [
    (slices(("North", 70, 100), ("South", 68, 100)), "No group differs beyond chance"),
    (slices(("North", 700, 1000), ("South", 40, 100)), "1 of 2 groups differs beyond chance"),
    (slices(("North", 900, 1000), ("South", 400, 1000)), "2 of 2 groups differ beyond chance"),
]


@pytest.mark.parametrize(("rows", "heading"), FUNNELS, ids=[title for _, title in FUNNELS])
def test_the_funnel_says_how_many_lie_beyond_chance(rows: pl.DataFrame, heading: str) -> None:
    figure = funnel(rows, noun="group")

    assert figure.layout.title.text == heading
    points = figure.data[-1]
    assert list(points.customdata) == [0, 1]
    assert list(points.x) == rows["eligible"].to_list()
    assert list(points.y) == rows["rate"].to_list()


def test_the_limits_of_the_funnel_narrow_around_the_overall_rate() -> None:
    figure = funnel(slices(("North", 70, 100), ("South", 68, 100)), noun="group")

    low, high = figure.data[0], figure.data[1]
    assert low.y[-1] > low.y[20] and high.y[-1] < high.y[20]
    assert low.y[-1] < 0.69 < high.y[-1]


def test_bars_are_the_slices_in_their_order_with_intervals() -> None:
    rows = slices(("0–17", 1, 4), ("18–44", 30, 40))
    figure = bars(rows, target=0.8)

    [bar] = figure.data
    assert list(bar.x) == [0.25, 0.75]
    assert [bar.x[n] + bar.error_x.array[n] for n in (0, 1)] == pytest.approx(rows["high"].to_list())
    assert [text.strip() for text in figure.layout.yaxis.ticktext] == ["0–17", "18–44"]
    assert figure.layout.title.text == "From 25% to 75% up to date"
    assert len(figure.layout.shapes) == 1


def test_names_of_a_feed_are_not_read_as_html() -> None:
    figure = bars(slices(("<b>x</b>", 1, 4)))

    assert "<b>" not in figure.data[0].hovertext[0]
    assert "<b>" not in figure.layout.yaxis.ticktext[0]


def course(*rates: float | None) -> pl.DataFrame:
    days = pl.date_range(date(2026, 1, 31), date(2026, 12, 31), "1mo", eager=True)[: len(rates)]
    frame = pl.DataFrame(
        {
            "on": days,
            "satisfied": [round(100 * (rate or 0)) for rate in rates],
            "eligible": [100 if r else 0 for r in rates],
        }
    )
    return with_interval(frame)


TITLES = [
    (course(0.5, 0.6), "10 percentage points up since Jan 2026"),
    (course(0.51, 0.5), "1 percentage point down since Jan 2026"),
    (course(0.5, 0.5), "As many up to date as in Jan 2026"),
    (course(None, 0.5), "No course: nobody was eligible"),
]


@pytest.mark.parametrize(("rows", "heading"), TITLES, ids=[title for _, title in TITLES])
def test_the_course_says_how_the_rate_changed(rows: pl.DataFrame, heading: str) -> None:
    assert trend(rows, target=0.7).layout.title.text == heading


@pytest.mark.parametrize("rates", [(0, 3), (97, 100), (0, 100), (1, 60)])
def test_the_axis_of_rates_has_ticks_of_whole_percents_between_none_and_all(rates: tuple[int, int]) -> None:
    low, high = rates
    figure = funnel(slices(("North", low * 10, 1000), ("South", high * 10, 1000)), noun="group")

    ticks = [round(100 * tick, 6) for tick in figure.layout.yaxis.tickvals]
    assert 2 <= len(ticks) <= 7
    assert min(ticks) >= 0 and max(ticks) <= 100
    assert all(tick == round(tick) for tick in ticks)


def test_the_words_of_a_point_give_a_narrow_interval_with_a_decimal() -> None:
    figure = funnel(slices(("North", 300, 10_000), ("South", 310, 10_000)), noun="group")

    assert "95 % interval 2.7%–3.4%" in figure.data[-1].text[0]
