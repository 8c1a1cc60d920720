"""A group's own CSV files: what their headers mean, said once, tried on a piece of a file, kept in versions."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from core.audit import record_in
from core.domain.header_map import (
    AMBIGUOUS,
    HeaderMap,
    Proposal,
    normal_name,
    of_json,
    order_of,
    pattern_of,
    require_usable,
)
from core.domain.header_map import proposals as _proposals
from core.domain.role import LOAD_DATA
from core.errors import DataError, NotAllowed, NotFound
from core.feeds.csv_file import LINE, blocks, open_csv
from core.feeds.layout import TABLE, TABLES
from core.feeds.layout import Column as Column
from core.feeds.mapped import as_ours
from core.feeds.typed import typed_rows
from core.feeds.words import SYNONYMS, SYNONYMS_OF
from core.store import arrival_rows, header_map_rows
from core.store.database import reading, writing
from core.store.header_map_rows import MapVersion as MapVersion
from core.workbench import Workbench, needs

LARGEST = 2 << 20  # bytes of a piece of a file that is tried
SHOWN = 20  # rows of it
_MOST_WORDS = 40  # different words of a column from which on it holds no words
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"%PDF", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class Sample:
    """A piece of a file. headers: as they stand there; rows: by normal name, as text, with LINE."""

    name: str
    headers: tuple[str, ...]
    rows: pl.DataFrame

    @property
    def pattern(self) -> str:
        """The name by which the files of other nights are known as well."""
        return pattern_of(Path(self.name).stem)

    def values(self, header: str) -> list[str]:
        """The different values below a header, in their order."""
        found = self.rows[normal_name(header)].drop_nulls().str.strip_chars()
        return [each for each in found.unique(maintain_order=True) if each]


@dataclass(frozen=True)
class Preview:
    """The first rows as they would be read, by our columns, and what would be refused: line, the file's header, why."""

    rows: pl.DataFrame
    problems: pl.DataFrame


def tables() -> list[str]:
    """The tables that a file can be mapped to."""
    return [table.name for table in TABLES]


def columns(table: str) -> tuple[Column, ...]:
    """The columns of a table, with what each is about. Raises NotFound."""
    if table not in TABLE:
        raise NotFound(f"There is no table of this name. Tables: {', '.join(tables())}.")
    return TABLE[table].columns


@needs(LOAD_DATA)
def current(wb: Workbench) -> tuple[HeaderMap, ...]:
    """The maps by which feeds are read now, one for each mapped table."""
    with reading(wb.engine) as connection:
        return _current(connection)


@needs(LOAD_DATA)
def history(wb: Workbench, table: str) -> list[MapVersion]:
    """Every version of a table's map, the last one first; one without content removed it."""
    with reading(wb.engine) as connection:
        return header_map_rows.versions(connection, table)


def read_sample(name: str, content: bytes) -> Sample:
    """A file or the beginning of one, as its header line and first rows. A header line alone will do.

    Raises DataError for what is no delimited text, or is larger than LARGEST: the first lines are enough.
    """
    if len(content) > LARGEST:
        raise DataError(f"{_short(name)} is larger than 2 MB. Take a piece of it: its first lines are enough.")
    is_utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # which has a sentence of its own
    if content.startswith(_PACKED) or (b"\x00" in content[:4096] and not is_utf_16):
        raise DataError(f"{_short(name)} is no text. Save it as CSV, or unpack it first.")
    with tempfile.TemporaryDirectory(prefix="careloop-") as folder:
        path = Path(folder) / "sample.csv"
        path.write_bytes(content)
        try:
            return _sample(name, path)
        except DataError as error:
            raise DataError(str(error).replace("sample.csv", _short(name))) from None


def proposals(table: str, sample: Sample) -> dict[str, Proposal]:
    """By our column the header that it may be, for a person to look at. An id only by the very same name."""
    return _proposals([(column.name, column.kind) for column in columns(table)], sample.headers)


def date_order(sample: Sample, header: str) -> str:
    """How the dates below a header are written: 'mdy', 'dmy', 'ymd', 'ambiguous', or '' when there is none to tell."""
    return order_of(sample.values(header))


def unknown_words(table: str, column: str, sample: Sample, header: str) -> list[str]:
    """The words below a header that a coded column does not know by itself; empty for other columns."""
    asked = next(each for each in columns(table) if each.name == column)
    if not asked.words:
        return []
    synonyms = SYNONYMS.get(SYNONYMS_OF.get((table, column), column), {})
    known = {*(word.lower() for word in asked.words), *(word for word, mean in synonyms.items() if mean in asked.words)}
    found = [each for each in sample.values(header) if each.lower() not in known]
    return found if len(found) <= _MOST_WORDS else []


