"""What a change of the rules would do on today's data: which care gaps would open and which would close."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from core import care_gaps, loads, rules
from core.domain.clinical import GAP_STATES, OPEN_STATES, schema
from core.domain.measure import Measure
from core.domain.measure_evaluation import evaluate_panel
from core.domain.measure_evidence import Explanation
from core.domain.measure_panel import PATIENT_COLUMNS, Panel
from core.domain.role import EDIT_RULES, READ_PATIENTS
from core.domain.user import Scope
from core.evaluation import panel_of_shard
from core.measures import by_schedule
from core.rule_drafts import draft
from core.store.clinical import Generation
from core.workbench import Workbench, needs

Progress = Callable[[float], None]
COMPARED = schema(
    {
        "patient_id": pl.String,
        "state_before": pl.Enum(GAP_STATES),
        "reason_before": pl.String,
        "state_after": pl.Enum(GAP_STATES),
        "reason_after": pl.String,
    }
)


@dataclass(frozen=True)
class Basis:
    """What the numbers of a trial belong to. When any of it is another one, the rule must be tried again.

    known        the rule as it was, None for a new one
    generation   of the clinical store, '' without a load; mark: of the rules in force
    """

    text: str
    known: rules.Listed | None
    generation: str
    as_of: date
    mark: str
    scope: Scope


@dataclass(frozen=True)
class Trial:
    """One rule before and after a change, for the patients the user may see, as of today.

    before, after   patients by state; empty when there is no such rule, before or after
    gained, lost    COMPARED: whose care gap would open and whose would close, by patient
    is_on           care gaps are found by the rule: what it finds counts
    basis           what was tried on what; None where no text was tried
    """

    measure_id: str
    before: Mapping[str, int]
    after: Mapping[str, int]
    gained: pl.DataFrame
    lost: pl.DataFrame
    is_on: bool = True
    basis: Basis | None = None

    def __str__(self) -> str:
        return f"{self.gained.height:,} gained, {self.lost.height:,} lost if published"


@needs(EDIT_RULES)
def try_on(wb: Workbench, text: str, *, measure_id: str | None = None, progress: Progress = lambda _: None) -> Trial:
    """Evaluate an edited rule and the latest version of the same rule on today's data, a shard after the other.

    text, measure_id   as in core.rule_drafts.draft. An edit that turns the rule on or off is compared with nothing.
    Raises RuleError naming line and key. Without a load nobody is found.
    """
    after = draft(wb, text, measure_id=measure_id).measure
    loads.refresh(wb)  # facts in this version's layout
    tried_on = basis(wb, text, measure_id=measure_id)
    known = tried_on.known
    was_on = known is not None and known.is_on
    is_on = was_on if known is not None and _is_switched(wb, known) else after.is_on
    before = known.measure if known is not None else None
    pair = (before, after) if was_on == is_on else (None, after) if is_on else (before, None)
    trial = _compared(wb, *pair, is_on=is_on or was_on, progress=progress)
    return replace(trial, basis=tried_on)


def basis(wb: Workbench, text: str, *, measure_id: str | None = None) -> Basis:
    """What a trial of this text would be based on now. Raises NotFound for a measure that does not exist."""
    generation = loads.current(wb)
    return Basis(
        text,
        rules.rule(wb, measure_id) if measure_id is not None else None,
        generation.name if generation else "",
        wb.today(),
        rules.in_force(wb).mark,
        wb.user.scope,
    )


@needs(READ_PATIENTS)
def explain(wb: Workbench, text: str, patient_id: str, *, measure_id: str | None = None) -> Explanation:
    """The evidence of a patient by an edited rule, as of today. Raises RuleError, and NotFound for a patient who may
    not be seen."""
    return care_gaps.explain_by(wb, patient_id, draft(wb, text, measure_id=measure_id).measure)


@needs(EDIT_RULES)
def try_switch(wb: Workbench, measure_id: str, *, progress: Progress = lambda _: None) -> Trial:
    """What turning a rule off would close or turning it on would open. Raises NotFound."""
    known = rules.rule(wb, measure_id)
    pair = (known.measure, None) if known.is_on else (None, known.measure)
    return _compared(wb, *pair, progress=progress)


@needs(EDIT_RULES)
def try_schedule(wb: Workbench, schedule: str, *, progress: Progress = lambda _: None) -> list[Trial]:
    """What choosing another authority's schedule would do, for each rule that is on and would change."""
    offered = by_schedule(schedule)[0]
    changing = [
        each
        for each in rules.listed(wb)
        if each.is_on and not each.is_edited and offered.get(each.measure.measure_id) not in (None, each.measure)
    ]
    return [_compared(wb, each.measure, offered[each.measure.measure_id], progress=progress) for each in changing]


def _is_switched(wb: Workbench, known: rules.Listed) -> bool:
    """Whether somebody turned the rule on or off, so that what its text says of that no longer counts."""
    return known.measure.measure_id in rules.switches(wb)


def _compared(
    wb: Workbench,
    before: Measure | None,
    after: Measure | None,
    *,
    is_on: bool = True,
    progress: Progress = lambda _: None,
) -> Trial:
    loads.refresh(wb)  # facts in this version's layout
    generation = loads.current(wb)
    counts: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    gained, lost = [COMPARED.to_frame()], [COMPARED.to_frame()]
    shards = generation.shards() if generation else []
    for number in shards:
        assert generation is not None
        rows = _shard(wb, generation, number, before, after)
        for counter, column in zip(counts, ("state_before", "state_after"), strict=True):
            counter.update(dict(rows.drop_nulls(column).group_by(pl.col(column).cast(pl.String)).len().rows()))
        was, will = (
            pl.col(column).cast(pl.String).is_in(OPEN_STATES).fill_null(False)
            for column in ("state_before", "state_after")
        )
        gained.append(rows.filter(~was & will))
        lost.append(rows.filter(was & ~will))
        progress((number + 1) / len(shards))
    named = after or before
    assert named is not None
    frames = [pl.concat(parts).sort("patient_id") for parts in (gained, lost)]
    return Trial(named.measure_id, counts[0], counts[1], frames[0], frames[1], is_on)


def _shard(
    wb: Workbench, generation: Generation, number: int, before: Measure | None, after: Measure | None
) -> pl.DataFrame:
    """COMPARED of the patients of one shard whom the user may see."""
    patients = generation.table("patients", number)
    people = patients.select("patient_id", *PATIENT_COLUMNS).collect()
    visible = care_gaps.visible(wb, patients).select("patient_id").collect()
    asked = [each for each in (before, after) if each]
    panel = panel_of_shard(generation, number, people, asked, as_of=wb.today())
    rows = people.select("patient_id")
    for measure, when in ((before, "before"), (after, "after")):
        found = _states(measure, panel, as_of=wb.today())
        rows = rows.hstack(found.rename({"state": f"state_{when}", "reason": f"reason_{when}"}))
    return rows.join(visible, on="patient_id", how="semi").select(*COMPARED).cast(COMPARED)


def _states(measure: Measure | None, panel: Panel, *, as_of: date) -> pl.DataFrame:
    """state and reason of each patient of the panel; empty where there is no rule."""
    if measure is not None:
        return evaluate_panel([measure], panel, as_of=as_of).select("state", pl.col("reason").cast(pl.String))
    nothing = {"state": COMPARED["state_after"], "reason": COMPARED["reason_after"]}
    return pl.DataFrame(schema=nothing).clear(panel.patients.height)
