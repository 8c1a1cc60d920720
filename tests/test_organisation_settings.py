"""The organisation's settings: changed all or none, each change kept and put back, two people at once."""

import threading
from dataclasses import replace
from datetime import date, time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import strategies as st
from sqlalchemy import select

from core import gap_targets, logos, organisation_settings, return_addresses, rules
from core.domain.organisation import Organisation, Window
from core.domain.setting_table import SETTINGS
from core.domain.user import User
from core.domain.window import holiday, sending_day
from core.errors import NotAllowed, NotFound, SettingsError
from core.store import accounts, schema
from core.store.database import reading
from core.workbench import Workbench
from tests.drawn import drawn
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_logos import png

change, history = organisation_settings.change, organisation_settings.history


def lines_of_audit(wb: Workbench) -> list[tuple[str, str, dict[str, Any]]]:
    with reading(wb.engine) as connection:
        rows = connection.execute(select(schema.audit).order_by(schema.audit.c.audit_id))
        return [(row.action, row.subject, row.details) for row in rows]


def test_a_change_counts_at_once_and_is_kept_with_who_and_why(bench: Workbench) -> None:  # noqa: F811
    changed = change(bench, {"campaign_limit": 500, "name": " Lakeside "}, note=" Fewer  at once\n")

    assert changed == ("campaign_limit", "name")
    assert (bench.organisation().campaign_limit, bench.organisation().name) == (500, "Lakeside")
    kept = history(bench)
    assert [(one.key, one.was, one.now) for one in kept] == [
        ("name", "Example Health Group", "Lakeside"), ("campaign_limit", 2000, 500),
    ]  # fmt: skip
    assert {(one.by, one.at, one.note) for one in kept} == {("ana", bench.now(), "Fewer at once")}
    assert lines_of_audit(bench)[-1] == ("settings.changed", "", {"keys": ["campaign_limit", "name"]})


def test_every_kind_of_value_comes_back_from_the_history_as_it_was(bench: Workbench) -> None:  # noqa: F811
    values: dict[str, Any] = {
        "text_windows": (Window(time(11), time(13)), Window(time(16), time(19))),
        "quiet_from": time(20), "extra_holidays": (date(2026, 11, 27),), "modes": ("email", "text"),
        "email_rate_limit": 60, "segment_price": 0.02, "text_needs_consent": True,
        "feed_rules": (replace(Organisation().feed_rules[0], max_age_days=None),), "from_emails": ("b@example.org",),
    }  # fmt: skip
    change(bench, values)

    assert organisation_settings.current(bench) == organisation_settings.current(bench) | values
    assert {one.key: (one.was, one.now) for one in history(bench)} == {
        key: (getattr(Organisation(), key), value) for key, value in values.items()
    }
    for one in history(bench):
        assert organisation_settings.put_back(bench, one.change_id) == (one.key,)
    assert bench.organisation() == Organisation()
    assert history(bench, "modes")[0].note == "Put back"


def test_nothing_is_kept_of_a_change_that_changes_nothing(wb: Workbench) -> None:
    before = lines_of_audit(wb)

    assert change(wb, {"campaign_limit": 2000, "call_back_number": "(555) 010-0100"}) == ()

    assert history(wb) == []
    assert lines_of_audit(wb) == before


@pytest.mark.parametrize(
    ("values", "key", "words"),
    [
        ({"name": "Lakeside", "campaign_limit": 0}, "campaign_limit", "From 1 to 100,000 patients"),
        ({"name": "Lakeside", "quiet_until": time(6)}, "quiet_until", "8:00 and 21:00"),
        ({"name": "Lakeside", "logo": "no such"}, "logo", "no such logo"),
        ({"contacts_per_day": 3, "contacts_per_week": 2}, "contacts_per_day", "in seven days"),
    ],
)
def test_a_change_that_cannot_be_is_refused_whole(wb: Workbench, values: dict[str, Any], key: str, words: str) -> None:
    before = lines_of_audit(wb)

    with pytest.raises(SettingsError, match=words) as refused:
        change(wb, values)

    assert refused.value.key == key and SETTINGS[key].label in str(refused.value)
    assert wb.organisation() == Organisation()
    assert (history(wb), lines_of_audit(wb)) == ([], before)
    assert words.split(" (")[0] in organisation_settings.problems(wb, values)[key]


