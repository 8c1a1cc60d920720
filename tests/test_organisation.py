"""The organisation's settings: their defaults, how they are kept, and what is refused."""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select

from core.domain.organisation import Organisation, Window
from core.domain.window import windows_of
from core.errors import SettingsError
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import organisation_settings
from core.workbench import Workbench


def _change(wb: Workbench, **changes: Any) -> Organisation:
    accounts.change_organisation(wb.engine, changes, at=wb.now(), by="ana")
    return wb.organisation()


def test_a_home_that_never_set_them_has_the_windows_of_every_mode(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        connection.execute(delete(organisation_settings))

    organisation = wb.organisation()

    assert windows_of(organisation, "email") == (Window(time(9), time(22, 45)),)
    assert windows_of(organisation, "text") == windows_of(organisation, "phone") == (Window(time(11), time(20)),)
    assert (organisation.quiet_until, organisation.quiet_from) == (time(8), time(21))


def test_windows_and_quiet_hours_are_kept_and_read_back(wb: Workbench) -> None:
    windows = (Window(time(11), time(13)), Window(time(16), time(0)))

    organisation = _change(wb, text_windows=windows, quiet_from=time(20, 30), quiet_until=time(9), text_per_minute=60)

    assert organisation.text_windows == windows
    assert (organisation.quiet_until, organisation.quiet_from) == (time(9), time(20, 30))
    assert organisation.text_per_minute == 60


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("a window that ends before it begins", {"text_windows": (Window(time(20), time(11)),)}, "text_windows.*20:00"),
    ("one that ends as it begins", {"phone_windows": (Window(time(9), time(9)),)}, "phone_windows.*ends before"),
    ("one over midnight", {"email_windows": (Window(time(22), time(1)),)}, "email_windows.*first to 00:00"),
    ("texts at seven", {"quiet_until": time(7)}, "quiet_until.*07:00"),
    ("texts at ten at night", {"quiet_from": time(22)}, "quiet_from.*22:00"),
    ("no hours at all", {"quiet_from": time(9), "quiet_until": time(9)}, "must be later"),
    ("no pace", {"text_per_minute": 0}, "text_per_minute"),
    ("no time zone", {"time_zone": "Chicago"}, "time_zone"),
    ("a folder for a time zone", {"time_zone": "America"}, "time_zone"),
]


@pytest.mark.parametrize(("what", "changes", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_settings_that_contradict_are_refused_and_not_kept(
    wb: Workbench, what: str, changes: dict[str, Any], words: str
) -> None:
    with reading(wb.engine) as connection:
        before = connection.scalar(select(func.count()).select_from(organisation_settings))

    with pytest.raises(SettingsError, match=words):
        _change(wb, **changes)

    with reading(wb.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(organisation_settings)) == before
    assert wb.organisation() == Organisation()


def test_a_wrong_window_that_is_kept_already_is_named_and_can_be_put_right(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        connection.execute(
            insert(organisation_settings).values(
                key="text_windows", value=[["20:00:00", "11:00:00"]], changed_at=wb.now(), changed_by="ana"
            )
        )
    with pytest.raises(SettingsError, match="text_windows has a window from 20:00 to 11:00"):
        wb.organisation()

    assert _change(wb, text_windows=(Window(time(11), time(20)),)) == Organisation()


MERGED = [
    # what                    windows                                  as one sees them
    ("apart", "9-11 13-15", "9-11 13-15"),
    ("in any order", "13-15 9-11", "9-11 13-15"),
    ("overlapping", "9-12 11-15", "9-15"),
    ("adjacent", "9-11 11-13", "9-13"),
    ("one inside the other", "9-17 10-11", "9-17"),
    ("the same twice", "9-11 9-11", "9-11"),
    ("a bridge", "9-11 13-15 10-14", "9-15"),
    ("until midnight", "9-12 11-0", "9-0"),
    ("inside one until midnight", "9-0 10-11", "9-0"),
    ("the whole day", "0-0 10-11", "0-0"),
]


@pytest.mark.parametrize(("what", "given", "seen"), MERGED, ids=[row[0] for row in MERGED])
def test_windows_that_overlap_or_touch_are_one(what: str, given: str, seen: str) -> None:
    organisation = replace(Organisation(), text_windows=_windows(given))

    assert windows_of(organisation, "text") == _windows(seen)


def _windows(text: str) -> tuple[Window, ...]:
    ends = [part.split("-") for part in text.split()]
    return tuple(Window(time(int(opens)), time(int(closes))) for opens, closes in ends)
