"""Numbers and addresses that reach nobody: area code 555, and mail domains set aside for examples (RFC 2606)."""

import unicodedata

from core.sample.draw import Draw, Weighted

_LINES = 8_000_000  # exchanges 200 to 999, ten thousand lines each
_STEP = 4_567_891  # has no divisor in common with _LINES, so that different slots give different numbers
_FORMS = Weighted(
    {"({0}) {1}-{2}": 0.62, "{0}-{1}-{2}": 0.2, "{0}{1}{2}": 0.1, "+1{0}{1}{2}": 0.05, "{0}.{1}.{2}": 0.03}
)
_DOMAINS = ("@example.org", "@example.com", "@example.org", "@example.com", "@example.net")
_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae"})

# What people type where a number or an address is asked for and there is none.
JUNK_PHONES = ("555-5555", "000-000-0000", "1234567890", "867-5309", "none", "(555) 555-5555", "call daughter", "555")
JUNK_EMAILS = ("none@example.com", "noemail@example.org", "declined", "n/a", "na@example.net", "no@email")


def phone(draw: Draw, slot: int) -> str:
    """A number of its own for each slot, written as one of several people would."""
    line = (slot * _STEP + 1_234_567) % _LINES
    return draw.one_of(_FORMS).format("555", 200 + line // 10_000, f"{line % 10_000:04d}")


def email(first: str, last: str, number: int) -> str:
    """The address of the patient with this number: the name, the number and an example domain."""
    given = plain(first)[: 1 if number % 3 == 0 else 12]
    return f"{given}.{plain(last)[:16]}{number}".lower() + _DOMAINS[number % len(_DOMAINS)]


def misspelt(draw: Draw, address: str) -> str:
    """The address as it comes out when typed in a hurry; none of these can be delivered."""
    local, _, domain = address.partition("@")
    return draw.pick((f"{local}.{domain}", f"{local}@@{domain}", f"{local}@{domain.split('.')[0]}", f"{local}@"))


def plain(name: str) -> str:
    """Only unaccented Latin letters, for addresses."""
    flat = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(letter for letter in flat if letter.isascii() and letter.isalpha())


def unaccented(name: str) -> str:
    """The name without accents, as a front desk without those keys writes it."""
    flat = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(letter for letter in flat if not unicodedata.combining(letter))
