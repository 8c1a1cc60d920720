"""Words of short texts, as they are compared: lower case, without punctuation."""

import re

_WORD = re.compile(r"[a-z0-9]+")
_APOSTROPHE = re.compile(r"['’]")
_SHORT = (("w/o", "without"), ("h/o", "history"), ("r/o", "rule"))  # abbreviations that hold a sign


def words_of(text: str) -> list[str]:
    """'Colonoscopy w/o biopsy' as colonoscopy, without, biopsy."""
    lowered = _APOSTROPHE.sub("", text.lower())
    for short, word in _SHORT:
        lowered = re.sub(rf"\b{short}\b", word, lowered)
    return _WORD.findall(lowered)


def phrase(text: str) -> frozenset[str]:
    """A phrase as the set of its words."""
    return frozenset(words_of(text))
