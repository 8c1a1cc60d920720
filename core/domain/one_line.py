"""Texts that must stay within one line, such as what stands in a mail's header."""

import unicodedata

# Control characters, line and paragraph separators, and halves of pairs that no encoding can carry.
_ENDS_A_LINE = frozenset({"Cc", "Zl", "Zp", "Cs"})

TURNS = frozenset((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))  # turn the rest of a line around


def ends_line(text: str) -> bool:
    """Whether something in the text would end a line of a mail's header."""
    return any(unicodedata.category(letter) in _ENDS_A_LINE for letter in text)


def is_visible(text: str) -> bool:
    """Whether there is anything to see: more than spaces, control characters and marks without a width."""
    return text[:1].isalnum() or any(letter.isprintable() and not letter.isspace() for letter in text)


def one_line(text: str) -> str:
    """The text with every run of spaces, line ends and control characters as one space.

    A line end in a header would begin a header of the author's own (CR, LF, NUL, U+0085, U+2028 ...).
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(" " if ends_line(c) else c for c in text).split())
