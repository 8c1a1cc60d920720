"""Counts of care gaps, shard by shard: of today from what is stored, of another day from the facts.

Nothing but counts is kept, in this module rather than on the workbench, as panels are (core.panels): under the
generation, the day, the mark of the rules and the scope of the user, which together say what was counted.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date, timedelta
from threading import Lock

import polars as pl

from core import care_gaps, engines, loads, rules
from core.domain.found import in_scope
from core.domain.measure import Measure
from core.domain.measurement_year import by_last_day
from core.domain.panel_frame import Panel
from core.domain.slices import SLICES, slices_of
from core.panels import panel
from core.store.clinical import Evaluation, Generation
from core.workbench import Workbench

HORIZON = (30, 60, 90)  # days in which care gaps become due
DUE = tuple(f"due_in_{days}" for days in HORIZON)
COUNTS = ("eligible", "satisfied", "open", *DUE, "on_track", "cannot_tell")
_SHAPE = pl.Schema({"measure_id": pl.String, "slice": pl.UInt32, **dict.fromkeys(COUNTS, pl.Int64)})
_MOST = 512
_counts: OrderedDict[Hashable, pl.DataFrame] = OrderedDict()
_lock = Lock()


def today(wb: Workbench) -> pl.DataFrame:
    """measure_id, slice (always 0) and COUNTS of all measures as of today, of the patients whom the user may see.

    Those who are due in 30 days are also due in 60. Without a load there are no rows.
    """
    return _again(lambda: _today(wb, None, ""))


def by_slice(wb: Workbench, measure_id: str, by: str) -> pl.DataFrame:
    """SLICES in their order and COUNTS of one measure as of today, of the patients whom the user may see."""
    return _again(lambda: _today(wb, measure_id, by))


def on_day(wb: Workbench, measure_id: str, as_of: date, *, progress: engines.Progress = lambda _: None) -> pl.DataFrame:
    """The same of one measure as of another day, without slices, evaluated from the facts that are known now."""
    return _again(lambda: _asked(wb, measure_id, as_of, progress))


def of_year(wb: Workbench, year: int, *, progress: engines.Progress = lambda _: None) -> pl.DataFrame:
    """measure_id, slice (always 0) and COUNTS of all measures for a measurement year, so far when it is not over."""
    return _again(lambda: _year(wb, year, None, "", progress))


def by_slice_of_year(wb: Workbench, year: int, measure_id: str, by: str) -> pl.DataFrame:
    """SLICES in their order and COUNTS of one measure for a measurement year."""
    return _again(lambda: _year(wb, year, measure_id, by, lambda _: None))


def is_known(wb: Workbench, measure_id: str, as_of: date) -> bool:
    """Whether `on_day` was counted already, so that it costs nothing."""
    generation = loads.current(wb)
    return generation is None or _key(wb, generation, measure_id, as_of) in _counts


def _key(wb: Workbench, generation: Generation, measure_id: str, as_of: date) -> Hashable:
    return generation, Evaluation(as_of, rules.in_force(wb).mark), wb.user.scope, measure_id


def _today(wb: Workbench, measure_id: str | None, by: str) -> pl.DataFrame:
    opened, generation = _opened(wb)
    if generation is None:
        return _SHAPE.to_frame() if measure_id is None else _named(SLICES.to_frame(), _SHAPE.to_frame())
    evaluation = loads.today(wb).evaluation
    key = (generation, evaluation, wb.user.scope, measure_id, by)
    return _kept(key, lambda: _count(wb, opened, generation, evaluation, measure_id, by))


def _opened(wb: Workbench) -> tuple[Panel, Generation | None]:
    """The panel, which evaluates today when nobody did yet, and the generation that it is of: a load may have ended
    between the two."""
    before, opened, generation = loads.current(wb), panel(wb), loads.current(wb)
    return (opened, generation) if before == generation else (panel(wb), generation)


def _count(
    wb: Workbench, opened: Panel, generation: Generation, evaluation: Evaluation, measure_id: str | None, by: str
) -> pl.DataFrame:
    slice_of_row, slices = slices_of(opened, by) if by else (pl.lit(0, pl.UInt32), SLICES.to_frame())
    patients = opened.frame.select("patient_id", slice=slice_of_row).filter(in_scope(opened, wb.user.scope))

    def shards() -> Iterator[pl.DataFrame]:
        for shard in generation.shards():
            gaps = generation.gaps(evaluation, shard)
            asked = gaps if measure_id is None else gaps.filter(pl.col("measure_id") == measure_id)
            yield _counted(asked.collect().join(patients, on="patient_id"), evaluation.as_of)

    counts = _summed(shards())
    return _named(slices, counts) if by else counts


def _year(wb: Workbench, year: int, measure_id: str | None, by: str, progress: engines.Progress) -> pl.DataFrame:
    opened, generation = _opened(wb)
    if generation is None:
        return _SHAPE.to_frame() if measure_id is None else _named(SLICES.to_frame(), _SHAPE.to_frame())
    rule_set = rules.in_force(wb)
    measures = [each for name, each in rule_set.measures.items() if measure_id in (None, name)]
    key = (generation, year, rule_set.mark, wb.user.scope, measure_id, by)
    return _kept(key, lambda: _count_year(wb, opened, generation, measures, year, by, progress))


def _count_year(
    wb: Workbench,
    opened: Panel,
    generation: Generation,
    measures: Iterable[Measure],
    year: int,
    by: str,
    progress: engines.Progress,
) -> pl.DataFrame:
    slice_of_row, slices = slices_of(opened, by) if by else (pl.lit(0, pl.UInt32), SLICES.to_frame())
    patients = opened.frame.select("patient_id", slice=slice_of_row).filter(in_scope(opened, wb.user.scope))
    asked = by_last_day(measures, year)
    counts = _summed(
        _counted(gaps.join(patients, on="patient_id"), day)
        for number, (day, due) in enumerate(asked.items())
        for gaps in engines.evaluated(
            generation, due, as_of=day, progress=engines.share_of(progress, number, len(asked))
        )
    )
    return _named(slices, counts) if by else counts


def _named(slices: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    named = slices.join(counts, on="slice", how="left", maintain_order="left")
    return named.select(*SLICES, pl.col(*COUNTS).fill_null(0))


def _asked(wb: Workbench, measure_id: str, as_of: date, progress: engines.Progress) -> pl.DataFrame:
    generation = loads.current(wb)
    if generation is None:
        return _SHAPE.to_frame()
    measure = rules.in_force(wb).measures[measure_id]
    key = _key(wb, generation, measure_id, as_of)
    return _kept(key, lambda: _on_day(wb, generation, measure, as_of, progress))


def _on_day(
    wb: Workbench, generation: Generation, measure: Measure, as_of: date, progress: engines.Progress
) -> pl.DataFrame:
    def shards() -> Iterator[pl.DataFrame]:
        found = engines.evaluated(generation, [measure], as_of=as_of, progress=progress)
        for shard, gaps in zip(generation.shards(), found, strict=True):
            seen = care_gaps.visible(wb, generation.table("patients", shard)).select("patient_id").collect()
            rows = gaps.join(seen, on="patient_id", how="semi").with_columns(slice=pl.lit(0, pl.UInt32))
            yield _counted(rows, as_of)

    return _summed(shards())


def _counted(gaps: pl.DataFrame, as_of: date) -> pl.DataFrame:
    is_waiting = pl.col("state").cast(pl.String).is_in(["satisfied", "due_soon"])
    due = [
        (is_waiting & (pl.col("due_on") <= as_of + timedelta(days=days)).fill_null(False)).sum().alias(name)
        for days, name in zip(HORIZON, DUE, strict=True)
    ]
    others = [
        (pl.col("reason") == "on_track").sum().alias("on_track"),
        (pl.col("state") == "cannot_determine").sum().alias("cannot_tell"),
    ]
    counts = gaps.group_by("measure_id", "slice").agg(*care_gaps.counted(), *due, *others)
    return counts.select(*_SHAPE).cast(_SHAPE)


def _summed(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    every = pl.concat([_SHAPE.to_frame(), *parts])
    return every.group_by("measure_id", "slice").agg(pl.col(*COUNTS).sum()).sort("measure_id", "slice")


def _again(count: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    try:
        return count()
    except FileNotFoundError:  # a load ended just now and took the older generation away
        return count()


def _kept(key: Hashable, count: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    found = _counts.get(key)
    if found is None:
        found = count()
        with _lock:
            _counts[key] = found
            while len(_counts) > _MOST:
                _counts.popitem(last=False)
    return found
