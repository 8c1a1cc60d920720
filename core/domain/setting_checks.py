"""What a setting may be: each value by the kind of its row, and all of them together.

A sentence says what is possible; it repeats numbers and times that were given, never texts: those may be anything.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.domain.address import is_email, is_number, normal_email, phone_link
from core.domain.forecast import clock_text
from core.domain.one_line import is_visible, one_line
from core.domain.organisation import (
    CHANNELS,
    MESSAGE_LANGUAGES,
    PHONE,
    TEXT,
    ExpectedFeed,
    FeedRule,
    ReturnAddress,
    Window,
)
from core.domain.setting import Setting
from core.domain.setting_table import SETTINGS
from core.errors import SettingsError

_PHONE_LETTERS = frozenset("0123456789+()-. ")
_EARLIEST, _LATEST = time(8), time(21)  # 47 CFR 64.1200(c)(1)
_LONGEST_WORD = 80


def cleaned(setting: Setting, value: Any) -> Any:
    """The value as it is kept: texts without spaces around, numbers of phones as +15550100100, lists without doubles.
    Raises SettingsError, whose text is about this value alone, when it is none that is possible."""
    found = _CLEANED[setting.kind](setting, value)
    if isinstance(found, tuple) and setting.most is not None and len(found) > setting.most:
        raise _wrong(setting, f"At most {setting.most:,.0f} are possible, not {len(found):,}.")
    return found


def contradictions(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What does not go together, as key and sentence. `values` are all settings, each possible by itself."""
    if MESSAGE_LANGUAGES[0] not in values["languages"]:
        yield "languages", "English must stay: it is for everybody whose language is not on file or has no message."
    until, quiet = values["quiet_until"], values["quiet_from"]
    if not _EARLIEST <= until < quiet <= _LATEST:
        yield (
            "quiet_until" if not _EARLIEST <= until < quiet else "quiet_from",
            "Texts and calls come between 8:00 and 21:00 on the patient's clock, and from a time that is before the "
            f"other one. From {clock_text(until)} to {clock_text(quiet)} is not possible.",
        )
    for channel in CHANNELS:
        yield from _windows_problem(channel, values)
    if values["contacts_per_day"] > values["contacts_per_week"]:
        yield (
            "contacts_per_day",
            f"More in a day ({values['contacts_per_day']}) than in seven days ({values['contacts_per_week']}) cannot "
            "be. Lower this one or raise the other one.",
        )
    if values["idle_minutes"] > 60 * values["session_hours"]:
        yield "idle_minutes", "Longer than until the sign-out in any case. Lower this one or raise the other one."


def problems(values: Mapping[str, Any], changed: Collection[str]) -> dict[str, str]:
    """What is wrong with these settings, by key, as far as it is about one that was changed or about how it goes with
    another; empty when nothing is. The values need not be clean."""
    found: dict[str, str] = {}
    for key in changed:
        try:
            cleaned(SETTINGS[key], values[key])
        except SettingsError as error:
            found[key] = str(error)
    if not found:
        for key, sentence in contradictions(values):
            found.setdefault(key, sentence)
    return found


