"""The picture of a patient's time says its finding in the title and tells every mark."""

from datetime import date

import polars as pl
import pytest

from core.charts import alt_text, printed, timeline
from core.domain.timeline import TIMELINE

TODAY = date(2026, 11, 24)
VISIT, MESSAGE, CLOSED = "Appointments", "Communications", "Care gaps closed"


def rows(*listed: tuple[str, date, str]) -> pl.DataFrame:
    full = [(*each, f"{each[0]} <b>x</b>", "why") for each in listed]
    return pl.DataFrame(full, schema=TIMELINE, orient="row")


LAST_YEAR, NEXT_MONTH = date(2025, 6, 1), date(2026, 12, 24)
TITLES = [
    (rows(), None, "no visit, no message, no care gap closed in all that is known"),
    (rows((VISIT, TODAY, "good"), (VISIT, TODAY, "bad")), None, "1 visit, no message, no care gap closed in all"),
    (rows((MESSAGE, TODAY, "bad"), (MESSAGE, TODAY, "good")), None, "no visit, 2 messages, no care gap closed"),
    (rows((CLOSED, TODAY, "good"), (CLOSED, TODAY, "quiet")), None, "no visit, no message, 1 care gap closed"),
    (rows((VISIT, NEXT_MONTH, "coming")), None, "no visit, no message, no care gap closed, 1 ahead"),
    (
        rows((VISIT, LAST_YEAR, "good"), (VISIT, TODAY, "good")),
        date(2026, 1, 1),
        "1 visit, no message, no care gap closed since Thu 1 Jan 2026",
    ),
]


@pytest.mark.parametrize(("found", "since", "title"), TITLES, ids=range(len(TITLES)))
def test_the_title_says_how_much_there_is(found: pl.DataFrame, since: date | None, title: str) -> None:
    assert timeline(found, as_of=TODAY, since=since).layout.title.text.replace("<br>", " ").startswith(title)


def test_what_happened_on_one_day_is_one_mark_that_tells_all_of_it_as_text() -> None:
    figure = timeline(rows((CLOSED, TODAY, "good"), (CLOSED, TODAY, "good"), (VISIT, TODAY, "good")), as_of=TODAY)

    [marks] = figure.data
    assert list(marks.y) == [2, 0]
    assert marks.text[0].count("•") == 2
    assert marks.text[0].startswith("<b>Tue 24 Nov 2026</b>") and "&lt;b>x" in marks.text[0]
    assert list(marks.marker.size) == [15, 11]


def test_the_picture_is_told_in_words_and_has_a_form_on_paper() -> None:
    figure = timeline(rows((CLOSED, TODAY, "good"), (VISIT, LAST_YEAR, "good")), as_of=TODAY)

    assert alt_text(figure).startswith(
        "1 visit, no message, 1 care gap closed in all that is known. took place: Tue 24"
    )
    assert [words for _, words in printed(figure).y.ticks] == ["Appointments", "Communi- cations", "Care gaps closed"]


def test_the_axis_holds_every_mark_and_today() -> None:
    figure = timeline(rows((VISIT, LAST_YEAR, "good"), (VISIT, NEXT_MONTH, "coming")), as_of=TODAY)

    first, last = figure.layout.xaxis.range
    assert first < LAST_YEAR and last > NEXT_MONTH
    assert {trace.name for trace in figure.data} == {"took place", "lies ahead"}
