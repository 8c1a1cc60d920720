"""The table of a campaign's life: what is possible in which status, on which day, and for whom (C8, C9, C11, C12)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import life_cycle
from core.domain.campaign import CHANGES, Campaign, goes_out_on
from core.domain.life_cycle import ACTIONS, RULES, Asking, may_not, why_not
from core.domain.organisation import Organisation
from core.domain.role import ROLES
from core.domain.user import User
from core.domain.window import is_sending_day
from tests.clinic import CAMPAIGN

FRIDAY = date(2026, 12, 4)
STATUSES = ("inactive", "active", "completed", "stopped")

# By action, for each status, on which days it is possible: b(efore), o(n), a(fter) the day, or - for never.
#              inactive  active   completed  stopped
DRAWN = {
    "edit": ("boa", "b", "-", "-"),
    "activate": ("bo", "-", "-", "-"),
    "inactivate": ("-", "b", "-", "-"),
    "test": ("boa", "boa", "boa", "boa"),
    "stop": ("boa", "boa", "-", "-"),
    "copy": ("-", "-", "boa", "boa"),
    "delete": ("boa", "-", "boa", "boa"),
    "ask": ("boa", "boa", "-", "-"),
    "approve": ("boa", "boa", "-", "-"),
}
LETTERS = {
    "edit": ("boa", "b", "-", "-"),
    "activate": ("-", "-", "-", "-"),
    "inactivate": ("-", "-", "-", "-"),
    "test": ("-", "-", "-", "-"),
    "stop": ("boa", "boa", "-", "-"),
    "copy": ("-", "-", "boa", "boa"),
    "delete": ("boa", "-", "boa", "boa"),
    "print": ("boa", "-", "-", "-"),
}
CELLS = [
    (channel, action, status, day, letter in drawn)
    for channel, table in (("email", DRAWN), ("text", DRAWN), ("phone", DRAWN), ("letter", LETTERS))
    for action, row in table.items()
    for status, drawn in zip(STATUSES, row, strict=True)
    for letter, day in zip("boa", (-1, 0, 1), strict=True)
]


def campaign(**changes: Any) -> Campaign:
    return replace(CAMPAIGN, start_on=FRIDAY, **changes)


@pytest.mark.parametrize(("channel", "action", "status", "day", "is_possible"), CELLS)
def test_each_cell_of_the_table(channel: str, action: str, status: str, day: int, is_possible: bool) -> None:
    one = campaign(channel=channel, status=status)

    why = why_not(action, one, Organisation(), on=FRIDAY + timedelta(days=day))

    assert (why == "") is is_possible
    assert why == "" or why.endswith(".")


def test_every_action_of_the_table_is_drawn() -> None:
    assert set(ACTIONS) == DRAWN.keys() | LETTERS.keys()


@pytest.mark.parametrize(("action", "changed"), [(each, each) for each in ("activate", "inactivate", "stop", "print")])
def test_a_status_changes_only_where_the_table_allows_the_action(action: str, changed: str) -> None:
    assert set(RULES[action].days) == set(CHANGES[changed])


DAYS = [
    # start date, today, may be edited while active
    (date(2026, 11, 27), date(2026, 11, 26), True),
    (date(2026, 11, 27), date(2026, 11, 27), False),
    (date(2026, 11, 26), date(2026, 11, 26), True),  # Thanksgiving: goes out on the 27th
    (date(2026, 11, 26), date(2026, 11, 27), False),
    (date(2026, 11, 29), date(2026, 11, 29), True),  # a Sunday: goes out on the 30th
    (date(2026, 11, 29), date(2026, 11, 30), False),
]


@pytest.mark.parametrize(("start_on", "on", "may_edit"), DAYS)
def test_the_day_is_the_one_after_a_sunday_or_holiday(start_on: date, on: date, may_edit: bool) -> None:
    one = replace(CAMPAIGN, status="active", start_on=start_on)

    for action in ("edit", "inactivate"):
        assert (why_not(action, one, Organisation(), on=on) == "") is may_edit


def test_a_holiday_that_is_added_on_the_day_itself_opens_nothing_that_has_begun() -> None:
    snow = Organisation(extra_holidays=(FRIDAY,))
    one = campaign(status="active")

    assert why_not("edit", one, snow, on=FRIDAY) == ""
    assert "has begun" in why_not("edit", one, snow, on=FRIDAY, has_begun=True)
    assert "has begun" in why_not("inactivate", one, snow, on=FRIDAY, has_begun=True)
    assert why_not("stop", one, snow, on=FRIDAY, has_begun=True) == ""


def test_introductory_emails_can_be_stopped_and_nothing_else() -> None:
    one = replace(CAMPAIGN, kind="introductory", status="active", start_on=date(2026, 12, 11))

    assert [action for action in ACTIONS if not why_not(action, one, Organisation(), on=FRIDAY)] == ["stop"]


zones = st.sampled_from(("America/Chicago", "America/New_York", "Pacific/Honolulu", "America/St_Johns", "Asia/Kolkata"))
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@given(status=st.sampled_from(STATUSES), start_on=days, at=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
       zone=zones, holidays=st.lists(days, max_size=3), action=st.sampled_from(ACTIONS))  # fmt: skip
def test_on_any_clock_an_active_campaign_is_closed_from_the_midnight_before_its_day(
    status: str, start_on: date, at: datetime, zone: str, holidays: list[date], action: str
) -> None:
    organisation = Organisation(time_zone=zone, extra_holidays=tuple(holidays))
    moment, here = at.replace(tzinfo=UTC), ZoneInfo(zone)
    one = replace(CAMPAIGN, status=status, start_on=start_on)
    day = goes_out_on(one, organisation)
    midnight = datetime.combine(day, time.min, here)

    why = why_not(action, one, organisation, on=moment.astimezone(here).date())

    assert is_sending_day(organisation, day) and day >= start_on
    if status == "active" and action in ("edit", "inactivate"):
        assert (why == "") is (moment < midnight)
    if status == "inactive" and action == "activate":
        assert (why == "") is (moment < datetime.combine(day + timedelta(days=1), time.min, here))
    if status in ("inactive", "active") and action == "stop":
        assert why == ""
    if status in ("completed", "stopped") and action in ("edit", "activate", "inactivate", "stop", "approve"):
        assert why


# ---- who -----------------------------------------------------------------------------------------------------------
# By role, for somebody who did not make the campaign and sees all of its patients.
#                 analyst  approver  manager  opt_out_clerk  data_scientist  administrator
WHO = {
    ("edit", "inactive"): "yy---y",
    ("edit", "active"): "-y---y",
    ("activate", "inactive"): "-y---y",
    ("inactivate", "active"): "yy---y",
    ("test", "inactive"): "yy---y",
    ("stop", "inactive"): "-y---y",
    ("stop", "active"): "-y---y",
    ("copy", "stopped"): "yy---y",
    ("delete", "stopped"): "-----y",
    ("print", "inactive"): "yy---y",
    ("ask", "inactive"): "yy---y",
    ("approve", "inactive"): "-y---y",
}
# The same for the author: what differs.
AUTHOR = WHO | {("stop", "inactive"): "yy---y", ("approve", "inactive"): "------"}
_ROLES = ("analyst", "approver", "manager", "opt_out_clerk", "data_scientist", "administrator")
PEOPLE = [
    (is_author, action, status, role, letter == "y")
    for is_author, table in ((False, WHO), (True, AUTHOR))
    for (action, status), row in table.items()
    for role, letter in zip(_ROLES, row, strict=True)
]


@pytest.mark.parametrize(("is_author", "action", "status", "role", "may"), PEOPLE)
def test_each_role_may_what_it_is_for(is_author: bool, action: str, status: str, role: str, may: bool) -> None:
    person = User("pat", "Pat", roles=frozenset({role}))

    why = may_not(action, campaign(status=status), Asking(person, is_author=is_author, sees_all=True))

    assert (why == "") is may


def test_every_role_is_drawn() -> None:
    assert set(_ROLES) == ROLES.keys() - {"identified_data"}


@pytest.mark.parametrize("action", ACTIONS)
def test_who_sees_only_some_of_its_patients_may_test_and_copy_what_is_not_theirs(action: str) -> None:
    one = campaign(status=next(iter(RULES[action].days)))
    person = User("pat", "Pat")

    limited = may_not(action, one, Asking(person, is_author=False, sees_all=False))

    assert ("patients you may not see" in limited) is (action not in ("test", "copy"))
    assert action == "approve" or not may_not(action, one, Asking(person, is_author=True, sees_all=False))


def test_who_may_not_activate_reads_how_to_edit_an_active_campaign() -> None:
    analyst = User("ana", "Ana", roles=frozenset({"analyst"}))

    why = may_not("edit", campaign(status="active"), Asking(analyst, is_author=True, sees_all=True))

    assert "Make it inactive first" in why


def test_who_changed_it_does_not_approve_it() -> None:
    asking = Asking(User("pat", "Pat"), is_author=False, sees_all=True, is_editor=True)

    assert "You changed this campaign" in life_cycle.may_not("approve", campaign(status="inactive"), asking)
