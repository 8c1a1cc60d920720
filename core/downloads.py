"""Files made in the background and the organisation's own documents: listed, fetched, deleted, expired (L3, R5).

A file of letters or labels names all patients of its campaign with their addresses, so it is for who made the campaign
or may see all of them, and may print or export. Every fetch is recorded before the content is given out.
"""

import hashlib
import secrets
import unicodedata
from dataclasses import replace

from sqlalchemy import Connection

from core.audit import record_in
from core.channels.documents import kind_of, promised
from core.domain.one_line import is_visible, one_line
from core.domain.role import CHANGE_ORGANISATION, EXPORT_PATIENTS, MAKE_CAMPAIGNS, READ_PATIENTS, refusal
from core.errors import DataError, NotAllowed, NotFound
from core.store import campaigns as campaign_rows
from core.store import download_rows as rows
from core.store.database import reading, writing
from core.store.download_rows import Download as Download
from core.workbench import Workbench, needs

MOST_BYTES = 20 * 1024 * 1024
_JOINERS = "\u200c\u200d"  # some scripts need them; whatever else has no width may hide or turn around an ending
_LONGEST_NAME, _LONGEST_ABOUT = 120, 500
_GONE = "This file is not there any more. Letters and labels can be made again from their campaign."


@needs(READ_PATIENTS)
def files(wb: Workbench, *, with_deleted: bool = False) -> list[Download]:
    """The files of campaigns that the user made, or whose patients the user may all see; the newest first."""
    with reading(wb.engine) as connection:
        found = rows.of_campaigns(connection, with_deleted=with_deleted)
        named = {each.campaign_id for each in found if each.campaign_id}
        mine = campaign_rows.with_files_for(connection, wb.user, named)
    return [each for each in found if each.campaign_id in mine]


def documents(wb: Workbench) -> list[Download]:
    """The organisation's own documents, by name."""
    with reading(wb.engine) as connection:
        return sorted(rows.documents(connection), key=lambda each: (each.name.casefold(), each.file_id))


def why_not_fetch(wb: Workbench, kind: str) -> str:
    """Why this user fetches no file of this kind, and whom to ask; empty when allowed. The organisation's own documents
    are for everybody."""
    may = kind == "document" or wb.user.may(MAKE_CAMPAIGNS) or wb.user.may(EXPORT_PATIENTS)
    return "" if may else f"Letters and labels name patients with their addresses. {refusal(EXPORT_PATIENTS)}"


def content(wb: Workbench, file_id: str) -> Download:
    """A file with its content. Recorded: who fetched which. Raises NotFound, also for one that was deleted, and
    NotAllowed for letters and labels without the permission to print or to export."""
    with writing(wb.engine) as connection:
        found = _one(wb, connection, file_id)
        if why := why_not_fetch(wb, found.kind):
            raise NotAllowed(why)
        held = rows.content(connection, file_id)
        if held is None:
            raise NotFound(_GONE)
        record_in(wb, connection, "download.fetched", file_id, kind=found.kind, campaign=found.campaign_id or "")
    return replace(found, content=held)


def delete(wb: Workbench, file_id: str) -> None:
    """Throw a file away; its line stays. Raises NotFound, NotAllowed."""
    with writing(wb.engine) as connection:
        found = _one(wb, connection, file_id)
        wb.require(CHANGE_ORGANISATION if found.kind == "document" else MAKE_CAMPAIGNS)
        if not rows.drop_one(connection, file_id, at=wb.now(), by=wb.user.user_id):
            raise NotFound(_GONE)
        record_in(wb, connection, "download.deleted", file_id, kind=found.kind, campaign=found.campaign_id or "")


def expire(wb: Workbench) -> int:
    """Throw away the files that have had their days; returns how many. For dispatchers."""
    with reading(wb.engine) as connection:
        if not rows.has_expired(connection, at=wb.now()):
            return 0
    with writing(wb.engine) as connection:
        gone = rows.expire(connection, at=wb.now(), by=wb.user.user_id)
        for file_id in gone:
            record_in(wb, connection, "download.expired", file_id)
    return len(gone)


@needs(CHANGE_ORGANISATION)
def add_document(wb: Workbench, name: str, about: str, content: bytes) -> Download:
    """Keep a document of at most 20 MB: PDF, Word, Excel, PowerPoint, PNG, JPEG or plain text by what it holds.

    Raises DataError for other content and for text whose name promises another kind, NotAllowed for a name that does
    not do and for who may not change the organisation.
    """
    if len(content) > MOST_BYTES:
        raise DataError(f"The file is too large: at most {MOST_BYTES // 1024 // 1024} MB. Make it smaller or split it.")
    kind = kind_of(content)
    if said := promised(name, kind):
        raise DataError(
            f"The file is called .{said} and is none: it is damaged, or was renamed. Save it anew from the program it "
            "was made with."
        )
    made = Download(
        file_id=secrets.token_hex(8),
        kind="document",
        name=_file_name(name, kind.ending),
        mime=kind.mime,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        made_at=wb.now(),
        made_by=wb.user.user_id,
        about=_about(about),
        content=content,
    )
    with writing(wb.engine) as connection:
        if made.name.casefold() in {each.name.casefold() for each in rows.documents(connection)}:
            raise NotAllowed("Another document has this name. Give it another one, or delete the other one first.")
        rows.add(connection, made)
        record_in(wb, connection, "document.added", made.file_id, kind=kind.ending, bytes=made.size)
    return replace(made, content=b"")


def _one(wb: Workbench, connection: Connection, file_id: str) -> Download:
    found = rows.one(connection, file_id)
    if found is not None and found.kind != "document":
        wb.require(READ_PATIENTS)
    if found is None or (found.campaign_id and not _may_have(wb, connection, found.campaign_id)):
        raise NotFound("There is no such file, or it holds patients you may not see.")
    return found


def _may_have(wb: Workbench, connection: Connection, campaign_id: str) -> bool:
    return bool(campaign_rows.with_files_for(connection, wb.user, [campaign_id]))


def _file_name(typed: str, ending: str) -> str:
    """The name with the ending of what the file really is."""
    name = one_line("".join(c for c in typed if c in _JOINERS or unicodedata.category(c) != "Cf"))
    stem = name[: -len(ending) - 1] if name.casefold().endswith(f".{ending}") else name
    if not is_visible(stem) or set(stem) & set('/\\:*?"<>|'):
        raise NotAllowed('The document needs a name without any of / \\ : * ? " < > |, such as: Fasting instructions.')
    if len(stem) > _LONGEST_NAME:
        raise NotAllowed(f"The name has {len(stem)} characters; at most {_LONGEST_NAME} are possible.")
    return f"{stem}.{ending}"


def _about(typed: str) -> str:
    about = one_line(typed)
    if len(about) > _LONGEST_ABOUT:
        raise NotAllowed(f"The description has {len(about)} characters; at most {_LONGEST_ABOUT} are possible.")
    return about
