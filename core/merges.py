"""Two records of one person become one: by hand here, by a feed in its load. It is never undone by itself.

The survivor keeps its id and its own data; what was written to the other, its opt-outs, remarks, events and
appointments become the survivor's (docs/decisions/merges.md).
"""

from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path

import polars as pl
from sqlalchemy import Connection

from core import loads, remaking
from core.code_meanings import Meanings, known_codes
from core.domain.merge import ANOTHER, CIRCLE, STAFF
from core.domain.role import MERGE, READ_PATIENTS
from core.errors import NotAllowed, NotFound
from core.evaluation import Day
from core.feeds.csv_file import FILE, LINE
from core.feeds.feed import Batch, Feed, Manifest
from core.feeds.intake import Intake
from core.feeds.layout import TABLE
from core.generations import Making, shard_count
from core.merging import MERGES, Merging, follow_in, keep_in
from core.store import merges as rows
from core.store.clinical import Draft, Generation
from core.store.database import reading
from core.store.merges import Merge as Merge
from core.store.people import visible_ids
from core.workbench import Workbench, needs

_MERGED_BEFORE = (
    "One of these records was merged before. Open the patient again, and merge the record that is there now."
)


@needs(READ_PATIENTS)
def survivor(wb: Workbench, patient_id: str) -> str:
    """The id under which a patient is found today: another one when the id was merged, as far as the user may see
    whose it has become."""
    with reading(wb.engine) as connection:
        now = rows.survivor(connection, patient_id)
        return now if now == patient_id or visible_ids(connection, [now], wb.user.scope) else patient_id


@needs(READ_PATIENTS)
def of_patient(wb: Workbench, patient_id: str) -> list[Merge]:
    """The ids that became this patient's, with the day and who said so, the earliest first. Raises NotFound for a
    patient the user may not see."""
    with reading(wb.engine) as connection:
        if not visible_ids(connection, [patient_id], wb.user.scope):
            raise NotFound("There is no such patient among those you may see.")
        return rows.of_patient(connection, patient_id)


@needs(MERGE)
def merge(wb: Workbench, merged_id: str, *, into: str, progress: loads.Progress | None = None) -> None:
    """Make the record `merged_id` the patient `into`, whose own data stay. It takes as long as an evaluation of the
    last load, of which `progress` is told, and cannot be undone here.

    Raises NotAllowed without the permission, for a record and itself, for one that was merged before, and while a load
    runs; NotFound for a patient the user may not see.
    """
    if merged_id == into:
        raise NotAllowed("These are one record already. Choose the other record of the same person.")
    with reading(wb.engine) as connection:
        if len(visible_ids(connection, [merged_id, into], wb.user.scope)) < 2:
            raise NotFound("One of these patients is not among those you may see. Nothing was changed.")
    with wb.clinical.loading():
        with reading(wb.engine) as connection:
            merging = Merging(rows.known(connection))
        if {merged_id, into} & merging.known.keys():
            raise NotAllowed(_MERGED_BEFORE)
        maker = _maker(wb, merging, merged_id, into, progress or (lambda _what, _share: None))

        def keep(connection: Connection) -> None:
            if not merging.new:  # there is no clinical data
                merging.state({merged_id: into})
            keep_in(wb, connection, merging, source=STAFF, on=wb.today())

        with remaking.made_anew(wb, maker, format="merge", started_at=wb.now(), first=keep) as connection:
            follow_in(wb, connection, merging)


def _maker(
    wb: Workbench, merging: Merging, merged_id: str, into: str, progress: loads.Progress
) -> Callable[[Draft, Generation, Day], Generation]:
    """What makes the generation in which the two are one: a load of a feed that says only this."""

    def make(draft: Draft, before: Generation, day: Day) -> Generation:
        at = wb.now().astimezone(UTC)
        intake = Intake(_feed(merged_id, into), STAFF, at, wb.zone(), wb.today())
        shards = shard_count(0, before, shard_bytes=wb.clinical.shard_bytes)
        meanings = Meanings(known_codes(wb.engine))
        making = Making(draft, before, intake, meanings, shards, before.about().fingerprint, merging=merging)
        made = making.make(day, progress=progress)
        if merging.made.refused:
            reason = merging.made.refused[merged_id]
            raise NotAllowed(_MERGED_BEFORE if reason in (ANOTHER, CIRCLE) else f"The survivor: {reason}.")
        draft.write_whole("rejects", before.rejects().collect())
        return made

    return make


def _feed(merged_id: str, into: str) -> Feed:
    said = {"merged_id": [merged_id], "patient_id": [into]}
    shape = dict.fromkeys(TABLE[MERGES].column_names, pl.String)
    row = pl.DataFrame({name: said.get(name, [None]) for name in shape}, schema=shape)
    row = row.with_columns(pl.lit("", pl.Categorical).alias(FILE), pl.lit(1, pl.UInt32).alias(LINE))

    def batches(_advance: Callable[[int], None]) -> Iterator[Batch]:
        yield Batch(MERGES, MERGES, row)

    return Feed(Path(), STAFF, Manifest(), frozenset({MERGES}), (), batches)
