"""Changing what codes mean: codes, facts, care gaps and the audit line change in one transaction, or nothing does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from core import loads, remaking, rules
from core.audit import record_in
from core.code_meanings import KnownCodes, known_codes
from core.domain.clinical import OPEN_STATES
from core.store import code_rows
from core.store.clinical import Generation
from core.store.code_rows import OWN_CODES, SET_CODES
from core.workbench import Workbench

_NO_ROWS = pl.DataFrame(schema={**OWN_CODES, "text": pl.String})


@dataclass(frozen=True)
class CodeChange:
    """What shall be different.

    mapped       source_system, system, code, concept, text: replaces what the practice said of these codes before
    unmapped     OWN_CODES to take out of the practice's mapping before that
    value_sets   identifier to (title, version); codes: SET_CODES, all that these sets hold from now on
    """

    mapped: pl.DataFrame = field(default_factory=lambda: _NO_ROWS)
    unmapped: pl.DataFrame = field(default_factory=OWN_CODES.to_frame)
    value_sets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    codes: pl.DataFrame = field(default_factory=SET_CODES.to_frame)

    def applied(self, known: KnownCodes) -> KnownCodes:
        """What will be known afterwards."""
        kept = known.own.join(self.mapped, on=list(code_rows.CODE_KEY), how="anti")
        kept = kept.join(self.unmapped, on=list(OWN_CODES), how="anti")
        rest = known.loaded.filter(~pl.col("value_set").is_in(list(self.value_sets)))
        return KnownCodes(
            pl.concat([kept, self.mapped.select(*OWN_CODES)]), pl.concat([rest, self.codes.select(*SET_CODES)])
        )


@dataclass(frozen=True)
class GapChange:
    """A measure whose open care gaps are others in number since codes mean something else."""

    measure_id: str
    name: str
    open_before: int
    open_after: int


def change_sentence(one: GapChange) -> str:
    """'Mammogram overdue: 178 care gaps open, 34 fewer than before.'"""
    more = one.open_after - one.open_before
    gaps = "care gap" if one.open_after == 1 else "care gaps"
    return f"{one.name}: {one.open_after:,} {gaps} open, {abs(more):,} {'more' if more > 0 else 'fewer'} than before."


def change(wb: Workbench, wanted: CodeChange, action: str, **details: Any) -> list[GapChange]:
    """Make a change: find facts and care gaps again with it, then write everything in one transaction.

    Gives the measures whose number of open care gaps is another one now, the greatest difference first; none before
    the first load. Raises NotAllowed while another load runs. A failure leaves everything as it was.
    """
    with wb.clinical.loading():
        at, by = wb.now(), wb.user.user_id
        known = wanted.applied(known_codes(wb.engine))
        before = loads.current(wb)
        counts = _open_counts(wb, before)
        with remaking.remade_with(wb, known, started_at=at) as connection:
            code_rows.remove_codes(connection, wanted.unmapped)
            code_rows.put_codes(connection, wanted.mapped, at=at, by=by)
            code_rows.replace_sets(connection, wanted.value_sets, wanted.codes, at=at, by=by)
            record_in(wb, connection, action, **details)
        return _differences(wb, counts, _open_counts(wb, loads.current(wb)))


def _open_counts(wb: Workbench, generation: Generation | None) -> dict[str, int] | None:
    evaluation = loads.today(wb).evaluation
    if generation is None or evaluation not in generation.evaluations():
        return None
    opened = generation.gaps(evaluation).filter(pl.col("state").cast(pl.String).is_in(OPEN_STATES))
    return dict(opened.group_by("measure_id").len().collect().rows())


def _differences(wb: Workbench, before: dict[str, int] | None, after: dict[str, int] | None) -> list[GapChange]:
    if before is None or after is None:
        return []
    names = {measure.measure_id: measure.name for measure in rules.in_force(wb).measures.values()}
    changes = [GapChange(key, names.get(key, key), before.get(key, 0), after.get(key, 0)) for key in {*before, *after}]
    different = [each for each in changes if each.open_before != each.open_after]
    return sorted(different, key=lambda each: (-abs(each.open_after - each.open_before), each.name))
