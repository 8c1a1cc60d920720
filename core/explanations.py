"""The evidence of one patient: what was looked at for each measure, in the data as it is or as it was known earlier."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import polars as pl

from core import loads
from core.code_meanings import Meanings, known_codes
from core.domain.entry import LEFT_OUT
from core.domain.fact_order import named_facts
from core.domain.history import as_known
from core.domain.measure import Measure
from core.domain.measure_evidence import Explanation, explain
from core.domain.role import READ_PATIENTS
from core.measures import concepts, suggester
from core.store.clinical import Generation
from core.workbench import Workbench, needs


@needs(READ_PATIENTS)
def of_patient(
    wb: Workbench,
    generation: Generation,
    patient: Mapping[str, Any],
    measures: Iterable[Measure],
    *,
    as_of: date,
    known_at: datetime | None = None,
) -> list[Explanation]:
    """The evidence for these measures.

    patient    a row of the feed's patients, whom the user may see
    known_at   only what had been received by then, in the version of then; the patient's own row is as it is now
    """
    shard = generation.shard_of(patient["patient_id"])
    events = generation.stored_events(shard).filter(pl.col("patient_id") == patient["patient_id"]).collect()
    people = pl.DataFrame([patient]).select("patient_id")
    meanings = Meanings(known_codes(wb.engine))
    current = as_known(events, known_at)
    facts = named_facts(meanings.facts(current, people), people, current)
    return explain(
        measures,
        patient,
        facts,
        events=_nearly(current.filter(pl.col("on").is_null() | (pl.col("on") <= as_of)), meanings),
        names={concept.concept_id: concept.name for concept in concepts().values()},
        as_of=as_of,
        data_until=_data_until(wb, generation, known_at),
    )


def _nearly(events: pl.DataFrame, meanings: Meanings) -> list[dict[str, Any]]:
    """Entries that are no facts, with what they mean or resemble (core.domain.near_miss)."""
    listed = events.with_row_index("event")
    means = meanings.every_meaning(listed).group_by("event").agg(pl.col("concept").cast(pl.String).alias("concepts"))
    known = listed.join(means, on="event", how="left", maintain_order="left")
    is_undone = ~pl.col("is_done") & pl.col("concepts").is_not_null() & ~pl.col("status").is_in(LEFT_OUT)
    is_strange = pl.col("is_done") & pl.col("concepts").is_null() & pl.col("text").is_not_null()
    rows = known.filter(is_undone | is_strange).with_columns(pl.col("system", "code", "text", "status").cast(pl.String))
    return [
        {**row, "concepts": row["concepts"] or [], "resembles": [] if row["concepts"] else _resembling(row["text"])}
        for row in rows.iter_rows(named=True)
    ]


def _resembling(text: str) -> list[str]:
    return [each.concept_id for each in suggester().suggestions(text)]


def _data_until(wb: Workbench, generation: Generation, known_at: datetime | None) -> date | None:
    """The day of the last feed, or of the last one before the moment that is asked about."""
    rows = [row for row in loads.history(wb) if row.status == "loaded"]
    if known_at is None:
        moments = [row.received_at for row in rows if row.generation == generation.name and row.received_at][:1]
    else:
        earlier = (row.received_at for row in rows if row.received_at and row.received_at <= known_at)
        moments = [max(earlier, default=known_at)]
    return moments[0].astimezone(wb.zone()).date() if moments else None
