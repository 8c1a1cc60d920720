"""Of the report of a campaign for a meeting: what it changed, how far its patients came, why not, and who they are."""

from collections.abc import Mapping

import polars as pl

from core import charts
from core.domain.campaign_steps import BREAK_DOWNS
from core.domain.effects.achieved import NO_ESTIMATE, REGRESSION
from core.domain.effects.analysis import Effect
from core.domain.effects.design import arm_name
from core.domain.effects.tables import arms, how_compared
from core.domain.report_document import Block, Paragraph, Section, Table, table_of
from core.domain.slices import NOT_RECORDED
from core.domain.small_cells import LEAST
from core.domain.wording import LANGUAGES, day_text
from core.report_parts import Parts

TOO_FEW = f"In an arm fewer than {LEAST} patients closed a gap: too few for a figure that is passed on."
_FUNNEL = {"name": "Step", "count": "Patients", "share": "Of selected", "about": "What is counted"}
_FAILURES = {"result": "Result", "reason": "Reason", "count": "Patients", "advice": "What to do"}
_SLICES = {
    "slice": "",
    "selected": "Selected",
    "delivered": "Reached",
    "reached": "Share",
    "booked": "Booked",
    "closed": "Gap closed",
    "of_reached": "Of reached",
}
_ARM_HEADS = {
    "within": "Within",
    "arm": "Arm",
    "size": "Patients",
    "closed": "Closed a gap",
    "share": "Share",
    "low": "95 % from",
    "high": "to",
}


def part_sections(parts: Parts) -> tuple[Section, ...]:
    """The sections in their order; of what is not known yet there is none."""
    return (*_effect(parts), *_steps(parts), *_failures(parts.failures), *_by_whom(parts.slices))


def _effect(parts: Parts) -> tuple[Section, ...]:
    effect = parts.effect
    if effect is None:
        return (Section("What it changed", (Paragraph(TOO_FEW),)),) if parts.is_effect_hidden else ()
    blocks: list[Block] = []
    if not effect.is_estimate:
        blocks.append(Paragraph(f"This is {NO_ESTIMATE}. {REGRESSION}"))
    if any(window.comparisons for window in effect.windows):
        blocks.append(charts.printed(charts.differences(effect)))
    blocks.append(_arms(effect))
    if effect.curves:
        blocks += [charts.printed(charts.closure_curves(effect)), _at_risk(effect)]
    plan = effect.plan
    said = f"Counted from {day_text(plan.allocated_on)}, by the day of the event, as known through "
    said += f"{day_text(plan.known_through)}. Everybody counts in the arm they were put in."
    blocks += [Paragraph(each, is_note=True) for each in (said, parts.silent, how_compared(effect)) if each]
    return (Section("What it changed" if effect.is_estimate else "Closed gaps", tuple(blocks)),)


def _arms(effect: Effect) -> Table:
    rows = arms(effect).with_columns(within=pl.format("{} days", "within"))
    return table_of(rows, _ARM_HEADS, percents=("share", "low", "high"))


def _at_risk(effect: Effect) -> Table:
    heads = ("Still open", *(f"Day {day}" for day in effect.ticks))
    rows = tuple(
        (
            arm_name(arm, is_alone=not effect.is_estimate),
            *("–" if count is None else f"{count:,}" for count in counts),
        )
        for arm, counts in effect.at_risk.items()
    )
    return Table(heads, rows, (False, *(True for _ in effect.ticks)))


def _steps(parts: Parts) -> tuple[Section, ...]:
    if parts.funnel.is_empty():
        return ()
    through = parts.known_through
    note = f"Visits and gaps as known through {day_text(through)}." if through else "What followed is not known yet."
    table = table_of(parts.funnel, _FUNNEL, percents=("share",))
    figure = charts.printed(charts.funnel_steps(parts.funnel, is_over=parts.is_over))
    return (Section("How far they came", (figure, table, Paragraph(note, is_note=True))),)


def _failures(failures: pl.DataFrame) -> tuple[Section, ...]:
    if failures.is_empty():
        return ()
    return (Section("Who was not reached, and what to do", (table_of(failures, _FAILURES),)),)


def _by_whom(slices: Mapping[str, pl.DataFrame]) -> tuple[Section, ...]:
    return tuple(_slice(by, rows) for by, rows in slices.items() if (~rows["is_hidden"]).sum() > 1)


def _slice(by: str, rows: pl.DataFrame) -> Section:
    names = LANGUAGES if by == "language" else {}
    named = rows.filter(~pl.col("is_hidden")).with_columns(
        pl.col("slice").replace(names).fill_null(NOT_RECORDED),
        reached=_share("delivered", "selected"),
        of_reached=_share("closed", "delivered"),
    )
    blocks: list[Block] = [table_of(named, _SLICES | {"slice": BREAK_DOWNS[by]}, percents=("reached", "of_reached"))]
    if left_out := rows.height - named.height:
        said = f"Without {left_out:,} of which a count is under {LEAST} patients, or would give one away."
        blocks.append(Paragraph(said, is_note=True))
    return Section(f"By {BREAK_DOWNS[by].lower()}", tuple(blocks))


def _share(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))