def _windows_problem(channel: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    key, windows = f"{channel}_windows", values[f"{channel}_windows"]
    if channel in values["modes"] and not windows:
        yield key, "At least one window is needed. To send nothing by this mode, turn the mode off."
        return
    until, quiet = values["quiet_until"], values["quiet_from"]
    if channel in (TEXT, PHONE) and windows and all(
        window.opens >= quiet or (window.closes != time.min and window.closes <= until) for window in windows
    ):  # fmt: skip
        yield (
            key,
            f"No window lies between {clock_text(until)} and {clock_text(quiet)}, when patients may get texts and "
            "calls: nothing would ever be sent.",
        )


def _wrong(setting: Setting, sentence: str) -> SettingsError:
    return SettingsError(sentence, key=setting.key)


def _text(setting: Setting, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(setting, "A text is needed.")
    text = one_line(value) if setting.kind == "text" else _lines(value)
    return _long_enough(setting, text)


def _lines(value: str) -> str:
    """The text with tidy lines: no control characters, not more than one empty line in a row."""
    lines = [one_line(line) for line in value.strip().splitlines()]
    return "\n".join(line for number, line in enumerate(lines) if line or (number and lines[number - 1]))


def _long_enough(setting: Setting, text: str) -> str:
    if not is_visible(text):
        if not setting.is_optional:
            raise _wrong(setting, "It cannot be empty.")
        return ""
    if setting.most is not None and len(text) > setting.most:
        raise _wrong(setting, f"At most {setting.most:,.0f} characters are possible, not {len(text):,}.")
    return text


def _number(setting: Setting, value: Any) -> Any:
    if value is None and setting.is_optional:
        return None
    is_whole = setting.kind == "integer"
    if isinstance(value, bool) or not isinstance(value, int if is_whole else int | float) or not math.isfinite(value):
        raise _wrong(setting, "A whole number is needed." if is_whole else "A number is needed.")
    assert setting.least is not None and setting.most is not None
    if not setting.least <= value <= setting.most:
        raise _wrong(
            setting, f"From {setting.least:,.0f} to {setting.most:,.0f} {setting.unit} are possible, not {value:,}."
        )
    return value if is_whole else round(float(value), 4)


def _yes_no(setting: Setting, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(setting, "Yes or no is needed.")
    return value


def _choice(setting: Setting, value: Any) -> str:
    if not isinstance(value, str) or value not in setting.choices:
        raise _wrong(setting, f"One of these is possible: {', '.join(setting.choices.values())}.")
    return value


def _choices(setting: Setting, value: Any) -> tuple[str, ...]:
    chosen = _items(setting, value, str)
    if set(chosen) - set(setting.choices):
        raise _wrong(setting, f"Only these are possible: {', '.join(setting.choices.values())}.")
    if not chosen and not setting.is_optional:
        raise _wrong(setting, "At least one is needed.")
    return tuple(key for key in setting.choices if key in chosen)


def _zone(setting: Setting, value: Any) -> str:
    try:
        ZoneInfo(value if isinstance(value, str) and value else "?")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _wrong(setting, "There is no such time zone. It has a name such as America/Chicago.") from None
    return str(value)


def _email(setting: Setting, value: Any) -> str:
    address = normal_email(value) if isinstance(value, str) else "?"
    if not address and setting.is_optional:
        return ""
    if not is_email(address):
        raise _wrong(setting, "An email address is needed, such as do-not-reply@example.org.")
    return address


def _emails(setting: Setting, value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_email_of_list(setting, each) for each in _items(setting, value, str)))


def _email_of_list(setting: Setting, value: str) -> str:
    address = normal_email(value)
    if not is_email(address):
        raise _wrong(setting, "One of them is no email address. Each is like do-not-reply@example.org.")
    return address


def _phone(setting: Setting, value: Any) -> str:
    text = value.strip() if isinstance(value, str) else "?"
    if not text and setting.is_optional:
        return ""
    number = phone_link(text) if set(text) <= _PHONE_LETTERS else ""
    if not is_number(number):
        raise _wrong(setting, "A telephone number is needed, such as (555) 010-0199 or +15550100199.")
    return number


def _time(setting: Setting, value: Any) -> time:
    if not isinstance(value, time) or value.tzinfo is not None:
        raise _wrong(setting, "A time of the day is needed.")
    return value.replace(second=0, microsecond=0)


def _windows(setting: Setting, value: Any) -> tuple[Window, ...]:
    windows = sorted(_items(setting, value, Window), key=lambda window: window.opens)
    for window in windows:
        if window.closes <= window.opens and window.closes != time.min:
            raise _wrong(
                setting,
                f"The window from {clock_text(window.opens)} to {clock_text(window.closes)} ends before it begins. One "
                "that goes on after midnight is written as two, the first to 0:00.",
            )
    return tuple(dict.fromkeys(windows))


def _days(setting: Setting, value: Any) -> tuple[date, ...]:
    days = _items(setting, value, date)
    if any(isinstance(day, datetime) for day in days):
        raise _wrong(setting, "Days are needed, without a time.")
    return tuple(sorted(set(days)))


def _words(setting: Setting, value: Any) -> tuple[str, ...]:
    words = {one_line(word).casefold(): one_line(word) for word in _items(setting, value, str) if is_visible(word)}
    if any(len(word) > _LONGEST_WORD for word in words.values()):
        raise _wrong(setting, f"One of them is too long: at most {_LONGEST_WORD} characters are possible.")
    return tuple(words.values())


def _addresses(setting: Setting, value: Any) -> tuple[ReturnAddress, ...]:
    return _items(setting, value, ReturnAddress)


def _feed_rules(setting: Setting, value: Any) -> tuple[FeedRule, ...]:
    rules = _items(setting, value, FeedRule)
    if len({rule.feed_table for rule in rules}) < len(rules):
        raise _wrong(setting, "A table is there twice.")
    for rule in rules:
        for number, most, unit in ((rule.max_age_days, 3_660, "days"), (rule.largest_shrink, 100, "percent")):
            if number is not None and (isinstance(number, bool) or not 0 <= number <= most):
                raise _wrong(setting, f"For '{rule.feed_table}', 0 to {most:,} {unit} are possible, not {number:,}.")
    return rules


def _expected_feeds(setting: Setting, value: Any) -> tuple[ExpectedFeed, ...]:
    feeds = _items(setting, value, ExpectedFeed)
    if any(not feed.source_system.strip() for feed in feeds):
        raise _wrong(setting, "A source has no name. Write it as the Data page shows it.")
    if len({feed.source_system for feed in feeds}) < len(feeds):
        raise _wrong(setting, "A source is there twice.")
    for feed in feeds:
        hours = feed.every_hours
        if hours is not None and (isinstance(hours, bool) or not 1 <= hours <= 24 * 60):
            raise _wrong(setting, f"For '{feed.source_system}', 1 to {24 * 60:,} hours are possible, not {hours:,}.")
    return feeds


def _items(setting: Setting, value: Any, kind: type) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, tuple | list) or not all(isinstance(x, kind) for x in value):
        raise _wrong(setting, "A list is needed.")
    return tuple(value)


_CLEANED: dict[str, Callable[[Setting, Any], Any]] = {
    "text": _text,
    "long_text": _text,
    "integer": _number,
    "number": _number,
    "money": _number,
    "yes_no": _yes_no,
    "choice": _choice,
    "choices": _choices,
    "zone": _zone,
    "email": _email,
    "emails": _emails,
    "phone": _phone,
    "time": _time,
    "windows": _windows,
    "days": _days,
    "words": _words,
    "addresses": _addresses,
    "logo": _text,
    "feed_rules": _feed_rules,
    "expected_feeds": _expected_feeds,
}
