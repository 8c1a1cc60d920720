"""Which time zones an address may lie in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.us_zones import STATES, ZONES, places_of, zones_of

ADDRESSES = [
    # what                                        state             ZIP           zones
    ("Chicago", "IL", "60601", "C"),
    ("Chicago with nine digits", "IL", "60601-1234", "C"),
    ("nine digits without a dash", "IL", "606011234", "C"),
    ("a state's name", "Massachusetts", "02139", "E"),
    ("small letters and blanks", " il ", " 60601 ", "C"),
    ("the state alone, one zone", "IL", None, "C"),
    ("the state alone, two zones", "FL", "", "EC"),
    ("the ZIP code alone", None, "32501", "C"),
    ("the ZIP code alone, shared by two states", None, "83414", "M"),
    # split states
    ("Miami", "FL", "33101", "E"),
    ("Pensacola", "FL", "32501", "C"),
    ("Panama City and Port St Joe", "FL", "32456", "EC"),
    ("Boise", "ID", "83702", "M"),
    ("Coeur d'Alene", "ID", "83814", "P"),
    ("Riggins and Lewiston", "ID", "83501", "MP"),
    ("Indianapolis", "IN", "46204", "E"),
    ("Gary", "IN", "46402", "C"),
    ("Evansville", "IN", "47708", "C"),
    ("Jasper and Tell City", "IN", "47586", "EC"),
    ("Wichita", "KS", "67202", "C"),
    ("Goodland", "KS", "67735", "CM"),
    ("Louisville", "KY", "40202", "E"),
    ("Paducah", "KY", "42001", "C"),
    ("Elizabethtown and Glendale", "KY", "42701", "EC"),
    ("Detroit", "MI", "48201", "E"),
    ("Iron Mountain", "MI", "49801", "EC"),
    ("Omaha", "NE", "68102", "C"),
    ("Scottsbluff", "NE", "69361", "M"),
    ("Ogallala", "NE", "69153", "CM"),
    ("Fargo", "ND", "58102", "C"),
    ("Dickinson", "ND", "58601", "CM"),
    ("Portland", "OR", "97201", "P"),
    ("Ontario", "OR", "97914", "PM"),
    ("Sioux Falls", "SD", "57104", "C"),
    ("Rapid City", "SD", "57701", "M"),
    ("Fort Pierre and Kadoka", "SD", "57543", "CM"),
    ("Nashville", "TN", "37203", "C"),
    ("Knoxville", "TN", "37902", "E"),
    ("Dayton and Winchester", "TN", "37321", "EC"),
    ("Houston", "TX", "77002", "C"),
    ("El Paso", "TX", "79901", "M"),
    ("El Paso, the other prefix", "TX", "88510", "M"),
    ("Marfa and Van Horn", "TX", "79843", "CM"),
    ("Anchorage", "AK", "99501", "KA"),  # the prefix reaches Adak
    ("Juneau", "AK", "99801", "K"),
    ("Hyder keeps Pacific time", "AK", "99903", "KP"),
    ("Phoenix", "AZ", "85001", "Z"),
    ("Window Rock, Navajo Nation", "AZ", "86515", "ZM"),
    ("Flagstaff and Tuba City", "AZ", "86001", "ZM"),
    # places that keep their neighbours' time
    ("Phenix City", "AL", "36867", "EC"),
    ("West Wendover", "NV", "89883", "PM"),
    ("Kenton", "OK", "73946", "CM"),
    # territories
    ("San Juan", "PR", "00901", "R"),
    ("St. Thomas", "VI", "00802", "R"),
    ("Hagåtña", "GU", "96910", "G"),
    ("Saipan", "MP", "96950", "G"),
    ("Pago Pago", "AS", "96799", "S"),
    ("Honolulu", "HI", "96813", "H"),
    # contradictions
    ("New York with a ZIP code of California", "NY", "90210", "EP"),
    ("Illinois with one of Wisconsin", "IL", "53703", "C"),
    ("Florida with one of New York", "FL", "10001", "EC"),
    ("Hawaii with the one of American Samoa", "HI", "96799", "HS"),
    # what says nothing
    ("a ZIP code that lost its zero", "MA", "2139", "E"),
    ("a prefix nobody has", "IL", "00000", "C"),
]
ANYWHERE = frozenset(ZONES[letter] for letter in "ECMPZKAHR")
UNKNOWN = [
    ("nothing", None, None),
    ("blanks", " ", " "),
    ("soldiers in Europe", "AE", "09012"),
    ("soldiers in the Pacific", "AP", "96201"),
    ("soldiers in the Americas", "AA", "34011"),
    ("a military ZIP code alone", "", "09012"),
    ("Ontario", "ON", "M5V 2T6"),
    ("a country with five digits", "Bayern", "80331"),
    ("half a ZIP code", "", "606"),
    ("digits of another script", "", "٦٠٦٠١"),
]


@pytest.mark.parametrize(("what", "state", "zip_code", "letters"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_state_and_zip_code_tell_the_zones(what: str, state: str | None, zip_code: str | None, letters: str) -> None:
    assert zones_of(state, zip_code) == {ZONES[letter] for letter in letters}


@pytest.mark.parametrize(("what", "state", "zip_code"), UNKNOWN, ids=[row[0] for row in UNKNOWN])
def test_an_address_that_says_nothing_may_be_anywhere(what: str, state: str | None, zip_code: str | None) -> None:
    assert zones_of(state, zip_code) == ANYWHERE


def test_there_are_fifty_states_the_capital_and_eight_island_places() -> None:
    assert len(STATES) == 50 + 1 + 8


def test_every_zone_is_one_that_python_knows() -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)

    offsets = {letter: at.astimezone(ZoneInfo(zone)).utcoffset() for letter, zone in ZONES.items()}

    assert offsets["Z"] == timedelta(hours=-7) and offsets["M"] == timedelta(hours=-6)  # no summer time in Phoenix
    assert offsets["H"] == timedelta(hours=-10) and offsets["A"] == timedelta(hours=-9)


@given(state=st.sampled_from(STATES), zip_code=st.integers(0, 99_999).map(lambda number: f"{number:05}"))
def test_a_state_and_any_zip_code_never_leave_the_state_out(state: str, zip_code: str) -> None:
    both = places_of(state, zip_code)

    assert {found for found, _ in both} >= {state}
    assert both <= places_of(state, None) | places_of(None, zip_code)


texts = st.none() | st.text(st.characters(max_codepoint=0x6FF), max_size=12)


@given(state=texts, zip_code=texts)
def test_any_text_gives_zones(state: str | None, zip_code: str | None) -> None:
    assert zones_of(state, zip_code) <= set(ZONES.values())
    assert zones_of(state, zip_code)
