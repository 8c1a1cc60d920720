"""What a PDF holds, read by another program than the one that made it."""

import io
from typing import Any

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
            found[inner["/BaseFont"]] = "/FontFile2" in inner["/FontDescriptor"].get_object()
    return found


def fields(content: bytes) -> dict[str, Any]:
    """The boxes that can be filled in on the screen, by name."""
    return dict(reader(content).get_fields() or {})
