"""What a password must be, and passwords that are given for once."""

import secrets
from collections.abc import Collection

LEAST = 12  # characters; NIST SP 800-63B asks for 8 at least, and for length rather than kinds of characters
MOST = 256
GIVEN_DAYS = 7  # for which a password given by somebody else is good
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


def problem(password: str, *, words: Collection[str] = ()) -> str:
    """Why a password cannot be used; empty when it can. `words` are those that a guesser tries first, such as the
    person's name. NIST SP 800-63B: long, not a known one, no rules about kinds of characters."""
    if len(password) < LEAST:
        return f"The password is too short: use {LEAST} characters or more, such as four words that do not go together."
    if len(password) > MOST:
        return f"The password is too long: {MOST} characters at most."
    rest = password.lower()
    for word in sorted({word.lower() for word in words if len(word) > 2}, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < LEAST // 2:
        return "The password is little more than your name. Use four words that do not go together."
    from zxcvbn import zxcvbn  # a tenth of a second to import, when somebody chooses a password

    if zxcvbn(password[:72], user_inputs=[word.lower() for word in words if word], max_length=MOST)["score"] < 3:
        return "The password is easy to guess. Use four words that do not go together, or a password manager."
    return ""


def given() -> str:
    """A password for once, easy to read out: 'k7wq-m3xd-vt9a-hn2c', about 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
