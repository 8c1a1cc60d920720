"""Running a work list on a panel: who is found, how many each filter removes, and pages of rows to show."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from core.domain.fields import CHOICE, WORDS
from core.domain.fields import field as field_of
from core.domain.matching import Live, is_among, passing
from core.domain.ordering import first_rows, order_keys
from core.domain.panel_frame import Panel
from core.domain.user import Scope
from core.domain.work_list import Filter, WorkList, checked


@dataclass(frozen=True)
class Step:
    """One step of the attrition. `place` is (group of filters, row), both from 0; the first step is the choice of
    groups and providers and has neither place nor filter. before - left = how many the step removes."""

    place: tuple[int, int] | None
    filter: Filter | None
    before: int
    left: int

    @property
    def removed(self) -> int:
        """How many patients this step takes out."""
        return self.before - self.left


@dataclass(frozen=True)
class Found:
    """The patients of a work list. Only what is asked for is sorted, looked up or counted."""

    panel: Panel
    work_list: WorkList
    rows: pl.Series  # row numbers of the panel, ascending
    attrition: tuple[Step, ...]
    live: Live

    @property
    def count(self) -> int:
        """How many patients are found."""
        return self.rows.len()

    @cached_property
    def _keys(self) -> pl.Series:
        return order_keys(self.panel, self.rows, self.work_list.sorts, live=self.live)

    @cached_property
    def ids(self) -> list[str]:
        """The ids of all patients found, in order."""
        return self.panel.frame["patient_id"].gather(self.ordered_rows).to_list()

    @cached_property
    def ordered_rows(self) -> pl.Series:
        """The row numbers of all patients found, in order."""
        return first_rows(self.panel, self._keys, self.count)

    def page(self, number: int, size: int = 100, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Page `number` (from 0) as shown: patient_id and a column per field key, the work list's unless given.
        Alerts, conditions and opt-outs are lists of texts, sorted; dates are dates."""
        rows = first_rows(self.panel, self._keys, (number + 1) * size).slice(number * size)
        return shown(self.panel, rows, columns or self.work_list.columns, live=self.live)

    def page_count(self, size: int = 100) -> int:
        """How many pages of that size there are; at least one."""
        return max(1, -(-self.count // size))

    def by_group(self) -> pl.DataFrame:
        """Patients found by group: key (id), name, count; the largest first. Without a group: both empty."""
        return self._by("group")

    def by_provider(self) -> pl.DataFrame:
        """Patients found by PCP: key (id), name, count; the largest first."""
        return self._by("pcp")

    def by_alert(self) -> pl.DataFrame:
        """Patients found by open care gap: key (measure id), name, count; a patient counts once for each."""
        numbers = self.panel.frame["alerts"].gather(self.rows).value_counts(name="count")
        sets = pl.DataFrame({"alerts": pl.int_range(self.panel.sets["alerts"].len(), dtype=pl.UInt32, eager=True)})
        sets = sets.with_columns(code=self.panel.sets["alerts"]).explode("code").drop_nulls()
        return self._named("alerts", numbers.join(sets, on="alerts").group_by("code").agg(pl.col("count").sum()))

    def _by(self, column: str) -> pl.DataFrame:
        counts = self.panel.frame[column].gather(self.rows).value_counts(name="count")
        return self._named(column, counts.rename({column: "code"}))

    def _named(self, column: str, counts: pl.DataFrame) -> pl.DataFrame:
        words = self.panel.words[column]
        schema = {"code": pl.UInt32, "key": pl.String, "name": pl.String}
        texts = pl.DataFrame({"code": range(len(words.keys)), "key": words.keys, "name": words.texts}, schema=schema)
        return (
            counts.join(texts, on="code")
            .select("key", "name", pl.col("count").cast(pl.Int64))
            .sort("count", "name", "key", descending=[True, False, False], nulls_last=True)
        )


def find(panel: Panel, work_list: WorkList, *, scope: Scope, live: Live) -> Found:
    """Run a work list within a scope. Raises CareloopError when a filter's value is not what its field expects."""
    work_list = checked(work_list)
    visible = in_scope(panel, scope)
    chosen = visible
    for column, ids in (("group", work_list.groups), ("pcp", work_list.providers)):
        if ids:
            chosen = chosen & _with_ids(panel, column, ids)
    steps = [Step(None, None, _count(visible), _count(chosen))]
    found = chosen
    for group, rows in enumerate(work_list.filters):
        still_in = chosen
        for number, row in enumerate(rows):
            before, still_in = _count(still_in), passing(panel, row, still_in, live=live)
            steps.append(Step((group, number), row, before, _count(still_in)))
        found = still_in if group == 0 else found | still_in
    return Found(panel, work_list, panel.rows.filter(found), tuple(steps), live)


def in_scope(panel: Panel, scope: Scope) -> pl.Series:
    """True for each row of the panel that a user with the scope may see."""
    visible = pl.repeat(True, panel.frame.height, dtype=pl.Boolean, eager=True)
    for column, ids in (("group", scope.groups), ("pcp", scope.providers)):
        if ids is not None:
            visible = visible & _with_ids(panel, column, ids)
    return visible


def shown(panel: Panel, rows: pl.Series, columns: Sequence[str], *, live: Live) -> pl.DataFrame:
    """The rows as they are shown: patient_id and one column per field key."""
    ids = panel.frame["patient_id"].gather(rows)
    cells = {"patient_id": ids}
    for key in columns:
        of = field_of(key, panel.labs)
        if of.is_live:
            cells[key] = live(key, ids)
        elif of.column not in panel.frame.columns:
            cells[key] = pl.repeat(None, rows.len(), dtype=pl.Null, eager=True)
        else:
            cells[key] = _shown(panel, of.kind, of.column, panel.frame[of.column].gather(rows))
    return pl.DataFrame(cells)


def _shown(panel: Panel, kind: str, column: str, cells: pl.Series) -> pl.Series:
    if kind not in (CHOICE, WORDS):
        return cells
    texts = panel.words[column].texts
    if kind == CHOICE:
        return pl.Series([texts[code] for code in cells], dtype=pl.String)
    lists = panel.sets[column].gather(cells)
    return pl.Series([sorted(texts[code] or "" for code in codes) for codes in lists], dtype=pl.List(pl.String))


def _with_ids(panel: Panel, column: str, ids: Collection[str]) -> pl.Series:
    keys = panel.words[column].keys
    return is_among(panel.frame[column], [code for code, key in enumerate(keys) if key in ids], len(keys))


def _count(flags: pl.Series) -> int:
    return int(flags.sum())
