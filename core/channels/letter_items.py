"""What stands before the items of a list in a letter."""


def label_of(lists: tuple[str, ...], number: int) -> str:
    """'•', '–' or '·' by how deep the lists are, or a number: 1., a., i. and again. `lists` are 'ul' or 'ol'."""
    if not lists or lists[-1] != "ol":
        return ("•", "–", "·")[min(len(lists), 3) - 1] if lists else "•"
    depth = lists.count("ol") % 3
    return f"{number}." if depth == 1 else f"{_letters(number)}." if depth == 2 else f"{_roman(number)}."


def _letters(number: int) -> str:
    found = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        found = chr(97 + rest) + found
    return found


def _roman(number: int) -> str:
    found = ""
    for value, letters in _ROMAN:
        while number >= value:
            found, number = found + letters, number - value
    return found


_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
