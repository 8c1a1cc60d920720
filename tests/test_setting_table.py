"""Every setting of the organisation has a row, a default that is possible, and limits that are kept."""

from dataclasses import fields, replace
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import strategies as st

from core.domain.organisation import ExpectedFeed, FeedRule, Organisation, Window
from core.domain.setting import KINDS, SECTION_HELP, SECTIONS, Setting
from core.domain.setting_checks import cleaned, problems
from core.domain.setting_table import SETTINGS
from core.domain.setting_words import short_text, value_text
from core.errors import SettingsError
from tests.conftest import ROOT
from tests.drawn import drawn
from tests.setting_docs import MARKS, table

DEFAULTS: dict[str, Any] = {each.name: getattr(Organisation(), each.name) for each in fields(Organisation)}
NUMBERS = [row for row in SETTINGS.values() if row.kind in ("integer", "money")]
EACH = pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.key)


def test_every_setting_has_one_row_and_every_row_a_setting() -> None:
    assert set(SETTINGS) == set(DEFAULTS)
    assert {row.section for row in SETTINGS.values()} == set(SECTIONS) == set(SECTION_HELP)


@EACH
def test_a_default_is_possible_and_clean(setting: Setting) -> None:
    assert setting.kind in KINDS
    assert cleaned(setting, DEFAULTS[setting.key]) == DEFAULTS[setting.key]
    assert problems(DEFAULTS, [setting.key]) == {}


@EACH
def test_a_row_reads_as_a_sentence(setting: Setting) -> None:
    assert setting.label[0].isupper() and not setting.label.endswith(".")
    assert setting.help.endswith(".") and setting.concerns
    assert not setting.is_optional or setting.without or setting.kind in ("text", "long_text")


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda setting: setting.key)
def test_a_number_is_taken_at_its_limits_and_not_beyond(setting: Setting) -> None:
    assert setting.least is not None and setting.most is not None and setting.unit
    kind: Any = int if setting.kind == "integer" else float
    for value in (kind(setting.least), kind(setting.most)):
        assert cleaned(setting, value) == value
        found: dict[str, Any] = {setting.key: value}
        assert Organisation(**found)  # no rule meets what it could not bear
    wrong: list[Any] = [kind(setting.least - 1), kind(setting.most + 1), True, "7", float("nan"), float("inf"), 1.5j]
    for value in wrong:
        with pytest.raises(SettingsError) as refused:
            cleaned(setting, value)
        assert refused.value.key == setting.key
    with pytest.raises(SettingsError) if not setting.is_optional else _nothing():
        assert cleaned(setting, None) is None


class _nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


