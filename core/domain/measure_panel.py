"""The panel that measures are evaluated from: of each patient and concept the last dates and the latest numbers.

Everything here takes a maximum over dates, never the last row of a group: what comes last depends on the order of the
facts, which a join or the streaming engine may change.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from core.domain.measure import Measure, Numbered, Recorded, Way, criteria_of

PATIENT_COLUMNS = ("patient_id", "birth_date", "sex", "sex_at_birth", "status", "deceased_on", "payer", "race")
ONGOING_KINDS = ("problem", "medication")  # without an end these go on; every other fact is a single day
_FAR = date(9999, 12, 31)
_NUDGE = 1e-9  # '>9' is more than nine, and '<9' less

# Of one concept and patient: the latest beginning of a fact, the latest day that a fact reaches (far in the future
# while one goes on), the latest day with a reported result; and of the latest day the lowest number, the lowest that
# does not reach up ('>8' does), the highest that does not reach down.
LATEST = ("on", "until", "result_on", "lowest", "low", "high")


@dataclass
class Panel:
    """patients: PATIENT_COLUMNS, one row each. latest: by concept, `row` (of the patient) and LATEST. history: by
    concept, `row`, on, until and value_text of every fact, for concepts of which the latest is not enough."""

    patients: pl.DataFrame
    latest: dict[str, pl.DataFrame]
    history: dict[str, pl.DataFrame]
    _columns: dict[tuple[str, str], pl.Series] = field(default_factory=dict)

    def column(self, concept: str, name: str) -> pl.Series:
        """One of LATEST for each patient; null for those without such a fact."""
        key = (concept, name)
        if key not in self._columns:
            found = self.latest.get(concept)
            dtype = pl.Date if name in ("on", "until", "result_on") else pl.Float64
            self._columns[key] = (
                self.spread(found["row"], found[name])
                if found is not None
                else pl.repeat(None, self.patients.height, dtype=dtype, eager=True)
            )
        return self._columns[key]

    def spread(self, rows: pl.Series, values: pl.Series) -> pl.Series:
        """Values of some patients as a column for all: null for the others."""
        whole = pl.repeat(None, self.patients.height, dtype=values.dtype, eager=True)
        return whole.scatter(rows, values) if rows.len() else whole

    def events(self, concepts: Iterable[str]) -> pl.DataFrame:
        """`row`, on, until, value, value_text of every fact of these concepts, which `history` must have."""
        return pl.concat([_NO_HISTORY, *(self.history[name] for name in concepts if name in self.history)])


_NO_HISTORY = pl.DataFrame(
    schema={"row": pl.UInt32, "on": pl.Date, "until": pl.Date, "value": pl.Float64, "value_text": pl.String}
)


def build_panel(measures: Iterable[Measure], patients: pl.DataFrame, facts: pl.DataFrame, *, as_of: date) -> Panel:
    """The panel of these patients for these measures. Facts after `as_of` and of other patients are ignored.

    patients   at least PATIENT_COLUMNS, one row each
    facts      FACTS in any order
    """
    wanted = list(measures)
    known = _known(facts, patients, concepts_of(wanted), as_of=as_of)
    kept = history_of(wanted)
    return Panel(
        patients.select(PATIENT_COLUMNS),
        latest=_by_concept(_latest(known)),
        history=_by_concept(
            known.filter(pl.col("concept").is_in(sorted(kept))).select("concept", *_NO_HISTORY.columns)
        ),
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


def _known(facts: pl.DataFrame, patients: pl.DataFrame, concepts: Collection[str], *, as_of: date) -> pl.DataFrame:
    """The facts up to `as_of` of these concepts, with the row number of their patient and the day they reach."""
    rows = patients.select("patient_id").with_row_index("row")
    single_day_or_ongoing = pl.when(pl.col("kind").is_in(ONGOING_KINDS)).then(pl.lit(_FAR)).otherwise("on")
    return (
        facts.with_columns(pl.col("concept").cast(pl.String))
        .filter(pl.col("concept").is_in(sorted(concepts)), pl.col("on") <= as_of)
        .join(rows, on="patient_id")
        .select(
            "row",
            "concept",
            "on",
            pl.coalesce("end_on", single_day_or_ongoing).alias("until"),
            "value",
            pl.col("value_text").fill_null("").str.strip_chars(),
        )
    )


def _latest(known: pl.DataFrame) -> pl.DataFrame:
    has_result = pl.col("value").is_not_null() | (pl.col("value_text") != "")
    dates = known.group_by("row", "concept").agg(
        pl.col("on").max(), pl.col("until").max(), pl.col("on").filter(has_result).max().alias("result_on")
    )
    numbers = latest_numbers(known, ["row", "concept"])
    return dates.join(numbers, on=["row", "concept", "on"], how="left")


def latest_numbers(known: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The key, on, lowest, low and high of the numbers reported on each day. '>14' reaches up, '<5.7' down."""
    sign = pl.col("value_text").str.extract(r"^([<>≤≥])")
    up, down = sign.is_in([">", "≥"]).fill_null(False), sign.is_in(["<", "≤"]).fill_null(False)
    strictly_up = pl.col("value_text").str.contains(r"^>\s*[^=\s]")  # '>9' is above 9, '>=9' may be 9 itself
    strictly_down = pl.col("value_text").str.contains(r"^<\s*[^=\s]")
    number = pl.col("value")
    numbers = known.filter(number.is_not_null()).with_columns(
        low=pl.when(~up).then(number - pl.when(strictly_down).then(_NUDGE).otherwise(0.0)),
        high=pl.when(~down).then(number + pl.when(strictly_up).then(_NUDGE).otherwise(0.0)),
    )
    return numbers.group_by(*key, "on").agg(number.min().alias("lowest"), pl.col("low").min(), pl.col("high").max())


def _by_concept(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = rows.partition_by("concept", as_dict=True, include_key=False)
    return {str(concept): part for (concept,), part in parts.items()}
