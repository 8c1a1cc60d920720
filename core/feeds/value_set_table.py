"""Value sets as a delimited table: a row for each code, as terminology services export them for spreadsheets.

Above the header there may be lines about the export; where the table has no column for it, one of these names the OID.
"""

import csv
import re
from collections import defaultdict
from pathlib import Path

from core.errors import DataError
from core.feeds.fhir_records import code_system
from core.feeds.value_sets import ValueSet

SUFFIXES = (".csv", ".tsv", ".txt")
_SEPARATORS = "\t|,;"
_HEAD_LINES, _HEAD_BYTES = 40, 1 << 16  # where a header may stand
# Of several columns of one meaning the first word here counts.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "value_set": ("oid", "value set oid"),
    "title": ("value set name", "name"),
    "version": ("expansion version", "definition version", "value set version", "version"),
    "system": ("code system", "code system name"),
    "code": ("code",),
    "display": ("description", "descriptor", "display", "code description"),
}
_OID = re.compile(r"(?:urn:oid:)?(\d+(?:\.\d+){3,})")
_BESIDE: dict[str, tuple[str, ...]] = {name: _COLUMNS[name] for name in ("value_set", "title", "version")}


def value_sets_of_table(path: Path) -> list[ValueSet]:
    """The value sets of a delimited file; none when it has no header with codes and code systems.

    Raises DataError naming file and line for a row without OID, code or system.
    """
    with path.open("rb") as stream:
        head = spreadsheet_text(stream.read(_HEAD_BYTES)).splitlines()[:_HEAD_LINES]
    found = next((place for number in range(len(head)) if (place := _header(head, number))), None)
    if found is None:
        return []
    number, separator, columns = found
    said = _said_above(head[:number], separator)
    if "value_set" not in columns and "value_set" not in said:
        return []
    lines = spreadsheet_text(path.read_bytes()).splitlines()[number + 1 :]
    return _read(path.name, lines, separator, columns, said, first=number + 2)


def spreadsheet_text(raw: bytes) -> str:
    """Spreadsheets write UTF-8, UTF-16 or Windows' own letters, which only displays have."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _header(head: list[str], number: int) -> tuple[int, str, dict[str, int]] | None:
    for separator in _SEPARATORS:
        names = [name.strip().strip('"').strip().lower().replace("_", " ") for name in head[number].split(separator)]
        columns = {key: names.index(word) for key, words in _COLUMNS.items() for word in words[::-1] if word in names}
        if {"code", "system"} <= columns.keys():
            return number, separator, columns
    return None


def _said_above(lines: list[str], separator: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for line in csv.reader(lines, delimiter=separator):
        name, value = (*(each.strip() for each in line[:2]), "", "")[:2]
        for key, words in _BESIDE.items():
            if name.rstrip(":").lower().replace("_", " ") in words and value:
                said.setdefault(key, value)
    return said


def _read(
    file: str, lines: list[str], separator: str, columns: dict[str, int], said: dict[str, str], *, first: int
) -> list[ValueSet]:
    codes: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    titles: dict[str, str] = {}
    reader = csv.reader(lines, delimiter=separator)
    for row in reader:
        if not any(each.strip() for each in row):
            continue
        cells = {key: row[place].strip() if place < len(row) else "" for key, place in columns.items()}
        cells = {**said, **{key: value for key, value in cells.items() if value or key not in said}}
        line = first + reader.line_num - 1
        oid = _OID.fullmatch(cells.get("value_set", ""))
        if oid is None:
            raise DataError(f"{file}, line {line}: the OID of a value set is missing. Correct or remove the row.")
        if not cells["code"] or not cells["system"]:
            raise DataError(f"{file}, line {line}: the code or its code system is missing. Correct or remove the row.")
        titles.setdefault(oid[1], cells.get("title", ""))
        code = (code_system(cells["system"]), cells["code"], cells.get("display", ""))
        codes[oid[1], cells.get("version", "")].append(code)
    return [ValueSet(file, oid, titles[oid], version, tuple(rows)) for (oid, version), rows in codes.items()]
