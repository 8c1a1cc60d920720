"""What is wrong with the contact data of one patient: drawn rows, and generated ones against a slow rule."""

from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st

from core.domain.contact import EMAIL_REASONS, PHONE_REASONS
from core.domain.repair import ALL, PROBLEMS, postal_state, problems, reason_key
from tests.drawn import drawn

A, B, C = "+13125550101", "+13125550102", "+13125550103"
GOOD: dict[str, Any] = {
    "email": "ann@example.org",
    "mobile": A,
    "home": None,
    "is_minor": False,
    "postal": 2,
    "letter_dead": False,
}
GOOD |= {"email_left": None, "mobile_left": None, "home_left": None}
TYPES = dict.fromkeys(("email", "mobile", "home", "email_left", "mobile_left", "home_left"), pl.String)
SCHEMA: dict[str, Any] = {
    "row": pl.UInt32,
    **TYPES,
    "is_minor": pl.Boolean,
    "postal": pl.UInt8,
    "letter_dead": pl.Boolean,
}
DEAD = pl.DataFrame(
    {
        "channel": ["text", "text", "phone", "email"],
        "address": [B, C, C, "old@example.org"],
        "reason": ["landline", "handset_unknown", "dial_error", "mailbox_unknown"],
    }
)


def found(*people: dict[str, Any]) -> list[set[str]]:
    rows = [{"row": row, **GOOD, **person} for row, person in enumerate(people)]
    judged = problems(pl.DataFrame(rows, schema=SCHEMA), DEAD)
    return [set(judged.filter(pl.col("row") == row)["problem"].to_list()) for row in range(len(people))]


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({}, set()),
        ({"mobile": None}, {"text:missing", "phone:missing"}),
        ({"mobile": None, "home": A}, {"text:missing"}),
        ({"mobile": None, "mobile_left": "too short"}, {"text:too short", "phone:too short"}),
        ({"mobile": None, "home": A, "mobile_left": "toll-free"}, {"text:toll-free"}),
        ({"mobile": None, "home_left": "placeholder"}, {"text:missing", "phone:placeholder"}),
        ({"mobile_left": "too short"}, set()),  # corrected since
        ({"mobile": B}, {"text:landline"}),
        ({"mobile": C}, {"text:dead", "phone:dead"}),
        ({"mobile": B, "home": C}, {"text:landline"}),  # calls go to the mobile number first
        ({"mobile": "+442079460000"}, {"text:foreign", "phone:foreign"}),
        ({"email": None}, {"email:missing"}),
        ({"email": None, "email_left": "mistyped domain"}, {"email:mistyped domain"}),
        ({"email": "old@example.org"}, {"email:dead"}),
        ({"postal": 0}, {"letter:missing"}),
        ({"postal": 1}, {"letter:incomplete"}),
        ({"postal": 3}, {"letter:unusable"}),
        ({"letter_dead": True}, {"letter:returned"}),
        ({"is_minor": True, "mobile": None}, {"text:adult", "phone:adult"}),
        ({"is_minor": True, "email": None}, set()),  # nobody under 18 is written an email
        ({"is_minor": True, "email": None, "mobile": None, "postal": 0},
         {"text:adult", "phone:adult", "letter:missing", ALL}),
        ({"email": None, "mobile": None, "postal": 1},
         {"email:missing", "text:missing", "phone:missing", "letter:incomplete", ALL}),
    ],
)  # fmt: skip
def test_the_first_thing_that_keeps_messages_of_a_mode_away_is_the_problem(
    person: dict[str, Any], expected: set[str]
) -> None:
    assert found(person) == [expected]


def test_a_number_or_address_of_two_adults_is_shared_and_reaches_all_the_same() -> None:
    both = {"text:shared", "email:shared"}

    assert found({}, {}, {"is_minor": True}, {"mobile": B, "email": "bob@example.org"}) == [
        both,
        both,
        set(),
        {"text:landline"},
    ]
    assert found({"postal": 0}, {})[0] == both | {"letter:missing"}, "reached, perhaps not the right person"


MAYBE = st.sampled_from([None, A, B, C, "+442079460000"])
PERSON = st.fixed_dictionaries(
    {
        "email": st.sampled_from([None, "ann@example.org", "old@example.org"]),
        "mobile": MAYBE,
        "home": MAYBE,
        "is_minor": st.booleans(),
        "postal": st.integers(0, 3),
        "letter_dead": st.booleans(),
    }
)


@drawn(daily=30, many=600, people=st.lists(PERSON, min_size=1, max_size=6))
def test_everybody_has_one_problem_a_mode_at_most_and_nowhere_means_no_mode_at_all(
    people: list[dict[str, Any]],
) -> None:
    dead = {(row[0], row[1]) for row in DEAD.iter_rows()}
    for person, keys in zip(people, found(*people), strict=True):
        modes = [PROBLEMS[key].mode for key in keys]
        assert len(modes) == len(set(modes))
        number = person["mobile"] or person["home"]
        reached = {
            "text": bool(person["mobile"]) and person["mobile"][:2] == "+1" and ("text", person["mobile"]) not in dead,
            "phone": bool(number) and number[:2] == "+1" and ("phone", number) not in dead,
            "email": bool(person["email"]) and not person["is_minor"] and ("email", person["email"]) not in dead,
            "letter": person["postal"] == 2 and not person["letter_dead"],
        }
        for mode, reaches in reached.items():
            lacking = {key for key in keys if PROBLEMS[key].mode == mode and not key.endswith(":shared")}
            assert bool(lacking) == (not reaches and not (mode == "email" and person["is_minor"]))
        assert (ALL in keys) == (not any(reached.values()))


def test_every_problem_has_a_name_of_its_own_and_says_what_to_do() -> None:
    assert len({problem.name for problem in PROBLEMS.values()}) == len(PROBLEMS)
    assert all(problem.remedy.endswith(".") and problem.key == key for key, problem in PROBLEMS.items())
    for reason in PHONE_REASONS:
        assert f"text:{reason}" in PROBLEMS and f"phone:{reason}" in PROBLEMS
    for reason in EMAIL_REASONS:
        assert f"email:{reason}" in PROBLEMS


@pytest.mark.parametrize(
    ("reason", "key"),
    [("too short", "too short"), ("is a toll-free number", "toll-free"), ("is not a date", None)],
)
def test_the_reasons_of_a_feed_are_found_in_the_keys(reason: str, key: str | None) -> None:
    assert pl.DataFrame({"reason": [reason]}).select(reason_key(pl.col("reason"))).item() == key


def test_an_address_needs_street_city_state_and_zip() -> None:
    columns = ("address1", "address2", "city", "state", "zip")
    rows = [
        ("1 Elm", None, "Peoria", "IL", "61601"),
        (None, "Apt 1", None, None, None),
        ("1 Elm", None, None, "IL", None),
    ]

    assert postal_state(pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")).to_list() == [
        2,
        0,
        1,
    ]
