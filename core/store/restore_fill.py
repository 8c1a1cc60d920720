"""What is put right in the tables of a backup before they count: claims of workers that are gone, and free numbers."""

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from core.domain.message import RESTORED
from core.errors import CareloopError
from core.store import dump
from core.store.archive import Archive
from core.store.database import migrate_to
from core.store.dump import Shape
from core.store.restore_rows import add, release
from core.store.schema import attempts, campaigns, recipients
from core.store.standing_rows import Before, settle_people

_GAP = 1_000_000  # recipients' numbers that may have been given out since the backup: they stand in mails

_log = logging.getLogger(__name__)


def fill(connection: Connection, archive: Archive, progress: Callable[[float], None]) -> None:
    """The tables of an archive in an empty database, brought to the present version. Raises CareloopError for rows that
    do not fit into their table."""
    manifest = archive.manifest
    migrate_to(connection, manifest.version)
    shapes = manifest.shapes()
    dump.clear(connection, shapes)
    for number, shape in enumerate(shapes):
        progress(number / len(shapes))
        _fill(connection, archive, shape)
    migrate_to(connection)


def _fill(connection: Connection, archive: Archive, shape: Shape) -> None:
    try:
        with closing(archive.rows(shape.name)) as rows:
            dump.fill(connection, shape, rows)
    except (SQLAlchemyError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        _log.error("the table %s of the archive cannot be filled (%s)", shape.name, type(error).__name__)
        raise CareloopError(
            f"The table {shape.name} of the backup cannot be taken back ({type(error).__name__}): it was changed after "
            "the backup was made, or the database takes no more. Make sure of its space, or use another backup. "
            "Nothing was changed."
        ) from None


def settle(connection: Connection, archive: Archive, was: Before, *, at: datetime, by: str) -> None:
    """Hold everything back, let nobody be on who was switched off, and let nobody finish what a worker held at the
    moment of the backup: what became of it is not known here, and a journal of today tells of other batches.

    was  who was here before
    """
    claimed = recipients.c.state == "claimed"
    held = exists().where(recipients.c.recipient_id == attempts.c.recipient_id, claimed)
    running = update(attempts).where(attempts.c.outcome.is_(None), held)
    connection.execute(running.values(outcome="unknown", ended_at=at))
    connection.execute(
        update(recipients)
        .where(claimed)
        .values(state="unknown", reason=RESTORED, claimed_by=None, lease_until=None, finished_at=at)
    )
    _leave_numbers_free(connection, archive.manifest.archive_id, at=at, by=by)
    dump.set_sequences(connection)
    manifest = archive.manifest
    # A backup of a restored database that nobody had released: this restore takes the place of that one.
    release(connection, at=at, by=by, reason="another backup was restored", counts={})
    written_since = [ledger_id for ledger_id, seen_at in was.ledgers.items() if seen_at >= manifest.made_at]
    add(
        connection,
        archive_id=manifest.archive_id,
        made_at=manifest.made_at,
        restored_at=at,
        by=by,
        ledgers=dict.fromkeys(written_since) | manifest.ledgers,
        sources={"people": settle_people(connection, was)},
    )


def _leave_numbers_free(connection: Connection, archive_id: str, *, at: datetime, by: str) -> None:
    """New recipients get numbers that were never given out: stop links in mails name a recipient, and one that was sent
    after the backup must not stop somebody else's messages. SQLite numbers rows after the highest one."""
    campaign_id = f"restore-{archive_id}"
    if connection.scalar(select(campaigns.c.campaign_id).where(campaigns.c.campaign_id == campaign_id)):
        campaign_id = f"{campaign_id[:24]}{at:%H%M%S}"
    highest = connection.scalar(select(func.coalesce(func.max(recipients.c.recipient_id), 0))) or 0
    empty: dict[str, Any] = {"messages": {}, "fields": {}, "measures": [], "protocols": [], "work_list": {}}
    connection.execute(
        insert(campaigns).values(
            campaign_id=campaign_id,
            kind="restore",
            name=f"Restore {campaign_id}",
            name_key=f"restore {campaign_id}",
            channel="email",
            purpose="announcement",
            template_id="",
            status="stopped",
            start_on=at.date(),
            from_email="",
            from_name="",
            created_at=at,
            created_by=by,
            changed_at=at,
            changed_by=by,
            finished_at=at,
            **empty,
        )
    )
    place = {"recipient_id": highest + _GAP, "campaign_id": campaign_id, "patient_id": "", "state": "stopped"}
    connection.execute(insert(recipients).values(**place, finished_at=at))
