"""On which day an event closed a care gap that was open when a campaign began: the first event that did, by the rules
of now and all that feeds have told by now.

The rules are asked on the day of each event, of those alone who had one: their answer is that of the day, whatever came
after it. A patient who has left since, or whom the feed calls dead without a day, counts as one who was there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from core.domain.clinical import STORED_GAPS
from core.domain.effects.outcomes import CLOSINGS, OPENED, is_closed, is_open
from core.domain.measure import Measure
from core.domain.measure_evaluation import evaluate_panel
from core.domain.measure_panel import PATIENT_COLUMNS, READ_COLUMNS, concepts_of, panel_of
from core.store.clinical import Generation

_LEFT = ("inactive", "deceased")


@dataclass(frozen=True)
class Told:
    """What feeds have told of some patients.

    people   patient_id and PATIENT_COLUMNS
    facts    by concept READ_COLUMNS of ARRANGED_FACTS, arranged by these patients
    """

    people: pl.DataFrame
    facts: Mapping[str, pl.DataFrame]

    def of(self, rows: pl.Series) -> "Told":
        """The same of some rows of `people`, in order."""
        return Told(self.people[rows], _placed(self.facts, rows, self.people.height))


def told_of(generation: Generation, measures: Sequence[Measure], ids: pl.Series) -> Told:
    """What is known of these patients that the measures ask for; of whom no feed tells there is no row."""
    parts = list(_shards(generation, concepts_of(measures), ids))
    facts: dict[str, list[pl.DataFrame]] = {}
    first = 0
    for part in parts:
        for concept, own in part.facts.items():
            facts.setdefault(concept, []).append(own.with_columns(pl.col("row") + first))
        first += part.people.height
    return Told(pl.concat([part.people for part in parts]), {name: pl.concat(own) for name, own in facts.items()})


def _shards(generation: Generation, concepts: set[str], ids: pl.Series) -> Iterator[Told]:
    has_left = pl.col("status").is_in(_LEFT) & pl.col("deceased_on").is_null()
    for shard in generation.shards():
        people = generation.table("patients", shard).select("patient_id", *PATIENT_COLUMNS).collect()
        rows = people["patient_id"].is_in(ids.implode()).arg_true().cast(pl.UInt32)
        facts = generation.facts_of(shard, concepts, columns=READ_COLUMNS) if rows.len() else {}
        told = Told(people, facts).of(rows)
        status = pl.when(has_left).then(pl.lit("active")).otherwise("status").alias("status")
        yield Told(told.people.with_columns(status), told.facts)


def _placed(facts: Mapping[str, pl.DataFrame], rows: pl.Series, height: int) -> dict[str, pl.DataFrame]:
    """The facts of some rows of so many, arranged by these rows."""
    places = pl.repeat(None, height, dtype=pl.UInt32, eager=True)
    places = places.scatter(rows, pl.int_range(rows.len(), dtype=pl.UInt32, eager=True)) if rows.len() else places
    return {
        name: own.with_columns(row=places.gather(own["row"])).filter(pl.col("row").is_not_null())
        for name, own in facts.items()
    }


def opened(told: Told, measures: Sequence[Measure], *, on: date) -> pl.DataFrame:
    """OPENED: the gaps that were open at the end of a day."""
    gaps = _evaluated(told, measures, on=on).filter(is_open())
    return _named(told, gaps).select(*OPENED)


def closings(
    told: Told, measures: Sequence[Measure], gaps: pl.DataFrame, *, after: date, through: date
) -> pl.DataFrame:
    """CLOSINGS: of open gaps (OPENED) the day of the first event after a day, and through another, that closed each."""
    parts = [CLOSINGS.to_frame()]
    for measure in measures:
        own = gaps.filter(pl.col("measure_id") == measure.measure_id)["patient_id"]
        rows = told.people["patient_id"].is_in(own.implode()).arg_true().cast(pl.UInt32)
        parts += _closings(told.of(rows), measure, after=after, through=through)
    return pl.concat(parts)


def _closings(told: Told, measure: Measure, *, after: date, through: date) -> Iterator[pl.DataFrame]:
    """A frame for each day on which a gap closed."""
    known = {name: own for name, own in told.facts.items() if name in concepts_of([measure])}
    closing = [own for name, own in known.items() if name in _closing_concepts(measure)]
    days = [own.select("row", "on").filter(pl.col("on") > after, pl.col("on") <= through) for own in closing]
    events = pl.concat(days).unique() if days else pl.DataFrame(schema={"row": pl.UInt32, "on": pl.Date})
    rows = events["row"].unique().sort()
    those = Told(told.people, known).of(rows)
    events = events.with_columns(row=rows.search_sorted(events["row"]).cast(pl.UInt32))
    closed = pl.Series([], dtype=pl.UInt32)
    for (day,), some in events.sort("on", "row").group_by("on", maintain_order=True):
        asked = some["row"].filter(~some["row"].is_in(closed.implode()))
        assert isinstance(day, date)
        of_day = those.of(asked)
        found = _evaluated(of_day, [measure], on=day).filter(is_closed())
        closed = closed.append(asked.gather(found["row"]))
        yield _named(of_day, found).select("patient_id", "measure_id", closed_on=pl.lit(day))


def _closing_concepts(measure: Measure) -> set[str]:
    """Those whose events can close a gap: not what decides whom the measure is about."""
    found = {concept for way in measure.ways for concept in way.concepts}
    found |= {concept for way in measure.ways if way.partner for concept in way.partner.concepts}
    return found | set(measure.latest.concepts if measure.latest else ())


def _evaluated(told: Told, measures: Sequence[Measure], *, on: date) -> pl.DataFrame:
    """STORED_GAPS at the end of a day."""
    found = evaluate_panel(measures, panel_of(told.people, told.facts, as_of=on), as_of=on)
    return found if found.width else STORED_GAPS.to_frame()


def _named(told: Told, gaps: pl.DataFrame) -> pl.DataFrame:
    return gaps.with_columns(told.people["patient_id"].gather(gaps["row"]), pl.col("measure_id").cast(pl.String))
