"""How far back it is known in full which care gaps were closed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import polars as pl

from core import measures as shipped
from core.domain.feed_lag import FEEDS, known_days, silent_tables
from core.domain.measure import Measure
from core.domain.wording import day_text
from core.feeds.events import TABLE_OF_KIND
from core.feeds.layout import EVENT_TABLES, TABLES
from core.store import outcome_rows
from core.store.database import reading
from core.workbench import Workbench

_TABLE_OF_CONCEPT = TABLE_OF_KIND | {"condition": "problems"}


def known_through(wb: Workbench, measures: Sequence[Measure]) -> tuple[date, int]:
    """The last day of which the events that satisfy these measures are known, and the usual delay in days
    (core.domain.feed_lag). The table that is furthest behind says it, of whichever source. Sources that send no more
    are left out; when none sends any more, the one that sent last says it. Today without any feed."""
    return _known_of(wb, _tables(measures))


def known_through_each(wb: Workbench, wanted: Mapping[str, Sequence[Measure]]) -> dict[str, tuple[date, int]]:
    """`known_through` of each, by its key; feeds are asked once for all that need the same tables."""
    tables = {key: frozenset(_tables(measures)) for key, measures in wanted.items()}
    found = {each: _known_of(wb, each) for each in set(tables.values())}
    return {key: found[each] for key, each in tables.items()}


def _known_of(wb: Workbench, tables: Collection[str]) -> tuple[date, int]:
    ended = wb.organisation().ended_sources
    with reading(wb.engine) as connection:
        loads = outcome_rows.lags(connection, tables)
        loads = loads if loads.height else outcome_rows.lags(connection, {"patients"})
    feeds = _by_day(wb, loads)
    if feeds.is_empty():
        return wb.today(), 0
    told = feeds.filter(~pl.col("source_system").is_in(list(ended)))
    return known_days(told if told.height else _latest(feeds))


def silent(wb: Workbench, measures: Sequence[Measure]) -> str:
    """A sentence that names the tables these measures need and a source sends no more while it sends others, so that
    nothing is known since; '' when all come."""
    with reading(wb.engine) as connection:
        loads = outcome_rows.lags(connection, {table.name for table in TABLES})
    ended, needed = wb.organisation().ended_sources, _tables(measures)
    told = [
        f"{table.replace('_', ' ')} of {source} since {day_text(on)}"
        for source, table, on in silent_tables(_by_day(wb, loads))
        if table in needed and source not in ended
    ]
    if not told:
        return ""
    return (
        f"Feeds tell no more {', no more '.join(told)}, though they tell other things. What closed gaps is known only "
        "until then, and no later window can be over: ask whoever sends the feed to send that again."
    )


def _by_day(wb: Workbench, loads: pl.DataFrame) -> pl.DataFrame:
    """FEEDS of the loads of outcome_rows.lags."""
    on = pl.col("received_at").dt.convert_time_zone(wb.zone().key).dt.date()
    return loads.with_columns(on=on).select(*FEEDS)


def _latest(feeds: pl.DataFrame) -> pl.DataFrame:
    """FEEDS of the source that sent the last of them."""
    return feeds.filter(pl.col("source_system") == feeds.sort("on", "source_system")["source_system"][-1])


def _tables(measures: Sequence[Measure]) -> set[str]:
    """The feed's tables whose events satisfy the measures; all of events where that cannot be said."""
    concepts = {each for measure in measures for way in measure.ways for each in way.concepts}
    concepts |= {each for measure in measures if measure.latest for each in measure.latest.concepts}
    known = shipped.concepts()
    kinds = {known[each].kind for each in concepts if each in known}
    return {_TABLE_OF_CONCEPT[kind] for kind in kinds if kind in _TABLE_OF_CONCEPT} or set(EVENT_TABLES)