@needs(LOAD_DATA)
def preview(wb: Workbench, found: HeaderMap, sample: Sample) -> Preview:
    """The first rows of the sample as the map would read them. Raises DataError for a map that cannot be used."""
    _require_usable(found, sample)
    rows = as_ours(found, sample.rows.head(SHOWN).with_columns(pl.lit(sample.name).alias("_file")))
    typed = typed_rows(TABLE[found.table], rows, zone=wb.zone(), last_day=wb.today())
    names = [name for name in found.columns if name in typed.rows.columns]
    refused = typed.rejects.select("line", "column", "reason")
    left_out = typed.left_out.select(pl.lit(None, pl.UInt32).alias("line"), "column", "reason").unique(
        maintain_order=True
    )
    problems = pl.concat([refused, left_out]).with_columns(pl.col("column").replace(dict(found.columns)))
    return Preview(typed.rows.select(names), problems)


@needs(LOAD_DATA)
def save(wb: Workbench, found: HeaderMap, *, sample: Sample | None = None) -> int:
    """Keep a map: from the next load on its files are read by it; returns the number of its version.

    sample   what it was tried on; dates in it that can be read both ways then need an order
    Feeds that failed in a watched folder are tried again. Raises DataError for a map that cannot be used, NotAllowed
    for who may not load or when somebody else saved one at the same moment.
    """
    _require_usable(found, sample)
    found = HeaderMap(
        found.table, tuple(each.strip().lower() for each in found.files), found.columns, found.orders, found.words
    )
    try:
        with writing(wb.engine) as connection:
            others = [each for each in _current(connection) if each.table != found.table]
            taken = [name for name in found.files for each in others if each.is_for(name) or name in each.files]
            if taken:
                raise DataError(f"The file {taken[0]} is mapped to another table already. Change that mapping first.")
            version = header_map_rows.add(connection, found.table, found.as_json(), at=wb.now(), by=wb.user.user_id)
            arrival_rows.try_again(connection)
            record_in(wb, connection, "header_map.saved", found.table, version=version, columns=len(found.columns))
    except IntegrityError:
        raise NotAllowed("Somebody else saved a mapping of this table just now. Look at it, then save again.") from None
    return version


@needs(LOAD_DATA)
def remove(wb: Workbench, table: str) -> None:
    """Take a table's map away: its files must have Careloop's own names and headers again. Raises NotFound."""
    with writing(wb.engine) as connection:
        if not any(each.table == table for each in _current(connection)):
            raise NotFound(f"The table {table} has no mapping.")
        version = header_map_rows.add(connection, table, {}, at=wb.now(), by=wb.user.user_id)
        record_in(wb, connection, "header_map.removed", table, version=version)


def _current(connection: Connection) -> tuple[HeaderMap, ...]:
    found = header_map_rows.latest(connection)
    return tuple(of_json(each.feed_table, each.content) for each in found if each.content)


def _require_usable(found: HeaderMap, sample: Sample | None) -> None:
    known = {column.name: column.words for column in columns(found.table)}
    required = [column.name for column in columns(found.table) if column.required]
    require_usable(found, required=required, known=known)
    if sample is None:
        return
    headers = {normal_name(each) for each in sample.headers}
    for column, header in found.columns.items():
        if normal_name(header) not in headers:
            raise DataError(f"The file has no column '{header}', which is mapped to {column}.")
    for each in columns(found.table):
        below = found.columns.get(each.name)
        if below is None or each.kind not in ("date", "moment") or found.orders.get(each.name):
            continue
        if date_order(sample, below) in (AMBIGUOUS, "dmy"):
            raise DataError(f"The dates below '{below}' can be read in two ways. Say in which order they are written.")


def _sample(name: str, path: Path) -> Sample:
    file = open_csv(path, _all_names())
    content = path.read_bytes()
    if not content.endswith(b"\n") and content.count(b"\n") > 1:  # the last line may be cut off
        path.write_bytes(content[: content.rfind(b"\n") + 1])
    parts = [block.rows for block in blocks(file, file.columns)]
    headers = _written(path, file.columns, file.separator)
    rows = pl.concat(parts) if parts else pl.DataFrame(schema=dict.fromkeys((*file.columns, LINE), pl.String))
    return Sample(name, headers, rows)


def _all_names() -> list[str]:
    return sorted({column.name for table in TABLES for column in table.columns})


def _written(path: Path, names: Sequence[str], separator: str) -> tuple[str, ...]:
    """The headers as people read them in the file, by the columns' order."""
    import csv

    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        first = next(csv.reader(stream, delimiter=separator))
    return tuple(first[place].strip() or name for place, name in enumerate(names))


def _short(name: str) -> str:
    """The name of a file without folders, as far as it is fit for a sentence."""
    return Path(name).name[:80] or "The file"
