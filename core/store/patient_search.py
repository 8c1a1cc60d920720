"""The SQL questions of finding a patient: through keys and indexes to few candidates, or in the order of names where
nearly everybody matches. Whatever leads to a patient, the row itself decides.

See docs/decisions/finding-patients.md.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    TextClause,
    and_,
    case,
    false,
    func,
    or_,
    select,
    text,
    true,
    type_coerce,
)

from core.domain.search_query import BEGINS, NUMBER, Piece, Word
from core.domain.user import Scope
from core.store.schema import attempts, patients, recipients, search_keys
from core.store.scope import in_scope

MOST_CANDIDATES = 3_000  # more are not looked up one by one: then a walk in the order of names soon finds enough
_MOST_COUNTED = 3_000
_MOST_ASKED, _FEW = 4, 500  # pieces of a word that are tried as leads, and how few candidates are good enough
_MORE = 3  # times as many where other words may leave few of them, so that a walk would be long
_LAST = "\U0010ffff"  # after every text that begins alike
_AFTER_BLANK = "!"  # after what ends a name in sort_name, before every letter
_LINE = 7  # digits of a number that an index of their own leads to
Row = tuple[str, str]  # sort_name, patient_id


@dataclass(frozen=True)
class Lately:
    """Who counts as contacted or seen lately: the first day of confirmed appointments and of reminders, and the first
    moment of messages."""

    confirmed_on: date
    reminded_on: date
    contacted_at: datetime


@dataclass(frozen=True)
class _Lead:
    """The candidates whom a word leads to; None are too many. Beside them, those in these ranges of sort_name."""

    ranges: tuple[tuple[str, str], ...]
    ids: frozenset[str] | None
    cost: float


_TOO_MANY = _Lead((), None, 0)


@dataclass(frozen=True)
class _Search:
    """What a patient must match, who may match at most, and of these few those who do, with whether it was lately."""

    connection: Connection
    matching: list[ColumnElement[bool]]
    lead: _Lead
    known: list[tuple[str, str, bool]]
    limit: int

    def first(self, is_lately: bool | None, test: ColumnElement[bool]) -> list[str]:
        """The first of those who were contacted lately, of the others, or of all (None)."""
        matching = [*self.matching, *([] if is_lately is None else [test if is_lately else ~test])]
        if self.lead.ids is None:
            rows = _in_order(self.connection, matching, limit=self.limit)
        else:
            known = {(name, each) for name, each, lately in self.known if is_lately in (None, lately)}
            rows = sorted(known.union(*self._beside(matching)))[: self.limit]
        return [patient_id for _, patient_id in rows]

    def _beside(self, matching: list[ColumnElement[bool]]) -> Iterator[list[Row]]:
        """Those whom sort_name leads to."""
        name = patients.c.sort_name
        for low, high in self.lead.ranges:
            yield _in_order(self.connection, [name >= low, name < high, *matching], limit=self.limit)


def found(
    connection: Connection, words: tuple[Word, ...], scope: Scope, *, limit: int, lately: Lately | None
) -> tuple[list[str], int]:
    """The ids of the first `limit` patients in the order of names who match every word and lie within the scope; only
    those of `lately`, if given, and then how many others there are, at most `limit`, unless there were so many already.
    One word at least must lead (Word.leads)."""
    matching = [*(_matches(connection, word) for word in words), in_scope(scope)]
    test = _is_lately(lately) if lately else true()
    lead = _best_lead(connection, words)
    search = _Search(connection, matching, lead, _among(connection, lead.ids or (), matching, test), limit)
    if lately is None:
        return search.first(None, test), 0
    ids = search.first(True, test)
    return ids, 0 if len(ids) == limit else len(search.first(False, test))


# ---- what a patient must match -------------------------------------------------------------------------------------
def _matches(connection: Connection, word: Word) -> ColumnElement[bool]:
    return or_(*(and_(*(_has(connection, piece) for piece in pieces)) for pieces in word.alternatives))


def _has(connection: Connection, piece: Piece) -> ColumnElement[bool]:
    if piece.kind == NUMBER:
        return or_(
            *(_holds(connection, column, piece.text) for column in (patients.c.phone_mobile, patients.c.phone_home))
        )
    end = "" if piece.kind == BEGINS else " "
    return _holds(connection, patients.c.search_names, f" {piece.text}{end}")


def _holds(connection: Connection, column: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    place = func.strpos if connection.dialect.name == "postgresql" else func.instr
    return func.coalesce(place(column, part), 0) > 0


# When a message left, or was tried for the last time: nobody answered, or nobody knows. Not when it was given up: a
# campaign that is stopped today may have called long ago.
_LAST_TRY = select(func.max(attempts.c.started_at)).where(attempts.c.recipient_id == recipients.c.recipient_id)
_TRIED_AT = case(
    (recipients.c.handed_over_at.is_not(None), recipients.c.handed_over_at),
    (recipients.c.attempt_count == 0, None),
    else_=func.coalesce(_LAST_TRY.correlate(recipients).scalar_subquery(), recipients.c.finished_at),
)


def _is_lately(lately: Lately) -> ColumnElement[bool]:
    # Not EXISTS: PostgreSQL might answer that by reading all messages.
    contacted = select(func.max(_TRIED_AT)).where(recipients.c.patient_id == patients.c.patient_id)
    tests = (
        patients.c.last_confirmed_on >= lately.confirmed_on,
        patients.c.last_reminded_on >= lately.reminded_on,
        contacted.correlate(patients).scalar_subquery() >= lately.contacted_at,
    )
    return or_(*(func.coalesce(test, false()) for test in tests))


# ---- who may match -------------------------------------------------------------------------------------------------
def _best_lead(connection: Connection, words: tuple[Word, ...]) -> _Lead:
    """The word with the fewest candidates, or with few enough; those likely to have few are asked first."""
    most = MOST_CANDIDATES * (_MORE if len(words) > 1 else 1)
    leads = []
    for word in sorted((word for word in words if word.is_kept), key=_promise, reverse=True):
        leads.append(_lead(connection, word, most=most))
        if leads[-1].ids is not None and leads[-1].cost <= _FEW:
            break
    return min(leads, key=lambda lead: (lead.ids is None, lead.cost))


def _promise(word: Word) -> tuple[bool, int]:
    """Numbers first, then long names: the letters of the shortest alternative count, since all must be looked for."""
    longest = [max((piece for piece in pieces if piece.is_kept), key=_length) for pieces in word.alternatives]
    return any(piece.kind == NUMBER for piece in longest), min(map(_length, longest))


def _length(piece: Piece) -> int:
    return len(piece.text)


def _lead(connection: Connection, word: Word, *, most: int) -> _Lead:
    leads = []
    for pieces in dict.fromkeys(word.alternatives):
        leads.append(_fewest(connection, pieces, most=most))
        if leads[-1].ids is None:
            return leads[-1]
    ids = frozenset[str]().union(*(lead.ids or () for lead in leads))
    ranges = tuple(dict.fromkeys(each for lead in leads for each in lead.ranges))
    return _Lead(ranges, ids, sum(lead.cost for lead in leads)) if len(ids) <= most else _TOO_MANY


def _fewest(connection: Connection, pieces: tuple[Piece, ...], *, most: int) -> _Lead:
    """All pieces must match, so the one with the fewest candidates leads; long ones have few and are asked first."""
    kept = sorted({piece for piece in pieces if piece.is_kept}, key=lambda piece: (-_length(piece), piece.text))
    best = _TOO_MANY
    for piece in kept[:_MOST_ASKED]:
        best = min(best, _piece_lead(connection, piece, most=most), key=lambda lead: (lead.ids is None, lead.cost))
        if best.ids is not None and best.cost <= _FEW:
            break
    return best


def _piece_lead(connection: Connection, piece: Piece, *, most: int) -> _Lead:
    ids = (_with_number if piece.kind == NUMBER else _with_key)(connection, piece, most)
    if ids is None:
        return _TOO_MANY
    # One in a range of sort_name costs little: it is read in order, and seldom all of them are.
    beside = 0 if piece.kind == NUMBER else _count(connection, piece)
    return _Lead((_range(piece),) if beside else (), ids, len(ids) + beside / 8)


def _with_key(connection: Connection, piece: Piece, most: int) -> frozenset[str] | None:
    """None are too many; that is asked first, because to fetch them takes longer."""
    low, high = _range(piece)
    key = search_keys.c.key
    those = select(search_keys.c.patient_id).where(key >= low, key < high)
    is_too_many = connection.scalar(those.offset(most).limit(1)) is not None
    return None if is_too_many else frozenset(connection.scalars(those))


def _count(connection: Connection, piece: Piece) -> int:
    low, high = _range(piece)
    name = patients.c.sort_name
    some = select(patients.c.patient_id).where(name >= low, name < high).limit(_MOST_COUNTED).subquery()
    return int(connection.scalar(select(func.count()).select_from(some)) or 0)


def _range(piece: Piece) -> tuple[str, str]:
    """From where to where texts lie that begin with the piece, or whose first name is the whole of it."""
    return piece.text, piece.text + (_LAST if piece.kind == BEGINS else _AFTER_BLANK)


def _with_number(connection: Connection, piece: Piece, most: int) -> frozenset[str] | None:
    """Through the indexes: the digits before the part are unknown, so all that they may be are looked for."""
    digits = piece.text
    whole = [f"+{digits}", *(f"+1{before}{digits}" for before in _unknown(2, 10 - len(digits)))]
    ends = [before + digits for before in _unknown(3, _LINE - len(digits))]
    asked = {
        "whole": whole,
        "begun": [each for each in ends if len(each) != _LINE],
        "line": [each for each in ends if len(each) == _LINE],
    }
    values: dict[str, Any] = {name: _list(connection, texts) for name, texts in asked.items()}
    values |= {"part": f"%{digits}%", "most": most + 1}
    rows = connection.scalars(_NUMBERS[connection.dialect.name], values).all()
    # Rows, not patients: one who is led to twice must not hide that others were cut off.
    return None if len(rows) > most else frozenset(rows)


def _unknown(most: int, room: int) -> Iterator[str]:
    """Every text of at most so many digits."""
    for length in range(min(most, room) + 1):
        yield from ("".join(each) for each in product("0123456789", repeat=length))


# Which begin with one of these digits; 'A' comes after all digits. OFFSET keeps PostgreSQL from joining otherwise.
_BEGINNING = {
    "sqlite": "SELECT patient_id FROM json_each(:{lows}) AS v CROSS JOIN patients "
    "WHERE {column} >= v.value AND {column} < v.value || 'A'",
    "postgresql": "SELECT p.patient_id FROM unnest(CAST(:{lows} AS text[])) AS v (low) CROSS JOIN LATERAL "
    "(SELECT patient_id FROM patients WHERE {column} >= v.low AND {column} < v.low || 'A' OFFSET 0) AS p",
}
# Which are one of these; the answer is the same, in a quarter of the time that as many beginnings take.
_BEING = {
    "sqlite": "SELECT patient_id FROM patients WHERE {column} IN (SELECT value FROM json_each(:{those}))",
    "postgresql": "SELECT patient_id FROM patients WHERE {column} = ANY(CAST(:{those} AS text[]))",
}
# A number of another plan is looked at by itself: there are few.
_ABROAD = "SELECT patient_id FROM patients WHERE {column} >= '+2' AND {column} LIKE :part"


def _numbers(dialect: str) -> TextClause:
    parts = []
    for number in ("phone_mobile", "phone_home"):
        parts.append(_BEGINNING[dialect].format(lows="whole", column=number))
        line = f"substr({number}, 6)"
        parts.append(_BEGINNING[dialect].format(lows="begun", column=line))
        parts.append(_BEING[dialect].format(those="line", column=line))
        parts.append(_ABROAD.format(column=number))
    return text(" UNION ALL ".join(parts) + " LIMIT :most")


_NUMBERS = {dialect: _numbers(dialect) for dialect in _BEGINNING}


# ---- reading the rows ----------------------------------------------------------------------------------------------
def _among(
    connection: Connection, ids: Collection[str], matching: list[ColumnElement[bool]], test: ColumnElement[bool]
) -> list[tuple[str, str, bool]]:
    """Of these patients those who match, with the answer to the test."""
    if not ids:
        return []
    known = "unnest(CAST(:ids AS text[]))" if connection.dialect.name == "postgresql" else "value FROM json_each(:ids)"
    those = patients.c.patient_id.in_(text(f"SELECT {known}").bindparams(ids=_list(connection, ids)))
    question = select(patients.c.sort_name, patients.c.patient_id, type_coerce(test, Boolean))
    return [(name, each, is_lately) for name, each, is_lately in connection.execute(question.where(those, *matching))]


def _in_order(connection: Connection, matching: list[ColumnElement[bool]], *, limit: int) -> list[Row]:
    """The first who match, in the order of names."""
    names = (patients.c.sort_name, patients.c.patient_id)
    found = connection.execute(select(*names).where(*matching).order_by(*names).limit(limit))
    return [(row.sort_name, row.patient_id) for row in found]


def _list(connection: Connection, texts: Collection[str]) -> Any:
    """Many texts as one parameter."""
    return list(texts) if connection.dialect.name == "postgresql" else json.dumps(list(texts))
