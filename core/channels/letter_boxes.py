"""What a letter consists of on its way to the page: boxes, one below the other, that are not split.

Lengths are in points; within a box y goes down from its top.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from core.channels.letter_html import Block, Paragraph, Rule, Table
from core.channels.letter_lines import Line, is_rtl, lines_of
from core.channels.letter_links import with_addresses
from core.channels.pdf_text import SPACE, Typesetter

BLACK, QUIET, PALE = 0.0, 0.38, 0.93  # of 1: grey that is still clear on a black-and-white printer
_INDENT, _QUOTE, _DEEPEST = 18.0, 16.0, 8
_HEADS = {"H1": 1.45, "H2": 1.25, "H3": 1.1, "H4": 1.0}
# Scripts with marks above and below need more room between the lines.
_TALL = frozenset("ar bn dv fa gu hi km kn lo ml mr my ne pa ps sd si ta te th ug ur".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Text:
    """Operators of text that begin at a place on a baseline."""

    x: float
    y: float
    shown: str
    grey: float = BLACK


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle: a thin one is a line."""

    x: float
    y: float
    width: float
    height: float
    grey: float = BLACK


@dataclass(frozen=True, slots=True)
class Link:
    """A place that leads to an address."""

    x: float
    y: float
    width: float
    height: float
    address: str


Mark = Text | Bar | Link
Part = tuple[str, int]  # kind and number: marks of the same part are read as one


@dataclass(frozen=True, slots=True)
class Box:
    """Marks that stay together.

    gap     room above it, unless it is the first on a page
    keeps   whether it stays on one page with the next one
    marks   by the part that they belong to; ('Artifact', 0) is not read aloud
    around  the parts that those are in, such as a list and its item
    head    boxes that are repeated above it when it begins a page
    """

    height: float
    marks: tuple[tuple[Part, tuple[Mark, ...]], ...]
    gap: float = 0.0
    keeps: bool = False
    around: tuple[Part, ...] = ()
    head: "tuple[Box, ...]" = ()


@dataclass(frozen=True, slots=True)
class Type:
    """How text is set: its size, from line to line, and in which language."""

    size: float
    leading: float
    language: str

    def of(self, size: float) -> "Type":
        """The same in another size."""
        return Type(size, self.leading * size / self.size, self.language)


def type_for(language: str, size: float) -> Type:
    """How a language is set in this size."""
    return Type(size, size * (1.65 if language in _TALL else 1.42), language)


class Setter:
    """Lays out blocks. `numbers` of parts are counted on, so that no two are the same in a document."""

    def __init__(self, typesetter: Typesetter, deepest: float) -> None:
        self.typesetter = typesetter
        self.deepest = deepest  # the highest box that fits on a page
        self._numbers = count(1)

    def number(self) -> int:
        """A number that no part has."""
        return next(self._numbers)

    def inside(self, room: float) -> "Setter":
        """One for boxes within others, which take so much of a page."""
        inner = Setter(self.typesetter, max(self.deepest - room, 60.0))
        inner._numbers = self._numbers
        return inner

    def boxes(
        self, blocks: Sequence[Block], kind: Type, *, x: float, width: float, before: Block | None = None
    ) -> list[Box]:
        """The boxes of blocks, with the room between them that their kinds ask for; `before` is the block above."""
        from core.channels.letter_tables import table_boxes

        made: list[Box] = []
        lists = dict[int, int]()
        for block in blocks:
            match block:
                case Paragraph():
                    made.extend(self._paragraph(block, before, kind, x, width, lists))
                case Rule():
                    bar = Bar(x, kind.size, width, 0.6, QUIET)
                    made.append(Box(2 * kind.size, ((("Artifact", 0), (bar,)),)))
                case Table():
                    made.extend(
                        table_boxes(self, block, kind, x=x, width=width, gap=kind.size * 0.9 if before else 0.0)
                    )
            before = block
        return made

    def _paragraph(
        self, block: Paragraph, before: Block | None, kind: Type, x: float, width: float, lists: dict[int, int]
    ) -> Iterator[Box]:
        is_head = block.kind in _HEADS
        its = kind.of(kind.size * _HEADS[block.kind]) if is_head else kind
        if is_head:
            its = Type(its.size, its.size * (1.5 if kind.language in _TALL else 1.25), its.language)
        runs = tuple(with_addresses(block.runs))
        rtl = is_rtl(runs, language=kind.language)
        left, right = _inset(block, rtl=rtl)
        left, right = min(left, width / 2), min(right, width / 2)
        room = width - left - right
        lines = lines_of(self.typesetter, runs, width=room, size=its.size, language=kind.language)
        part = (block.kind if is_head else "LBody" if block.kind == "LI" else "P", self.number())
        around = _around(block, lists, self)
        gap = _gap(block, before, kind)
        label = self._label(block, its, x, left, right, width, rtl=rtl)
        for number, line in enumerate(lines):
            marks = tuple(self._marks(line, its, x + left, room, _side(block, rtl=rtl), rtl=rtl))
            made: list[tuple[Part, tuple[Mark, ...]]] = [(part, marks)]
            if label and number == 0:
                made.insert(0, (("Lbl", self.number()), label))
            made.extend(_quote_bars(block, x, its.leading, rtl=rtl, width=width))
            keeps = is_head or (len(lines) > 1 and number in (0, len(lines) - 2))
            yield Box(its.leading, tuple(made), gap if number == 0 else 0.0, keeps, around)

    def _label(
        self, block: Paragraph, kind: Type, x: float, left: float, right: float, width: float, *, rtl: bool
    ) -> tuple[Mark, ...]:
        if not block.label:
            return ()
        word = self.typesetter.word(block.label, language=kind.language)
        [(_, shown)] = self.typesetter.line([(word, False)], kind.size, rtl=False)
        long = word.width * kind.size
        gap = 6.0 if block.label[-1] == "." else 8.0
        start = x + width - right + gap if rtl else x + left - gap - long
        return (Text(start, baseline(kind), shown),)

    def _marks(self, line: Line, kind: Type, x: float, width: float, side: str, *, rtl: bool) -> Iterator[Mark]:
        size = kind.size
        words = [(atom.word, atom.is_spaced and place > 0) for place, atom in enumerate(line)]
        long = sum(word.width + (SPACE if is_spaced else 0) for word, is_spaced in words) * size
        start = x + {"left": 0.0, "center": (width - long) / 2, "right": width - long}[side]
        y = baseline(kind)
        for offset, shown in self.typesetter.line(words, size, rtl=rtl) if words else ():
            yield Text(start + offset, y, shown)
        if any(atom.run.is_underlined or atom.run.is_struck or atom.run.href for atom in line):
            has_rtl = rtl or any(atom.word.has_rtl for atom in line)
            yield from _lines_of_text(line, start, y, size, long if has_rtl else 0.0)


