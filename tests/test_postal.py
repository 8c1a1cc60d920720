"""Postal addresses: lines, what no letter can be delivered to, which are the same, and their order."""

import polars as pl
import pytest
from hypothesis import strategies as st

from core.domain.correction import ADDRESS
from core.domain.postal import INCOMPLETE, MISSING, UNUSABLE, Postal
from core.domain.repair import postal_state
from tests.drawn import drawn

TOWN = {"city": "Springfield", "state": "IL", "zip": "62701"}


def at(address1: str | None, address2: str | None = None, **parts: str | None) -> Postal:
    return Postal(**{"address1": address1, "address2": address2, **TOWN, **parts})


@pytest.mark.parametrize(
    ("home", "problem"),
    [
        (at("12 Shore Road"), ""),
        (at("PO Box 12"), ""),
        (at("General Delivery"), ""),
        (at("12 Shore Road", zip="62701-1234"), ""),
        (at("12 Shore Road", zip="627011234"), ""),
        (at("12 Unknown Street"), ""),
        (at("1 Homestead Ave"), ""),
        (at("400 University Ave", zip="K1A 0B1", state="ON"), ""),
        (Postal(), MISSING),
        (Postal(address1="  "), MISSING),
        (at(None), INCOMPLETE),
        (at("12 Shore Road", city=None), INCOMPLETE),
        (at("12 Shore Road", state=""), INCOMPLETE),
        (at("12 Shore Road", zip=None), INCOMPLETE),
        (at("Homeless"), UNUSABLE),
        (at("HOMELESS - shelter"), UNUSABLE),
        (at("General delivery unknown"), UNUSABLE),
        (at("BAD ADDRESS"), UNUSABLE),
        (at("12 Shore Road", "*** BAD ADDRESS ***"), UNUSABLE),
        (at("12 Shore Road", "returned mail 3/14"), UNUSABLE),
        (at("Returned"), UNUSABLE),
        (at("n/a"), UNUSABLE),
        (at("no fixed address"), UNUSABLE),
        (at("xxx"), UNUSABLE),
        (at("12 Shore Road", city="Unknown"), UNUSABLE),
        (at("12 Shore Road", zip="00000"), UNUSABLE),
        (at("12 Shore Road", zip="99999"), UNUSABLE),
        (at("12 Shore Road", zip="1234"), UNUSABLE),
        (at("12 Shore Road", zip="K1A 0B1"), UNUSABLE),
    ],
)
def test_why_no_letter_can_be_sent_to_an_address(home: Postal, problem: str) -> None:
    assert home.problem == problem
    assert bool(home.key) == (problem == "")


def test_the_lines_are_in_the_order_of_the_united_states() -> None:
    assert at(" 12  Shore Road ", "Apt 4", state="il").lines == ("12 Shore Road", "Apt 4", "Springfield, IL 62701")
    assert at("12 Shore Road", zip="627011234").lines[-1] == "Springfield, IL 62701-1234"
    assert at("12 Shore Road", zip="62701-0000").lines[-1] == "Springfield, IL 62701"
    assert at("1 Rue", zip="H2X 1Y4", state="QC", city="Montreal").lines[-2:] == ("Montreal, QC H2X 1Y4", "CANADA")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (at("12 Shore Road"), at("12 SHORE RD.")),
        (at("12 Shore Road", zip="62701-1234"), at("12 Shore Road", zip="62701")),
        (at("12 North Main Street"), at("12 N Main St")),
        (at("12 Shore Road Apt 4"), at("12 Shore Road", "#4")),
        (at("12 Shore Road", "Unit 4"), at("12 Shore Road", "Apt. # 4")),
        (at("12 Shore Road", "No. 4"), at("12 Shore Road", "Apartment 4")),
        (at("P.O. Box 12"), at("PO BOX 12")),
        (at("5 Fifth Avenue"), at("5 5th Ave")),
        (at("12 Calle José"), at("12 calle jose")),
        (at("12 Shore Road", city="St. Louis"), at("12 Shore Road", city="Saint Louis")),
        (at("12 St. Johns Street"), at("12 Saint Johns St")),
    ],
)
def test_one_address_in_two_ways_of_writing(one: Postal, other: Postal) -> None:
    assert one.key == other.key != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (at("12 Shore Road", "Apt 4"), at("12 Shore Road", "Apt 5")),
        (at("12 Shore Road", "Apt 4"), at("12 Shore Road")),
        (at("12 Shore Road", "Apt 4"), at("12 Shore Road", "Suite 4")),
        (at("12 Shore Road", "Apt 1-23"), at("12 Shore Road", "Apt 12-3")),
        (at("12 Shore Road", "Apt 4", zip="62701"), at("12 Shore Road", "Apt 4", zip="62702")),
        (at("12 Shore Road", city="Springfield"), at("12 Shore Road", city="Shelbyville")),
        (at("12 N Street"), at("12 North Street")),
        (at("12 N Main St"), at("12 S Main St")),
        (at("12 Shore Road"), at("12 Shore Lane")),
        (at("1 12th St"), at("112 12th St")),
        (at("PO Box 1"), at("PO Box 11")),
    ],
)
def test_two_addresses_are_not_taken_for_one(one: Postal, other: Postal) -> None:
    assert one.key != other.key


@drawn(daily=40, many=2000, home=st.builds(Postal, *[st.none() | st.text(max_size=12)] * 5))
def test_whatever_a_feed_holds_has_lines_a_reason_and_an_order(home: Postal) -> None:
    assert home.problem in ("", MISSING, INCOMPLETE, UNUSABLE)
    assert all(line == line.strip() and "\n" not in line for line in home.lines)
    assert len(home.key) <= 180 and sorted([home.order, home.order]) is not None


def test_by_zip_code_means_four_more_digits_street_and_number() -> None:
    homes = [
        at("12 Shore Road", zip="62701-0009"),
        at("2 Shore Road", "Apt 2"),
        at("2 Shore Road", "Apt 1"),
        at("10 Shore Road"),
        at("9 Ash Lane"),
        at("1 Ash Lane", zip="60601"),
    ]
    assert [each.address1 for each in sorted(homes, key=lambda each: each.order)] == [
        "1 Ash Lane", "9 Ash Lane", "2 Shore Road", "2 Shore Road", "10 Shore Road", "12 Shore Road",
    ]  # fmt: skip


_LINES = (
    st.none()
    | st.text("aX 1", max_size=6)
    | st.sampled_from(["HOMELESS", "n/a", "Bad addr.", "...", "PO Box", "same as above", "unk", "12 Elm St", "Ønø"])
)
_ZIPS = st.none() | st.sampled_from(
    ["62701", "00000", "99999", "62701-1234", "627011234", "K1A 0B1", "1234", " ", "99960", "62701-", "62701 1234"]
)


@drawn(
    daily=40,
    many=3000,
    rows=st.lists(
        st.tuples(_LINES, _LINES, _LINES, st.sampled_from([None, "IL", "on", "Ill.", "D.C.", "JAL"]), _ZIPS),
        min_size=1,
        max_size=8,
    ),
)
def test_the_repair_list_and_printing_judge_an_address_alike(rows: list[tuple[str | None, ...]]) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(ADDRESS, pl.String), orient="row")
    codes = {MISSING: 0, INCOMPLETE: 1, "": 2, UNUSABLE: 3}
    assert postal_state(frame).to_list() == [codes[Postal(*row).problem] for row in rows]
