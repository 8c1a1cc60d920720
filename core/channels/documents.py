"""Which kind of document a file is, by what it holds and never by its name."""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass

from core.errors import DataError


@dataclass(frozen=True)
class Kind:
    """The usual ending of a file's name, without the dot, and its media type."""

    ending: str
    mime: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
_BY_PART = {
    "word/document.xml": Kind("docx", f"{_OFFICE}.wordprocessingml.document"),
    "xl/workbook.xml": Kind("xlsx", f"{_OFFICE}.spreadsheetml.sheet"),
    "ppt/presentation.xml": Kind("pptx", f"{_OFFICE}.presentationml.presentation"),
}
_BY_START = {
    b"%PDF-": Kind("pdf", "application/pdf"),
    b"\x89PNG\r\n\x1a\n": Kind("png", "image/png"),
    b"\xff\xd8\xff": Kind("jpg", "image/jpeg"),
}
_TEXT = Kind("txt", "text/plain; charset=utf-8")
_REFUSED = (
    "The file is none of: PDF, Word (.docx), Excel (.xlsx), PowerPoint (.pptx), PNG, JPEG or plain text in UTF-8. "
    "Save it as one of these, best as PDF."
)
_LONGEST_RELATIONS = 2_000_000  # bytes of one list of relations, unpacked; usual ones have some thousand
_RELATION = re.compile(rb"<[\w:]*Relationship\b[^>]*>")
_OF_KIND = re.compile(rb"""\bType\s*=\s*["'][^"']*/(\w+)["']""")
_EXTERNAL = re.compile(rb"""\bTargetMode\s*=\s*["']External["']""")


def promised(name: str, kind: Kind) -> str:
    """The ending, without the dot, of a name that promises a document or picture where the file is only text: an error
    page saved as a PDF, for one. Empty otherwise."""
    ending = name.rpartition(".")[2].strip().casefold() if "." in name else ""
    others = {"jpeg", *(each.ending for each in (*_BY_PART.values(), *_BY_START.values()))}
    return ending if kind == _TEXT and ending in others else ""


def kind_of(content: bytes) -> Kind:
    """The kind of a file. Raises DataError for every other, and for documents with macros."""
    for start, kind in _BY_START.items():
        if content.startswith(start):
            return kind
    if content.startswith(b"PK"):
        return _office(content)
    return _text(content)


def _office(content: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = set(packed.namelist())
            fetches = any(_fetches(packed, name) for name in names if name.endswith(".rels"))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError):
        raise DataError(_REFUSED) from None
    if any(re.search(r"vbaproject|activex/|embeddings/oleobject", name, re.IGNORECASE) for name in names):
        raise DataError("The document holds macros, which may harm who opens it. Save it without macros.")
    if fetches:
        raise DataError(
            "The document fetches a part of itself from elsewhere when it is opened. Embed it, or save as PDF."
        )
    found = next((kind for part, kind in _BY_PART.items() if part in names), None)
    if found is None or "[Content_Types].xml" not in names:
        raise DataError(_REFUSED)
    return found


def _fetches(packed: zipfile.ZipFile, name: str) -> bool:
    """Whether a list of relations names anything outside that a program fetches by itself; links are only followed."""
    with packed.open(name) as part:
        relations = part.read(_LONGEST_RELATIONS + 1)
    if len(relations) > _LONGEST_RELATIONS or relations.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    for each in _RELATION.findall(relations):
        kind = _OF_KIND.search(each)
        if _EXTERNAL.search(each) and (kind is None or kind[1] != b"hyperlink"):
            return True
    return False


def _text(content: bytes) -> Kind:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(_REFUSED) from None
    if not text.strip() or any(letter < " " and letter not in "\t\n\r\f" for letter in text):
        raise DataError(_REFUSED if text.strip() else "The file is empty.")
    return _TEXT
