"""Contact data of feeds: which numbers and addresses can be used, and why the others cannot."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.address import is_email
from core.domain.contact import email_address, emails, language_codes, phone_number, phones


@pytest.mark.parametrize(
    ("written", "number", "reason"),
    [
        ("(312) 555-0142", "+13125550142", None),
        ("312.555.0142", "+13125550142", None),
        ("1-312-555-0142", "+13125550142", None),
        ("+1 312 555 0142", "+13125550142", None),
        ("312-555-0142 x12", "+13125550142", None),
        ("312-555-0142 ext. 4", "+13125550142", None),
        ("+44 20 7946 0958", "+442079460958", None),
        ("", None, None),
        ("555-0142", None, "too short"),
        ("312-555-01423344", None, "too long"),
        ("000-000-0000", None, "placeholder"),
        ("5555555555", None, "placeholder"),
        ("123-456-7890", None, "placeholder"),
        ("312-867-5309", None, "placeholder"),
        ("112-555-0142", None, "no such number"),
        ("312-155-0142", None, "no such number"),
        ("call after five", None, "no number"),
    ],
)
def test_a_number_is_usable_or_has_a_reason(written: str, number: str | None, reason: str | None) -> None:
    assert phone_number(written) == (number, reason)


@pytest.mark.parametrize(
    ("written", "address", "reason"),
    [
        ("Maria.Example@Example.ORG ", "maria.example@example.org", None),
        ("mailto:a@example.org", "a@example.org", None),
        ("nora@example.org", "nora@example.org", None),
        ("", None, None),
        ("none@none.com", None, "placeholder"),
        ("n/a", None, "placeholder"),
        ("noemail@example.org", None, "placeholder"),
        ("someone@gmial.com", None, "mistyped domain"),
        ("someone@gmail.con", None, "mistyped domain"),
        ("someone.example.org", None, "not an address"),
        ("some one@example.org", None, "not an address"),
        ("a@@example.org", None, "not an address"),
        ("someone@example", None, "not an address"),
    ],
)
def test_an_address_is_usable_or_has_a_reason(written: str, address: str | None, reason: str | None) -> None:
    assert email_address(written) == (address, reason)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Spanish", "es"),
        ("es", "es"),
        ("es-MX", "es"),
        ("spa", "es"),
        ("Klingon", None),
        ("Chinese (Cantonese)", "yue"),
    ],
)
def test_a_language_becomes_its_code(written: str, code: str | None) -> None:
    found = pl.DataFrame({"language": [written]}).select(language_codes(pl.col("language")))

    assert found.item() == code


@given(st.lists(st.text(max_size=30), min_size=1))
def test_whatever_is_written_a_number_is_in_e164_or_missing(written: list[str]) -> None:
    numbers, _ = phones(pl.Series(written, dtype=pl.String))

    assert all(
        number is None or (number[0] == "+" and number[1:].isascii() and number[1:].isdigit()) for number in numbers
    )


@given(st.lists(st.text(max_size=30) | st.emails(), min_size=1))
def test_whatever_is_written_an_address_can_be_given_to_a_mail_server_or_is_missing(written: list[str]) -> None:
    addresses, _ = emails(pl.Series(written, dtype=pl.String))

    assert all(address is None or is_email(address) for address in addresses)
