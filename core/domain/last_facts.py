"""Of each patient and concept the last dates and the latest numbers: a table with a row for each patient.

Rules that ask for nothing else are evaluated from this table alone: a later day or another rule needs no look at facts.
Everything here takes a maximum over dates, never the last row of a group by chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl
import polars.selectors as cs

from core.domain.columns import blank

_NUDGE = 1e-9  # '>9' is more than nine, and '<9' less

# Columns of the table are named concept.name. on: the latest beginning of a fact; until: the latest day that a fact
# reaches, far in the future while one goes on; result_on: the latest day with a reported result; number_on: the latest
# day with a number, and of that day the lowest number, the lowest that does not reach up ('>8' does), the highest that
# does not reach down. Left out are: until where it is on; result_on and number_on where there is none; low and high
# where they are lowest.
LAST = {
    "on": pl.Date(),
    "until": pl.Date(),
    "result_on": pl.Date(),
    "number_on": pl.Date(),
    "lowest": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
}
_INSTEAD = {"until": "on", "low": "lowest", "high": "lowest"}
_NUMBERS = ("number_on", "lowest", "low", "high")


@dataclass
class LastFacts:
    """The table, each column of which is worked out when somebody asks for it.

    height   how many patients there are
    facts    by concept, ARRANGED_FACTS in their order
    columns  what is known already
    """

    height: int
    facts: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    columns: dict[str, pl.Series] = field(default_factory=dict)
    _done: set[tuple[str, str]] = field(default_factory=set)

    def column(self, concept: str, name: str) -> pl.Series | None:
        """A column for all patients, null for those without; None when nobody has such a fact."""
        if concept in self.facts:
            self._work_out(concept, name)
        found = self.columns.get(f"{concept}.{name}")
        if found is None and name in _INSTEAD:
            return self.column(concept, _INSTEAD[name])
        return found

    def table(self) -> pl.DataFrame:
        """Every column of every concept, and `row`."""
        for concept in self.facts:
            for name in ("on", "until", "result_on", "number_on"):
                self._work_out(concept, name)
        rows = pl.int_range(self.height, dtype=pl.UInt32, eager=True).alias("row")
        return pl.DataFrame([rows, *(values.alias(name) for name, values in self.columns.items())])

    def _work_out(self, concept: str, name: str) -> None:
        kind = "number_on" if name in _NUMBERS else name
        if (concept, kind) in self._done:
            return
        self._done.add((concept, kind))
        for key, (rows, values) in _WORKED_OUT[kind](self.facts[concept]).items():
            self.columns[f"{concept}.{key}"] = self._spread(rows, values)

    def _spread(self, rows: pl.Series, values: pl.Series) -> pl.Series:
        return blank(self.height, values.dtype).scatter(rows, values)


def last_facts(facts: pl.DataFrame, height: int, *, as_of: date | None = None) -> LastFacts:
    """The last facts of so many patients. Facts after `as_of` are ignored.

    facts   ARRANGED_FACTS in their order
    """
    return LastFacts(height, {name: up_to(own, as_of) for name, own in by_concept(facts).items()})


def read_table(table: pl.DataFrame) -> LastFacts:
    """What `LastFacts.table` gave, or some columns of it."""
    return LastFacts(table.height, columns={name: table[name] for name in table.columns if name != "row"})


def by_concept(facts: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The facts of each concept: slices of the frame, whose facts must be in order."""
    return {name: facts.slice(start, length) for name, start, length in runs_of(facts)}


def runs_of(facts: pl.DataFrame) -> list[tuple[str, int, int]]:
    """(concept, first row, number of rows) for each concept of facts in order."""
    if facts.is_empty():
        return []
    runs = facts["concept"].to_physical().rle().struct.unnest()
    starts = runs["len"].cum_sum() - runs["len"]
    names = facts["concept"].gather(starts).cast(pl.String)
    return list(zip(names, starts, runs["len"], strict=True))


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


def up_to(facts: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    """The facts up to a day; mostly that is all of them."""
    latest = facts["on"].max()
    is_later = as_of is not None and isinstance(latest, date) and latest > as_of
    return facts.filter(pl.col("on") <= as_of) if is_later else facts


def last_day(table: pl.DataFrame) -> date | None:
    """The latest day of any fact in such a table."""
    begins = table.select(cs.ends_with(".on"))
    return begins.select(pl.max_horizontal(pl.all().max())).item() if begins.width else None


_Found = dict[str, tuple[pl.Series, pl.Series]]  # by column, rows and values


def _on(facts: pl.DataFrame) -> _Found:
    is_last = _ends(facts["row"])
    return {"on": (facts["row"].filter(is_last), facts["on"].filter(is_last))}


def _until(facts: pl.DataFrame) -> _Found:
    return {} if (facts["until"] == facts["on"]).all() else {"until": reached_until(facts)}


def reached_until(facts: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """The rows of patients and the latest day that one of their facts reaches. The facts must be in order."""
    if (facts["until"] == facts["on"]).all():
        is_last = _ends(facts["row"])
        return facts["row"].filter(is_last), facts["until"].filter(is_last)
    reaches = facts.group_by("row").agg(pl.col("until").max())
    return reaches["row"], reaches["until"]


def _result_on(facts: pl.DataFrame) -> _Found:
    has_result = facts["has_result"]
    rows, days = (values.filter(has_result) for values in (facts["row"], facts["on"]))
    is_last = _ends(rows)
    return {"result_on": (rows.filter(is_last), days.filter(is_last))} if rows.len() else {}


def _number_on(facts: pl.DataFrame) -> _Found:
    measured = facts.select("row", "on", "value", "sign").filter(facts["value"].is_not_null())
    if measured.is_empty():
        return {}
    last = measured.filter(_ends(measured["row"]))
    is_again = (measured["row"] == measured["row"].shift(-1)) & (measured["on"] == measured["on"].shift(-1))
    if is_again.any():  # several on one day
        days = last.select("row", "on")
        last = latest_numbers(measured.join(days, on=["row", "on"], how="semi"), ["row"])
    elif (last["sign"] != 0).any():
        last = latest_numbers(last, ["row"])
    else:
        last = last.select("row", "on", lowest="value")
    found = last.rename({"on": "number_on"})
    return {name: (found["row"], found[name]) for name in found.columns if name != "row"}


def _ends(rows: pl.Series) -> pl.Series:
    """Whether a fact is the last one of its patient."""
    return (rows != rows.shift(-1)).fill_null(True)


_WORKED_OUT = {"on": _on, "until": _until, "result_on": _result_on, "number_on": _number_on}
