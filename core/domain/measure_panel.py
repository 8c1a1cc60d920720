"""The panel that measures are evaluated from: of each patient and concept the last dates and the latest numbers.

Everything here takes a maximum over dates, never the last row of a group: what comes last depends on the order of the
facts, which a join or the streaming engine may change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from core.domain.fact_order import ARRANGED_FACTS, arranged, ends_of_runs
from core.domain.measure import Measure, Numbered, Recorded, Way, criteria_of

PATIENT_COLUMNS = ("patient_id", "birth_date", "sex", "sex_at_birth", "status", "deceased_on", "payer", "race")
_NUDGE = 1e-9  # '>9' is more than nine, and '<9' less

# Of one concept and patient: the latest beginning of a fact, the latest day that a fact reaches (far in the future
# while one goes on), the latest day with a reported result; and of the latest day the lowest number, the lowest that
# does not reach up ('>8' does), the highest that does not reach down.
_LATEST = {
    "on": pl.Date(),
    "until": pl.Date(),
    "result_on": pl.Date(),
    "lowest": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
}
LATEST_FACTS = pl.Schema({"row": pl.UInt32(), "concept": pl.Categorical(), **_LATEST})
_HISTORY = ("row", "on", "until", "value", "value_text", "sign", "has_result")
# The columns of ARRANGED_FACTS that a panel is made of.
READ_COLUMNS = ("row", "concept", "on", "until", "value", "value_text", "sign", "has_result")


@dataclass
class Panel:
    """What rules are evaluated from.

    patients   PATIENT_COLUMNS, one row each
    latest     by concept, the rows of LATEST_FACTS
    history    by concept, every fact, for concepts of which the latest is not enough
    remembered what was worked out of it already
    """

    patients: pl.DataFrame
    latest: dict[str, pl.DataFrame]
    history: dict[str, pl.DataFrame]
    remembered: dict[object, object] = field(default_factory=dict)
    _columns: dict[tuple[str, str], pl.Series] = field(default_factory=dict)

    def column(self, concept: str, name: str) -> pl.Series:
        """A column of LATEST_FACTS for each patient; null for those without such a fact."""
        key = (concept, name)
        if key not in self._columns:
            found = self.latest.get(concept)
            self._columns[key] = (
                self.spread(found["row"], found[name])
                if found is not None
                else pl.repeat(None, self.patients.height, dtype=_LATEST[name], eager=True)
            )
        return self._columns[key]

    def spread(self, rows: pl.Series, values: pl.Series) -> pl.Series:
        """Values of some patients as a column for all: null for the others."""
        whole = pl.repeat(None, self.patients.height, dtype=values.dtype, eager=True)
        return whole.scatter(rows, values) if rows.len() else whole

    def events(self, concepts: Iterable[str]) -> pl.DataFrame:
        """row, on, until, value, value_text, sign and has_result of every fact of these concepts."""
        return pl.concat([_NO_HISTORY, *(self.history[name] for name in concepts if name in self.history)])


_NO_HISTORY = pl.DataFrame(schema={name: ARRANGED_FACTS[name] for name in _HISTORY})


def build_panel(measures: Iterable[Measure], patients: pl.DataFrame, facts: pl.DataFrame, *, as_of: date) -> Panel:
    """The panel of these patients for these measures. Facts after `as_of` and of other patients are ignored.

    patients   at least PATIENT_COLUMNS, one row each
    facts      FACTS in any order, or READ_COLUMNS of ARRANGED_FACTS, arranged by these patients
    """
    wanted = list(measures)
    if "row" not in facts.columns:
        facts = arranged(facts, patients)
    needed = pl.Series(sorted(concepts_of(wanted)), dtype=pl.Categorical)
    known = facts.filter(pl.col("concept").is_in(needed.implode()), pl.col("on") <= as_of)
    return panel_of(wanted, patients, latest_facts(known), known)


def panel_of(measures: Iterable[Measure], patients: pl.DataFrame, latest: pl.DataFrame, facts: pl.DataFrame) -> Panel:
    """The panel from what is known already.

    latest   LATEST_FACTS of at least the concepts that the measures ask for
    facts    READ_COLUMNS of at least the concepts of which they need every fact, up to the day that is asked about
    """
    wanted = list(measures)
    kept = pl.Series(sorted(history_of(wanted)), dtype=pl.Categorical)
    needed = pl.Series(sorted(concepts_of(wanted)), dtype=pl.Categorical)
    return Panel(
        patients.select(PATIENT_COLUMNS),
        latest=_by_concept(latest.filter(pl.col("concept").is_in(needed.implode()))),
        history=_by_concept(facts.filter(pl.col("concept").is_in(kept.implode())).select("concept", *_HISTORY)),
    )


def concepts_of(measures: Iterable[Measure]) -> set[str]:
    """Every concept that these measures ask for."""
    return {concept for measure in measures for concept in _concepts(measure)} | history_of(measures)


def history_of(measures: Iterable[Measure]) -> set[str]:
    """The concepts of which these measures need every fact: doses, answers, events beside other events."""
    return {concept for measure in measures for concept in _history(measure)}


def _concepts(measure: Measure) -> Iterator[str]:
    for criterion in criteria_of(measure):
        if isinstance(criterion, Recorded | Numbered):
            yield from criterion.concepts
    for way in measure.ways:
        yield from way.concepts
    if measure.latest:
        yield from measure.latest.concepts


def _history(measure: Measure) -> Iterator[str]:
    for criterion in criteria_of(measure):
        if isinstance(criterion, Recorded) and criterion.answers:
            yield from criterion.concepts
    for way in measure.ways:
        yield from _history_of_way(way)
    if measure.latest and measure.latest.outside:
        yield from (*measure.latest.concepts, *measure.latest.outside)


def _history_of_way(way: Way) -> Iterator[str]:
    if way.is_plain:
        return
    yield from way.concepts
    if way.partner:
        yield from way.partner.concepts


def latest_facts(facts: pl.DataFrame) -> pl.DataFrame:
    """LATEST_FACTS of facts in their order (READ_COLUMNS of ARRANGED_FACTS)."""
    key = ["row", "concept"]
    last = facts.filter(ends_of_runs(facts, *key)).select(*key, "on")
    longer = facts.filter(pl.col("until") != pl.col("on")).group_by(key).agg(pl.col("until").max())
    reported = facts.filter("has_result")
    results = reported.filter(ends_of_runs(reported, *key)).select(*key, pl.col("on").alias("result_on"))
    measured = facts.filter(pl.col("value").is_not_null())
    numbers = measured.filter(ends_of_runs(measured, *key)).select(*key, "on")
    same_day = measured.join(numbers, on=[*key, "on"], how="semi", maintain_order="left")
    for part in (longer, results, latest_numbers(same_day, key)):
        on = [*key, "on"] if "on" in part.columns else key
        last = last.join(part, on=on, how="left", maintain_order="left")
    return last.with_columns(pl.max_horizontal("until", "on").alias("until")).select(*LATEST_FACTS)


def latest_numbers(measured: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The key, on, lowest, low and high of the numbers reported on each day. '>14' reaches up, '<5.7' down."""
    number, sign = pl.col("value"), pl.col("sign")
    numbers = measured.filter(number.is_not_null()).select(
        *key,
        "on",
        number.alias("lowest"),
        pl.when(sign <= 0).then(number - pl.when(sign == -2).then(_NUDGE).otherwise(0.0)).alias("low"),
        pl.when(sign >= 0).then(number + pl.when(sign == 2).then(_NUDGE).otherwise(0.0)).alias("high"),
    )
    if numbers.select(pl.struct(*key, "on").is_unique().all()).item():
        return numbers
    return numbers.group_by(*key, "on").agg(pl.col("lowest").min(), pl.col("low").min(), pl.col("high").max())


def _by_concept(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = rows.partition_by("concept", as_dict=True, include_key=False)
    return {str(concept): part for (concept,), part in parts.items()}
