"""Files made in the background and the organisation's own documents: listed, fetched, deleted, expired (L3, R5)."""

from dataclasses import dataclass, field
from datetime import datetime

from core.workbench import Workbench


@dataclass(frozen=True)
class Download:
    """A file. `content` is there only where it was asked for.

    kind         'letters', 'labels', 'document' or 'test' (not kept)
    name         of the file, with nothing personal in it
    about        of a document: what it is for
    part, parts  'file 1 of 3'
    first, count of letters: the position of the first one in the run (from 1), and how many
    digest       SHA-256 in hexadecimal
    expires_at   when it is thrown away by itself; None: never
    deleted_how  '' while it is there, else 'deleted' (by `deleted_by`), 'expired', 'outdated' or 'stopped'
    """

    file_id: str
    kind: str
    name: str
    mime: str
    size: int
    digest: str
    made_at: datetime
    made_by: str
    about: str = ""
    campaign_id: str | None = None
    campaign_name: str = ""
    run_id: str | None = None
    part: int = 1
    parts: int = 1
    first: int = 1
    count: int = 0
    pages: int = 0
    is_outdated: bool = False
    expires_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted_by: str = ""
    deleted_how: str = ""
    content: bytes = field(default=b"", repr=False)


def files(wb: Workbench, *, with_deleted: bool = False) -> list[Download]:
    """The files made for campaigns whose patients the user may all see, or that the user made; the newest first."""
    raise NotImplementedError


def documents(wb: Workbench) -> list[Download]:
    """The organisation's own documents, by name."""
    raise NotImplementedError


def content(wb: Workbench, file_id: str) -> Download:
    """A file with its content. Recorded: who fetched which. Raises NotFound, also for one that was deleted."""
    raise NotImplementedError


def delete(wb: Workbench, file_id: str) -> None:
    """Throw a file away; its line stays. Raises NotFound, NotAllowed."""
    raise NotImplementedError


def add_document(wb: Workbench, name: str, about: str, content: bytes) -> Download:
    """Keep a document of at most 20 MB: PDF, Word, Excel, PowerPoint, PNG, JPEG or plain text by what it holds.

    Raises DataError for other content, NotAllowed for a name that does not do and for who may not change the
    organisation.
    """
    raise NotImplementedError
