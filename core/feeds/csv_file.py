"""Reading a delimited text file of any size in blocks of whole records, all values as text, with true line numbers.

Polars reads the blocks that are plain; the few that are not (quoted line breaks, stray quotes, too many fields, bytes
that are no UTF-8) go through Python's csv module, which is slower and says exactly where each record began.
"""

import csv
import io
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from core.domain.header_map import normal_name as normal_name
from core.errors import DataError
from core.feeds.csv_records import records_of

SEPARATORS = ",|;\t"
BLOCK_BYTES = 30 << 20  # below what glibc gives back to the system at once, and takes anew, page by page
LINE = "_line"
FILE = "_file"
TOO_MANY = "the row has more values than the header has columns"
CUT_OFF = "the file ends within this row: it was cut off, and what the row says cannot be trusted"
LOST = "the line holds only zero bytes: what was written here is lost"


@dataclass(frozen=True)
class CsvFile:
    """One file whose header has been read. `columns` are normalised names in the order of the file."""

    path: Path
    separator: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """Some records: `rows` has the wanted columns as text, FILE and LINE; `broken` are lines not read, and why."""

    rows: pl.DataFrame
    broken: tuple[tuple[int, str], ...]
    bytes_read: int
    line_count: int


def open_csv(path: Path, known: Sequence[str]) -> CsvFile:
    """Read the header. The separator is the one that gives most of the `known` column names.

    Raises DataError when the file cannot be read, is empty, is UTF-16 or names a column twice.
    """
    header = _header_line(path)
    best = max(
        SEPARATORS, key=lambda separator: (len(set(known) & set(_names(header, separator))), header.count(separator))
    )
    columns = _names(header, best)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DataError(f"{path.name}, line 1: the column {twice[0]} is there twice. Keep one of them.")
    return CsvFile(path, best, tuple(columns))


