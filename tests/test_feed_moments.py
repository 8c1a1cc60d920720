"""Dates and moments of feeds: the written day counts, whatever the zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.feeds.moments import dates, moments

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-01-05", date(2026, 1, 5)),
        ("2026-12-31T23:59:59+00:00", date(2026, 12, 31)),
        ("2026-01-05T00:00:00Z", date(2026, 1, 5)),
        ("2026-01-05 00:00:00.000", date(2026, 1, 5)),
        ("1/5/2026", date(2026, 1, 5)),
        ("01/05/2026 10:30 AM", date(2026, 1, 5)),
        ("20260105", date(2026, 1, 5)),
        ("20260105103000", date(2026, 1, 5)),
        ("05-JAN-2026", date(2026, 1, 5)),
        ("2026", date(2026, 1, 1)),
        ("2026-03", date(2026, 3, 1)),
        ("13/25/1961", None),
        ("2026-02-30", None),
        ("0026-01-05", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_day_is_read_as_it_is_written(written: str, day: date | None) -> None:
    assert dates(pl.Series([written])).item() == day


@pytest.mark.parametrize(
    ("written", "local"),
    [
        ("2026-07-01T09:30", datetime(2026, 7, 1, 9, 30)),
        ("2026-07-01 09:30:00", datetime(2026, 7, 1, 9, 30)),
        ("07/01/2026 9:30 PM", datetime(2026, 7, 1, 21, 30)),
        ("2026-07-01T14:30:00Z", datetime(2026, 7, 1, 9, 30)),  # summer time: five hours
        ("2026-01-01T15:30:00.000+00:00", datetime(2026, 1, 1, 9, 30)),  # winter time: six hours
        ("2026-07-01", datetime(2026, 7, 1)),
        ("tomorrow", None),
    ],
)
def test_a_moment_is_local_and_an_offset_is_converted(written: str, local: datetime | None) -> None:
    assert moments(pl.Series([written]), CHICAGO).item() == local


@given(st.lists(st.text(max_size=25) | st.dates().map(str) | st.datetimes().map(str), min_size=1, max_size=20))
def test_no_text_is_too_odd_to_be_read(written: list[str]) -> None:
    texts = pl.Series(written, dtype=pl.String)

    assert dates(texts).len() == moments(texts, CHICAGO).len() == len(written)