EARLY, LATE = Window(time(9), time(11)), Window(time(14), time(16))
FRIDAY, NEW_YEAR = date(2026, 11, 27), date(2027, 1, 2)
TAKEN: list[tuple[str, Any, Any]] = [
    # setting            as it is given                      as it is kept
    ("name", "  Lakeside \t Health ", "Lakeside Health"),
    ("postal_address", "1 Main St\r\n\r\n\r\n Town ", "1 Main St\n\nTown"),
    ("postal_address", " \u200b ", ""),
    ("call_back_number", "(555) 010-0199", "+15550100199"),
    ("call_back_number", "1.555.010.0199", "+15550100199"),
    ("help_number", "  ", ""),
    ("caller_id", "+44 20 7946 0018", "+442079460018"),
    ("from_email", " Care@Example.org ", "care@example.org"),
    ("support_email", "", ""),
    ("from_emails", ("A@example.org", "a@example.org", "b@example.org"), ("a@example.org", "b@example.org")),
    ("modes", ("letter", "email"), ("email", "letter")),
    ("languages", ["en"], ("en",)),
    ("holidays_off", ("Veterans Day", "Columbus Day"), ("Columbus Day", "Veterans Day")),
    ("extra_holidays", (NEW_YEAR, FRIDAY, NEW_YEAR), (FRIDAY, NEW_YEAR)),
    ("opt_out_topics", ("Asthma", " asthma ", "", "Foot  care"), ("asthma", "Foot care")),
    ("quiet_from", time(20, 30, 12), time(20, 30)),
    ("text_windows", (LATE, EARLY, LATE), (EARLY, LATE)),
    ("email_windows", (Window(time(18), time(0)),), (Window(time(18), time(0)),)),
    ("email_rate_limit", None, None),
    ("segment_price", 1, 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("key", "given", "kept"), TAKEN, ids=[f"{row[0]}-{n}" for n, row in enumerate(TAKEN)])
def test_a_value_is_kept_tidily(key: str, given: Any, kept: Any) -> None:
    assert cleaned(SETTINGS[key], given) == kept
    assert cleaned(SETTINGS[key], kept) == kept


REFUSED: list[tuple[str, Any, str]] = [
    # setting            value                                what is said
    ("name", " ", "cannot be empty"),
    ("name", "x" * 121, "At most 120 characters"),
    ("name", 7, "text is needed"),
    ("messaging_policy", "", "cannot be empty"),
    ("time_zone", "Chicago", "no such time zone"),
    ("time_zone", "America", "no such time zone"),
    ("time_zone", "", "no such time zone"),
    ("time_zone", "../../etc/passwd", "no such time zone"),
    ("from_email", "", "email address is needed"),
    ("from_email", "a@example.org\nBcc: b@example.org", "email address is needed"),
    ("from_emails", ("a@example.org", "nobody"), "One of them is no email address"),
    ("from_emails", tuple(f"a{n}@example.org" for n in range(51)), "At most 50"),
    ("call_back_number", "", "telephone number"),
    ("call_back_number", "call us at 5550100199", "telephone number"),
    ("call_back_number", "911", "telephone number"),
    ("modes", (), "At least one"),
    ("modes", ("fax",), "Only these are possible"),
    ("modes", "email", "A list"),
    ("approval", "everybody", "One of these"),
    ("text_needs_consent", 1, "Yes or no"),
    ("quiet_from", "21:00", "time of the day"),
    ("text_windows", (Window(time(20), time(11)),), "ends before it begins"),
    ("text_windows", (Window(time(9), time(9)),), "ends before it begins"),
    ("text_windows", tuple(Window(time(n), time(n, 30)) for n in range(9, 16)), "At most 6"),
    ("extra_holidays", (datetime(2026, 11, 27),), "without a time"),
    ("extra_holidays", ("2026-11-27",), "A list"),
    ("opt_out_topics", ("x" * 81,), "too long"),
    ("feed_rules", (FeedRule("visits"), FeedRule("visits")), "twice"),
    ("expected_feeds", (ExpectedFeed("a"), ExpectedFeed("a")), "twice"),
    ("expected_feeds", (ExpectedFeed(" "),), "no name"),
    ("expected_feeds", (ExpectedFeed("a", 0),), "1 to 1,440 hours"),
    ("feed_every_hours", 0, "1"),
    ("feed_rules", (FeedRule("visits", largest_shrink=101),), "0 to 100 percent"),
    ("letters_per_file", 2.0, "whole number"),
    ("return_addresses", ("a",), "A list"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "words"), REFUSED, ids=[f"{row[0]}-{n}" for n, row in enumerate(REFUSED)])
def test_what_cannot_be_is_refused_with_what_can(key: str, value: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        cleaned(SETTINGS[key], value)

    assert refused.value.key == key


@EACH
def test_a_text_that_is_refused_is_not_repeated(setting: Setting) -> None:
    for value in ("hunter2", ("hunter2", 1), ["hunter2" * 20]):
        try:
            cleaned(setting, value)
        except SettingsError as error:
            assert "hunter2" not in str(error)


TOGETHER: list[tuple[str, dict[str, Any], str]] = [
    # beside which field    what is changed                                                      what is said
    ("quiet_until", {"quiet_until": time(7)}, "8:00 and 21:00"),
    ("quiet_from", {"quiet_from": time(22)}, "8:00 and 21:00"),
    ("quiet_until", {"quiet_until": time(9), "quiet_from": time(9)}, "before the other one"),
    ("languages", {"languages": ("es",)}, "English must stay"),
    ("email_windows", {"email_windows": ()}, "At least one window"),
    ("text_windows", {"text_windows": (Window(time(21), time(0)),)}, "nothing would ever be sent"),
    ("text_windows", {"text_windows": (Window(time(5), time(8)),)}, "nothing would ever be sent"),
    ("text_windows", {"quiet_from": time(10)}, "nothing would ever be sent"),
    ("contacts_per_day", {"contacts_per_day": 4}, "in seven days"),
    ("idle_minutes", {"idle_minutes": 90, "session_hours": 1}, "Longer than until"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "changed", "words"), TOGETHER, ids=[f"{row[0]}-{n}" for n, row in enumerate(TOGETHER)])
def test_settings_that_do_not_go_together_are_said_beside_one_of_them(
    key: str, changed: dict[str, Any], words: str
) -> None:
    found = problems(DEFAULTS | changed, changed)

    assert words in found[key]


def test_a_mode_that_is_off_needs_no_window() -> None:
    changed = {"modes": ("email", "phone", "letter"), "text_windows": ()}

    assert problems(DEFAULTS | changed, changed) == {}


@drawn(daily=100, many=5000, data=st.data())
def test_whatever_is_given_is_taken_clean_or_refused_by_name(data: st.DataObject) -> None:
    setting = data.draw(st.sampled_from(list(SETTINGS.values())))
    anything = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.times(), st.dates(),
        st.lists(st.text()), st.lists(st.dates()), st.lists(st.builds(Window, st.times(), st.times())),
    )  # fmt: skip
    value = data.draw(anything)
    try:
        kept = cleaned(setting, value)
    except SettingsError as error:
        assert error.key == setting.key
        return
    assert cleaned(setting, kept) == kept
    assert value_text(setting, kept)
    assert "\n" not in short_text(setting, kept)


READS: list[tuple[str, Any, str]] = [
    ("campaign_limit", 1, "1 patient"),
    ("campaign_limit", 12_000, "12,000 patients"),
    ("texts_per_second", 1, "1 text a second"),
    ("email_rate_limit", None, "no limit"),
    ("segment_price", 0.012, "$0.012"),
    ("letter_price", 1.5, "$1.50"),
    ("letter_price", 0.0, "$0.00"),
    ("text_windows", (Window(time(9), time(11, 30)), Window(time(18), time(0))), "9:00–11:30, 18:00–0:00"),
    ("extra_holidays", (date(2026, 11, 27),), "Fri 27 Nov 2026"),
    ("names_in_bodies", False, "no"),
    ("approval", "second_person", "A second person approves"),
    ("call_back_number", "+15550100199", "(555) 010-0199"),
    ("help_number", "", "the call-back number"),
    ("feed_rules", (FeedRule("visits", None, 5),), "visits (any age, at most 5 % fewer)"),
    ("expected_feeds", (ExpectedFeed("lab", 24, False),), "lab (every 24 hours, not on weekends)"),
    ("expected_feeds", (ExpectedFeed("lab", None),), "lab (at no certain time)"),
]


@pytest.mark.parametrize(("key", "value", "words"), READS, ids=[f"{row[0]}-{n}" for n, row in enumerate(READS)])
def test_a_value_reads_as_people_write_it(key: str, value: Any, words: str) -> None:
    assert value_text(SETTINGS[key], value) == words


def test_the_page_of_the_docs_is_that_of_the_table() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")

    assert page.split(MARKS[0])[1].split(MARKS[1])[0].strip() == table()


def test_senders_are_the_default_and_the_others_each_once() -> None:
    organisation = replace(Organisation(), from_email="a@example.org", from_emails=("b@example.org", "a@example.org"))

    assert organisation.senders == ("a@example.org", "b@example.org")
