"""A figure on paper shows the same numbers as on the screen, and its words say what it shows."""

import itertools
from datetime import date, datetime, timedelta
from math import isfinite

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import charts
from core.charts.places import days_of, number_ticks, time_ticks
from core.domain.chart import Area, Box, Chart, Dot, Ink, Line, Note
from tests.test_charts import CHICAGO, ended, ledger
from tests.test_gap_charts import course, slices

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=CHICAGO)


def of_kind(chart: Chart, kind: type) -> list[object]:
    return [mark for mark in chart.marks if isinstance(mark, kind)]


def test_bars_are_printed_with_their_words_and_numbers_from_the_top_down() -> None:
    chart = charts.printed(charts.results_bar(ledger(("Successful", 6), ("Not sent", 2))))

    assert chart.title == "6 of 8 patients were reached"
    assert [mark.last[0] for mark in chart.marks if isinstance(mark, Box)] == [6, 2]
    assert [mark.text for mark in chart.marks if isinstance(mark, Note)] == ["6 (75%)", "2 (25%)"]
    assert [words for _, words in chart.y.ticks] == ["Successful", "Not sent"]
    assert chart.y.low > chart.y.high


def test_lines_are_printed_in_steps_with_a_dash_and_a_name_of_their_own() -> None:
    rows = ended((NINE, "Successful", 3), (NINE + timedelta(minutes=65), "Not sent", 1))

    lines = [mark for mark in charts.printed(charts.over_time(rows)).marks if isinstance(mark, Line)]

    assert {line.end: line.ink.dash for line in lines} == {"Successful": "solid", "Not sent": "dot"}
    heights = [y for _, y in lines[0].points]
    assert heights == [0, 0, 3, 3, 3]


def test_a_band_limits_and_points_are_printed() -> None:
    band = charts.printed(charts.trend(course(0.5, 0.6, 0.55), target=0.7))
    funnel = charts.printed(charts.funnel(slices(("North", 900, 1000), ("South", 400, 1000)), noun="group"))

    assert len(of_kind(band, Area)) == 1 and len(of_kind(band, Dot)) == 3
    assert [mark.form for mark in funnel.marks if isinstance(mark, Dot)] == ["triangle-up", "diamond"]
    assert {mark.end for mark in funnel.marks if isinstance(mark, Line)} == {"", "95 % limits", "99.8 % limits"}


def test_bars_beside_each_other_have_a_legend_with_patterns_and_do_not_overlap() -> None:
    figure = go.Figure()
    for place, name in enumerate(("Selected", "Closed")):
        marker = {"color": charts.SERIES[place], "pattern": {"shape": charts.PATTERNS[place]}}
        figure.add_bar(x=["English", "Spanish"], y=[10, 8 - place], name=name, marker=marker)

    chart = charts.printed(charts.dressed(figure, title="x", height=300))

    spans = sorted((mark.first[0], mark.last[0]) for mark in chart.marks if isinstance(mark, Box))
    assert all(before[1] <= after[0] + 1e-9 for before, after in itertools.pairwise(spans))
    assert chart.legend == (("Selected", Ink(charts.SERIES[0])), ("Closed", Ink(charts.SERIES[1], pattern="/")))


def test_stacked_bars_stand_on_each_other() -> None:
    figure = go.Figure([go.Bar(x=[date(2026, 11, 1)], y=[3], name="a"), go.Bar(x=[date(2026, 11, 1)], y=[4], name="b")])
    figure.update_layout(barmode="stack")

    boxes = [mark for mark in charts.printed(figure).marks if isinstance(mark, Box)]

    assert [(box.first[1], box.last[1]) for box in boxes] == [(0, 3), (3, 7)]


def test_series_without_a_pattern_of_their_own_get_one_so_that_they_are_told_apart_without_colours() -> None:
    figure = go.Figure([go.Bar(x=["a"], y=[size], name=str(size)) for size in (1, 2, 3)])

    boxes = [mark for mark in charts.printed(figure).marks if isinstance(mark, Box)]

    assert [box.ink.pattern for box in boxes] == ["", "/", "."]


WIDTHS = [
    # where bars stand, their own width, from where to where the first one reaches in days
    ([datetime(2026, 11, 24, 9), datetime(2026, 11, 24, 10)], None, 1 / 24),
    ([date(2026, 11, 2), date(2026, 11, 9)], None, 7),
    ([date(2026, 11, 2), date(2026, 11, 9)], 6 * 86_400_000 / 0.8, 6 / 0.8 / 0.8),
]


