"""Letters as pictures of their pages, for previews: nothing is printed, nothing is kept."""

from dataclasses import dataclass

from core import letters
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.role import READ_PATIENTS
from core.workbench import Workbench, needs


@dataclass(frozen=True)
class PagePicture:
    """One page as a PNG; `page` counts from 1 up to `pages`."""

    png: bytes
    page: int
    pages: int


@needs(READ_PATIENTS)
def of_patient(
    wb: Workbench, draft: Campaign, patient_id: str, *, language: str | None = None, page: int = 1, width: int = 1000
) -> PagePicture:
    """A page of the letter as this patient would get it, `width` pixels wide; the last page when it has fewer.

    `draft` need not be saved; `language` instead of the patient's. Raises what `core.letters.preview` raises.
    """
    return _picture(letters.preview(wb, draft, patient_id, language=language), page=page, width=width)


def of_example(
    wb: Workbench, draft: Campaign, *, language: str = DEFAULT_LANGUAGE, page: int = 1, width: int = 1000
) -> PagePicture:
    """The same for an invented patient who reads `language`."""
    return _picture(letters.example(wb, draft, language=language), page=page, width=width)


def example_pages(wb: Workbench, draft: Campaign, *, language: str = DEFAULT_LANGUAGE) -> int:
    """How many pages the letter in a language has with example values. Raises what `core.letters.example` raises."""
    from core.channels.pdf_pictures import page_count

    return page_count(letters.example(wb, draft, language=language))


def _picture(content: bytes, *, page: int, width: int) -> PagePicture:
    from core.channels.pdf_pictures import page_count, page_pictures

    pages = page_count(content)
    shown = min(max(page, 1), pages)
    [png] = page_pictures(content, pages=[shown - 1], width=width)
    return PagePicture(png, shown, pages)
