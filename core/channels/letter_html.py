"""The body of a letter, clean HTML, as paragraphs, tables and lines across."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from core.channels.letter_items import label_of

_HEADINGS = ("h1", "h2", "h3", "h4")
_BOLD, _ITALIC = frozenset({"b", "strong", "th", *_HEADINGS}), frozenset({"i", "em"})
_BLOCKS = frozenset({"p", "div", "li", "blockquote", "td", "th", "ul", "ol", *_HEADINGS})
_EMPTY = frozenset({"br", "hr"})
_ALIGN = re.compile(r"text-align:\s*(\w+)")
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)\b[^<>]*>")


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


def pieces(body: str) -> Iterator[str]:
    """The body cut between its outermost elements: most are the same in all letters."""
    depth = start = 0
    for tag in _TAG.finditer(body):
        if tag[2] in _EMPTY:
            continue
        depth += -1 if tag[1] else 1
        if depth == 0 and tag[2] in ("p", "div", "ul", "ol", "table", "blockquote", *_HEADINGS):
            yield body[start : tag.end()]
            start = tag.end()
    if body[start:].strip():
        yield body[start:]


def blocks(html: str) -> tuple[Block, ...]:
    """What clean HTML holds."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    return tuple(_Walk().blocks(tree.root, _Look()))


@dataclass(slots=True)
class _Node:
    tag: str
    attributes: dict[str, str]
    children: "list[_Node | str]" = field(default_factory=list)


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _EMPTY:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(_Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].tag == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


@dataclass(frozen=True, slots=True)
class _Look:
    """What holds within an element."""

    is_bold: bool = False
    is_italic: bool = False
    is_underlined: bool = False
    is_struck: bool = False
    href: str = ""
    kind: str = "P"
    align: str = ""
    lists: tuple[str, ...] = ()
    quotes: int = 0
    path: tuple[int, ...] = ()

    def within(self, node: _Node) -> "_Look":
        tag = node.tag
        aligned = _ALIGN.search(node.attributes.get("style", ""))
        align = aligned[1] if aligned else node.attributes.get("align", "")
        return _Look(
            self.is_bold or tag in _BOLD,
            self.is_italic or tag in _ITALIC,
            self.is_underlined or tag == "u",
            self.is_struck or tag == "s",
            node.attributes.get("href", "") if tag == "a" else self.href,
            tag.upper() if tag in _HEADINGS else self.kind,
            _SIDES.get(align, "") if align else self.align,
            (*self.lists, tag) if tag in ("ul", "ol") else self.lists,
            self.quotes + (tag == "blockquote"),
            self.path,
        )


_SIDES = {"left": "left", "right": "right", "center": "center", "end": "end"}


class _Walk:
    """Turns a tree into blocks."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._label = ""
        self._count = 0

    def blocks(self, node: _Node, look: _Look) -> Iterator[Block]:
        yield from self._children(node, look)
        yield from self._flush(look)

    def _children(self, node: _Node, look: _Look) -> Iterator[Block]:
        number = 0
        for child in node.children:
            if isinstance(child, str):
                self._add(child, look)
            elif child.tag == "br":
                self._add("\n", look, is_break=True)
            elif child.tag == "hr":
                yield from self._flush(look)
                yield Rule()
            elif child.tag == "table":
                yield from self._flush(look)
                yield self._table(child, look)
            elif child.tag in _BLOCKS:
                yield from self._flush(look)
                number += child.tag == "li"
                yield from self._block(child, look.within(child), number)
            else:
                yield from self._children(child, look.within(child))

    def _block(self, node: _Node, look: _Look, number: int) -> Iterator[Block]:
        if node.tag in ("ul", "ol", "li"):
            self._count += 1
            look = replace(look, path=(*look.path, self._count))
        if node.tag == "li":
            self._label = label_of(look.lists, number)
            look = replace(look, kind="LI")
        yield from self._children(node, look)
        yield from self._flush(look)
        if node.tag == "li":
            self._label = ""

    def _add(self, text: str, look: _Look, *, is_break: bool = False) -> None:
        if not is_break:
            text = re.sub(r"\s+", " ", text)
        if text:
            self._runs.append(
                Run(text, look.is_bold, look.is_italic, look.is_underlined, look.is_struck, look.href)
            )  # fmt: skip

    def _flush(self, look: _Look) -> Iterator[Block]:
        runs, self._runs = self._runs, []
        if not any(run.text != " " for run in runs):
            return
        label, self._label = self._label, ""
        yield Paragraph(tuple(runs), look.kind, look.align, len(look.lists), look.quotes, label, look.path)

    def _table(self, node: _Node, look: _Look) -> Table:
        rows, heads = [], 0
        inner = _Look(align=look.align)
        for row, is_head in _rows(node, is_head=False):
            cells = tuple(self._cell(each, inner.within(each)) for each in _cells(row))
            if cells:
                rows.append(cells)
                is_repeated = is_head or all(cell.is_head for cell in cells)
                heads += is_repeated and heads == len(rows) - 1
        return Table(tuple(rows), heads, len(look.lists))

    @staticmethod
    def _cell(node: _Node, look: _Look) -> Cell:
        spans = (node.attributes.get("colspan", ""), node.attributes.get("rowspan", ""))
        columns, rows = (int(span) if span.isdecimal() else 1 for span in spans)
        return Cell(tuple(_Walk().blocks(node, look)), node.tag == "th", max(columns, 1), max(rows, 1))


def _rows(node: _Node, *, is_head: bool) -> Iterator[tuple[_Node, bool]]:
    for child in node.children:
        if isinstance(child, _Node):
            if child.tag == "tr":
                yield child, is_head
            elif child.tag in ("thead", "tbody"):
                yield from _rows(child, is_head=child.tag == "thead")


def _cells(row: _Node) -> Iterator[_Node]:
    for child in row.children:
        if isinstance(child, _Node) and child.tag in ("td", "th"):
            yield child
