"""Paper that letters and labels are printed on. Lengths are in points (1/72 inch) from the top left corner."""

from dataclasses import dataclass

_INCH, _MM = 72.0, 72 / 25.4


@dataclass(frozen=True)
class PageTemplate:
    """A page of a letter, with the place of the address.

    address_x ...  where the addressee's lines stand: behind the window of the envelope, if it has one
    return_y       the top of a small sender's line within the same window; None: the sender stands in the letterhead
    folds          where the page is folded, as marks at its left edge
    """

    key: str
    name: str
    width: float
    height: float
    margin: float
    address_x: float
    address_y: float
    address_width: float
    address_height: float
    return_y: float | None = None
    folds: tuple[float, ...] = ()


@dataclass(frozen=True)
class LabelSheet:
    """A sheet of labels: `left` and `top` of the first label, its size, and from one to the next."""

    key: str
    name: str
    page_width: float
    page_height: float
    columns: int
    rows: int
    left: float
    top: float
    width: float
    height: float
    column_step: float
    row_step: float

    @property
    def count(self) -> int:
        """Labels on a sheet."""
        return self.columns * self.rows


def _page(key: str, name: str, size: tuple[float, float], **places: float) -> PageTemplate:
    folds = tuple(places.pop(each) for each in ("fold", "second_fold") if each in places)
    return PageTemplate(key, name, *size, folds=folds, **places)


_LETTER, _A4 = (8.5 * _INCH, 11 * _INCH), (210 * _MM, 297 * _MM)
# A #10 window envelope (4 1/8 x 9 1/2 in) has its window 7/8 in from the left and 1/2 in from the bottom, 1 1/8 x 4 1/2
# in; folded in three, the top third of the page faces it. A DL window envelope (110 x 220 mm) has it 20 mm from the
# left and 15 mm from the bottom, 45 x 90 mm (DIN 680); the page is as in DIN 5008 form B.
PAGES: dict[str, PageTemplate] = {
    each.key: each
    for each in (
        _page(
            "letter", "US Letter", _LETTER,
            margin=_INCH, address_x=_INCH, address_y=2.1 * _INCH, address_width=4 * _INCH, address_height=1.1 * _INCH,
        ),
        _page(
            "letter-window", "US Letter, #10 window envelope", _LETTER,
            margin=_INCH, address_x=1.0 * _INCH, address_y=2.1 * _INCH, address_width=4 * _INCH, address_height=_INCH,
            fold=11 / 3 * _INCH, second_fold=22 / 3 * _INCH,
        ),
        _page(
            "a4", "A4", _A4,
            margin=25 * _MM, address_x=25 * _MM, address_y=50 * _MM, address_width=85 * _MM, address_height=27.3 * _MM,
        ),
        _page(
            "a4-window", "A4, DL window envelope", _A4,
            margin=25 * _MM, address_x=25 * _MM, address_y=62.7 * _MM, address_width=80 * _MM,
            address_height=27.3 * _MM, return_y=50 * _MM, fold=105 * _MM, second_fold=210 * _MM,
        ),
    )
}  # fmt: skip


def _sheet(
    key: str, name: str, size: tuple[float, float], grid: tuple[int, int], unit: float, *places: float
) -> LabelSheet:
    """`places`: left, top, width, height, column step, row step, in units."""
    return LabelSheet(key, name, *size, *grid, *(unit * each for each in places))


# As their makers print them on the boxes.
LABEL_SHEETS: dict[str, LabelSheet] = {
    each.key: each
    for each in (
        _sheet("avery-5160", "Avery 5160, 30 on US Letter", _LETTER, (3, 10), _INCH, 0.1875, 0.5, 2.625, 1, 2.75, 1),
        _sheet("avery-5161", "Avery 5161, 20 on US Letter", _LETTER, (2, 10), _INCH, 0.15625, 0.5, 4, 1, 4.1875, 1),
        _sheet("avery-5163", "Avery 5163, 10 on US Letter", _LETTER, (2, 5), _INCH, 0.15625, 0.5, 4, 2, 4.1875, 2),
        _sheet("avery-l7160", "Avery L7160, 21 on A4", _A4, (3, 7), _MM, 7.25, 15.15, 63.5, 38.1, 66.0, 38.1),
    )
}
