"""What a load writes to the database: what sending and the pages must know on any machine."""

from collections.abc import Iterable, Iterator

import polars as pl
from sqlalchemy import Connection

from core import feed_opt_outs
from core.evaluation import Day
from core.store import feed_rows
from core.store.clinical import DayDraft, Generation
from core.workbench import Workbench


def publish(wb: Workbench, connection: Connection, generation: Generation, day: Day) -> None:
    """Practice, patients, open gaps and the feed's opt-outs of a new generation, in the caller's transaction."""
    feed_rows.publish_alone(connection)
    feed_rows.put_practice(
        connection,
        group_rows=generation.table("groups").collect(),
        location_rows=generation.table("locations").collect(),
        provider_rows=generation.table("providers").collect(),
    )
    evaluated = generation.day(day.evaluation)
    feed_rows.put_patients(connection, _people(generation, evaluated))
    feed_rows.put_open_gaps(connection, _open_gaps(evaluated, generation.shards()))
    feed_opt_outs.add(wb, connection, generation.table("opt_outs").collect(), zone=day.zone)


def publish_day(connection: Connection, evaluated: DayDraft, shards: Iterable[int]) -> None:
    """Only what changes when the same patients are evaluated again: next appointments, last visits and open gaps."""
    feed_rows.publish_alone(connection)
    numbers = list(shards)
    feed_rows.put_evaluation(connection, (evaluated.read("people", number) for number in numbers))
    feed_rows.put_open_gaps(connection, _open_gaps(evaluated, numbers))


def _people(generation: Generation, evaluated: DayDraft) -> Iterator[pl.DataFrame]:
    for number in generation.shards():
        patients = generation.table("patients", number).collect()
        yield patients.join(evaluated.read("people", number), on="patient_id", how="left", maintain_order="left")


def _open_gaps(evaluated: DayDraft, shards: Iterable[int]) -> Iterator[pl.DataFrame]:
    for number in shards:
        people = evaluated.read("people", number).select("patient_id", pl.col("open_measures").alias("measures"))
        yield people.drop_nulls("measures")
