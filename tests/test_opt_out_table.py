"""Opt-outs, row by row: each type by each channel for each product, for each duration, before, on and after its days.

The table below is written out from the specification (O1) and knows nothing of the code's own.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st

from core.domain.eligibility import Contact, Mailing, eligibility
from core.domain.opt_out import (
    TYPES,
    OptOut,
    against,
    covers,
    in_force,
    last_day,
    letter_notice,
)
from core.domain.wish import Wish, addresses_used, check, collapsed, suggested
from core.errors import NotAllowed
from tests.drawn import drawn

MADE = date(2026, 11, 24)
THROUGH = date(2026, 12, 31)
PRODUCTS = ("campaign", "health_reminder", "appointment_reminder")
CHANNELS = ("email", "text", "phone", "letter")

#                 campaign           health reminder    appointment        may last                 preset
#                 email text  phone  email text  phone  email text  phone
SPELLED_OUT = """
global            stop  stop  stop   stop  stop  stop   stop  stop  stop   permanent                permanent
health_phone      -     -     stop   -     -     stop   -     -     -      until,days               until
health_email      stop  -     -      stop  -     -      -     -     -      permanent,until,days     permanent
health_text       -     stop  -      -     stop  -      -     -     -      permanent,until,days     permanent
protocol          stop  stop  stop   stop  stop  stop   -     -     -      permanent,until,days     permanent
all_text          -     stop  -      -     stop  -      -     stop  -      permanent,until,days     permanent
appt_email        -     -     -      -     -     -      stop  -     -      permanent,until,days     permanent
appt_text         -     -     -      -     -     -      -     stop  -      permanent,until,days     permanent
appt_phone        -     -     -      -     -     -      -     -     stop   permanent,until,days     permanent
do_not_call       -     -     stop   -     -     stop   -     -     stop   permanent                permanent
"""
ROWS = {line.split()[0]: line.split()[1:] for line in SPELLED_OUT.strip().splitlines()}
NAMES = {
    "global": "Global",
    "health_phone": "Health Reminders - Phone",
    "health_email": "Health Reminders - Email",
    "health_text": "Health Reminders - Text",
    "protocol": "Health topic",
    "all_text": "All Text",
    "appt_email": "Appt Conf - Email",
    "appt_text": "Appt Conf - Text",
    "appt_phone": "Appt Conf - Phone",
    "do_not_call": "Do Not Call",
}
# How long, the last day, and days with whether it counts then
LASTS: dict[str, tuple[dict[str, Any], date | None, tuple[tuple[int, bool], ...]]] = {
    "permanent": ({}, None, ((-1, False), (0, True), (1, True), (40_000, True))),
    "until": ({"until": THROUGH}, THROUGH, ((-1, False), (0, True), (36, True), (37, True), (38, False))),
    "days": ({"days": 30}, date(2026, 12, 23), ((-1, False), (0, True), (28, True), (29, True), (30, False))),
}


def stops(key: str, product: str, channel: str) -> bool:
    """What the table says."""
    if channel == "letter":
        return False
    return ROWS[key][3 * PRODUCTS.index(product) + CHANNELS.index(channel)] == "stop"


def cases() -> Iterator[tuple[str, str, str, str, int, bool]]:
    for key, row in ROWS.items():
        for duration in row[9].split(","):
            for product in PRODUCTS:
                for channel in CHANNELS:
                    for offset, counts in LASTS[duration][2]:
                        yield key, duration, product, channel, offset, counts and stops(key, product, channel)


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_type_stops_this_product_by_this_channel_on_its_days_only(key: str, product: str, channel: str) -> None:
    mine = [each for each in cases() if (each[0], each[2], each[3]) == (key, product, channel)]
    assert mine
    for _, duration, _, _, offset, is_stopped in mine:
        until = last_day(key, on=MADE, duration=duration, **LASTS[duration][0])
        opt_out = OptOut(key, MADE, until=until, protocol="Diabetes" if key == "protocol" else None)
        question: dict[str, Any] = {"product": product, "channel": channel, "on": MADE + timedelta(offset)}
        question["protocols"] = ["diabetes"]

        assert until == LASTS[duration][1]
        assert covers(opt_out, **question) is is_stopped, (duration, offset)
        assert against([opt_out], **question) == (opt_out if is_stopped else None)


@pytest.mark.parametrize("key", ROWS)
def test_a_type_has_its_name_its_durations_and_its_preset(key: str) -> None:
    may_last, preset = ROWS[key][9].split(","), ROWS[key][10]

    assert TYPES[key].name == NAMES[key]
    assert list(TYPES[key].durations) == may_last and TYPES[key].preset == preset
    for duration in {"permanent", "until", "days", "for ever"} - set(may_last):
        with pytest.raises(NotAllowed):
            last_day(key, on=MADE, duration=duration, until=THROUGH, days=30)


def test_no_type_is_missing_or_too_many() -> None:
    assert list(TYPES) == list(ROWS)


@pytest.mark.parametrize(
    ("topic", "tags", "is_stopped"),
    [
        ("Diabetes", ["Diabetes"], True),
        ("Diabetes", ["DIABETES ", "Asthma"], True),
        ("blood  pressure", ["Blood Pressure"], True),
        ("Diabetes", ["Asthma"], False),
        ("Diabetes", [], False),
        ("Diabetes", [""], False),
        (None, ["Asthma"], True),  # a feed that does not say which topic
        ("", [], True),
    ],
)
def test_a_topic_stops_what_is_tagged_with_it(topic: str | None, tags: list[str], is_stopped: bool) -> None:
    opt_out = OptOut("protocol", MADE, protocol=topic)

    for product in ("campaign", "health_reminder"):
        assert covers(opt_out, product=product, channel="email", on=MADE, protocols=tags) is is_stopped
    assert not covers(opt_out, product="appointment_reminder", channel="email", on=MADE, protocols=tags)


def test_a_type_that_is_not_known_counts_as_global() -> None:
    opt_out = OptOut("no_spam_please", MADE)

    found = against([opt_out], product="appointment_reminder", channel="phone", on=MADE)

    assert found is opt_out and found.name == "Global"


# ---- several opt-outs, taken back or not ---------------------------------------------------------------------------
NEAR = st.integers(-20, 20).map(lambda offset: MADE + timedelta(offset))
OPT_OUTS = st.lists(
    st.builds(
        OptOut,
        type=st.sampled_from([*ROWS, "of a newer feed"]),
        starts_on=NEAR,
        until=st.none() | NEAR,
        protocol=st.sampled_from([None, "Diabetes", "Asthma"]),
        removed_on=st.none() | NEAR,
    ),
    max_size=6,
).map(lambda drawn: [replace(each, opt_out_id=number) for number, each in enumerate(drawn, 1)])


def slowly(each: OptOut, product: str, channel: str, on: date, tags: list[str]) -> bool:
    """The same rule, day by day: on which days does it count, and is this one of them?"""
    days, day = set(), MADE - timedelta(60)
    while day < MADE + timedelta(60):
        has_begun, is_over = day >= each.starts_on, each.until is not None and day > each.until
        is_back = each.removed_on is not None and day >= each.removed_on
        if has_begun and not is_over and not is_back:
            days.add(day)
        day += timedelta(1)
    key = each.type if each.type in ROWS else "global"
    is_about = key != "protocol" or each.protocol is None or each.protocol in tags
    return on in days and stops(key, product, channel) and is_about


@drawn(
    daily=40,
    many=1500,
    opt_outs=OPT_OUTS,
    product=st.sampled_from(PRODUCTS),
    channel=st.sampled_from(CHANNELS),
    on=NEAR,
    tags=st.lists(st.sampled_from(["Diabetes", "Asthma", "Influenza"]), max_size=2),
)
def test_the_rule_agrees_with_a_slow_obvious_one_whatever_was_made_and_taken_back(
    opt_outs: list[OptOut], product: str, channel: str, on: date, tags: list[str]
) -> None:
    expected = [each for each in opt_outs if slowly(each, product, channel, on, tags)]

    found = against(opt_outs, product=product, channel=channel, on=on, protocols=tags)

    assert (found is not None) == bool(expected)
    assert found is None or found in expected
    assert against(opt_outs[::-1], product=product, channel=channel, on=on, protocols=tags) == found
    for each in opt_outs:
        is_covered = covers(each, product=product, channel=channel, on=on, protocols=tags)
        assert is_covered == slowly(each, product, channel, on, tags)


@drawn(daily=25, many=500, opt_outs=OPT_OUTS, channel=st.sampled_from(CHANNELS[:3]), on=NEAR)
def test_sending_asks_the_same_rule(opt_outs: list[OptOut], channel: str, on: date) -> None:
    address = "ada@example.org" if channel == "email" else "+13125550142"
    contact = Contact("p1", "active", date(1960, 1, 1), address=address, opt_outs=tuple(opt_outs))

    reason = eligibility(contact, Mailing(channel=channel, protocols=frozenset({"Asthma"})), on=on, cap=None)

    found = against(opt_outs, product="campaign", channel=channel, on=on, protocols=["Asthma"])
    assert (reason.key if reason else None) == (f"opted_out:{found.kind.key}" if found else None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (OptOut("global", MADE), OptOut("all_text", MADE - timedelta(9))),
        (OptOut("all_text", MADE), OptOut("all_text", MADE, until=THROUGH)),
        (OptOut("all_text", MADE, until=THROUGH), OptOut("all_text", MADE, until=MADE)),
        (OptOut("all_text", MADE - timedelta(1)), OptOut("all_text", MADE)),
        (OptOut("all_text", MADE, opt_out_id=1), OptOut("all_text", MADE, opt_out_id=2)),
        (OptOut("health_text", MADE, until=MADE), OptOut("protocol", MADE, protocol="Asthma")),
    ],
    ids=["widest", "for good", "longest", "earliest", "first recorded", "kind before topic"],
)
def test_of_several_the_one_that_staff_should_see_is_given(first: OptOut, second: OptOut) -> None:
    question: dict[str, Any] = {"product": "campaign", "channel": "text", "on": MADE, "protocols": ["Asthma"]}

    assert against([first, second], **question) == against([second, first], **question) == first
    assert in_force([second, first], on=MADE) == [first, second]


def test_one_that_was_taken_back_counted_until_the_day_before() -> None:
    opt_out = OptOut("global", MADE, removed_on=MADE + timedelta(3))

    assert [opt_out.counts(MADE + timedelta(offset)) for offset in (-1, 0, 2, 3, 4)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert not replace(opt_out, removed_on=MADE).counts(MADE)


def test_a_letter_goes_on_and_staff_see_who_wants_no_contact_at_all() -> None:
    opt_outs = [OptOut("all_text", MADE), OptOut("global", MADE)]

    assert against(opt_outs, product="campaign", channel="letter", on=MADE) is None
    assert letter_notice(opt_outs, on=MADE) == opt_outs[1]
    assert letter_notice(opt_outs[:1], on=MADE) is None
    assert letter_notice(opt_outs, on=MADE - timedelta(1)) is None


# ---- wishes --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("global", ("email", "mobile", "home")),
        ("health_phone", ("mobile", "home")),
        ("health_email", ("email",)),
        ("health_text", ("mobile",)),
        ("protocol", ("email", "mobile", "home")),
        ("all_text", ("mobile",)),
        ("appt_email", ("email",)),
        ("appt_text", ("mobile",)),
        ("appt_phone", ("mobile", "home")),
        ("do_not_call", ("mobile", "home")),
        ("of a newer feed", ("email", "mobile", "home")),
    ],
)
def test_a_type_is_about_the_addresses_that_its_channels_use(key: str, names: tuple[str, ...]) -> None:
    assert addresses_used(key) == names


VISITS, HEALTH, OTHER = "Appointment reminders", "Health reminders", "Other health-related information"


@pytest.mark.parametrize(
    ("kinds", "forms", "types"),
    [
        ([HEALTH], ["text"], ["health_text"]),
        ([OTHER], ["email", "phone"], ["health_email", "health_phone"]),
        ([HEALTH, OTHER], ["email"], ["health_email"]),
        ([VISITS], ["email", "text", "phone"], ["appt_email", "appt_text", "appt_phone"]),
        ([VISITS, HEALTH], ["text"], ["all_text"]),
        ([VISITS, OTHER], ["email"], ["health_email", "appt_email"]),
        ([VISITS, HEALTH], ["phone"], ["do_not_call"]),
        ([VISITS, HEALTH, OTHER], ["email", "text", "phone"], ["global"]),
        ([], ["text"], []),
        ([HEALTH], [], []),
    ],
)
def test_the_two_questions_to_a_caller_lead_to_types(kinds: list[str], forms: list[str], types: list[str]) -> None:
    assert suggested(kinds, forms) == types


@pytest.mark.parametrize("kind", list(TYPES.values()), ids=list(TYPES))
def test_a_reason_is_one_of_the_types_list(kind: object) -> None:
    kind = TYPES[getattr(kind, "key", "")]
    for reason in kind.reasons:
        check(Wish(kind.key, f" {reason} ", protocol="Diabetes"))
    for reason in ("", "  ", "because", "privacy!"):
        with pytest.raises(NotAllowed, match="reason"):
            check(Wish(kind.key, reason, protocol="Diabetes"))


def test_rows_of_one_wish_are_one_with_all_its_addresses() -> None:
    rows = [
        OptOut("global", MADE, opt_out_id=8, wish_id="w", address="b@example.org"),
        OptOut("all_text", MADE, opt_out_id=9),
        OptOut("global", MADE, opt_out_id=7, wish_id="w", address="+15550100111"),
    ]

    one, other = collapsed(rows)

    assert (one.opt_out_id, one.reaches) == (7, ("+15550100111", "b@example.org"))
    assert (other.opt_out_id, other.reaches) == (9, ())