def test_who_saves_on_old_values_is_told_who_was_quicker(bench: Workbench) -> None:  # noqa: F811
    accounts.add_user(bench.engine, User("olga", "Olga Other"), at=bench.now(), by="ana")
    seen = organisation_settings.current(bench)
    change(bench.as_user("olga"), {"letters_per_file": 150})

    with pytest.raises(NotAllowed, match="Olga Other has changed 'Letters in a file' meanwhile"):
        change(bench, {"letters_per_file": 100, "text_limit": 300}, expected=seen)

    assert (bench.organisation().letters_per_file, bench.organisation().text_limit) == (150, 370)
    change(bench, {"text_limit": 300}, expected={"text_limit": 370})  # another one's change is no obstacle
    assert bench.organisation().text_limit == 300


def test_two_who_change_different_settings_at_once_never_keep_what_contradicts(bench: Workbench) -> None:  # noqa: F811
    """One ends the day at ten, the other begins it at ten: each is possible by itself."""
    for _ in range(5):
        change(bench, {"quiet_until": time(8), "quiet_from": time(21), "text_windows": Organisation().text_windows})
        results = at_once(
            lambda: change(bench, {"quiet_from": time(12)}),
            lambda: change(bench, {"quiet_until": time(12)}),
        )

        assert [type(one) for one in results].count(SettingsError) == 1
        organisation = bench.organisation()  # which raises when they contradict
        assert (organisation.quiet_until, organisation.quiet_from) in [(time(8), time(12)), (time(12), time(21))]


def test_return_addresses_that_two_add_at_once_are_both_kept(bench: Workbench) -> None:  # noqa: F811
    adding = [
        lambda number=number: return_addresses.add(bench, f"Clinic {number}", ("Clinic", "Street", f"Town {number}"))
        for number in range(6)
    ]

    assert not [one for one in at_once(*adding) if isinstance(one, Exception)]

    assert {one.name for one in bench.organisation().return_addresses} == {f"Clinic {number}" for number in range(6)}
    chain = list(reversed(history(bench, "return_addresses")))
    assert [len(one.now) for one in chain] == [1, 2, 3, 4, 5, 6]
    assert all(before.now == after.was for before, after in pairwise(chain))


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("campaign_limit"), st.integers(-1, 4)),
        st.tuples(st.just("contacts_per_day"), st.integers(0, 4)),
        st.tuples(st.just("contacts_per_week"), st.integers(0, 4)),
        st.tuples(st.just("email_rate_limit"), st.none() | st.integers(1, 3)),
        st.tuples(st.just("put back"), st.integers(0, 8)),
    ),
    max_size=12,
)


@drawn(daily=15, many=300, steps=CHANGES)
def test_the_history_is_a_chain_whatever_was_changed_and_put_back(wb: Workbench, steps: list[tuple[str, Any]]) -> None:
    began = max((one.change_id for one in history(wb, limit=1)), default=0)
    values = organisation_settings.current(wb)
    for key, value in steps:
        known = history(wb, limit=1000)
        if key == "put back" and not known:
            continue
        try:
            if key == "put back":
                one = known[value % len(known)]
                organisation_settings.put_back(wb, one.change_id)
                values[one.key] = one.was
            else:
                change(wb, {key: value})
                values[key] = value
        except SettingsError:
            pass
        assert organisation_settings.current(wb) == values
    told = [one for one in reversed(history(wb, limit=1000)) if one.change_id > began]
    for key in {one.key for one in told}:
        chain = [one for one in told if one.key == key]
        assert all(before.now == after.was for before, after in pairwise(chain))
        assert chain[-1].now == values[key]
        assert all(one.was != one.now for one in chain)


