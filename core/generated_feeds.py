"""Invented patients: a home into which some were ever loaded can never go live, and a live home takes none."""

from pathlib import Path

import polars as pl
from sqlalchemy import Connection

from core.errors import DataError
from core.feeds.feed import Feed
from core.feeds.generated import generator_of, is_all_invented
from core.home_mode import is_live
from core.store import mode_rows
from core.store.clinical import Generation
from core.store.database import reading
from core.workbench import Workbench

_ALL_INVENTED = "invented addresses"


def generators(wb: Workbench) -> list[str]:
    """Who invented patients that were ever loaded into this home, such as 'sample' or 'synthea'; empty for real ones
    alone."""
    with reading(wb.engine) as connection:
        return mode_rows.generators(connection)


def require_real(wb: Workbench, feed: Feed) -> str:
    """Who generated the feed, '' for nobody. Raises DataError for a generated one in a live home."""
    found = generator_of(feed)
    if found and is_live(wb):
        raise DataError(_refusal(feed.folder, f"it was generated ({found})"))
    return found


def require_real_addresses(wb: Workbench, feed: Feed, generation: Generation) -> str:
    """The same by the addresses of the patients as they are after the load: when all are invented, so are they."""
    names = ["email", "phone_home", "phone_mobile", "phone_work"]
    if not is_all_invented(generation.table("patients").select(pl.col(names)).collect()):
        return ""
    if is_live(wb):
        raise DataError(_refusal(feed.folder, "every email address and number in it is set aside for examples"))
    return _ALL_INVENTED


def note(wb: Workbench, found: str) -> list[str]:
    """What whoever loads is told of invented patients, outside a demo."""
    if not found or wb.settings.demo:
        return []
    return [
        f"These patients are invented ({found}), so this home can never go live. Real ones belong in a home of their "
        "own (CARELOOP_HOME)."
    ]


def keep_in(wb: Workbench, connection: Connection, *found: str) -> None:
    """Keep for good who invented the patients that are being loaded. Raises DataError when the home went live since
    the load began."""
    for each in filter(None, found):
        if mode_rows.mode(connection).is_live:
            raise DataError("This home went live while a feed of invented patients was loaded. Nothing was changed.")
        mode_rows.add_generator(connection, each[:32], at=wb.now(), by=wb.user.user_id)


def _refusal(folder: Path, why: str) -> str:
    return (
        f"{folder.name} holds invented patients: {why}. This home is live and takes real ones only; nothing was "
        "changed. Try such a feed in a home of its own (CARELOOP_HOME)."
    )
