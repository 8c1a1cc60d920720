"""A form on paper as its parts, read from a text file of the library: YAML between two '---', then lines.

    ## Heading              * an item of a list         ===  the next page
    _ key: Label *2 | key: Label         boxes to write in, side by side; '*2' is twice as wide as the others
    ~ key: Label *2 | key: Label         the same, high enough for a signature
    [ ] key: Words | key: Words          boxes to tick, side by side
    @types                               the table of opt-outs
    >>> Words                            what follows to the end of the page is for the office
    ?name The line                       only when the organisation's `name` is not empty

Other lines are paragraphs; '{name}' becomes a value of the organisation.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from core.domain.opt_out import OptOutType


@dataclass(frozen=True)
class Field:
    """Where something is written or ticked. The key is the same in every language; `share` is the width."""

    key: str
    label: str
    share: float = 1


@dataclass(frozen=True)
class Heading:
    """Of a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; an item of a list when `is_item`."""

    text: str
    is_item: bool = False


@dataclass(frozen=True)
class Fields:
    """Boxes to write in, side by side."""

    fields: tuple[Field, ...]
    is_tall: bool = False


@dataclass(frozen=True)
class Boxes:
    """Boxes to tick, side by side."""

    fields: tuple[Field, ...]


@dataclass(frozen=True)
class TypeRow:
    """An opt-out type in a patient's words, with its name for staff and the durations that it may have."""

    key: str
    name: str
    title: str
    about: str
    durations: tuple[str, ...]


@dataclass(frozen=True)
class Types:
    """The table of opt-outs: what shall end, and for how long."""

    rows: tuple[TypeRow, ...]


@dataclass(frozen=True)
class Office:
    """From here to the end of the page the office writes."""

    text: str


Block = Heading | Paragraph | Fields | Boxes | Types | Office


@dataclass(frozen=True)
class PaperForm:
    """title, pages and `words`: the small words around it, such as the one for 'Page 1 of 2'."""

    language: str
    title: str
    pages: tuple[tuple[Block, ...], ...]
    words: Mapping[str, str]

    @property
    def blocks(self) -> Iterator[Block]:
        """Everything, page by page."""
        return (block for page in self.pages for block in page)

    @property
    def keys(self) -> list[str]:
        """The keys of all boxes, in order."""
        groups = (block.fields for block in self.blocks if isinstance(block, Fields | Boxes))
        return [field.key for fields in groups for field in fields]


def read_form(text: str, *, language: str, values: Mapping[str, str], types: Sequence[OptOutType] = ()) -> PaperForm:
    """Read a file of the library. Raises KeyError for a value or an opt-out type that it has no words for."""
    _, head, body = text.split("---\n", 2)
    facts: dict[str, Any] = yaml.safe_load(head)
    kinds = facts.pop("types", {})
    rows = tuple(TypeRow(one.key, one.name, *_pair(kinds[one.key]), one.durations) for one in types)
    pages = tuple(tuple(_blocks(page, values, rows)) for page in re.split(r"^===\n", body, flags=re.MULTILINE))
    return PaperForm(language, facts.pop("title"), pages, facts)


def _blocks(page: str, values: Mapping[str, str], rows: tuple[TypeRow, ...]) -> Iterator[Block]:
    for line in _joined(page):
        condition = re.match(r"\?(\w+) ", line)
        shown = line[condition.end() :] if condition else line
        if not condition or values[condition[1]]:
            yield _block(shown, values, rows)


def _joined(page: str) -> Iterator[str]:
    """The lines, with those of one paragraph or item joined; what begins with another mark is one line."""
    text = ""
    for line in [*page.splitlines(), ""]:
        is_whole = line.startswith(("##", "_ ", "~ ", "[ ] ", "@", ">>> "))
        if text and (not line or is_whole or line.startswith(("* ", "?"))):
            yield text
            text = ""
        if is_whole:
            yield line
        else:
            text = f"{text} {line}".strip()


def _block(line: str, values: Mapping[str, str], rows: tuple[TypeRow, ...]) -> Block:
    mark, _, rest = line.partition(" ")
    if mark in ("_", "~"):
        return Fields(_fields(rest, values), is_tall=mark == "~")
    if line.startswith("[ ] "):
        return Boxes(_fields(line[4:], values))
    if mark == "@types":
        return Types(rows)
    if mark == "##":
        return Heading(_filled(rest, values))
    if mark == ">>>":
        return Office(_filled(rest, values))
    return Paragraph(_filled(rest, values), is_item=True) if mark == "*" else Paragraph(_filled(line, values))


def _pair(words: list[str]) -> tuple[str, str]:
    title, about = words
    return title, about


def _fields(text: str, values: Mapping[str, str]) -> tuple[Field, ...]:
    """Divided first and filled in then, so that no value can divide anything."""
    found = [re.fullmatch(r"(\w+): (.+?)(?: \*([\d.]+))?", part.strip()) for part in text.split("|")]
    return tuple(Field(one[1], _filled(one[2], values), float(one[3] or 1)) for one in found if one)


def _filled(line: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: values[name[1]], line)
