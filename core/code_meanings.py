"""What the codes of feeds mean: facts by the shipped concepts, the practice's own mapping and the value sets that it
loaded, and which codes remain."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import polars as pl
from sqlalchemy import Engine

from core.domain.clinical import EVENTS, SMALL_TABLES
from core.domain.concept import MAPPING, Concept, LoadedCodes
from core.domain.fact import meant
from core.domain.fact_order import facts_of
from core.domain.last_facts import last_facts
from core.evaluation import Day, Shard, evaluate_day, looked_at, practice_of
from core.measures import fact_concepts, mapping, medicine_words
from core.store import code_rows
from core.store.clinical import LAYOUT, UNMAPPED, Draft, Generation

_SYSTEM = EVENTS["system"]
_LOOKED_AT = ("source_system", "system", "code", "is_done", "superseded_at", "kind", "text", "patient_id")
_MOST_UNMAPPED = 5000


@dataclass(frozen=True)
class KnownCodes:
    """What the practice adds to the shipped concepts.

    own      its own mapping, OWN_CODES: source_system ('' = every feed), system, code, concept
    loaded   the value sets that it loaded, SET_CODES
    """

    own: pl.DataFrame
    loaded: pl.DataFrame


def known_codes(engine: Engine) -> KnownCodes:
    """What the practice has added until now."""
    return KnownCodes(code_rows.own_codes(engine), code_rows.loaded_codes(engine))


def codes_of_sets(loaded: pl.DataFrame, concepts: Iterable[Concept]) -> pl.DataFrame:
    """MAPPING of the codes (value_set, system, code) of the value sets that the concepts stand for."""
    rows = [(identifier, concept.concept_id) for concept in concepts for identifier in concept.value_sets]
    sets = pl.DataFrame(rows, schema={"value_set": pl.String, "concept": pl.String}, orient="row")
    return loaded.join(sets, on="value_set").select(*MAPPING)


@dataclass
class Meanings:
    """Finds facts shard by shard. Every code is looked up once."""

    known: KnownCodes
    _means: dict[str, pl.DataFrame] = field(default_factory=dict)
    _unmapped: list[pl.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._own = self.known.own
        self._loaded = LoadedCodes(codes_of_sets(self.known.loaded, fact_concepts().values()))

    def facts(self, events: pl.DataFrame, patients: pl.DataFrame) -> pl.DataFrame:
        """ARRANGED_FACTS of the patients among the EVENTS. Codes without a meaning are counted by the way."""
        special = sorted(set(self._own["source_system"]) - {""})
        coded = events.select(_LOOKED_AT).with_row_index("event")
        found = [self._meant(coded.filter(pl.col("source_system") == source), source) for source in special]
        rest = coded.filter(~pl.col("source_system").is_in(special)) if special else coded
        return facts_of(events, patients, pl.concat([*found, self._meant(rest, "")]))

    def unmapped(self) -> pl.DataFrame:
        """UNMAPPED codes of all shards so far, those with most events first."""
        if not self._unmapped:
            return UNMAPPED.to_frame()
        counted = (
            pl.concat(self._unmapped)
            .group_by("system", "code")
            .agg(pl.col("text").sort_by("events").last(), pl.col("events").sum(), pl.col("patients").sum())
        )
        most = counted.sort(["events", "system", "code"], descending=[True, False, False]).head(_MOST_UNMAPPED)
        return most.select(*UNMAPPED).cast(UNMAPPED)

    def every_meaning(self, events: pl.DataFrame) -> pl.DataFrame:
        """event, concept: what the codes of EVENTS mean, whether these happened or not.

        events   with `event`, a number of each row
        """
        happened = events.with_columns(pl.lit(True).alias("is_done"))
        special = set(self._own["source_system"]) - {""}
        parts = happened.with_columns(
            pl.when(pl.col("source_system").is_in(sorted(special)))
            .then("source_system")
            .otherwise(pl.lit(""))
            .cast(pl.String)
            .alias("_source")
        ).partition_by("_source", as_dict=True, include_key=False)
        none = pl.DataFrame(schema={"event": pl.UInt32, "concept": pl.Categorical})
        return pl.concat([none, *(self._meant(part, str(source)) for (source,), part in parts.items())])

    def _meant(self, events: pl.DataFrame, source: str) -> pl.DataFrame:
        codes = events.select("system", "code").unique().drop_nulls()
        known = self._means.get(source, _NOTHING)
        new = codes.join(known, on=["system", "code"], how="anti")
        if new.height:
            own = self._own.filter(pl.col("source_system").is_in(["", source])).select(*MAPPING)
            means = mapping(new, pl.concat([own, self._loaded.among(new)])).with_columns(
                pl.col("system").cast(_SYSTEM), pl.col("code").cast(pl.Categorical)
            )
            found = new.join(means, on=["system", "code"], how="left").select("system", "code", "concept")
            known = self._means[source] = pl.concat([known, found])
        self._count_unmapped(events, known)
        return meant(events, known.drop_nulls("concept"))

    def _count_unmapped(self, events: pl.DataFrame, known: pl.DataFrame) -> None:
        """Of medicines only those whose text names one of ours: the others would bury the rest."""
        unknown = known.filter(pl.col("concept").is_null()).select("system", "code")
        current = _without_other_medicines(events.filter(pl.col("superseded_at").is_null()))
        counted = (
            current.select("system", "code", "text", "patient_id")
            .join(unknown, on="code", suffix="_unknown")
            .filter(pl.col("system") == pl.col("system_unknown"))
            .group_by("system", "code")
            .agg(
                pl.col("text").drop_nulls().first(),
                pl.len().alias("events"),
                pl.col("patient_id").n_unique().alias("patients"),
            )
        )
        self._unmapped.append(counted.with_columns(pl.col("system", "code", "text").cast(pl.String)).select(*UNMAPPED))


def _without_other_medicines(events: pl.DataFrame) -> pl.DataFrame:
    is_medicine = pl.col("kind") == "medication"
    texts = events.filter(is_medicine).select("text").unique().drop_nulls()
    named = pl.col("text").cast(pl.String).str.contains_any(list(medicine_words()), ascii_case_insensitive=True)
    ours = events.filter(is_medicine).join(texts.filter(named), on="text", how="semi")
    return pl.concat([events.filter(~is_medicine), ours])


_NOTHING = pl.DataFrame(schema={"system": _SYSTEM, "code": pl.Categorical, "concept": pl.String})


def remade(draft: Draft, before: Generation, meanings: Meanings, day: Day) -> Generation:
    """A generation with the same events, whose facts and evaluation follow from other meanings."""
    for name in (*SMALL_TABLES, "events"):
        draft.link(name, before)
    draft.write_whole("rejects", before.rejects().collect())
    draft.write_whole("left_out", before.left_out().collect())
    draft.write_whole("merged_deaths", before.merged_deaths().collect())
    evaluated = draft.day(day.evaluation)
    evaluate_day(evaluated, _with_facts(draft, before, meanings), day, **practice_of(before))
    evaluated.finish()
    draft.write_whole("unmapped", meanings.unmapped())
    return draft.finish(replace(before.about(), layout=LAYOUT))


def _with_facts(draft: Draft, before: Generation, meanings: Meanings) -> Iterator[Shard]:
    for number in before.shards():
        events = before.stored_events(number).collect()
        tables = {name: before.table(name, number).collect() for name in ("patients", "appointments", "care_team")}
        facts = meanings.facts(events, tables["patients"])
        draft.write_facts(number, facts)
        last = last_facts(facts, tables["patients"].height)
        draft.write("last", number, last.table())
        yield Shard(number, **tables, events=looked_at(events.lazy()), last=last, history=last.facts)
