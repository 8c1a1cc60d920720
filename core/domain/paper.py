"""Paper that letters and labels are printed on. Lengths are in points (1/72 inch) from the top left corner."""

from dataclasses import dataclass

_INCH, _MM = 72.0, 72 / 25.4


@dataclass(frozen=True)
class PageTemplate:
    """A page of a letter, with the place of the address.

    address_x ...  where the addressee's lines stand: within what the window of the envelope shows wherever the page
                   slides to in it, if it has one
    return_y       the top of a small sender's line within the same window; None: the sender stands in the letterhead
    shown          left, top, right and bottom of what may show through the window: nothing else stands there
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
    shown: tuple[float, float, float, float] | None = None

    @property
    def head_bottom(self) -> float:
        """Where the letterhead must end."""
        return self.shown[1] - 4 if self.shown else self.address_y - 14

    @property
    def body_y(self) -> float:
        """Where the text begins on the first page."""
        return self.shown[3] + 16 if self.shown else self.address_y + self.address_height + 20


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


@dataclass(frozen=True)
class Envelope:
    """An envelope with a window, and the part of a folded page that faces it, `panel` high."""

    width: float
    height: float
    left: float
    bottom: float
    window_width: float
    window_height: float
    panel: float

    def seen(self, *, x: float, y: float) -> tuple[float, float, float, float]:
        """What of the page the window shows (left, top, right, bottom) when it lies so far right and down in it."""
        top = self.height - self.bottom - self.window_height
        left = self.left - x
        return left, top - y, left + self.window_width, top - y + self.window_height

    def slides(self, page_width: float) -> tuple[float, float]:
        """How far a page can slide, to the right and down."""
        return self.width - page_width, self.height - self.panel

    def always(self, page_width: float) -> tuple[float, float, float, float]:
        """What the window shows wherever the page slides to."""
        x, y = self.slides(page_width)
        left, top, _, _ = self.seen(x=0, y=0)
        _, _, right, bottom = self.seen(x=x, y=y)
        return left, top, right, bottom

    def ever(self, page_width: float) -> tuple[float, float, float, float]:
        """What the window shows in any place of the page."""
        x, y = self.slides(page_width)
        left, top, _, _ = self.seen(x=x, y=y)
        _, _, right, bottom = self.seen(x=0, y=0)
        return left, top, right, bottom


def _page(key: str, name: str, size: tuple[float, float], **places: float) -> PageTemplate:
    return PageTemplate(key, name, *size, folds=(), shown=None, **places)


def _window_page(
    key: str, name: str, size: tuple[float, float], envelope: Envelope, folds: tuple[float, ...], **places: float
) -> PageTemplate:
    return PageTemplate(key, name, *size, folds=folds, shown=envelope.ever(size[0]), **places)


_LETTER, _A4 = (8.5 * _INCH, 11 * _INCH), (210 * _MM, 297 * _MM)
# A #10 window envelope is 4 1/8 x 9 1/2 in, its window 7/8 in from the left and 1/2 in from the bottom, 1 1/8 in high
# and 4 1/2 in wide; a page folded in three slides an inch in it. A DL window envelope (DIN 680) is 110 x 220 mm, its
# window 20 mm from the left and 15 mm from the bottom, 45 x 90 mm; the page is as in DIN 5008 form B.
NUMBER_10 = Envelope(9.5 * _INCH, 4.125 * _INCH, 0.875 * _INCH, 0.5 * _INCH, 4.5 * _INCH, 1.125 * _INCH, 11 / 3 * _INCH)
DL = Envelope(220 * _MM, 110 * _MM, 20 * _MM, 15 * _MM, 90 * _MM, 45 * _MM, 105 * _MM)
PAGES: dict[str, PageTemplate] = {
    each.key: each
    for each in (
        _page(
            "letter", "US Letter", _LETTER,
            margin=_INCH, address_x=_INCH, address_y=2.1 * _INCH, address_width=4 * _INCH, address_height=1.1 * _INCH,
        ),
        # What the window always shows is 2/3 in high and 3 1/2 in wide.
        _window_page(
            "letter-window", "US Letter, #10 window envelope", _LETTER, NUMBER_10, (11 / 3 * _INCH, 22 / 3 * _INCH),
            margin=_INCH, address_x=_INCH, address_y=2.5 * _INCH, address_width=3.3 * _INCH,
            address_height=2 / 3 * _INCH,
        ),
        _page(
            "a4", "A4", _A4,
            margin=25 * _MM, address_x=25 * _MM, address_y=50 * _MM, address_width=85 * _MM, address_height=27.3 * _MM,
        ),
        _window_page(
            "a4-window", "A4, DL window envelope", _A4, DL, (105 * _MM, 210 * _MM),
            margin=25 * _MM, address_x=25 * _MM, address_y=62.7 * _MM, address_width=73 * _MM,
            address_height=27.3 * _MM, return_y=51 * _MM,
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