def blocks(
    file: CsvFile, wanted: Sequence[str], *, repeated: Collection[str] = (), block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """The records of the file in order. Blank lines are left out. Raises DataError for a quote that nothing closes.

    repeated   columns with few different values, which are given as Categorical: quicker, and a quarter of the memory
    """
    kinds = {name: pl.Categorical() if name in repeated else pl.String() for name in wanted}
    line = 1
    is_first = True
    for raw in _raw_blocks(file.path, block_bytes):
        size = len(raw)
        lost: _Broken = ()
        if b"\x00" in raw:
            lost, raw = _lost_lines(raw, line), raw.replace(b"\x00", b"")
        if b"\n" not in raw and raw.count(b"\r") > 1:  # line ends of old Macs
            raw = raw.replace(b"\r", b"\n")
        block = _parse(file, raw, kinds, first_line=line, skip_header=is_first)
        line += block.line_count
        is_first = False
        rows = block.rows.with_columns(pl.lit(file.path.name, pl.Categorical).alias(FILE))
        yield Block(rows, (*block.broken, *lost), size, block.line_count)


_Broken = tuple[tuple[int, str], ...]


def _lost_lines(raw: bytes, first_line: int) -> _Broken:
    """Lines of zero bytes alone, as a crash leaves them. In UTF-16 every second byte is one, also of blank lines."""
    lines = raw.split(b"\n")
    return tuple(
        (number, LOST) for number, line in enumerate(lines, first_line) if len(line) > 3 and not line.strip(b"\x00\r")
    )


_Kinds = Mapping[str, pl.DataType]


def _parse(file: CsvFile, raw: bytes, kinds: _Kinds, *, first_line: int, skip_header: bool) -> Block:
    quoted = raw.split(b'"') if b'"' in raw else []
    rows = None
    if _may_be_cut_off(file, raw):
        return _parse_slow(file, _decoded(raw), kinds, first_line, skip_header=skip_header)
    if not quoted or _quotes_are_plain(quoted, file.separator):
        rows = _parse_fast(file, raw, kinds, first_line, skip_header=skip_header)
    if rows is None:
        return _parse_slow(file, _decoded(raw), kinds, first_line, skip_header=skip_header)
    line_count = rows.height + skip_header
    if quoted:
        further = _further_lines(quoted, rows.height + skip_header)
        if further is None:
            return _parse_slow(file, _decoded(raw), kinds, first_line, skip_header=skip_header)
        line_count += int(further.sum())
        rows = rows.with_columns((pl.col(LINE) + _before(further, skip=skip_header)).cast(pl.UInt32).alias(LINE))
    return Block(_without_blank_lines(rows, kinds), (), len(raw), line_count)


def _parse_fast(file: CsvFile, raw: bytes, kinds: _Kinds, first_line: int, *, skip_header: bool) -> pl.DataFrame | None:
    """None when a record has too many fields or the text is no UTF-8: then it needs care. LINE counts records."""
    if skip_header and raw.find(b"\n") in (-1, len(raw) - 1):
        return _rows([], kinds, [])
    try:
        rows = pl.read_csv(
            io.BytesIO(raw),
            has_header=False,
            separator=file.separator,
            quote_char='"' if b'"' in raw else None,
            skip_lines=int(skip_header),
            schema={name: kinds.get(name, pl.String()) for name in file.columns},
            columns=sorted(file.columns.index(name) for name in kinds),
            row_index_name=LINE,
            row_index_offset=first_line + skip_header,
        )
    except (pl.exceptions.SchemaError, pl.exceptions.ComputeError):
        return None
    return rows


def _may_be_cut_off(file: CsvFile, raw: bytes) -> bool:
    """Whether the last row, which no line end follows, may have fewer values than the header."""
    if raw.endswith((b"\n", b"\r")):
        return False
    tail = raw[raw.rfind(b"\n") + 1 :]
    return b'"' in tail or tail.count(file.separator.encode()) + 1 < len(file.columns)


def _parse_slow(file: CsvFile, text: str, kinds: _Kinds, first_line: int, *, skip_header: bool) -> Block:
    places = [file.columns.index(name) for name in kinds]
    width = len(file.columns)
    records: list[list[str | None]] = []
    lines: list[int] = []
    broken: list[tuple[int, str]] = []
    ended = 0
    last = None if text.endswith(("\n", "\r")) else text.count("\n") + 1  # the line that nothing ends
    for record, line_count in records_of(text, file.separator, name=file.path.name, first_line=first_line):
        begun = first_line + ended
        ended += line_count
        if (skip_header and begun == first_line) or not record:
            continue
        if len(record) > width and any(value.strip() for value in record[width:]):
            broken.append((begun, TOO_MANY))
            continue
        if len(record) < width and any(value.strip() for value in record) and ended == last:
            broken.append((begun, CUT_OFF))
            continue
        records.append([record[place] if place < len(record) else None for place in places])
        lines.append(begun)
    return Block(_without_blank_lines(_rows(records, kinds, lines), kinds), tuple(broken), 0, ended)


def _rows(records: list[list[str | None]], kinds: _Kinds, lines: list[int]) -> pl.DataFrame:
    rows = pl.DataFrame(records, schema=dict.fromkeys(kinds, pl.String), orient="row").cast(pl.Schema(kinds))
    return rows.with_columns(pl.Series(LINE, lines, dtype=pl.UInt32))


def _without_blank_lines(rows: pl.DataFrame, kinds: _Kinds) -> pl.DataFrame:
    """Most files have none, and then one column shows it."""
    if not kinds or rows[next(iter(kinds))].null_count() == 0:
        return rows
    return rows.filter(~pl.all_horizontal(pl.col(*kinds).is_null()))


def _further_lines(parts: list[bytes], record_count: int) -> pl.Series | None:
    """For each record, the header's included, how many line ends are inside its quotes; None when the records are not
    as many as they should be. `parts` is the text cut at its quotes: every second part was quoted."""
    records, further = 0, dict[int, int]()
    for place, part in enumerate(parts):
        if place % 2 == 0:
            records += part.count(b"\n")
        elif b"\n" in part:
            further[records] = further.get(records, 0) + part.count(b"\n")
    if records + (not parts[-1].endswith(b"\n")) != record_count:
        return None
    counts = pl.zeros(record_count, dtype=pl.UInt32, eager=True)
    return counts.scatter(list(further), list(further.values())) if further else counts


def _before(further: pl.Series, *, skip: bool) -> pl.Series:
    """The line ends inside quotes before each record; `skip` leaves the header out."""
    return further.cum_sum().shift(1, fill_value=0).slice(int(skip))


def _quotes_are_plain(parts: list[bytes], separator: str) -> bool:
    """Whether every quoted value begins and ends at a separator or line end, as Polars expects. `parts` is the text
    cut at its quotes."""
    if len(parts) % 2 == 0:
        return False
    edges = separator.encode() + b"\r\n"
    last = len(parts) - 1
    for place in range(0, len(parts), 2):
        part = parts[place]
        if not part:
            continue
        if (place > 0 and part[0] not in edges) or (place < last and part[-1] not in edges):
            return False
    return True


def _raw_blocks(path: Path, size: int) -> Iterator[bytes]:
    """The bytes of the file, cut after line ends that are not inside quotes. Each byte is copied once."""
    try:
        with path.open("rb") as stream:
            file = stream.fileno()
            start = 3 if os.pread(file, 3, 0) == b"\xef\xbb\xbf" else 0
            wanted = size
            while piece := os.pread(file, _line_end(file, start, wanted), start):
                is_last = len(piece) < wanted and start + len(piece) >= os.fstat(file).st_size
                cut = len(piece) if is_last else _cut(piece)
                if not cut:  # a record that is longer
                    wanted *= 2
                    continue
                yield piece if cut == len(piece) else piece[:cut]
                start, wanted = start + cut, size
    except OSError as error:
        raise DataError(f"{path.name} cannot be read ({error.strerror}). Check the file and its permissions.") from None


def _line_end(file: int, start: int, wanted: int) -> int:
    """How many of the `wanted` bytes to read so that they end with a line; all of them when no end is near."""
    near = min(wanted, 1 << 16)
    tail = os.pread(file, near, start + wanted - near)
    return wanted - near + tail.rfind(b"\n") + 1 if len(tail) == near and b"\n" in tail else wanted


def _cut(piece: bytes) -> int:
    """The place after the last line end with an even number of quotes before it; 0 when there is none."""
    end = piece.rfind(b"\n") + 1
    quotes = piece.count(b'"', 0, end)
    while end and quotes % 2:
        before = piece.rfind(b"\n", 0, end - 1) + 1
        quotes -= piece.count(b'"', before, end)
        end = before
    return end


def _decoded(raw: bytes) -> str:
    """UTF-8, or Windows-1252 for the lines that are no UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(map(_decoded_line, raw.splitlines(keepends=True)))


def _decoded_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _header_line(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            start = stream.read(1 << 16)
    except OSError as error:
        raise DataError(f"{path.name} cannot be read ({error.strerror}). Check the file and its permissions.") from None
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{path.name} is UTF-16. Save it as UTF-8 and load the feed again.")
    text = _decoded(start.removeprefix(b"\xef\xbb\xbf")).replace("\x00", "")
    line = next(iter(text.splitlines()), "")
    if not line.strip():
        raise DataError(f"{path.name}, line 1: the file has no header. Expected the names of its columns.")
    return line


def _names(header: str, separator: str) -> list[str]:
    names = [normal_name(name) for name in next(csv.reader([header], delimiter=separator))]
    while names and not names[-1]:
        names.pop()
    return [name or f"column_{place}" for place, name in enumerate(names, 1)]
