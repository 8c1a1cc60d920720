"""What the newest feed says of one patient, read from the shard that holds them. For the other modules of `core`."""

from dataclasses import dataclass

import polars as pl

from core import loads
from core.code_meanings import Meanings, known_codes
from core.domain.history import as_known
from core.errors import NotFound
from core.measures import concept_names
from core.store.clinical import Generation
from core.store.database import reading
from core.store.people import visible_ids
from core.workbench import Workbench

NOT_SEEN = "There is no such patient among those you may see. Go back to the list and choose again."


@dataclass(frozen=True)
class PatientTables:
    """The tables of one patient in one generation."""

    generation: Generation
    shard: int
    patient_id: str

    def table(self, name: str) -> pl.DataFrame:
        """The patient's rows of a small table, in the layout's types."""
        rows = self.generation.table(name, self.shard).filter(pl.col("patient_id") == self.patient_id)
        return rows.collect()

    def events(self) -> pl.DataFrame:
        """The patient's current STORED_EVENTS."""
        rows = self.generation.stored_events(self.shard).filter(pl.col("patient_id") == self.patient_id)
        return as_known(rows.collect(), None)


def require_visible(wb: Workbench, patient_id: str) -> None:
    """Raise NotFound for an unknown patient and for one outside the user's scope alike."""
    with reading(wb.engine) as connection:
        if not visible_ids(connection, [patient_id], wb.user.scope):
            raise NotFound(NOT_SEEN)


def tables_of(wb: Workbench, patient_id: str) -> PatientTables | None:
    """The patient's tables; None before the first load. Raises NotFound like `require_visible`."""
    require_visible(wb, patient_id)
    generation = loads.current(wb)
    return None if generation is None else PatientTables(generation, generation.shard_of(patient_id), patient_id)


def named_by_concept(wb: Workbench, events: pl.DataFrame) -> pl.DataFrame:
    """event_id, source_system, kind, concept_name: of events whose code means exactly one concept of ours. Of a result
    only concepts that are results count."""
    listed = events.with_row_index("event")
    meant = Meanings(known_codes(wb.engine)).every_meaning(listed).with_columns(pl.col("concept").cast(pl.String))
    concepts = concept_names().rename({"kind": "concept_kind", "name": "concept_name"})
    key = listed.select("event", "event_id", pl.col("source_system", "kind").cast(pl.String))
    found = meant.join(concepts, on="concept").join(key, on="event")
    is_result = pl.col("kind").is_in(["lab", "vital"])
    fits = pl.when(is_result).then(pl.col("concept_kind").is_in(["lab", "vital"])).otherwise(pl.lit(True))
    once = found.filter(fits).filter(pl.len().over("event") == 1)
    return once.select("event_id", "source_system", "kind", "concept_name")
