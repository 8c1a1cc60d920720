"""Texts as people type or paste them, made fit to be kept: no database takes them all (PostgreSQL no NUL, and no
encoding the half of a pair)."""

import unicodedata

_LEFT_OUT = frozenset({"Cc", "Cs"})
_KEPT = frozenset("\n\t")


def is_keepable(text: str) -> bool:
    """Whether every database takes the text as it is."""
    return text.isprintable() or not any(_is_left_out(letter) for letter in text)


def kept_text(text: str) -> str:
    """The text without control characters and halves of pairs, and without blanks around it; line ends stay."""
    if text.isprintable():
        return text.strip()
    return "".join(letter for letter in text if not _is_left_out(letter)).strip()


def _is_left_out(letter: str) -> bool:
    return letter not in _KEPT and unicodedata.category(letter) in _LEFT_OUT
