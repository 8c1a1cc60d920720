"""Evaluating a day: care gaps, what work lists show and what sending must know, patient shard by patient shard."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from core.domain.history import STORED_EVENTS
from core.domain.last_facts import LastFacts, last_day, last_facts, read_table
from core.domain.measure import Measure
from core.domain.measure_evaluation import evaluate_panel
from core.domain.measure_panel import PATIENT_COLUMNS, READ_COLUMNS, concepts_of, history_of, needed_columns
from core.domain.measure_panel import Panel as MeasurePanel
from core.domain.measure_panel import panel_of as measure_panel_of
from core.domain.panel import build_panel, last_visits, next_appointments, open_alerts
from core.domain.panel_codes import merge_panel
from core.measures import concept_names
from core.rules import RuleSet
from core.store.clinical import DayDraft, Evaluation, Generation

_KINDS = ["visit", "problem"]  # of the events themselves; everything else is looked at as facts
_COLUMNS = ("patient_id", "kind", "on", "end_on", "is_done", "superseded_at", "status", "text")
LOOKED_AT_EVENTS = pl.Schema({name: STORED_EVENTS[name] for name in _COLUMNS})


@dataclass(frozen=True)
class Shard:
    """Data of some patients: small tables in the layout's types, the events of `looked_at`, their last facts, and by
    concept the facts themselves, at least of the concepts of which rules need the whole history."""

    number: int
    patients: pl.DataFrame
    appointments: pl.DataFrame
    care_team: pl.DataFrame
    events: pl.DataFrame
    last: LastFacts
    history: Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Day:
    """The organisation's day to evaluate, the moment from which appointments count as coming, the time zone, and the
    rules."""

    as_of: date
    now: datetime
    zone: ZoneInfo
    rules: RuleSet

    @property
    def evaluation(self) -> Evaluation:
        """How the clinical store names it."""
        return Evaluation(self.as_of, self.rules.mark)


def evaluate_day(
    draft: DayDraft, shards: Iterable[Shard], day: Day, *, groups: pl.DataFrame, providers: pl.DataFrame
) -> None:
    """Write gaps, people, panel and vocabularies of a day. Shards are taken one after the other and not
    kept. The caller finishes the draft."""
    tables = merge_panel(
        _parts(draft, shards, day),
        groups=groups,
        providers=providers,
        measures=_measure_names(day.rules),
        concepts=concept_names(),
    )
    draft.write_whole("panel", tables.panel)
    draft.write_whole("vocabularies", tables.vocabularies)


def looked_at(events: pl.LazyFrame) -> pl.DataFrame:
    """Of stored events those that an evaluation looks at: current visits and problems, LOOKED_AT_EVENTS."""
    current = events.filter(pl.col("kind").is_in(_KINDS), pl.col("superseded_at").is_null())
    return current.select(*LOOKED_AT_EVENTS).collect()


def practice_of(generation: Generation) -> dict[str, pl.DataFrame]:
    """Its groups and providers, by name."""
    return {name: generation.table(name).collect() for name in ("groups", "providers")}


def shards_of(generation: Generation, day: Day, progress: Callable[[float], None] = lambda _: None) -> Iterator[Shard]:
    """The shards of a generation, with what a day's evaluation looks at. Of the facts only those are read of which
    rules need the whole history, unless the day is before the last of them."""
    numbers = generation.shards()
    for number in numbers:
        tables = {name: generation.table(name, number).collect() for name in ("patients", "appointments", "care_team")}
        events = looked_at(generation.stored_events(number))
        last, history = _known(generation, number, tables["patients"].height, day)
        yield Shard(number, **tables, events=events, last=last, history=history)
        progress((number + 1) / len(numbers))


def panel_of_shard(
    generation: Generation, number: int, patients: pl.DataFrame, measures: Sequence[Measure], *, as_of: date
) -> MeasurePanel:
    """What these measures are evaluated from for a day: the kept table of last facts where it is enough.

    patients   at least PATIENT_COLUMNS of the patients of the shard, in the order of the store
    """
    last = generation.last(number)
    table = last.select(needed_columns(measures, last.collect_schema().names())).collect()
    latest = last_day(table)
    if latest is not None and latest > as_of:
        facts = generation.facts_of(number, concepts_of(measures), columns=READ_COLUMNS)
        return measure_panel_of(patients, facts, as_of=as_of)
    told = generation.facts_of(number, history_of(measures), columns=READ_COLUMNS)
    return MeasurePanel(patients.select(PATIENT_COLUMNS), read_table(table), told)


def _known(generation: Generation, number: int, height: int, day: Day) -> tuple[LastFacts, dict[str, pl.DataFrame]]:
    rules = day.rules.measures.values()
    table = generation.last(number).collect()
    latest = last_day(table)
    if latest is not None and latest > day.as_of:
        last = last_facts(generation.stored_facts(number).collect(), height, as_of=day.as_of)
        return last, dict(last.facts)
    return read_table(table), generation.facts_of(number, history_of(rules), columns=READ_COLUMNS)


def _parts(draft: DayDraft, shards: Iterable[Shard], day: Day) -> Iterator[pl.DataFrame]:
    for shard in shards:
        measure_panel = MeasurePanel(shard.patients.select(PATIENT_COLUMNS), shard.last, shard.history)
        gaps = evaluate_panel(day.rules.measures.values(), measure_panel, as_of=day.as_of)
        draft.write("gaps", shard.number, gaps)
        alerts = open_alerts(gaps, shard.patients)
        draft.write("people", shard.number, _people(shard, alerts, day))
        yield build_panel(
            shard.patients,
            appointments=shard.appointments,
            care_team=shard.care_team,
            events=shard.events,
            last=shard.last,
            alerts=alerts,
            concepts=concept_names(),
            as_of=day.as_of,
            now=day.now,
            zone=day.zone,
        )


def _people(shard: Shard, alerts: pl.DataFrame, day: Day) -> pl.DataFrame:
    """What the database says of each patient beside the feed's own columns."""
    coming = next_appointments(shard.appointments, now=day.now, zone=day.zone).select(
        "patient_id",
        pl.col("next_appointment_at").dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC")),
        pl.col("provider_id").alias("next_appointment_provider_id"),
    )
    visits = last_visits(shard.events, as_of=day.as_of)
    opened = alerts.select("patient_id", pl.col("alerts").list.join(" ").alias("open_measures"))
    people = shard.patients.select("patient_id")
    for part in (coming, visits, opened):
        people = people.join(part, on="patient_id", how="left", maintain_order="left")
    return people


def _measure_names(rules: RuleSet) -> pl.DataFrame:
    rows = [(measure.measure_id, measure.name) for measure in rules.measures.values()]
    return pl.DataFrame(rows, schema={"measure_id": pl.String, "name": pl.String}, orient="row")
