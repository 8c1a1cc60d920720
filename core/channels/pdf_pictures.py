"""Pages of a PDF as pictures, for previews."""

import io
import threading
from collections.abc import Sequence

# PDFium is not made for two threads at once: it would end the server, and the dispatcher with it.
_ONE_AT_A_TIME = threading.Lock()


def page_pictures(content: bytes, *, pages: Sequence[int], width: int) -> list[bytes]:
    """A PNG of each of these pages (from 0), so many pixels wide."""
    import pypdfium2

    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(content) as document:
        return [_picture(document[page], width) for page in pages]


def _picture(page: object, width: int) -> bytes:
    kept = io.BytesIO()
    page.render(scale=width / page.get_width()).to_pil().save(kept, "png")  # type: ignore[attr-defined]
    return kept.getvalue()


def page_count(content: bytes) -> int:
    """How many pages a PDF has."""
    import pypdfium2

    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(content) as document:
        return len(document)
