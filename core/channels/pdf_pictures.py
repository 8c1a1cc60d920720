"""Pages of a PDF as pictures, for previews."""

import io
from collections.abc import Sequence


def page_pictures(content: bytes, *, pages: Sequence[int], width: int) -> list[bytes]:
    """A PNG of each of these pages (from 0), so many pixels wide."""
    import pypdfium2

    with pypdfium2.PdfDocument(content) as document:
        return [_picture(document[page], width) for page in pages]


def _picture(page: object, width: int) -> bytes:
    kept = io.BytesIO()
    page.render(scale=width / page.get_width()).to_pil().save(kept, "png")  # type: ignore[attr-defined]
    return kept.getvalue()


def page_count(content: bytes) -> int:
    """How many pages a PDF has."""
    import pypdfium2

    with pypdfium2.PdfDocument(content) as document:
        return len(document)