def baseline(kind: Type) -> float:
    """Where the letters stand in a line."""
    return kind.leading / 2 + kind.size * 0.36


def _lines_of_text(line: Line, start: float, y: float, size: float, whole: float) -> Iterator[Mark]:
    """Lines under and through text, and links. In a line from right to left they go under all of it: what stands where
    is not known here."""
    x = start
    for place, atom in enumerate(line):
        space = SPACE * size if atom.is_spaced and place else 0.0
        long = atom.word.width * size
        run = atom.run
        is_joined = bool(space) and place > 0 and line[place - 1].run is run
        left, width = (x, long + space) if is_joined else (x + space, long)
        if whole:
            left, width = start, whole
        if run.is_underlined or run.href:
            yield Bar(left, y + size * 0.12, width, size * 0.05)
        if run.is_struck:
            yield Bar(left, y - size * 0.32, width, size * 0.05)
        if run.href:
            yield Link(left, y - size, width, size * 1.3, run.href)
        x += space + long
        if whole:
            return


def _side(block: Paragraph, *, rtl: bool) -> str:
    return (
        block.align
        if block.align in ("left", "right", "center")
        else "right"
        if rtl != (block.align == "end")
        else "left"
    )


def _inset(block: Paragraph, *, rtl: bool) -> tuple[float, float]:
    inner = _INDENT * min(block.indent, _DEEPEST) + _QUOTE * min(block.quotes, _DEEPEST)
    return (0.0, inner) if rtl else (inner, 0.0)


def _quote_bars(
    block: Paragraph, x: float, height: float, *, rtl: bool, width: float
) -> Iterator[tuple[Part, tuple[Mark, ...]]]:
    bars = [
        Bar(x + width - _QUOTE * level - 2 if rtl else x + _QUOTE * level + 1, 0, 1.2, height, 0.7)
        for level in range(min(block.quotes, _DEEPEST))
    ]
    if bars:
        yield ("Artifact", 0), tuple(bars)


def _gap(block: Paragraph, before: Block | None, kind: Type) -> float:
    if before is None:
        return 0.0
    if block.kind in _HEADS:
        return kind.size * 1.1
    if isinstance(before, Paragraph) and before.kind in _HEADS:
        return kind.size * 0.3
    if block.kind == "LI" and isinstance(before, Paragraph) and before.kind == "LI":
        return kind.size * 0.25
    return kind.size * 0.75


def _around(block: Paragraph, lists: dict[int, int], setter: Setter) -> tuple[Part, ...]:
    parts: list[Part] = []
    for depth, number in enumerate(block.path):
        if number not in lists:
            lists[number] = setter.number()
        parts.append(("LI" if depth % 2 else "L", lists[number]))
    return tuple(parts)