@pytest.mark.parametrize(("on", "width", "room"), WIDTHS)
def test_bars_on_an_axis_of_time_are_as_wide_as_their_distance_or_as_they_say(
    on: list[date], width: float | None, room: float
) -> None:
    figure = go.Figure(go.Bar(x=on, y=[1, 2], width=width))

    first = next(mark for mark in charts.printed(figure).marks if isinstance(mark, Box))

    assert first.last[0] - first.first[0] == pytest.approx(0.8 * room)


def test_a_line_has_a_hole_where_nothing_is_known_and_its_name_at_its_last_end() -> None:
    figure = go.Figure(go.Scatter(x=["a", "b", "c", "d"], y=[1, None, 3, 4], name="English", line_color="#123456"))

    chart = charts.printed(figure)

    assert [(line.points, line.end) for line in chart.marks if isinstance(line, Line)] == [
        (((0, 1),), ""),
        (((2, 3), (3, 4)), "English"),
    ]
    assert {dot.ink.colour for dot in chart.marks if isinstance(dot, Dot)} == {"#123456"}


def test_a_line_across_with_words_and_signed_percents_are_printed() -> None:
    figure = go.Figure(go.Scatter(x=[-0.02, 0.055], y=["a", "b"], mode="markers"))
    figure.update_xaxes(tickformat="+.1~%")
    figure.add_vline(x=0, annotation={"text": "no difference"}, annotation_position="top right")

    chart = charts.printed(figure)

    assert {"-2%", "+0%", "+4%"} <= {words for _, words in chart.x.ticks}
    assert [(note.text, note.at[0]) for note in chart.marks if isinstance(note, Note)] == [("no difference", 0)]


def test_what_has_no_form_on_paper_is_refused() -> None:
    with pytest.raises(TypeError, match="Pie has no form on paper"):
        charts.printed(go.Figure(go.Pie(values=[1])))


WORDS = [
    (
        charts.results_bar(ledger(("Successful", 6), ("Not sent", 2))),
        "6 of 8 patients were reached. Successful 6 (75%), Not sent 2 (25%).",
    ),
    (charts.results_bar(ledger()), "No patients are in this campaign."),
    (
        charts.over_time(ended((NINE, "Successful", 3))),
        "Sent on Tue 24 Nov at 09:00. Successful: from 0 at Tue 24 Nov 2026, 08:55 to 3 at Tue 24 Nov 2026, 09:05.",
    ),
    (charts.bars(slices(("0–17", 1, 4), ("18–44", 30, 40))), "From 25% to 75% up to date. 0–17 25.0%, 18–44 75.0%."),
    (
        charts.dressed(
            go.Figure(go.Scatter(x=[2, None], y=["May", "June"], error_x={"array": [1, 1]}, mode="markers")),
            title="2 more",
            height=200,
        ),
        "2 more. May 2 (1 to 3), June unknown.",
    ),
]


@pytest.mark.parametrize(("figure", "words"), WORDS, ids=[words[:20] for _, words in WORDS])
def test_a_figure_says_in_words_what_it_shows(figure: go.Figure, words: str) -> None:
    assert charts.alt_text(figure) == words
    assert charts.printed(figure).words == words


def test_many_bars_are_told_by_the_first_and_how_many_more() -> None:
    figure = charts.bars(slices(*[(f"Group {number}", 5, 10) for number in range(40)]))

    assert charts.alt_text(figure).endswith("Group 11 50.0% and 28 more.")


@given(low=st.floats(-1e6, 1e6), size=st.floats(1e-3, 1e6))
def test_ticks_of_numbers_lie_between_the_ends_and_are_few(low: float, size: float) -> None:
    ticks = number_ticks(low, low + size)

    assert 1 <= len(ticks) <= 8
    assert all(isfinite(tick) and low - size <= tick <= low + 2 * size for tick in ticks)


@given(first=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), seconds=st.integers(2, 40 * 365 * 86_400))
def test_ticks_of_time_lie_between_the_ends_in_order_and_are_few(first: datetime, seconds: int) -> None:
    low, high = days_of(first), days_of(first + timedelta(seconds=seconds))
    ticks = [at for at, _ in time_ticks(low, high)]

    assert len(ticks) <= 9
    assert ticks == sorted(set(ticks))
    assert all(low - 1e-4 <= tick <= high + 1e-4 for tick in ticks)
