"""Addresses that nobody can have: those set aside for examples. In a live home nothing is ever sent to one."""

import re

_NAMES = ("example", "test", "invalid", "localhost")  # RFC 2606 and 6761
_DOMAINS = ("example.com", "example.net", "example.org", "example.edu")
# 555-0100 to 555-0199 in every area code are set aside for fiction, and no area has the code 555.
_NUMBER = re.compile(r"\+?1?(?:555\d{7}|\d{3}55501\d{2})")


def is_invented_email(address: str) -> bool:
    """Whether the domain is one that is set aside for examples and tests, or lies below one."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    return domain.rpartition(".")[2] in _NAMES or any(
        domain == each or domain.endswith(f".{each}") for each in _DOMAINS
    )


def is_invented_number(number: str) -> bool:
    """Whether this US number, however it is written, is one that nobody has."""
    digits = "".join(letter for letter in number if letter in "0123456789")
    return _NUMBER.fullmatch(digits) is not None


def is_invented(address: str) -> bool:
    """The same for an email address or a number."""
    return is_invented_email(address) if "@" in address else is_invented_number(address)
