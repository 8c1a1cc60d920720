"""What the body of a letter consists of, before anything has a place: paragraphs, tables and lines across."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one look; a line break is a run of '\\n'."""

    text: str
    is_bold: bool = False
    is_italic: bool = False
    is_underlined: bool = False
    is_struck: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text in lines.

    kind    'P', 'H1' to 'H4' or 'LI'
    align   'left', 'right', 'center' or '' for the side on which the language begins
    indent  how many lists it is in
    quotes  how many quotations it is in
    label   what stands before an item of a list: '•' or '1.'
    path    the lists and items that it is in, as numbers: which paragraphs belong together
    """

    runs: tuple[Run, ...]
    kind: str = "P"
    align: str = ""
    indent: int = 0
    quotes: int = 0
    label: str = ""
    path: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; what is in it is laid out in it."""

    blocks: tuple["Block", ...]
    is_head: bool = False
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; the first `heads` rows are repeated on the next page."""

    rows: tuple[tuple[Cell, ...], ...]
    heads: int = 0
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


Block = Paragraph | Table | Rule
