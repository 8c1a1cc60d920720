"""The panel that measures are evaluated from: one row per patient with the last dates of each concept.

Everything here takes a maximum over dates, never the last row of a group: what comes last depends on the order of the
facts, which a join or the streaming engine may change.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import polars as pl

from core.domain.measure import AllOf, AnyOf, Criterion, LatestValue, Measure, Recorded

_ONGOING = ("problem", "medication")  # without an end these go on; every other fact is a single day
_FAR = date(9999, 12, 31)


def last_on(concept: str, recorded: Recorded | None = None, *, with_result: bool = False) -> str:
    """The panel's column with the latest beginning of a fact; null when there is none."""
    return f"on {_key(concept, recorded, with_result=with_result)}"


def last_until(concept: str, recorded: Recorded | None = None) -> str:
    """The panel's column with the latest day that a fact reaches; far in the future when one is going on."""
    return f"until {_key(concept, recorded)}"


def value_columns(latest: LatestValue) -> tuple[str, str, str, str]:
    """The panel's columns of the latest day's results: day, lowest number, is one in range, is one above."""
    name = f"{'+'.join(latest.concepts)}<={latest.at_most}"
    return f"day {name}", f"value {name}", f"in range {name}", f"above {name}"


def build_panel(
    measures: Sequence[Measure], patients: pl.DataFrame, facts: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """`patients`, in their order, with the columns that the measures need. Facts after `as_of` are ignored."""
    recorded = [each for measure in measures for exclusion in measure.exclusions for each in _inside(exclusion.when)]
    ways = [(concept, way.needs_result) for measure in measures for way in measure.ways for concept in way.concepts]
    latest = {measure.latest for measure in measures if measure.latest}
    plain = {concept for each in recorded if not each.answers for concept in each.concepts}
    plain |= {concept for concept, needs_result in ways if not needs_result}
    plain |= {measure.population.condition for measure in measures if measure.population.condition}
    answered = {(concept, each) for each in recorded if each.answers for concept in each.concepts}
    with_result = {concept for concept, needs_result in ways if needs_result}

    needed = plain | {concept for concept, _ in answered} | with_result
    needed |= {concept for each in latest for concept in each.concepts}
    known = _known(facts, patients, sorted(needed), as_of=as_of)
    keyed = [known.filter(pl.col("concept").is_in(sorted(plain)))]
    keyed += [_keyed(_with_result(known, concept), _key(concept, with_result=True)) for concept in sorted(with_result)]
    keyed += [
        _keyed(_answers(known, concept, each), _key(concept, each)) for concept, each in sorted(answered, key=str)
    ]
    dates = pl.concat(keyed).group_by("row", "concept").agg(pl.col("on").max(), pl.col("until").max())

    keys = sorted(plain)
    keys += [_key(concept, with_result=True) for concept in sorted(with_result)]
    keys += [_key(concept, each) for concept, each in sorted(answered, key=str)]
    parts = [_dates_of(dates, key) for key in keys] + [_latest_day(known, each) for each in sorted(latest, key=str)]
    panel = patients.with_row_index("row")
    for part in parts:
        panel = panel.join(part, on="row", how="left", maintain_order="left")
    return panel


def _inside(criterion: Criterion) -> Iterator[Recorded]:
    if isinstance(criterion, Recorded):
        yield criterion
    elif isinstance(criterion, AllOf | AnyOf):
        for each in criterion.criteria:
            yield from _inside(each)


def _key(concept: str, recorded: Recorded | None = None, *, with_result: bool = False) -> str:
    if recorded is not None and recorded.answers:
        return f"{concept}={'/'.join(recorded.answers)}{' at last' if recorded.latest else ''}"
    return f"{concept} with result" if with_result else concept


def _known(facts: pl.DataFrame, patients: pl.DataFrame, concepts: Iterable[str], *, as_of: date) -> pl.DataFrame:
    """The facts up to `as_of` of these concepts, with the row number of their patient and the day they reach."""
    rows = patients.select("patient_id").with_row_index("row")
    until = pl.when(pl.col("kind").is_in(_ONGOING)).then(pl.lit(_FAR)).otherwise(pl.col("on"))
    return (
        facts.filter(pl.col("concept").cast(pl.String).is_in(list(concepts)), pl.col("on") <= as_of)
        .join(rows, on="patient_id")
        .select(
            "row",
            pl.col("concept").cast(pl.String),
            "on",
            pl.coalesce("end_on", until).alias("until"),
            "value",
            pl.col("value_text").fill_null("").str.strip_chars(),
        )
    )


def _keyed(facts: pl.DataFrame, key: str) -> pl.DataFrame:
    return facts.with_columns(pl.lit(key).alias("concept"))


def _with_result(facts: pl.DataFrame, concept: str) -> pl.DataFrame:
    has_result = pl.col("value").is_not_null() | (pl.col("value_text") != "")
    return facts.filter(pl.col("concept") == concept, has_result)


def _answers(facts: pl.DataFrame, concept: str, recorded: Recorded) -> pl.DataFrame:
    asked = facts.filter(pl.col("concept") == concept)
    if recorded.latest:
        asked = asked.filter(pl.col("on") == pl.col("on").max().over("row"))
    return asked.filter(pl.col("value_text").str.to_lowercase().is_in(list(recorded.answers)))


def _dates_of(dates: pl.DataFrame, key: str) -> pl.DataFrame:
    return dates.filter(pl.col("concept") == key).select(
        "row", pl.col("on").alias(f"on {key}"), pl.col("until").alias(f"until {key}")
    )


def _latest_day(facts: pl.DataFrame, latest: LatestValue) -> pl.DataFrame:
    """The results of each patient's latest day. '>14' is above 9 and '<5.7' is not; '>8' says neither."""
    day, value, in_range, above = value_columns(latest)
    begins = pl.col("value_text").str.slice(0, 1)
    at_least, below = begins.is_in([">", "≥"]), begins.is_in(["<", "≤"])
    is_open = ~pl.col("value_text").str.contains(r"^[≥≤]|^[<>]\s*=")  # '>9' is above 9, '>=9' may be 9 itself
    is_in = pl.when(at_least).then(False).otherwise(pl.col("value") <= latest.at_most)
    is_above = (
        pl.when(below)
        .then(False)
        .when(at_least & is_open)
        .then(pl.col("value") >= latest.at_most)
        .otherwise(pl.col("value") > latest.at_most)
    )
    tested = facts.filter(pl.col("concept").is_in(list(latest.concepts))).with_columns(
        is_in.fill_null(False).alias("is_in"), is_above.fill_null(False).alias("is_above")
    )
    return (
        tested.filter(pl.col("on") == pl.col("on").max().over("row"))
        .group_by("row")
        .agg(
            pl.col("on").max().alias(day),
            pl.col("value").filter(pl.col("is_in") | pl.col("is_above")).min().alias(value),
            pl.col("is_in").any().alias(in_range),
            pl.col("is_above").any().alias(above),
        )
    )
