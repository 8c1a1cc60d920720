"""Feed quality: of each table how many rows came, against what came before, how fresh they are and how late."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection

from core import feed_gate
from core.domain.feed_gate import SHRUNKEN, STALE, good_rows
from core.domain.feed_quality import TableQuality, Tally, middle, quantile
from core.domain.wording import day_text
from core.feeds.layout import TABLES
from core.generations import Making
from core.organisation_settings import change_in
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
    source, full = making.intake.source_system, making.intake.feed.manifest.full
    before = rows.rows_before(connection, source)
    releases = rows.releases(connection)
    organisation = wb.organisation()
    rules = {rule.feed_table: rule for rule in organisation.feed_rules}
    found = []
    for name in (table.name for table in TABLES):
        known = [row for row in before if row.feed_table == name]
        if _is_there(making, name) or (name in full and known):
            alike = [row for row in known if row.is_full == (name in full)]
            good = good_rows(alike[0] if alike else None, releases, rules.get(name))
            row = _row(making, name, load_id=load_id, loaded_at=wb.now(), is_known=bool(known))
            found.append(replace(row, rows_before=good, rows_median=middle([each.rows for each in alike])))
    rows.add(connection, found)
    if source in organisation.ended_sources:  # it sends again
        left = tuple(name for name in organisation.ended_sources if name != source)
        change_in(wb, connection, {"ended_sources": left}, action="feed.source_sends_again", subject=source)


def _row(making: Making, name: str, *, load_id: int, loaded_at: datetime, is_known: bool) -> TableQuality:
    """One table of a load, not yet compared with what came before."""
    intake, tally = making.intake, making.tallies.get(name, Tally())
    is_there = _is_there(making, name)
    return TableQuality(
        load_id=load_id,
        source_system=intake.source_system,
        feed_table=name,
        is_full=name in intake.feed.manifest.full,
        is_there=is_there,
        rows=tally.rows,
        rows_before=None,
        rows_median=None,
        latest_on=tally.latest_on,
        received_at=intake.received_at if is_there else None,
        lag_median=quantile(tally.lags, 0.5) if is_known else None,
        lag_p90=quantile(tally.lags, 0.9) if is_known else None,
        loaded_at=loaded_at,
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
    """Whether the feed holds the table. Of one that only adds, a table of which no row could be used has not come. An
    empty table has, except in FHIR: there it cannot be told from one that was left out."""
    feed, read = making.intake.feed, making.intake.read_of[name]
    if name not in feed.tables or (not read and feed.format == "fhir"):
        return False
    return bool(making.tallies.get(name, Tally()).rows) or name in feed.manifest.full or not read
