"""What a PDF holds, read by another program than the one that made it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2
from pypdf import PdfReader


def reader(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content), strict=True)


def page_texts(content: bytes) -> list[str]:
    """The text of each page in reading order, with every kind of white space as one space."""
    return [" ".join(page.extract_text().split()) for page in reader(content).pages]


def fonts(content: bytes) -> dict[str, bool]:
    """The fonts that the pages use, and whether each is in the file."""
    found: dict[str, bool] = {}
    for page in reader(content).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            found[inner["/BaseFont"]] = "/FontFile2" in descriptor or "/FontFile3" in descriptor
    return found


def fields(content: bytes) -> dict[str, Any]:
    """The boxes that can be filled in on the screen, by name."""
    return dict(reader(content).get_fields() or {})


@dataclass(frozen=True)
class Letter:
    """A letter of a page with its box: left, top, right and bottom in points from the top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def placed(content: bytes) -> list[list[Letter]]:
    """Every visible letter of each page with its place, by a third program."""
    with pypdfium2.PdfDocument(content) as document:
        return [list(_placed(page)) for page in document]


def _placed(page: Any) -> Iterator[Letter]:
    texts, height = page.get_textpage(), page.get_height()
    for index in range(texts.count_chars()):
        text = texts.get_text_range(index, 1)
        if text.strip():
            left, bottom, right, top = texts.get_charbox(index)
            yield Letter(text, left, height - top, right, height - bottom)


def pdfium_texts(content: bytes) -> list[str]:
    """The text of each page as pdfium reads it, with every kind of white space as one space."""
    with pypdfium2.PdfDocument(content) as document:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
