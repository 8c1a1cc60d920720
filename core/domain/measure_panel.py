"""The panel that measures are evaluated from: what is last of each patient and concept, and whole histories for rules
that need them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import product

import polars as pl

from core.domain.columns import blank
from core.domain.fact_order import ARRANGED_FACTS, arranged
from core.domain.last_facts import LAST, LastFacts, by_concept, up_to
from core.domain.measure import Measure, Numbered, Recorded, Way, criteria_of

PATIENT_COLUMNS = ("birth_date", "sex", "sex_at_birth", "status", "deceased_on", "payer", "race")
# The columns of ARRANGED_FACTS, beside the concept, that a panel is made of.
READ_COLUMNS = ("row", "on", "until", "value", "value_text", "sign", "has_result")
_OF_LATEST_DAY = ("lowest", "low", "high")
_NUMBERS = ("number_on", *_OF_LATEST_DAY)


@dataclass
class Panel:
    """What rules are evaluated from.

    patients   PATIENT_COLUMNS, one row each
    last       their last facts
    history    by concept, every fact up to the day, for concepts of which the last is not enough
    remembered what was worked out of it already
    """

    patients: pl.DataFrame
    last: LastFacts
    history: Mapping[str, pl.DataFrame]
    remembered: dict[object, object] = field(default_factory=dict)
    _columns: dict[tuple[str, str], pl.Series] = field(default_factory=dict)

    def column(self, concept: str, name: str) -> pl.Series:
        """A column of LAST for each patient; null for those without such a fact. Numbers are those of the latest day on
        which the concept was recorded: null when that day has none."""
        key = (concept, name)
        if key not in self._columns:
            self._columns[key] = self._column(concept, name)
        return self._columns[key]

    def _column(self, concept: str, name: str) -> pl.Series:
        found = self.last.column(concept, name)
        if found is None:
            return blank(self.patients.height, LAST[name])
        if name in _OF_LATEST_DAY:
            is_latest = self.column(concept, "number_on") == self.column(concept, "on")
            return pl.select(pl.when(is_latest).then(found)).to_series()
        return found

    def spread(self, rows: pl.Series, values: pl.Series) -> pl.Series:
        """Values of some patients as a column for all: null for the others."""
        whole = blank(self.patients.height, values.dtype)
        return whole.scatter(rows, values) if rows.len() else whole

    def events(self, concepts: Iterable[str]) -> pl.DataFrame:
        """row, on, until, value, value_text, sign and has_result of every fact of these concepts."""
        known = [self.history[name] for name in concepts if name in self.history]
        found = [each if each.columns == list(READ_COLUMNS) else each.select(READ_COLUMNS) for each in known]
        return found[0] if len(found) == 1 else pl.concat([_NO_HISTORY, *found])


_NO_HISTORY = pl.DataFrame(schema={name: ARRANGED_FACTS[name] for name in READ_COLUMNS})


def build_panel(measures: Iterable[Measure], patients: pl.DataFrame, facts: pl.DataFrame, *, as_of: date) -> Panel:
    """The panel of these patients for these measures. Facts after `as_of` and of other patients are ignored.

    patients   at least patient_id and PATIENT_COLUMNS, one row each
    facts      FACTS in any order
    """
    needed = concepts_of(measures)
    found = by_concept(arranged(facts, patients))
    return panel_of(patients, {name: own for name, own in found.items() if name in needed}, as_of=as_of)


def panel_of(patients: pl.DataFrame, facts: Mapping[str, pl.DataFrame], *, as_of: date) -> Panel:
    """The panel of these patients from facts in their order. Facts after `as_of` are ignored.

    patients   at least PATIENT_COLUMNS, one row each
    facts      by concept READ_COLUMNS of ARRANGED_FACTS, arranged by these patients
    """
    known = {name: up_to(own, as_of) for name, own in facts.items()}
    return Panel(patients.select(PATIENT_COLUMNS), LastFacts(patients.height, known), known)


def needed_columns(measures: Iterable[Measure], columns: Iterable[str]) -> list[str]:
    """Of the columns of a table of last facts those that these measures ask for, and `row`."""
    needed = {(concept, name) for measure in measures for concept, name in _asked(measure)}
    return ["row", *(column for column in columns if tuple(column.split(".", 1)) in needed)]


def _asked(measure: Measure) -> Iterator[tuple[str, str]]:
    """concept and name of every column that a measure asks for, or may."""
    for criterion in criteria_of(measure):
        if isinstance(criterion, Recorded | Numbered):
            names = ("on", "until") if isinstance(criterion, Recorded) else ("on", *_NUMBERS)
            yield from product(criterion.concepts, names)
    for way in measure.ways:
        yield from product(way.concepts, ("on", "until" if way.is_active else "result_on"))
    if measure.latest:
        yield from product(measure.latest.concepts, ("on", *_NUMBERS))


def concepts_of(measures: Iterable[Measure]) -> set[str]:
    """Every concept that these measures ask for."""
    wanted = list(measures)
    return {concept for measure in wanted for concept in _concepts(measure)} | history_of(wanted)


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
