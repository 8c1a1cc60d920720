"""Feed quality: of each table how many rows came, against what came before, how fresh they are and how late."""

from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection

from core import feed_gate
from core.domain.feed_gate import SHRUNKEN, STALE, Release, good_rows
from core.domain.feed_quality import TableQuality, Tally, middle, quantile
from core.domain.organisation import FeedRule
from core.domain.wording import day_text
from core.feeds.layout import TABLES
from core.generations import Making
from core.store import accounts
from core.store import feed_quality as rows
from core.store.database import reading
from core.workbench import Workbench

_COLUMNS = dict.fromkeys(
    ("Table", "Source", "Rows", "Before", "Change", "Median", "Latest event", "Age at load", "Received", "Lag"),
    pl.String,
) | dict.fromkeys(("Rows", "Before", "Median"), pl.Int64)


def latest(wb: Workbench) -> list[TableQuality]:
    """The last load of each table of each source, in the order of the layout; a table that was left out of a full
    feed is among them with `is_there` False. Sources that send no more are left out."""
    ended = wb.organisation().ended_sources
    with reading(wb.engine) as connection:
        found = rows.last_rows(connection)
    last = {(row.feed_table, row.source_system): row for row in sorted(found, key=lambda row: row.load_id)}
    place = {table.name: number for number, table in enumerate(TABLES)}
    shown = [row for row in last.values() if row.source_system not in ended]
    return sorted(shown, key=lambda row: (place.get(row.feed_table, len(place)), row.source_system))


def table(wb: Workbench) -> pl.DataFrame:
    """`latest` as people read it: Table, Source, Rows, Before, Change, Median, Latest event, Age at load, Received and
    Lag.

    Before and Change compare with the last good load of the same kind, Median with its last five; the age is in days.
    """
    zone = wb.zone()
    wrong = {problem.key for problem in feed_gate.gate(wb).problems}
    return pl.DataFrame(
        [
            {
                "Table": each.feed_table,
                "Source": each.source_system,
                "Rows": each.rows,
                "Before": each.rows_before,
                "Change": _marked(each.change, f"{SHRUNKEN}:{each.feed_table}:{each.load_id}" in wrong, "too few"),
                "Median": each.rows_median,
                "Latest event": day_text(each.latest_on),
                "Age at load": _age(each, zone),
                "Received": _marked(
                    _received(each, zone), f"{STALE}:{each.feed_table}:{each.load_id}" in wrong, "too old"
                ),
                "Lag": each.lag,
            }
            for each in latest(wb)
        ],
        schema=_COLUMNS,
    )


def keep_in(wb: Workbench, connection: Connection, load_id: int, making: Making) -> None:
    """Keep the quality of a load's tables in the caller's transaction."""
    before = rows.rows_before(connection, making.intake.source_system)
    releases = rows.releases(connection)
    rules = {rule.feed_table: rule for rule in wb.organisation().feed_rules}
    names = {row.feed_table for row in before}
    found = [
        _row(wb, load_id, making, name, before, releases, rules.get(name))
        for name in (table.name for table in TABLES)
        if _is_there(making, name) or (name in making.intake.feed.manifest.full and name in names)
    ]
    rows.add(connection, found)
    ended = wb.organisation().ended_sources
    if making.intake.source_system in ended:  # it sends again
        left = tuple(name for name in ended if name != making.intake.source_system)
        accounts.change_in(connection, {"ended_sources": left}, at=wb.now(), by=wb.user.user_id)


def _row(
    wb: Workbench,
    load_id: int,
    making: Making,
    name: str,
    before: list[TableQuality],
    releases: list[Release],
    rule: FeedRule | None,
) -> TableQuality:
    intake, tally = making.intake, making.tallies.get(name, Tally())
    is_full = name in intake.feed.manifest.full
    is_there = _is_there(making, name)
    alike = [row for row in before if row.feed_table == name and row.is_full == is_full]
    is_known = any(row.feed_table == name for row in before)
    return TableQuality(
        load_id=load_id,
        source_system=intake.source_system,
        feed_table=name,
        is_full=is_full,
        is_there=is_there,
        rows=tally.rows,
        rows_before=good_rows(alike[0], releases, rule) if alike else None,
        rows_median=middle([row.rows for row in alike]),
        latest_on=tally.latest_on,
        received_at=intake.received_at if is_there else None,
        lag_median=quantile(tally.lags, 0.5) if is_known else None,
        lag_p90=quantile(tally.lags, 0.9) if is_known else None,
        loaded_at=wb.now(),
    )


def _marked(text: str, is_wrong: bool, word: str) -> str:
    """'✕ 55.0% too few' for what closes the gate."""
    if not is_wrong:
        return text
    return f"✕ {text.removeprefix('↓ ').removesuffix(' fewer')} {word}"


def _received(row: TableQuality, zone: ZoneInfo) -> str:
    return day_text(row.received_at.astimezone(zone).date() if row.received_at else None)


def _age(row: TableQuality, zone: ZoneInfo) -> str:
    if row.latest_on is None:
        return "–"
    days = (row.loaded_at.astimezone(zone).date() - row.latest_on).days
    return f"{days:,} day{'s' * (days != 1)}" if days >= 0 else "in the future"


def _is_there(making: Making, name: str) -> bool:
    """Whether the feed holds the table. One of which no row could be used has not come; an empty one has, unless the
    format cannot say so: resources of FHIR have no tables of their own."""
    feed, read = making.intake.feed, making.intake.read_of[name]
    if name not in feed.tables:
        return False
    has_rows = bool(making.tallies.get(name, Tally()).rows)
    return has_rows or name in feed.manifest.full or (not read and feed.format != "fhir")
