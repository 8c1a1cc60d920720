"""Feeds in our own layout: one delimited text file for each table, named after it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from core.errors import DataError
from core.feeds.csv_file import CsvFile, blocks, open_csv
from core.feeds.events import KEPT_COLUMNS, REPEATED
from core.feeds.feed import Batch, Feed, not_read, read_manifest, refuse_packed
from core.feeds.layout import TABLE, TABLES, FeedTable
from core.feeds.words import HEADERS

ENDINGS = (".csv", ".txt", ".psv", ".tsv")
EVERY_TABLE_MAY_HAVE = ("source_system", "received_at")


def table_files(folder: Path) -> dict[str, Path]:
    """The files of the folder that are named after a table, by table. Raises DataError for two of one, or if packed."""
    refuse_packed(folder, TABLE, endings=ENDINGS)
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        table = path.stem.lower()
        if path.is_file() and path.suffix.lower() in ENDINGS and table in TABLE:
            if table in found:
                raise DataError(f"{found[table].name} and {path.name} both hold the table {table}. Keep one of them.")
            found[table] = path
    return found


def open_careloop(folder: Path) -> Feed:
    """Read all headers. Raises DataError naming the file and the column that is missing."""
    notes: list[str] = []
    opened: list[tuple[FeedTable, CsvFile]] = []
    files = table_files(folder)
    for table in TABLES:
        if table.name in files:
            file = _our_names(table, open_csv(files[table.name], [*table.column_names, *HEADERS.get(table.name, {})]))
            _check_columns(table, file, notes)
            opened.append((table, file))
    others = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in ENDINGS and p not in files.values()]
    notes += [_not_used(path.name) for path in others]
    notes += not_read(folder, [*files.values(), *others], endings=ENDINGS)
    return Feed(
        folder=folder,
        format="careloop",
        manifest=read_manifest(folder),
        tables=frozenset(files),
        files=tuple(file.path for _, file in opened),
        batches=lambda advance: _batches(opened, advance),
        notes=notes,
    )


def _not_used(name: str) -> str:
    if name.lower() == "code_map.csv":
        return f"{name} is no table: load it with 'careloop codes load'."
    return f"{name} is not used: no table has this name."


def _our_names(table: FeedTable, file: CsvFile) -> CsvFile:
    """The file with its columns called as in the layout, unless a column has that name already."""
    names: list[str] = []
    for column in file.columns:
        name = HEADERS.get(table.name, {}).get(column, column)
        names.append(column if name in file.columns or name in names else name)
    return replace(file, columns=tuple(names))


def _check_columns(table: FeedTable, file: CsvFile, notes: list[str]) -> None:
    missing = [c.name for c in table.columns if c.required and c.name not in file.columns]
    if missing:
        raise DataError(
            f"{file.path.name}, line 1: the column {missing[0]} is missing. Expected a header with at least "
            f"{', '.join(c.name for c in table.columns if c.required)}, separated by comma, semicolon, tab or |."
        )
    unknown = [c for c in file.columns if c not in table.column_names and c not in EVERY_TABLE_MAY_HAVE]
    if unknown:
        notes.append(f"{file.path.name}: columns that are not known are ignored: {', '.join(unknown)}.")


def _batches(opened: list[tuple[FeedTable, CsvFile]], advance: Callable[[int], None]) -> Iterator[Batch]:
    for table, file in opened:
        kept = KEPT_COLUMNS.get(table.name, table.column_names)
        wanted = [c for c in file.columns if c in kept or c in EVERY_TABLE_MAY_HAVE]
        for block in blocks(file, wanted, repeated=REPEATED if table.is_event else ()):
            broken = tuple((file.path.name, *each) for each in block.broken)
            yield Batch(table.name, file.path.name, block.rows, broken)
            advance(block.bytes_read)