def test_what_other_functions_set_is_in_the_history_too(bench: Workbench) -> None:  # noqa: F811
    first, second = logos.add(bench, "First", png()), logos.add(bench, "Second", png())
    logos.choose(bench, second.logo_id)
    logos.remove(bench, second.logo_id)
    added = return_addresses.add(bench, "Main", ("Sender", "Street", "Town"))
    return_addresses.remove(bench, added.key)
    rules.choose_schedule(bench, "CDC")
    gap_targets.set_target(bench, "scr-mammogram", 0.7)
    gap_targets.set_target(bench, "scr-mammogram", 0.7)
    gap_targets.set_target(bench, "scr-mammogram", None)

    assert [(one.key, one.was, one.now) for one in reversed(history(bench))] == [
        ("logo", "", second.logo_id), ("logo", second.logo_id, ""),
        ("return_addresses", (), (added,)), ("return_addresses", (added,), ()),
        ("vaccine_schedule", "AAP", "CDC"),
        ("target:scr-mammogram", None, 0.7), ("target:scr-mammogram", 0.7, None),
    ]  # fmt: skip
    assert [one.key for one in history(bench, section="letterhead")] == ["return_addresses"] * 2 + ["logo"] * 2
    gone = history(bench, "logo")[0]
    with pytest.raises(SettingsError, match="no such logo"):
        organisation_settings.put_back(bench, gone.change_id)
    logos.choose(bench, first.logo_id)


def test_what_is_set_on_other_pages_is_not_set_here(wb: Workbench) -> None:
    rules.choose_schedule(wb, "CDC")
    gap_targets.set_target(wb, "scr-mammogram", 0.7)

    with pytest.raises(NotAllowed, match="set on the page Measures"):
        change(wb, {"vaccine_schedule": "AAP"})
    for one in history(wb):
        with pytest.raises(NotAllowed, match="on the page"):
            organisation_settings.put_back(wb, one.change_id)
    with pytest.raises(NotFound):
        organisation_settings.put_back(wb, 999)
    with pytest.raises(NotAllowed, match="at most 500"):
        change(wb, {"name": "A"}, note="x" * 501)


def test_only_who_may_change_the_organisation_changes_or_reads_its_history(wb: Workbench) -> None:
    accounts.add_user(wb.engine, User("olga", "Olga", roles=frozenset({"manager"})), at=wb.now(), by="ana")
    olga = wb.as_user("olga")

    for refused in (
        lambda: change(olga, {"name": "A"}),
        lambda: history(olga),
        lambda: organisation_settings.put_back(olga, 1),
        lambda: organisation_settings.current(olga),
    ):
        with pytest.raises(NotAllowed, match="administrator"):
            refused()


# ---- what follows the settings -------------------------------------------------------------------------------------
def test_a_federal_holiday_may_be_a_sending_day(wb: Workbench) -> None:
    observed = date(2027, 7, 5)  # the fourth is a Sunday
    assert holiday(wb.organisation(), observed) == "Independence Day (observed)"
    change(wb, {"holidays_off": ("Columbus Day", "Independence Day")})

    organisation = wb.organisation()

    assert holiday(organisation, date(2026, 10, 12)) is None
    assert sending_day(organisation, observed) == observed
    assert sending_day(organisation, date(2026, 11, 26)) == date(2026, 11, 27)
    change(wb, {"extra_holidays": (date(2026, 10, 12),)})
    assert holiday(wb.organisation(), date(2026, 10, 12)) == "holiday of the organisation"


def at_once(*actions: Any) -> list[Any]:
    """What each returns or raises when all begin together."""
    gate, results = threading.Barrier(len(actions)), list[Any](actions)

    def act(number: int, action: Any) -> None:
        gate.wait()
        try:
            results[number] = action()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=act, args=each) for each in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_a_setting_that_does_not_exist_is_said_to_be_none(wb: Workbench) -> None:
    for ask in (organisation_settings.problems, organisation_settings.change):
        with pytest.raises(NotFound, match="There is no setting 'nope'"):
            ask(wb, {"name": "Lakeside", "nope": 1})
    assert wb.organisation().name != "Lakeside"
