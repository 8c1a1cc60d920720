"""Addresses that nobody can have: RFC 2606 and 6761, and the numbers set aside for fiction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.address import phone_text
from core.domain.invented import is_invented, is_invented_number


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ada@example.org", True),
        ("ada@EXAMPLE.com", True),
        ("ada@mail.example.net", True),
        ("ada@example.edu", True),
        ("ada@clinic.example", True),
        ("ada@a.b.test", True),
        ("ada@x.invalid", True),
        ("ada@localhost", True),
        ("ada@box.localhost", True),
        ("ada@example.org.", True),
        ("ada@example.org.uk", False),
        ("ada@notexample.org", False),
        ("ada@example-health.org", False),
        ("test@hospital.org", False),
        ("example.org@hospital.org", False),
        ("ada@contest", False),
        ("+13125550100", True),
        ("+13125550199", True),
        ("(312) 555-0142", True),
        ("312-555-0142", True),
        ("+18005550123", True),
        ("+15552345678", True),
        ("+13125550099", False),
        ("+13125550200", False),
        ("+13125551212", False),  # directory assistance
        ("+13122550100", False),
        ("+12065550", False),
        ("", False),
    ],
)
def test_which_addresses_and_numbers_are_invented(address: str, expected: bool) -> None:
    assert is_invented(address) is expected


@given(area=st.integers(200, 999), line=st.integers(0, 9999999))
def test_a_number_is_judged_alike_however_it_is_written(area: int, line: int) -> None:
    number = f"+1{area}{line:07}"
    expected = area == 555 or 5550100 <= line <= 5550199
    assert [is_invented_number(each) for each in (number, number[2:], phone_text(number))] == [expected] * 3
