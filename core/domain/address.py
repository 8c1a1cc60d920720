"""Email addresses and telephone numbers: one form to compare them by, and whether anything can be sent there."""

import ipaddress
import re

# The dot-atom form of RFC 5322 in ASCII, a domain with at least two labels. Quoted local parts and addresses beyond
# ASCII exist, but few mail servers take them, and a mistyped address is far more likely.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_US_NUMBER = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])")


def normal_email(text: str) -> str:
    """The form by which addresses are compared and kept: no spaces around, lower case."""
    return text.strip().lower()


def is_email(text: str) -> bool:
    """Whether this is one address that can stand in an SMTP conversation: nothing before, after or between lines."""
    return len(text) <= 254 and text.find("@") <= 64 and _EMAIL.fullmatch(text) is not None


def is_us_number(text: str) -> bool:
    """Whether this is an E.164 number of the North American plan, to which texts and calls go."""
    return _US_NUMBER.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Whether this is an E.164 number of any country; a short code or 'anonymous' is none."""
    return _NUMBER.fullmatch(text) is not None


def phone_text(number: str) -> str:
    """A number as people in the US write it: '(555) 010-0100' for +15550100100. What is no such number stays."""
    digits = "".join(letter for letter in number if letter in "0123456789")
    digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}" if len(digits) == 10 else number


def phone_link(number: str) -> str:
    """The number for a tel: link, '+15550100100'; empty when nothing can be dialled."""
    digits = "".join(letter for letter in number if letter in "0123456789")
    if len(digits) == 10:
        return f"+1{digits}"
    return f"+{digits}" if 7 <= len(digits) <= 15 else ""


def is_loopback_host(host: str) -> bool:
    """A name or address of this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
