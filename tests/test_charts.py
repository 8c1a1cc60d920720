"""Charts say their finding in the title and show the same numbers as the frames."""

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from core.charts import RESULT_COLOURS, RESULT_DASHES, over_time, results_bar
from core.domain.message import RESULTS

CHICAGO = ZoneInfo("America/Chicago")


def ledger(*rows: tuple[str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"result": pl.String, "count": pl.Int64}, orient="row")


def ended(*rows: tuple[datetime, str, int]) -> pl.DataFrame:
    moment = pl.Datetime("us", "America/Chicago")
    return pl.DataFrame(rows, schema={"at": moment, "result": pl.String, "count": pl.Int64}, orient="row")


def test_the_bars_are_the_results_in_their_order_with_words_and_numbers() -> None:
    figure = results_bar(ledger(("Not sent", 1), ("Successful", 6), ("Not sent", 1), ("Waiting", 0)))

    [bar] = figure.data
    assert list(bar.y) == ["Successful", "Not sent"]
    assert list(bar.x) == [6, 2]
    assert list(bar.text) == ["6 (75%)", "2 (25%)"]


def test_a_share_is_never_rounded_to_nothing_or_everything() -> None:
    figure = results_bar(ledger(("Successful", 999), ("Unknown", 1)))

    assert list(figure.data[0].text) == ["999 (>99%)", "1 (<1%)"]


TITLES = [
    (ledger(("Successful", 6), ("Not sent", 2)), "6 of 8 patients were reached"),
    (ledger(("Successful", 6), ("Waiting", 2)), "6 of 8 patients were reached, 2 still wait"),
    (ledger(("Waiting", 8)), "All 8 patients still wait"),
    (ledger(), "No patients are in this campaign"),
]


def test_the_title_counts_nobody_who_is_held_out_as_not_reached() -> None:
    sent = results_bar(ledger(("Successful", 12), ("Returned", 1), ("Not sent", 13)), held_out=13)
    waits = results_bar(ledger(("Waiting", 26)), held_out=13, held_waiting=13)

    assert sent.layout.title.text.replace("<br>", " ") == "12 of 13 to contact were reached, 13 held out"
    assert waits.layout.title.text.replace("<br>", " ") == "All 13 patients to contact still wait, 13 held out"


@pytest.mark.parametrize(("rows", "title"), TITLES, ids=[title for _, title in TITLES])
def test_the_title_says_what_was_found(rows: pl.DataFrame, title: str) -> None:
    assert results_bar(rows).layout.title.text == title


def test_the_course_adds_up_and_names_the_day() -> None:
    nine, ten = datetime(2026, 11, 24, 9, 0, tzinfo=CHICAGO), datetime(2026, 11, 24, 10, 5, tzinfo=CHICAGO)

    figure = over_time(ended((nine, "Successful", 3), (ten, "Successful", 4), (ten, "Not sent", 1)))

    assert figure.layout.title.text == "Sent on Tue 24 Nov, 09:00 to 10:05"
    assert {line.name: list(line.y) for line in figure.data} == {"Successful": [0, 3, 3 + 4, 7], "Not sent": [0, 1, 1]}
    assert figure.data[0].x[1] == datetime(2026, 11, 24, 9, 0)
    assert figure.data[0].x[0] < figure.data[0].x[1] < figure.data[0].x[-1]


def test_an_empty_course_says_so() -> None:
    assert over_time(ended()).layout.title.text == "Nothing has been sent yet"


def test_every_result_has_a_dash_of_its_own() -> None:
    assert set(RESULT_DASHES) == set(RESULTS) and len(set(RESULT_DASHES.values())) == len(RESULTS)


def test_every_result_has_a_colour_and_the_background_is_transparent() -> None:
    assert set(RESULT_COLOURS) == set(RESULTS)
    assert len(set(RESULT_COLOURS.values())) == len(RESULTS)
    assert results_bar(ledger(("Successful", 1))).layout.paper_bgcolor == "rgba(0,0,0,0)"
