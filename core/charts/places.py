"""Where what a figure shows lies on its axes, and which ticks an axis has: of numbers, days and moments, or names."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html import unescape
from math import ceil, floor, isnan, log10
from typing import Any

from core.domain.chart import Axis

_MOST_TICKS = 7
_TAG = re.compile(r"</?(?:b|i|em|strong|sub|sup|span|a)\b[^>]*>")


@dataclass
class Scale:
    """One axis of a figure: what kind of values it has and, of names, which in their order."""

    layout: Any  # plotly's: range, ticks and title
    is_time: bool = False
    is_turned: bool = False  # from the top down
    from_zero: bool = False
    names: list[str] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)

    def take(self, values: Iterable[Any]) -> list[float | None]:
        """The places of values; None where there is none."""
        return [self.place(value) for value in values]

    def place(self, value: Any) -> float | None:
        """The place of one value, remembered for the range of the axis."""
        number = self._number(value)
        if number is not None:
            self.seen.append(number)
        return number

    def _number(self, value: Any) -> float | None:
        value = value.item() if hasattr(value, "item") else value
        if value is None or (isinstance(value, float) and isnan(value)):
            return None
        if isinstance(value, str):
            return self._named(value)
        if isinstance(value, date):
            self.is_time = True
            return days_of(value)
        return float(value)

    def _named(self, value: str) -> float:
        if self.is_time or self.layout.type == "date":
            self.is_time = True
            return days_of(datetime.fromisoformat(value))
        if value not in self.names:
            self.names.append(value)
        return float(self.names.index(value))

    def axis(self) -> Axis:
        """The axis with its range and ticks."""
        low, high = self._range()
        title = self.layout.title.text or ""
        if self.layout.visible is False or self.layout.showticklabels is False:
            return Axis(low, high, title=shown(title), has_grid=False)
        ticks = tuple((at, words) for at, words in self._ticks(low, high) if min(low, high) <= at <= max(low, high))
        has_grid = not (self.names or self._counts_places()) and self.layout.showgrid is not False
        return Axis(low, high, ticks, shown(title), has_grid=has_grid)

    def _range(self) -> tuple[float, float]:
        if self.layout.range:
            low, high = (self._number(each) for each in self.layout.range)
            assert low is not None and high is not None
            return low, high
        if self.names or self._counts_places():
            ends = (-0.5, max(len(self.names), 1 + int(max(self.seen, default=0))) - 0.5)
        else:
            ends = _with_room(self.seen, from_zero=self.from_zero or self.layout.rangemode == "tozero")
        return (ends[1], ends[0]) if self.is_turned or self.layout.autorange == "reversed" else ends

    def _counts_places(self) -> bool:
        values = list(self.layout.tickvals or ())
        return bool(values) and values == list(range(len(values))) and self.layout.ticktext is not None

    def _ticks(self, low: float, high: float) -> list[tuple[float, str]]:
        if self.layout.tickvals is not None:
            places = [self._number(each) for each in self.layout.tickvals]
            texts = self.layout.ticktext or [self._number_text(place or 0.0) for place in places]
            return [(place, shown(str(text))) for place, text in zip(places, texts, strict=True) if place is not None]
        if self.names:
            return [(float(place), shown(name)) for place, name in enumerate(self.names)]
        low, high = min(low, high), max(low, high)
        if self.is_time:
            return time_ticks(low, high)
        return [(at, self._number_text(at)) for at in number_ticks(low, high)]

    def _number_text(self, number: float) -> str:
        form = self.layout.tickformat
        if form and re.fullmatch(r"[+]?,?(?:\.\d+)?~?[%f]?", form):
            text = format(number, form.replace("~", ""))
            text = re.sub(r"\.?0+(?=%|$)", "", text) if "~" in form and "." in text else text
        else:
            text = f"{number:,.0f}" if number == round(number) else f"{number:,.6g}"
        return f"{shown(self.layout.tickprefix or '')}{text}{shown(self.layout.ticksuffix or '')}"


def shown(text: str) -> str:
    """A text of a figure as it reads: without tags, in one line."""
    return " ".join(unescape(_TAG.sub("", text.replace("<br>", " "))).split())


def days_of(value: date) -> float:
    """A day, or a moment without its zone, in days."""
    if isinstance(value, datetime):
        clock = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
        return value.toordinal() + clock / timedelta(days=1)
    return float(value.toordinal())


def number_ticks(low: float, high: float) -> list[float]:
    """Round numbers between the ends, at most seven."""
    if high <= low:
        return [low]
    tenth = 10.0 ** floor(log10((high - low) / _MOST_TICKS))
    step = next(each * tenth for each in (1, 2, 5, 10, 20) if (high - low) / (each * tenth) <= _MOST_TICKS - 1)
    return [round(number * step, 10) for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def time_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Round moments between the ends: of a clock, days, weeks, or the first days of months."""
    for seconds in (1, 5, 15, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200):
        if (high - low) * 86_400 / seconds <= _MOST_TICKS - 1:
            return _every(low, high, seconds / 86_400, "%H:%M:%S" if seconds < 60 else "%H:%M")
    for days in (1, 2, 7, 14):
        if (high - low) / days <= _MOST_TICKS - 1:
            return _every(low, high, float(days), "%e %b")
    return _months(low, high)


def _every(low: float, high: float, step: float, form: str) -> list[tuple[float, str]]:
    base = floor(low)
    first, last = ceil((low - base) / step - 1e-9), floor((high - base) / step + 1e-9)
    places = [base + number * step for number in range(first, last + 1)]
    return [(at, _moment(at).strftime(form).strip()) for at in places]


def _months(low: float, high: float) -> list[tuple[float, str]]:
    first, last = _moment(low), _moment(high)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    step = next((each for each in (1, 2, 3, 6, 12) if count / each <= _MOST_TICKS), 12 * ceil(count / 12 / _MOST_TICKS))
    months = [divmod(first.year * 12 + first.month - 1 + add, 12) for add in range(0, count + 1, step)]
    starts = [date(year, month + 1, 1) for year, month in months]
    return [(days_of(each), f"{each:%b %Y}") for each in starts if low <= days_of(each) <= high]


def _moment(days: float) -> datetime:
    seconds = round((days - floor(days)) * 86_400)
    return datetime.fromordinal(floor(days)) + timedelta(seconds=seconds)


def _with_room(seen: Sequence[float], *, from_zero: bool) -> tuple[float, float]:
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    low = min(low, 0.0) if from_zero else low
    room = 0.08 * (high - low) or 0.5
    return (low if from_zero and low == 0.0 else low - room), high + room
