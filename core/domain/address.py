"""Email addresses: one form to compare them by, and whether a mail server can be given one."""

import re

# The dot-atom form of RFC 5322 in ASCII, a domain with at least two labels. Quoted local parts and addresses beyond
# ASCII exist, but few mail servers take them, and a mistyped address is far more likely.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])")


def normal_email(text: str) -> str:
    """The form by which addresses are compared and kept: no spaces around, lower case."""
    return text.strip().lower()


def is_email(text: str) -> bool:
    """Whether this is one address that can stand in an SMTP conversation: nothing before, after or between lines."""
    return len(text) <= 254 and text.find("@") <= 64 and _EMAIL.fullmatch(text) is not None
