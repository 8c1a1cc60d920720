"""What mapping codes would touch, before anybody does it: events, patients, measures, and what is unusual about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from core import codes, loads
from core.domain.role import READ_PATIENTS
from core.domain.usual_kinds import doubt
from core.local_codes import Mapping
from core.measures import fact_concepts
from core.store.clinical import Generation
from core.workbench import Workbench, needs


@dataclass(frozen=True)
class Touched:
    """events, patients: of the feed with these codes. measures: names of those that are on and look at one of the
    concepts. doubts: a sentence for each code that stands in events of another kind than its concept."""

    events: int
    patients: int
    measures: tuple[str, ...]
    doubts: tuple[str, ...]

    def __str__(self) -> str:
        events = f"{self.events:,} {'event' if self.events == 1 else 'events'}"
        return f"{events} of {self.patients:,} {'patient' if self.patients == 1 else 'patients'}"


@needs(READ_PATIENTS)
def touched(wb: Workbench, chosen: Sequence[Mapping]) -> Touched:
    """What mapping these codes would touch."""
    wanted = pl.DataFrame(
        [(each.system, each.code) for each in chosen],
        schema={"system": pl.String, "code": pl.String},
        orient="row",
    ).unique()
    generation = loads.current(wb)
    found = _events(generation, wanted) if generation else []
    kinds: dict[tuple[str, str], set[str]] = {}
    for part in found:
        for system, code, kind in part.select("system", "code", "kind").unique().iter_rows():
            kinds.setdefault((system, code), set()).add(kind)
    return Touched(
        sum(part.height for part in found),
        sum(part["patient_id"].n_unique() for part in found),
        _measures(wb, {each.concept for each in chosen}),
        tuple(_doubts(chosen, kinds)),
    )


def _events(generation: Generation, wanted: pl.DataFrame) -> list[pl.DataFrame]:
    """Of each shard the current events with one of the codes: system, code, kind, patient_id. All of a patient is in
    one shard."""
    return [
        generation.stored_events(shard)
        .filter(pl.col("superseded_at").is_null())
        .select(pl.col("system", "code", "kind", "patient_id").cast(pl.String))
        .join(wanted.lazy(), on=["system", "code"], how="semi")
        .collect()
        for shard in generation.shards()
    ]


def _measures(wb: Workbench, concepts: set[str]) -> tuple[str, ...]:
    return tuple(
        each.name
        for each in codes.status(wb)
        if any(one.concept_id in concepts for one in (*each.concepts, *each.excluding))
    )


def _doubts(chosen: Sequence[Mapping], kinds: dict[tuple[str, str], set[str]]) -> Iterable[str]:
    known = fact_concepts()
    for each in chosen:
        if each.concept in known:
            concept = known[each.concept]
            sentence = doubt(
                each.text or each.code, kinds.get((each.system, each.code), ()), concept.name, concept.kind
            )
            if sentence:
                yield sentence
