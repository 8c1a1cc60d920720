"""Addresses as feeds really write them: nobody loses a letter, and no two homes become one."""

import pytest

from core.domain.addressee import Person
from core.domain.letter import settings
from core.domain.postal import UNUSABLE, Postal
from core.domain.print_plan import Candidate, letters

TOWN = ("Springfield", "IL", "62701")


@pytest.mark.parametrize("nothing", ["N/A", "n/a", "None", "NA", "-", ".", "unknown", "UNK", "null", "0", "same", " "])
def test_a_second_line_that_says_there_is_none_is_left_out(nothing: str) -> None:
    home = Postal("12 Shore Road", nothing, *TOWN)
    assert home.problem == ""
    assert home.lines == ("12 Shore Road", "Springfield, IL 62701")
    assert home.key == Postal("12 Shore Road", None, *TOWN).key


@pytest.mark.parametrize("more", ["homeless", "BAD ADDRESS", "moved", "deceased", "return to sender", "refused"])
def test_a_second_line_that_says_the_address_is_wrong_counts(more: str) -> None:
    assert Postal("12 Shore Road", more, *TOWN).problem == UNUSABLE


@pytest.mark.parametrize("street", ["...", "?", "-", "unk", "Same as above", "see mother", "P.O. Box", "PO BOX #"])
def test_a_street_that_is_none_gets_no_letter(street: str) -> None:
    assert Postal(street, None, *TOWN).problem == UNUSABLE


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("62701-", "62701"), ("62701 1234", "62701-1234"), ("62701 - 1234", "62701-1234"), ("627011234", "62701-1234"),
        ("62701-    ", "62701"), ("62701-0000", "62701"), ("62701-1234", "62701-1234"), ("62701.", "62701"),
    ],
)  # fmt: skip
def test_a_zip_code_as_registration_desks_leave_it(typed: str, shown: str) -> None:
    home = Postal("12 Shore Road", None, "Springfield", "IL", typed)
    assert (home.problem, home.lines[-1]) == ("", f"Springfield, IL {shown}")
    assert home.key == Postal("12 Shore Road", None, *TOWN).key


@pytest.mark.parametrize("state", ["JAL", "Germany", "ZZ", "Bayern", "NSW", "ON"])
def test_five_digits_abroad_are_no_zip_code_of_ours(state: str) -> None:
    assert Postal("12 Calle Mayor", None, "Guadalajara", state, "44100").problem == UNUSABLE


@pytest.mark.parametrize("state", ["IL", "il", "Illinois", "ILLINOIS", "D.C.", "PR", "AE", "Puerto Rico", "Ill."])
def test_states_territories_and_the_forces_are_ours(state: str) -> None:
    assert Postal("12 Shore Road", None, "Springfield", state, "62701").problem == ""


@pytest.mark.parametrize(
    "street", ["General Delivery", "GENERAL DELIVERY", "RR 2", "Rural Route 3", "HC 1", "Mill Road"]
)
def test_where_many_homes_have_the_same_words_everybody_gets_a_letter_of_their_own(street: str) -> None:
    home = Postal(street, None, *TOWN)
    people = [
        Candidate(number, Person(f"{name} Example", "Example", name), home, "en", {}, first=name)
        for number, name in enumerate(["Ada", "Bo", "Cy"], 1)
    ]
    planned = letters(people, settings({"per_household": "yes"}))
    assert [each.recipient_ids for each in planned] == [(1,), (2,), (3,)]


@pytest.mark.parametrize("street", ["RR 2 Box 55", "PO Box 12", "Mill Road 7", "HC 1 Box 3", "One Mill Road, Apt 4"])
def test_where_the_words_tell_one_home_a_household_gets_one(street: str) -> None:
    people = [
        Candidate(number, Person(f"{name} Example", "Example", name), Postal(street, None, *TOWN), "en", {}, first=name)
        for number, name in enumerate(["Ada", "Bo"], 1)
    ]
    assert len(letters(people, settings({"per_household": "yes"}))) == 1
