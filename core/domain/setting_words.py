"""How the value of a setting reads: on the page, in its history, in `careloop check` and in the docs."""

from datetime import time
from typing import Any

from core.domain.address import phone_text
from core.domain.forecast import clock_text
from core.domain.organisation import ExpectedFeed, FeedRule, Window
from core.domain.setting import Setting
from core.domain.wording import day_text


def value_text(setting: Setting, value: Any) -> str:
    """'2,000 patients', '9:00–22:45', 'yes', 'Email, Text'; what it means where nothing is set."""
    if value is None or value in ("", ()):
        return setting.without or "none"
    if setting.kind == "money":
        return f"${value:,.4f}".rstrip("0").rstrip(".") if round(value, 2) != value else f"${value:,.2f}"
    if setting.kind == "phone":
        return phone_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,} {_unit(setting.unit, value)}".strip()
    if isinstance(value, time):
        return clock_text(value)
    if isinstance(value, tuple):
        return ", ".join(_item(setting, each) for each in value)
    return setting.choices.get(value, str(value))


def short_text(setting: Setting, value: Any, longest: int = 120) -> str:
    """The same in one line of at most so many characters."""
    text = " ".join(value_text(setting, value).split())
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _item(setting: Setting, value: Any) -> str:
    if isinstance(value, Window):
        return f"{clock_text(value.opens)}–{clock_text(value.closes)}"
    if isinstance(value, FeedRule):
        return f"{value.feed_table} ({_age(value.max_age_days)}, {_shrink(value.largest_shrink)})"
    if isinstance(value, ExpectedFeed):
        often = "at no certain time" if value.every_hours is None else f"every {value.every_hours} hours"
        return f"{value.source_system} ({often}{'' if value.weekends else ', not on weekends'})"
    if setting.kind == "addresses":
        return str(value.name)
    return day_text(value) if setting.kind == "days" else setting.choices.get(value, str(value))


def _unit(unit: str, value: float) -> str:
    """'1 patient', '2 patients'; '1 text a second'."""
    first, _, rest = unit.partition(" ")
    return f"{first.removesuffix('s') if value == 1 else first} {rest}".strip()


def _age(days: int | None) -> str:
    return "any age" if days is None else f"at most {days:,} {_unit('days', days)} old"


def _shrink(percent: int | None) -> str:
    return "any loss" if percent is None else f"at most {percent:,} % fewer"
