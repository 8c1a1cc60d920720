"""The field of one setting, by its kind. What it returns need not be possible: that is decided elsewhere."""

from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import polars as pl
import streamlit as st

from core.domain.address import phone_text
from core.domain.organisation import ExpectedFeed, FeedRule
from core.domain.setting import Setting
from pages._settings_days import days
from pages._settings_windows import windows

_NARROW, _MIDDLE = 150, 320  # pixels
_US_ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico", "Pacific/Guam",
)  # fmt: skip


def draw(setting: Setting, value: Any, *, key: str) -> Any:
    """Draw it with this value, and return what it holds now."""
    return _FIELDS[setting.kind](setting, value, key)


def _text(setting: Setting, value: Any, key: str) -> Any:
    return st.text_input(setting.label, value, key=key, placeholder=setting.without, **_LOOKS) or ""


def _long_text(setting: Setting, value: Any, key: str) -> Any:
    return st.text_area(setting.label, value, key=key, placeholder=setting.without, height="content", **_LOOKS) or ""


def _phone(setting: Setting, value: Any, key: str) -> Any:
    shown = phone_text(value)
    return (
        st.text_input(setting.label, shown, key=key, placeholder=setting.without, width=_MIDDLE, type="phone", **_LOOKS)
        or ""
    )


def _number(setting: Setting, value: Any, key: str) -> Any:
    is_whole = setting.kind == "integer"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        typed = st.number_input(
            setting.label,
            value=value,
            step=1 if is_whole else 0.001,
            format=None if is_whole else "%g",
            key=key,
            placeholder=setting.without,
            width=_NARROW,
            **_LOOKS,
        )
        st.caption(setting.unit, width="content")
    return typed


def _yes_no(setting: Setting, value: Any, key: str) -> Any:
    return st.toggle(setting.label, value, key=key, **_LOOKS)


def _choice(setting: Setting, value: Any, key: str) -> Any:
    names = list(setting.choices)
    return st.selectbox(
        setting.label, names, names.index(value), format_func=setting.choices.__getitem__, key=key, **_LOOKS
    )


def _choices(setting: Setting, value: Any, key: str) -> Any:
    return tuple(
        st.pills(
            setting.label,
            list(setting.choices),
            selection_mode="multi",
            default=list(value),
            format_func=setting.choices.__getitem__,
            key=key,
            wrap=True,
            **_LOOKS,
        )
    )


def _zone(setting: Setting, value: Any, key: str) -> Any:
    names = _zones()
    return st.selectbox(
        setting.label, names, names.index(value) if value in names else 0, key=key, width=_MIDDLE, **_LOOKS
    )


def _lines(setting: Setting, value: Any, key: str) -> Any:
    """A list with a line for each."""
    typed = st.text_area(setting.label, "\n".join(value), key=key, placeholder="One a line", height="content", **_LOOKS)
    return tuple(line.strip() for line in (typed or "").splitlines() if line.strip())


def _time(setting: Setting, value: Any, key: str) -> Any:
    return st.time_input(setting.label, value, key=key, width=_NARROW, **_LOOKS)


def _feed_rules(setting: Setting, value: Any, key: str) -> Any:  # noqa: ARG001
    """A table: how old each table of the feed may be, and how many rows it may have lost."""
    frame = pl.DataFrame(
        [(rule.feed_table, rule.max_age_days, rule.largest_shrink) for rule in value],
        schema={"Table": pl.String, "Days old": pl.Int64, "Percent fewer": pl.Int64},
        orient="row",
    )
    edited = st.data_editor(frame, hide_index=True, disabled=["Table"], key=key, placeholder="any", num_rows="fixed")
    return tuple(FeedRule(*row) for row in edited.iter_rows())


def _expected_feeds(setting: Setting, value: Any, key: str) -> Any:  # noqa: ARG001
    """A table to which sources are added: how often each sends, and whether on weekends too."""
    frame = pl.DataFrame(
        [(feed.source_system, feed.every_hours, feed.weekends) for feed in value],
        schema={"Source": pl.String, "Every … hours": pl.Int64, "On weekends": pl.Boolean},
        orient="row",
    )
    edited = st.data_editor(frame, hide_index=True, key=key, placeholder="–", num_rows="dynamic")
    rows = [row for row in edited.iter_rows() if any(each is not None for each in row)]
    return tuple(ExpectedFeed((source or "").strip(), hours, weekends is not False) for source, hours, weekends in rows)


@cache
def _zones() -> list[str]:
    """Those of the United States first."""
    return [*_US_ZONES, *sorted(available_timezones() - set(_US_ZONES))]


_LOOKS: dict[str, Any] = {"label_visibility": "collapsed", "persist_state": "session"}
_FIELDS: dict[str, Callable[[Setting, Any, str], Any]] = {
    "text": _text,
    "email": _text,
    "long_text": _long_text,
    "phone": _phone,
    "integer": _number,
    "money": _number,
    "yes_no": _yes_no,
    "choice": _choice,
    "choices": _choices,
    "zone": _zone,
    "emails": _lines,
    "words": _lines,
    "time": _time,
    "windows": windows,
    "days": days,
    "feed_rules": _feed_rules,
    "expected_feeds": _expected_feeds,
}
