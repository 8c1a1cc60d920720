"""The plain-text part of a mail, made from the body's HTML once per campaign, merge fields included."""

import re
from html.parser import HTMLParser

from core.domain.merge_region import Protected, protected

_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "table", "ul", "ol", "blockquote", "hr"}
_LINES = {"div", "tr"}


def to_text(body: str) -> str:
    """A clean body as plain text: paragraphs apart, lists with '- ' or numbers, links as 'text (address)', table
    cells parted by ' | '. An empty cell is a line to write on."""
    taken = protected(body)
    writer = _Writer(taken)
    writer.feed(taken.html)
    writer.close()
    return taken.restored(_tidied("".join(writer.pieces)))


def tidied_text(text: str) -> str:
    """A filled-in text without the gaps that conditions leave behind."""
    return _tidied(text)


def _tidied(text: str) -> str:
    tidied = "\n".join([line.strip(" \t") for line in text.split("\n")])
    if "  " in tidied:
        tidied = re.sub(r" {2,}", " ", tidied)
    if "\n\n\n" in tidied:
        tidied = re.sub(r"\n{3,}", "\n\n", tidied)
    return tidied.strip("\n")


class _Writer(HTMLParser):
    """Collects pieces of text; `lists` holds the number of the last item of each open list, None for bullets."""

    def __init__(self, taken: Protected) -> None:
        super().__init__(convert_charrefs=True)
        self.taken = taken
        self.pieces: list[str] = []
        self.lists: list[int | None] = []
        self.links: list[tuple[str, int]] = []
        self.cell_start: int | None = None
        self.cell_count = 0
        self.is_item_empty = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th"):
            self._open_cell()
        elif tag == "li":
            self._item()
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.pieces)))
        elif tag == "br":
            self.pieces.append(" " if self.cell_start is not None else "\n")
        elif tag in ("ul", "ol"):
            self.is_item_empty = False
            self._break("\n" if self.lists else "\n\n")
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "tr":
            self._break("\n")
            self.cell_count = 0
        elif tag in _PARAGRAPHS:
            self._break("\n\n")
        elif tag in _LINES:
            self._break("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._close_cell()
        elif tag == "a" and self.links:
            self._close_link()
        elif tag in ("ul", "ol") and self.lists:
            self.lists.pop()
            self._break("\n" if self.lists else "\n\n")
        elif tag in _PARAGRAPHS:
            self._break("\n\n")
        elif tag in _LINES:
            self._break("\n")

    def handle_data(self, data: str) -> None:
        text = re.sub(r"\s+", " ", data)
        self.is_item_empty = self.is_item_empty and not text.strip()
        if text.strip() or (self.pieces and not self.pieces[-1].endswith(("\n", " "))):
            self.pieces.append(text)

    def _break(self, kind: str) -> None:
        """Within a cell or right after a bullet nothing breaks."""
        if self.cell_start is not None:
            self.pieces.append(" ")
        elif not self.is_item_empty and not (kind == "\n" and self._is_at_line_start()):
            self.pieces.append(kind)

    def _item(self) -> None:
        number = self.lists[-1] if self.lists else None
        if self.lists and number is not None:
            self.lists[-1] = number + 1
        bullet = "- " if number is None else f"{number + 1}. "
        start = "" if self._is_at_line_start() else "\n"
        self.pieces.append(start + "\u00a0\u00a0" * (len(self.lists) - 1) + bullet)
        self.is_item_empty = True

    def _is_at_line_start(self) -> bool:
        return not self.pieces or self.pieces[-1].endswith("\n")

    def _open_cell(self) -> None:
        if self.cell_count:
            self.pieces.append(" | ")
        self.cell_count += 1
        self.cell_start = len(self.pieces)

    def _close_cell(self) -> None:
        if self.cell_start is not None and not "".join(self.pieces[self.cell_start :]).strip():
            self.pieces.append("__________")
        self.cell_start = None

    def _close_link(self) -> None:
        address, start = self.links.pop()
        shown = self.taken.restored("".join(self.pieces[start:])).strip()
        address = self.taken.restored(address)
        target = re.sub(r"^(?:mailto|tel):", "", address)
        if target and not _says(shown, address, target):
            self.pieces.append(f" ({target})")


def _says(shown: str, address: str, target: str) -> bool:
    """Whether the text of a link already tells where it leads."""
    if target in shown or address in shown:
        return True
    digits = re.sub(r"\D", "", target)[-10:]
    return address.startswith("tel:") and len(digits) >= 7 and digits in re.sub(r"\D", "", shown)
