"""Values of settings as JSON and back, by the kind of their row in core.domain.setting_table."""

from dataclasses import asdict
from datetime import date, time
from typing import Any

from core.domain.organisation import ExpectedFeed, FeedRule, ReturnAddress, Window
from core.domain.setting_table import SETTINGS


def to_json(value: Any) -> Any:
    """What JSON can hold of a value."""
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if isinstance(value, Window):
        return [value.opens.isoformat(), value.closes.isoformat()]
    if isinstance(value, FeedRule | ReturnAddress | ExpectedFeed):
        return asdict(value)
    return value.isoformat() if isinstance(value, date | time) else value


def from_json(key: str, value: Any) -> Any:
    """The value of a setting again."""
    kind = SETTINGS[key].kind
    if kind == "windows":
        return tuple(Window(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in value)
    if kind == "time":
        return time.fromisoformat(value)
    if kind == "feed_rules":
        return tuple(FeedRule(**rule) for rule in value)
    if kind == "expected_feeds":
        return tuple(ExpectedFeed(**each) for each in value)
    if kind == "addresses":
        return tuple(ReturnAddress(each["key"], each["name"], tuple(each["lines"])) for each in value)
    if kind == "days":
        return tuple(date.fromisoformat(day) for day in value)
    return tuple(value) if isinstance(value, list) else value
