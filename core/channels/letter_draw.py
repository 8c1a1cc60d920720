"""Draws boxes and marks on the page of a document, part by part for screen readers."""

from collections.abc import Iterable, Sequence

from core.channels.letter_marks import Bar, Box, Link, Mark, Part, Text
from core.channels.pdf_document import Document

_ARTIFACT: Part = ("Artifact", 0)


def draw_marks(document: Document, kind: str, marks: Iterable[Mark]) -> None:
    """Marks whose places are those on the page, as one part; none draws nothing."""
    shown = tuple(marks)
    if shown:
        with document.part(kind):
            document._out("\n".join(_operators(document, shown, 0.0)))


def draw_boxes(document: Document, boxes: Sequence[tuple[float, Box]]) -> None:
    """Boxes with their tops on the page."""
    current: Part | None = None
    opened: list[Part] = []
    shown: list[str] = []
    for y, box in boxes:
        common = _common(opened, box.around)
        if common < max(len(opened), len(box.around)) and current:
            shown.append("EMC")
            current = None
        for _ in opened[common:]:
            document.parts.close()
        for part in box.around[common:]:
            document.parts.open(part[0])
        opened = list(box.around)
        for part, marks in box.marks:
            if part != current:
                if current:
                    shown.append("EMC")
                shown.append(_begin(document, part))
                current = part
            shown.extend(_operators(document, marks, y))
    if current:
        shown.append("EMC")
    for _ in opened:
        document.parts.close()
    if shown:
        document._out("\n".join(shown))


def _common(first: Sequence[Part], second: Sequence[Part]) -> int:
    common = 0
    while common < min(len(first), len(second)) and first[common] == second[common]:
        common += 1
    return common


def _begin(document: Document, part: Part) -> str:
    if part == _ARTIFACT:
        return "/Artifact BMC"
    return f"/{part[0]} <</MCID {document.parts.leaf(document, part[0], None)}>> BDC"


def _operators(document: Document, marks: Sequence[Mark], top: float) -> list[str]:
    height, found = document.h, []
    for mark in marks:
        match mark:
            case Text(x, y, shown, grey):
                found.append(f"{grey:g} g BT {x:.2f} {height - top - y:.2f} Td {shown} ET")
            case Bar(x, y, w, h, grey):
                found.append(f"{grey:g} g {x:.2f} {height - top - y - h:.2f} {w:.2f} {h:.2f} re f")
            case Link(x, y, w, h, address):
                document.link(x, top + y, w, h, address)
    return found
