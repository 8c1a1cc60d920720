"""What a load writes to the database: what sending and the pages must know on any machine."""

from collections.abc import Iterable, Iterator

import polars as pl
from sqlalchemy import Connection

from core import feed_opt_outs, feed_questions
from core.domain.reminder import last_reminded
from core.evaluation import Day
from core.overlays import Overlay
from core.store import feed_rows, search_keys
from core.store.clinical import DayDraft, Generation
from core.workbench import Workbench

_CONFIRMED = ("confirmed", "arrived", "completed")


def publish(wb: Workbench, connection: Connection, generation: Generation, day: Day) -> None:
    """Practice, patients, open gaps and the feed's opt-outs of a new generation, in the caller's transaction.

    Corrections of staff stay over the feed's values; where the feed contradicts staff or a patient, somebody is asked.
    """
    feed_rows.publish_alone(connection)
    feed_rows.put_practice(
        connection,
        group_rows=generation.table("groups").collect(),
        location_rows=generation.table("locations").collect(),
        provider_rows=generation.table("providers").collect(),
    )
    evaluated = generation.day(day.evaluation)
    overlay = Overlay.read(connection)
    before = feed_questions.consents_before(wb, connection)
    feed_rows.put_patients(connection, overlay.laid_over(_people(generation, evaluated)))
    feed_questions.ask_about_corrections(wb, connection, overlay)
    feed_questions.ask_about_consents(wb, connection, generation, overlay=overlay, before=before)
    feed_rows.put_open_gaps(connection, _open_gaps(evaluated, generation.shards()))
    feed_opt_outs.add(wb, connection, generation.table("opt_outs").collect(), zone=day.zone)


def publish_day(connection: Connection, evaluated: DayDraft, shards: Iterable[int]) -> None:
    """Only what changes when the same patients are evaluated again: next appointments, last visits and open gaps."""
    feed_rows.publish_alone(connection)
    numbers = list(shards)
    feed_rows.put_evaluation(connection, (evaluated.read("people", number) for number in numbers))
    feed_rows.put_open_gaps(connection, _open_gaps(evaluated, numbers))


def make_searchable(connection: Connection, generation: Generation | None) -> None:
    """Let patients be found whose rows were written before there was a search; the generation says when they came."""
    feed_rows.publish_alone(connection)
    if search_keys.is_filled(connection):
        return  # another process was faster
    search_keys.fill(connection)
    if generation is not None:
        feed_rows.put_contacts(connection, (_contacts(generation, number) for number in generation.shards()))


def reminded(generation: Generation, shard: int) -> pl.DataFrame:
    """When the patients of a shard were last reminded of an appointment: patient_id, last_reminded_on."""
    return last_reminded(generation.table("reminders", shard).collect())


def _people(generation: Generation, evaluated: DayDraft) -> Iterator[pl.DataFrame]:
    for number in generation.shards():
        patients = generation.table("patients", number).collect()
        people = patients.join(evaluated.read("people", number), on="patient_id", how="left", maintain_order="left")
        yield people.join(_contacts(generation, number), on="patient_id", how="left", maintain_order="left")


def _contacts(generation: Generation, shard: int) -> pl.DataFrame:
    """When patients of a shard last had, or will have, a confirmed appointment, and were last reminded of one:
    patient_id, last_confirmed_on, last_reminded_on."""
    appointments = generation.table("appointments", shard).filter(pl.col("status").is_in(_CONFIRMED))
    confirmed = appointments.group_by("patient_id").agg(pl.col("start_at").max().dt.date().alias("last_confirmed_on"))
    return confirmed.collect().join(reminded(generation, shard), on="patient_id", how="full", coalesce=True)


def _open_gaps(evaluated: DayDraft, shards: Iterable[int]) -> Iterator[pl.DataFrame]:
    for number in shards:
        people = evaluated.read("people", number).select("patient_id", pl.col("open_measures").alias("measures"))
        yield people.drop_nulls("measures")
