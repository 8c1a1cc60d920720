"""What a backup may hold: the tables, the files of the home, and how long a row may be. An archive says of itself what
is in it, and its check sums have no key, so nothing that it names is taken before it was looked at here.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary

from core.store.database import newest_version
from core.store.dump import KINDS, shapes
from core.store.schema import metadata

DEMO = "demo"
KEPT_FILES = ("secret.key", DEMO)  # of the home, beside the clinical data
KEPT_FOLDERS = ("conformance",)
LONGEST, LONGEST_WITH_FILES = 32 << 20, 128 << 20  # bytes of a row; documents have 20 MB and are in it as Base64

_SIZES = {"secret.key": 32, DEMO: 1 << 10}  # at most
_ALWAYS = {"audit", "users"}  # of every version
_VERSION = re.compile(r"(?!0000)\d{4}")
_ARCHIVE_ID = re.compile(r"[0-9a-f]{1,24}")
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,62}")
_GENERATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_IN_GENERATION = re.compile(r"about\.json|(?:[A-Za-z0-9_][A-Za-z0-9_=.-]*/){0,2}[A-Za-z0-9_][A-Za-z0-9_.-]*\.parquet")
_IN_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.parquet")


class Strange(Exception):
    """An archive names something that no backup has; the text says what."""


def longest(table: str) -> int:
    """How many bytes a row of a table may have."""
    known = metadata.tables.get(table)
    has_files = known is None or any(isinstance(column.type, LargeBinary) for column in known.c)
    return LONGEST_WITH_FILES if has_files else LONGEST


def require_known(told: Mapping[str, Any]) -> None:
    """Look at what a manifest says. Raises Strange, and ValueError, TypeError, KeyError or AttributeError for one in
    another form.

    Of an archive of a newer version the tables are not known: whoever takes its rows has to refuse it before.
    """
    _require(_ARCHIVE_ID, told["archive_id"], "the name")
    _require(_VERSION, told["version"], "the version")
    if datetime.fromisoformat(told["made_at"]).tzinfo is None:
        raise ValueError("a moment needs a time zone")
    for ledger_id, size in told.get("ledgers", {}).items():
        if not isinstance(size, int | None):
            raise TypeError(ledger_id)
    if told["version"] <= newest_version():
        _require_tables(told["version"], told["tables"])
    generation = told.get("generation")
    if generation is not None:
        _require(_GENERATION, generation, "the clinical data")
    for name, about in told["files"].items():
        if not _is_kept(name, generation) or about["size"] > _SIZES.get(name, about["size"]):
            raise Strange(f"the file {_shown(name)}")


def _require_tables(version: str, tables: Collection[Mapping[str, Any]]) -> None:
    known = {shape.name: [(name, kind) for name, kind, _ in shape.columns] for shape in shapes()}
    is_of_now = version == newest_version()
    names = [table["name"] for table in tables]
    for table in tables:
        if table["name"] not in known or names.count(table["name"]) > 1:
            raise Strange(f"the table {_shown(table['name'])}")
        if not isinstance(table["rows"], int):
            raise TypeError(table["name"])
        columns = [(name, kind) for name, kind, _ in table["columns"]]
        for name, kind in columns:
            _require(_COLUMN, name, "the column")
            if kind not in KINDS:
                raise Strange(f"the kind {_shown(kind)}")
        if is_of_now and columns != known[table["name"]]:
            raise Strange(f"other columns of the table {table['name']}")
    if missing := (known.keys() if is_of_now else _ALWAYS) - set(names):
        raise ValueError(f"without {min(missing)}")


def _is_kept(name: str, generation: str | None) -> bool:
    if name in KEPT_FILES:
        return True
    folder, _, rest = name.partition("/")
    if folder in KEPT_FOLDERS:
        return _IN_FOLDER.fullmatch(rest) is not None
    held, _, rest = rest.partition("/")
    return folder == "clinical" and held == generation and _IN_GENERATION.fullmatch(rest) is not None


def _require(pattern: re.Pattern[str], value: object, what: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Strange(f"{what} {_shown(value)}")


def _shown(value: object) -> str:
    """What somebody else wrote, short and without what a terminal would obey."""
    return repr(str(value)[:60])
