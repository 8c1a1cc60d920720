"""From what is on file to what a message says: dates and times as people write them, care gaps in plain words."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.domain.merge_field import FieldValue
from core.domain.one_line import TURNS, is_visible, one_line

_LONGEST = 200
_NO_TURNS = dict.fromkeys(TURNS)


def field_values(texts: dict[str, str | None]) -> dict[str, FieldValue]:
    """Only what is on file, each within one line; what is blank or absent is left out."""
    cleaned = {name: one_line(text.translate(_NO_TURNS))[:_LONGEST] for name, text in texts.items() if text}
    return {name: text for name, text in cleaned.items() if is_visible(text)}


def seen(text: str | None) -> str | None:
    """The text, None when there is nothing to see in it."""
    return text if text and is_visible(text) else None


def gap_words(
    open_gaps: Collection[str],
    *,
    measures: Collection[str],
    called: Mapping[str, str],
    remarked: Collection[str] = (),
) -> tuple[str, ...]:
    """The open gaps in plain words; of the campaign's measures only, when it is about some.

    called     how messages call what is due, by measure; a measure that is not there is not spoken of
    remarked   measures about which a remark stops outreach: neither they nor others of the same words are spoken of
    """
    unsaid = {called.get(measure_id) for measure_id in remarked}
    spoken = (
        words
        for measure_id, words in called.items()
        if words and words not in unsaid and measure_id in open_gaps and (not measures or measure_id in measures)
    )
    return tuple(dict.fromkeys(spoken))


def full_name(first: str | None, last: str | None, suffix: str | None) -> str | None:
    """The name on an envelope; None without a first or last name, so that nobody is greeted by half a name."""
    return " ".join(part for part in (first, last, suffix) if part) if first and last else None


def long_date(day: date) -> str:
    """'Tuesday, December 1, 2026', the same whatever the machine's language is."""
    return f"{_DAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {day.day}, {day.year}"


def clock_time(at: datetime, *, zone: ZoneInfo) -> str:
    """'2:30 PM' by the wall clock of the zone."""
    local = at.astimezone(zone)
    return f"{(local.hour - 1) % 12 + 1}:{local.minute:02} {'AM' if local.hour < 12 else 'PM'}"


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
