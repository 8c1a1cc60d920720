"""A report on paper: every page has its number, long tables repeat their heads, and whatever is written can be read."""

import io
from datetime import UTC, date, datetime

import polars as pl
import pytest
from pypdf import PdfReader

from core import charts
from core.channels.paper import Letterhead
from core.channels.report_pdf import report_pdf
from core.domain.report_document import Lead, Numbers, Paragraph, ReportDocument, Section, table_of
from tests.pdfs import page_texts
from tests.test_charts import ledger
from tests.test_logos import png

AT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
NAMES = {"name": "Campaign", "on": "Went out", "count": "Patients", "share": "Share"}


def rows(count: int, name: str = "Campaign") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "name": [f"{name} {number}" for number in range(count)],
            "on": [date(2026, 11, 24)] * count,
            "count": [1000 + number for number in range(count)],
            "share": [0.123] * count,
        }
    )


def made(*sections: Section, title: str = "Report", name: str = "Example Clinic") -> bytes:
    document = ReportDocument(title, "One week", (("As of", "Tue 24 Nov 2026"),), sections, "Rules abc, Careloop 1.")
    return report_pdf(document, letterhead=Letterhead(name, logo=(png(), "png")), made_at=AT)


def test_a_table_of_sixty_rows_goes_over_pages_with_its_head_on_each() -> None:
    pages = page_texts(made(Section("All", (table_of(rows(60), NAMES, percents=("share",)),))))

    assert len(pages) >= 2
    for number, page in enumerate(pages, start=1):
        assert "Campaign Went out Patients Share" in page
        assert f"Page {number} of {len(pages)}" in page and "Rules abc, Careloop 1." in page
    whole = " ".join(pages)
    assert all(f"Campaign {number} " in whole for number in range(60))
    assert "1,059" in whole and "12.3 %" in whole and "Tue 24 Nov 2026" in whole


def test_every_row_is_there_once_however_long_its_name_is() -> None:
    long = "A campaign with a very long name that goes on and on until nobody would read it any more, and further"
    whole = " ".join(page_texts(made(Section("All", (table_of(rows(40, long), NAMES),)))))

    for number in range(40):
        assert whole.count(f"{1000 + number:,}") == 1


@pytest.mark.parametrize("name", ["حملة التذكير", "乳房攝影提醒", "Erinnerung für Ärztinnen", "Напоминание"])
def test_names_in_other_scripts_are_printed(name: str) -> None:
    content = made(Section("All", (table_of(rows(2, name), NAMES),)), title=name, name=name)

    whole = "".join(page_texts(content)).replace(" ", "")
    assert "?" not in whole
    assert name.replace(" ", "")[:4] in whole or name[0] >= "\u0600"  # Arabic is read in its printed forms
    assert PdfReader(io.BytesIO(content)).metadata.title == name  # type: ignore[union-attr]


def test_a_letter_that_no_font_has_is_a_question_mark_and_no_report_fails_of_it() -> None:
    assert "Gaps ? closed" in page_texts(made(Section("", (Lead("Gaps \U0001f600 closed"),))))[0]


def test_a_heading_does_not_stand_alone_at_the_foot_of_a_page() -> None:
    chart = charts.printed(charts.results_bar(ledger(("Successful", 6), ("Not sent", 2), ("Unknown", 1))))
    for lines in range(24, 44, 3):
        pages = page_texts(made(Section("", tuple([Paragraph("A line.")] * lines)), Section("Results", (chart,))))
        (page,) = [text for text in pages if "Results" in text]
        assert "6 of 9 patients were reached" in page


def test_a_chart_is_read_aloud_in_words() -> None:
    content = made(Section("", (charts.printed(charts.results_bar(ledger(("Successful", 6)))),)))

    assert "6 of 6 patients were reached. Successful 6 (100%).".encode("utf-16-be").hex().encode() in content


def test_a_table_without_rows_says_so_and_numbers_stand_side_by_side() -> None:
    empty = table_of(rows(0), NAMES, empty="No campaign went out in this period.")
    page = page_texts(made(Section("All", (Numbers((("Reached", "78", "68.4 %"), ("Waiting", "4", ""))), empty))))[0]

    assert "No campaign went out in this period." in page
    assert "Reached" in page and "68.4 %" in page and "Waiting" in page


def test_a_long_text_goes_over_pages() -> None:
    pages = page_texts(made(Section("", (Paragraph("All that can be said about it. " * 300),))))

    assert len(pages) >= 2 and sum(page.count("All that can be said") for page in pages) == 300


def test_the_same_report_is_the_same_file() -> None:
    section = Section("All", (table_of(rows(3), NAMES),))
    assert made(section) == made(section)
