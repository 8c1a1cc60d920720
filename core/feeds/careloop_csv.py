"""Feeds in our own layout: one delimited text file for each table, named after it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.domain.header_map import HeaderMap
from core.errors import DataError
from core.feeds.csv_file import CsvFile, blocks, open_csv
from core.feeds.events import KEPT_COLUMNS, REPEATED
from core.feeds.feed import Batch, Feed, not_read, read_manifest, refuse_packed
from core.feeds.layout import TABLE, TABLES, FeedTable
from core.feeds.mapped import as_ours, headers_of, map_for, require_headers
from core.feeds.words import HEADERS

ENDINGS = (".csv", ".txt", ".psv", ".tsv")
EVERY_TABLE_MAY_HAVE = ("source_system", "received_at")


@dataclass(frozen=True)
class _Opened:
    """A file that holds a table, and the map by which it is read, if any."""

    table: FeedTable
    file: CsvFile
    mapped: HeaderMap | None = None


def table_files(folder: Path, maps: Sequence[HeaderMap] = ()) -> dict[str, Path]:
    """The files of the folder that are named after a table or that a map names, by table. Raises DataError for two of
    one, or if packed."""
    refuse_packed(folder, TABLE, endings=ENDINGS)
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.suffix.lower() not in ENDINGS:
            continue
        mapped = map_for(maps, path.stem)
        table = mapped.table if mapped else path.stem.lower()
        if table in TABLE:
            if table in found:
                raise DataError(f"{found[table].name} and {path.name} both hold the table {table}. Keep one of them.")
            found[table] = path
    return found


def mapped_files(folder: Path, maps: Sequence[HeaderMap]) -> list[Path]:
    """The files of the folder that are read by a map."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix.lower() in ENDINGS]
    return [path for path in files if map_for(maps, path.stem)]


def open_careloop(folder: Path, maps: Sequence[HeaderMap] = ()) -> Feed:
    """Read all headers. Raises DataError naming the file and the column that is missing."""
    notes: list[str] = []
    files = table_files(folder, maps)
    ours = [(table, files[table.name]) for table in TABLES if table.name in files]
    opened = [_opened(table, path, map_for(maps, path.stem), notes) for table, path in ours]
    others = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in ENDINGS and p not in files.values()]
    notes += [_not_used(path.name) for path in others]
    notes += not_read(folder, [*files.values(), *others], endings=ENDINGS)
    used = {each.mapped.table: each.mapped.as_json() for each in opened if each.mapped}
    return Feed(
        folder=folder,
        format="careloop",
        manifest=read_manifest(folder),
        tables=frozenset(files),
        files=tuple(each.file.path for each in opened),
        batches=lambda advance: _batches(opened, advance),
        notes=notes,
        read_by=json.dumps(used, sort_keys=True) if used else "",
    )


def _opened(table: FeedTable, path: Path, mapped: HeaderMap | None, notes: list[str]) -> _Opened:
    if mapped is None:
        file = _our_names(table, open_csv(path, [*table.column_names, *HEADERS.get(table.name, {})]))
        _check_columns(table, file, notes)
        return _Opened(table, file)
    file = open_csv(path, headers_of(mapped))
    require_headers(mapped, file)
    unused = [each for each in file.columns if each not in (*headers_of(mapped), *EVERY_TABLE_MAY_HAVE)]
    if unused:
        notes.append(f"{path.name}: columns that the mapping does not use are ignored: {', '.join(unused)}.")
    return _Opened(table, file, mapped)


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


def _batches(opened: list[_Opened], advance: Callable[[int], None]) -> Iterator[Batch]:
    for one in opened:
        table, file, mapped = one.table, one.file, one.mapped
        kept = headers_of(mapped) if mapped else KEPT_COLUMNS.get(table.name, table.column_names)
        wanted = [c for c in file.columns if c in kept or c in EVERY_TABLE_MAY_HAVE]
        others = [c for c in EVERY_TABLE_MAY_HAVE if c in file.columns]
        for block in blocks(file, wanted, repeated=REPEATED if table.is_event and not mapped else ()):
            broken = tuple((file.path.name, *each) for each in block.broken)
            rows = as_ours(mapped, block.rows, others=others) if mapped else block.rows
            yield Batch(table.name, file.path.name, rows, broken, mapped.columns if mapped else {})
            advance(block.bytes_read)
