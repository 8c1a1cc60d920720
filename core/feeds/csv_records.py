"""Records of delimited text by Python's csv module, which takes any quote for what it may be, and what it may not."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from core.errors import DataError

csv.field_size_limit(1 << 24)
_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"')


def records_of(text: str, separator: str, *, name: str, first_line: int) -> Iterator[tuple[list[str], int]]:
    """Each record and its number of lines. Raises DataError with the file's `name` and the line of a stray quote.

    What spans several lines, or comes last, is looked at again: a quote that is not closed where a value ends has
    swallowed rows.
    """
    held: list[str] = []
    stream = io.StringIO(text, newline="")
    reader = csv.reader(_kept(stream, held), delimiter=separator)
    begun = first_line
    try:
        for record in reader:
            if len(held) > 1 or stream.tell() == len(text):
                _refuse_stray_quote("".join(held), separator, name=name, first_line=begun)
            yield record, len(held)
            begun += len(held)
            held.clear()
    except csv.Error:
        _refuse_stray_quote("".join(held), separator, name=name, first_line=begun)
        raise DataError(f"{name}, line {begun}: a value is too long. Correct the line.") from None


def _kept(lines: Iterable[str], held: list[str]) -> Iterator[str]:
    for line in lines:
        held.append(line)
        yield line


def _refuse_stray_quote(record: str, separator: str, *, name: str, first_line: int) -> None:
    place = _stray_quote(record, separator)
    if place is not None:
        line = first_line + len(re.findall(r"\r\n|\r|\n", record[:place]))
        raise DataError(
            f"{name}, line {line}: a quote opens here and is not closed where its value ends, so that the "
            "rows after it cannot be told apart. Correct the quote and load the feed again."
        )


def _stray_quote(record: str, separator: str) -> int | None:
    """Where a quote begins a value that no quote ends; None when there is no such quote."""
    edge = re.compile(f"[{re.escape(separator)}\r\n]")
    place = 0
    while place < len(record):
        quoted = _QUOTED.match(record, place)
        ended = quoted.end() if quoted else place
        if record[place] == '"' and (quoted is None or not (ended == len(record) or edge.match(record, ended))):
            return place
        next_edge = edge.search(record, ended)
        place = next_edge.end() if next_edge else len(record)
    return None
