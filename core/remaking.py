"""Clinical data made anew from what is there, without a feed: with other meanings of codes, or after a merge."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from core.code_meanings import KnownCodes, Meanings, known_codes, remade
from core.domain.defects import Defect
from core.evaluation import Day
from core.feeds.intake import Counts
from core.load_rows import add_row, current, draft_of, remove_orphans, today
from core.publishing import publish, publish_day
from core.store import feed_rows
from core.store.clinical import Draft, Generation
from core.store.database import writing
from core.workbench import Workbench


@contextmanager
def remade_with(wb: Workbench, known: KnownCodes, *, started_at: datetime) -> Iterator[Connection]:
    """The same events with other meanings as a generation of its own, when there is one; the caller holds the lock.

    Gives the transaction that publishes it, so that what the meanings come from is kept with it or not at all.
    """

    def make(draft: Draft, before: Generation, day: Day) -> Generation:
        return remade(draft, before, Meanings(known), day)

    with made_anew(wb, make, format="codes", started_at=started_at) as connection:
        yield connection


@contextmanager
def made_anew(
    wb: Workbench,
    make: Callable[[Draft, Generation, Day], Generation],
    *,
    format: str,
    started_at: datetime,
    first: Callable[[Connection], None] | None = None,
) -> Iterator[Connection]:
    """A generation that is made of the last one, when there is one, without a feed; the caller holds the lock.

    first   is done in the transaction before all of it is published; without it, only what follows from facts is
    Gives the transaction that publishes it.
    """
    remove_orphans(wb)
    before = current(wb)
    if before is None:
        with writing(wb.engine) as connection:
            if first:
                first(connection)
            yield connection
        return
    day = today(wb)
    with draft_of(wb) as draft:
        generation = make(draft, before, day)
        last = feed_rows.load_rows(wb.engine, status="loaded", limit=1)[0]
        with writing(wb.engine) as connection:
            if first:
                first(connection)
                publish(wb, connection, generation, day)
            else:
                publish_day(connection, generation.day(day.evaluation), generation.shards())
            add_row(
                wb,
                connection,
                source=last.source_system,
                format=format,
                status="loaded",
                started_at=started_at,
                generation=generation.name,
                received_at=last.received_at,
                counts={name: Counts(**each) for name, each in last.counts.items()},
                defects=[Defect(**each) for each in last.defects],
            )
            yield connection
    remove_orphans(wb)


def in_this_layout(wb: Workbench) -> Generation | None:
    """The last load's data in the layout of this version of the program."""
    with wb.clinical.loading():
        before = current(wb)  # another process may have been faster
        if before is not None and not before.about().is_current:
            with remade_with(wb, known_codes(wb.engine), started_at=wb.now()):
                pass
        return current(wb)
