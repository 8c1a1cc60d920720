"""What the Twilio sandbox keeps: texts, calls, who texted STOP, and numbers that were told how to behave.

One SQLite file, used by the sandbox's one thread alone. Changes are committed together several times a second, because
a commit for each of three hundred changes a second would be most of the work; a crash may lose that moment.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

FILE = "twilio.sqlite3"
_TABLES = """
CREATE TABLE IF NOT EXISTS texts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT NOT NULL UNIQUE, direction TEXT NOT NULL, sender TEXT NOT NULL,
    recipient TEXT NOT NULL, body TEXT NOT NULL, status TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL,
    sent REAL, callback TEXT NOT NULL, service TEXT, error INTEGER);
CREATE INDEX IF NOT EXISTS texts_recipient ON texts (recipient);
CREATE INDEX IF NOT EXISTS texts_under_way ON texts (status) WHERE status IN ('accepted', 'queued', 'sending', 'sent');
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT NOT NULL UNIQUE, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    status TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, request TEXT NOT NULL, started REAL, ended REAL,
    duration INTEGER, answered_by TEXT, transcript TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS calls_recipient ON calls (recipient);
CREATE INDEX IF NOT EXISTS calls_under_way ON calls (status) WHERE status IN ('queued', 'ringing', 'in-progress');
CREATE TABLE IF NOT EXISTS blocked (patient TEXT NOT NULL, sender TEXT NOT NULL, PRIMARY KEY (patient, sender));
CREATE TABLE IF NOT EXISTS numbers (number TEXT PRIMARY KEY, behaviour TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Text:
    """A text in either direction; moments are seconds since 1970. `service` is a messaging service's SID."""

    sid: str
    direction: str
    sender: str
    recipient: str
    body: str
    status: str
    created: float
    updated: float
    sent: float | None = None
    callback: str = ""
    service: str | None = None
    error: int | None = None


@dataclass(frozen=True)
class Call:
    """A call of ours. `request` and `transcript` are JSON: what was asked for, and what was said and pressed."""

    sid: str
    sender: str
    recipient: str
    status: str
    created: float
    updated: float
    request: str
    started: float | None = None
    ended: float | None = None
    duration: int | None = None
    answered_by: str | None = None
    transcript: str = "[]"


Kept = TypeVar("Kept", bound=Text | Call)
_NAMES: dict[type[Any], str] = {Text: "texts", Call: "calls"}
_COLUMNS: dict[type[Any], str] = {kind: ", ".join(field.name for field in fields(kind)) for kind in (Text, Call)}
_MARKS: dict[type[Any], str] = {kind: ", ".join("?" for _ in fields(kind)) for kind in (Text, Call)}


@dataclass(frozen=True)
class Condition:
    """A part of a WHERE of our own making, with the values given for its marks."""

    sql: str
    given: tuple[Any, ...]


class Store:
    """All queries. Nothing is committed until `commit`, and everything is seen at once."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(folder / FILE)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def commit(self) -> None:
        self._db.commit()

    def close(self) -> None:
        self._db.commit()
        self._db.close()

    def add(self, kept: Text | Call) -> None:
        kind = type(kept)
        self._db.execute(
            f"INSERT INTO {_NAMES[kind]} ({_COLUMNS[kind]}) VALUES ({_MARKS[kind]})",  # noqa: S608  # nosec B608 # our own names; values are parameters
            tuple(vars(kept).values()),  # in the order of the fields; astuple copies, which is ten times dearer
        )

    def change(self, kind: type[Kept], sid: str, **values: Any) -> Kept:
        """Change columns of a row that exists, and read it again."""
        changes = ", ".join(f"{name} = ?" for name in values)
        row = self._db.execute(
            f"UPDATE {_NAMES[kind]} SET {changes} WHERE sid = ? RETURNING {_COLUMNS[kind]}",  # noqa: S608  # nosec B608 # our own names; values are parameters
            (*values.values(), sid),
        ).fetchone()
        return kind(*row)

    def get(self, kind: type[Kept], sid: str) -> Kept | None:
        found = self.find(kind, [Condition("sid = ?", (sid,))], limit=1)
        return found[0] if found else None

    def find(
        self, kind: type[Kept], conditions: Iterable[Condition] = (), *, limit: int, skip: int = 0, oldest: bool = False
    ) -> list[Kept]:
        """Rows that meet all conditions, newest first unless `oldest`."""
        where, given = _where(conditions)
        order = "id" if oldest else "id DESC"
        sql = f"SELECT {_COLUMNS[kind]} FROM {_NAMES[kind]} {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608  # nosec B608 # our own names; values are parameters
        rows = self._db.execute(sql, (*given, limit, skip)).fetchall()
        return [kind(*row) for row in rows]

    def count(self, kind: type[Kept], conditions: Iterable[Condition] = ()) -> int:
        where, given = _where(conditions)
        row = self._db.execute(f"SELECT count(*) FROM {_NAMES[kind]} {where}", given).fetchone()  # noqa: S608  # nosec B608 # our own names; values are parameters
        return int(row[0])

    def shift_texts(self, seconds: float) -> None:
        """Move the moments of all texts: a demo's were sent on an earlier day than the one it is made on."""
        columns = ", ".join(f"{name} = {name} + ?" for name in ("created", "updated", "sent"))
        self._db.execute(f"UPDATE texts SET {columns}", (seconds,) * 3)  # noqa: S608  # nosec B608 # our own names; values are parameters

    def block(self, patient: str, sender: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO blocked VALUES (?, ?)", (patient, sender))

    def unblock(self, patient: str, sender: str) -> bool:
        """Whether the patient was blocked until now."""
        return self._db.execute("DELETE FROM blocked WHERE patient = ? AND sender = ?", (patient, sender)).rowcount > 0

    def is_blocked(self, patient: str, sender: str) -> bool:
        found = self._db.execute("SELECT 1 FROM blocked WHERE patient = ? AND sender = ?", (patient, sender))
        return found.fetchone() is not None

    def behave(self, number: str, behaviour: str) -> None:
        """How a number behaves from now on; an empty behaviour forgets what was said."""
        self._db.execute("DELETE FROM numbers WHERE number = ?", (number,))
        if behaviour:
            self._db.execute("INSERT INTO numbers VALUES (?, ?)", (number, behaviour))

    def behaviour(self, number: str) -> str:
        row = self._db.execute("SELECT behaviour FROM numbers WHERE number = ?", (number,)).fetchone()
        return row[0] if row else ""

    def behaviours(self) -> dict[str, str]:
        """Those of all numbers that were told one."""
        return dict(self._db.execute("SELECT number, behaviour FROM numbers").fetchall())


def before(kind: type[Kept], sid: str) -> Condition:
    """Only rows that came before this one: the next page of a list with the newest first."""
    return Condition(f"id < (SELECT id FROM {_NAMES[kind]} WHERE sid = ?)", (sid,))  # noqa: S608  # nosec B608 # our own names; values are parameters


def after(kind: type[Kept], sid: str) -> Condition:
    """Only rows that came after this one."""
    return Condition(f"id > (SELECT id FROM {_NAMES[kind]} WHERE sid = ?)", (sid,))  # noqa: S608  # nosec B608 # our own names; values are parameters


def containing(text: str, columns: Sequence[str]) -> Condition:
    """Rows with the text in one of the columns, whatever the case of plain letters."""
    pattern = "%" + "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in text) + "%"
    sql = " OR ".join(rf"{column} LIKE ? ESCAPE '\'" for column in columns)
    return Condition(f"({sql})", (pattern,) * len(columns))


def _where(conditions: Iterable[Condition]) -> tuple[str, tuple[Any, ...]]:
    parts = list(conditions)
    sql = " AND ".join(part.sql for part in parts)
    return (f"WHERE {sql}" if parts else ""), tuple(value for part in parts for value in part.given)
