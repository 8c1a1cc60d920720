"""What every way of making clinical data shares: which data count, the folder of new ones, and a row for each load."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection

from core import rules
from core.domain.defects import Defect
from core.evaluation import Day
from core.feeds.intake import Counts
from core.store import feed_rows
from core.store.clinical import Draft, Generation
from core.workbench import Workbench


def current(wb: Workbench) -> Generation | None:
    """The clinical data of the last good load; None before the first."""
    names = feed_rows.generation_names(wb.engine)
    return next((g for name in names if (g := wb.clinical.generation(name)).is_complete()), None)


def today(wb: Workbench) -> Day:
    """What is evaluated now: the organisation's day by the rules in force."""
    return Day(wb.today(), wb.now(), wb.zone(), rules.in_force(wb))


def add_row(
    wb: Workbench,
    connection: Connection,
    *,
    source: str,
    format: str,
    status: str,
    started_at: datetime,
    message: str = "",
    generation: str | None = None,
    received_at: datetime | None = None,
    counts: dict[str, Counts] | None = None,
    defects: list[Defect] | None = None,
) -> int:
    """Keep that a load ended, how, and what was in it; returns its id."""
    return feed_rows.add_load(
        connection,
        source_system=source,
        format=format,
        status=status,
        generation=generation,
        received_at=received_at,
        started_at=started_at,
        finished_at=wb.now(),
        loaded_by=wb.user.user_id,
        counts={name: asdict(each) for name, each in sorted((counts or {}).items())},
        defects=[asdict(defect) for defect in defects or []],
        message=message,
    )


@contextmanager
def draft_of(wb: Workbench) -> Iterator[Draft]:
    """A new generation's folder. What is not named by a row in `loads` in the end is removed again."""
    draft = wb.clinical.new_generation(f"{wb.now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}")
    try:
        yield draft
    finally:
        if draft.folder.name not in feed_rows.generation_names(wb.engine, limit=1):
            draft.discard()


def remove_orphans(wb: Workbench) -> None:
    """Delete what interrupted loads left and what is older than the generation before the current one, which pages may
    still be reading."""
    wb.clinical.remove_others(keep=set(feed_rows.generation_names(wb.engine, limit=2)))
