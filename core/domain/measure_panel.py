"""The panel that measures are evaluated from: one row per patient with the last dates of each concept.

Everything here takes a maximum over dates, never the last row of a group: what comes last depends on the order of the
facts, which a join or the streaming engine may change.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from core.domain.measure import AllOf, AnyOf, Criterion, LatestValue, Measure, Recorded, Way

ONGOING_KINDS = ("problem", "medication")  # without an end these go on; every other fact is a single day
_FAR = date(9999, 12, 31)


@dataclass(frozen=True, order=True)
class Lookup:
    """What the panel holds two columns of: the facts of a concept, or only those with a result or certain answers."""

    concept: str
    with_result: bool = False
    answers: tuple[str, ...] = ()
    only_latest_day: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether every fact of the concept counts."""
        return self == Lookup(self.concept)

    @property
    def on(self) -> str:
        """The column with the latest beginning of a fact; null when there is none."""
        return f"on {self._key}"

    @property
    def until(self) -> str:
        """The column with the latest day that a fact reaches: far in the future while one goes on."""
        return f"until {self._key}"

    @property
    def _key(self) -> str:
        return self.concept if self.is_plain else repr(self)


@dataclass(frozen=True)
class LatestDay:
    """The columns of the latest day's results: the day, the lowest number, whether one is in range, or above."""

    day: str
    value: str
    is_in_range: str
    is_above: str


def latest_day(latest: LatestValue) -> LatestDay:
    """The panel's columns for a measure of a value."""
    name = f"{'+'.join(latest.concepts)} at most {latest.at_most}"
    return LatestDay(*(f"{column} {name}" for column in ("day", "value", "in range", "above")))


def lookups_of_way(way: Way) -> list[Lookup]:
    """What a way to satisfy a measure asks the panel, one for each of its concepts."""
    return [Lookup(concept, with_result=way.needs_result) for concept in way.concepts]


def lookups_of(recorded: Recorded) -> list[Lookup]:
    """What a criterion asks the panel, one for each of its concepts."""
    return [Lookup(concept, answers=recorded.answers, only_latest_day=recorded.latest) for concept in recorded.concepts]


def build_panel(
    measures: Sequence[Measure], patients: pl.DataFrame, facts: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """`patients`, in their order, with the columns that the measures need. Facts after `as_of` are ignored."""
    lookups = sorted({lookup for measure in measures for lookup in _lookups(measure)})
    latest = sorted({measure.latest for measure in measures if measure.latest}, key=repr)
    concepts = {each.concept for each in lookups} | {concept for each in latest for concept in each.concepts}
    known = _known(facts, patients, concepts, as_of=as_of)
    panel = patients.with_row_index("row")
    for part in (*_last_dates(known, lookups), *(_latest_results(known, each) for each in latest)):
        panel = panel.join(part, on="row", how="left", maintain_order="left")
    return panel


def _lookups(measure: Measure) -> Iterator[Lookup]:
    if measure.population.condition:
        yield Lookup(measure.population.condition)
    for way in measure.ways:
        yield from lookups_of_way(way)
    for exclusion in measure.exclusions:
        yield from _lookups_inside(exclusion.when)


def _lookups_inside(criterion: Criterion) -> Iterator[Lookup]:
    if isinstance(criterion, Recorded):
        yield from lookups_of(criterion)
    elif isinstance(criterion, AllOf | AnyOf):
        for each in criterion.criteria:
            yield from _lookups_inside(each)


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


def _last_dates(known: pl.DataFrame, lookups: Sequence[Lookup]) -> Iterator[pl.DataFrame]:
    plain = known.group_by("row", "concept").agg(pl.col("on").max(), pl.col("until").max())
    for lookup in lookups:
        if lookup.is_plain:
            dates = plain.filter(pl.col("concept") == lookup.concept)
        else:
            dates = _selected(known, lookup).group_by("row").agg(pl.col("on").max(), pl.col("until").max())
        yield dates.select("row", pl.col("on").alias(lookup.on), pl.col("until").alias(lookup.until))


def _selected(known: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    facts = known.filter(pl.col("concept") == lookup.concept)
    if lookup.only_latest_day:
        facts = facts.filter(pl.col("on") == pl.col("on").max().over("row"))
    if lookup.answers:
        facts = facts.filter(pl.col("value_text").str.to_lowercase().is_in(list(lookup.answers)))
    if lookup.with_result:
        facts = facts.filter(pl.col("value").is_not_null() | (pl.col("value_text") != ""))
    return facts


def _latest_results(known: pl.DataFrame, latest: LatestValue) -> pl.DataFrame:
    column = latest_day(latest)
    is_in_range, is_above = verdicts(latest.at_most)
    tested = known.filter(pl.col("concept").is_in(list(latest.concepts)))
    return (
        tested.filter(pl.col("on") == pl.col("on").max().over("row"))
        .with_columns(is_in_range.alias("is_in_range"), is_above.alias("is_above"))
        .group_by("row")
        .agg(
            pl.col("on").max().alias(column.day),
            pl.col("value").filter(pl.col("is_in_range") | pl.col("is_above")).min().alias(column.value),
            pl.col("is_in_range").any().alias(column.is_in_range),
            pl.col("is_above").any().alias(column.is_above),
        )
    )


def verdicts(at_most: float) -> tuple[pl.Expr, pl.Expr]:
    """(is a result surely at most the limit, is it surely above): '>14' is above 9, '<5.7' is not, '>8' says neither.

    Over the columns value and value_text; the value of '>14' is 14 or a little more."""
    sign = pl.col("value_text").str.extract(r"^([<>≤≥])")
    reaches_up, reaches_down = sign.is_in([">", "≥"]).fill_null(False), sign.is_in(["<", "≤"]).fill_null(False)
    beyond = pl.col("value_text").str.contains(r"^>\s*[^=\s]")  # '>9' is above 9, '>=9' may be 9 itself
    is_in_range = (pl.col("value") <= at_most) & ~reaches_up
    is_above = ((pl.col("value") > at_most) | (beyond & (pl.col("value") >= at_most))) & ~reaches_down
    return is_in_range.fill_null(False), is_above.fill_null(False)
