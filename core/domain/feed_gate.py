"""The feed gate: whether the data is good enough to send by, and if not, why.

A table that sending needs is missing, stale or has shrunk: then nothing is sent until a person has looked at it. A
release counts for these problems only. One of a missing or shrunken table belongs to one load: the next load is judged
anew. One of a stale table counts for as many days as the table may be old: then a person must look again.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.feed_quality import TableQuality
from core.domain.organisation import FeedRule

MISSING, STALE, SHRUNKEN = "missing", "stale", "shrunken"
_FEW = 2  # rows that a table may lose whatever their share: three opt-outs of which one was taken back


@dataclass(frozen=True)
class Problem:
    """Why the gate is closed: a table of a source, in the state in which a load left it. since: from when on."""

    kind: str
    feed_table: str
    source_system: str
    load_id: int
    since: datetime
    sentence: str

    @property
    def key(self) -> str:
        """What a release names."""
        return f"{self.kind}:{self.feed_table}:{self.load_id}"


@dataclass(frozen=True)
class Release:
    """A person's word that may be sent despite the problems with these keys."""

    keys: frozenset[str]
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class Gate:
    """Open when there is no problem that nobody released. `released` are those that somebody did, and `releases` the
    words that count for them."""

    problems: tuple[Problem, ...] = ()
    released: tuple[Problem, ...] = ()
    releases: tuple[Release, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether messages may leave."""
        return not self.problems

    @property
    def since(self) -> datetime | None:
        """Since when it is closed; None when it is open."""
        return min((problem.since for problem in self.problems), default=None)

    @property
    def keys(self) -> frozenset[str]:
        """What a release must name to open it."""
        return frozenset(problem.key for problem in self.problems)

    @property
    def reason(self) -> str:
        """Why it is closed, as sentences; empty when it is open."""
        return " ".join(problem.sentence for problem in self.problems)


def decide(
    rows: Iterable[TableQuality],
    releases: Collection[Release],
    rules: Iterable[FeedRule],
    *,
    now: datetime,
    ended_sources: Collection[str] = (),
) -> Gate:
    """Whether the gate is open at a moment.

    rows            of each source and table at least the last one, the last that was there, the last full one
    ended_sources   sources that send no more: nothing is expected of them
    """
    by_table = {rule.feed_table: rule for rule in rules}
    tables: dict[tuple[str, str], list[TableQuality]] = {}
    for row in sorted(rows, key=lambda row: row.load_id):
        if row.feed_table in by_table and row.source_system not in ended_sources:
            tables.setdefault((row.feed_table, row.source_system), []).append(row)
    problems = [p for key in sorted(tables) for p in _problems(tables[key], by_table[key[0]], now=now)]
    found = {p: [r for r in releases if covers(r, p, by_table[p.feed_table], now=now)] for p in problems}
    counting = dict.fromkeys(release for each in found.values() for release in each)
    return Gate(
        tuple(problem for problem in problems if not found[problem]),
        tuple(problem for problem in problems if found[problem]),
        tuple(sorted(counting, key=lambda release: release.at)),
    )


def good_rows(last: TableQuality | None, releases: Iterable[Release], rule: FeedRule | None) -> int | None:
    """With how many rows the next load of a table is compared: those of the last good load. One that shrank is good
    when a person released it.

    last   the last load of the same source and kind (full or not) that had the table
    """
    if last is None:
        return None
    problem = _shrunken(last, rule) if rule else None
    is_bad = problem is not None and not any(problem.key in release.keys for release in releases)
    return last.rows_before if is_bad else last.rows


def covers(release: Release, problem: Problem, rule: FeedRule, *, now: datetime) -> bool:
    """Whether this release still counts for this problem."""
    if problem.key not in release.keys:
        return False
    return problem.kind != STALE or now - release.at <= timedelta(days=rule.max_age_days or 0)


def _problems(rows: list[TableQuality], rule: FeedRule, *, now: datetime) -> list[Problem]:
    """The problems of one table of one source, by its rows in the order of the loads."""
    last = rows[-1]
    there = [row for row in rows if row.is_there]
    full = [row for row in there if row.is_full]
    found = [_missing(last) if not last.is_there else None]
    found.append(_stale(there[-1], rule, now=now) if there else None)
    found.append(_shrunken(full[-1], rule) if full else None)
    return [problem for problem in found if problem]


def _missing(row: TableQuality) -> Problem:
    sentence = f"The last full feed of {row.source_system} has no table {row.feed_table}; earlier ones had it."
    return _problem(MISSING, row, row.loaded_at, sentence)


def _stale(row: TableQuality, rule: FeedRule, *, now: datetime) -> Problem | None:
    if rule.max_age_days is None or row.received_at is None:
        return None
    received_at = min(row.received_at, row.loaded_at)  # a source whose clock is ahead is not fresher for that
    ends = received_at + timedelta(days=rule.max_age_days)
    if now <= ends:
        return None
    sentence = f"The table {row.feed_table} of {row.source_system} is older than {rule.max_age_days} days."
    return _problem(STALE, row, ends, sentence)


def _shrunken(row: TableQuality, rule: FeedRule) -> Problem | None:
    if not (row.is_full and row.is_there and row.rows_before) or rule.largest_shrink is None:
        return None
    lost = row.rows_before - row.rows
    if (row.rows and lost <= _FEW) or lost * 100 <= row.rows_before * rule.largest_shrink:
        return None
    sentence = (
        f"The table {row.feed_table} of {row.source_system} has {row.rows:,} rows; the last good load had "
        f"{row.rows_before:,}. It may lose at most {rule.largest_shrink}%."
    )
    return _problem(SHRUNKEN, row, row.loaded_at, sentence)


def _problem(kind: str, row: TableQuality, since: datetime, sentence: str) -> Problem:
    return Problem(kind, row.feed_table, row.source_system, row.load_id, since, sentence)
