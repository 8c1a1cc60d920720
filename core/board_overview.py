"""The report of a period for a meeting: whom it contacted, at what cost, which gaps were closed, and who is reached.

Everything in it is of the contacts of these days (core.overview), whenever their campaigns began.
"""

from datetime import date

import polars as pl

from core import charts, equity, overview
from core.board_sections import MODES
from core.domain.followed_words import PER_GAP, known_text
from core.domain.report_document import Block, Lead, Numbers, Paragraph, Section, table_of
from core.domain.roll_up import DIMENSIONS, Wanted
from core.domain.small_cells import ROUNDED
from core.domain.wording import percent
from core.overview import Overview
from core.workbench import Workbench

_CAMPAIGNS = {
    "name": "Campaign",
    "mode": "Mode",
    "start_on": "Start",
    "handed_over": "Contacted",
    "delivered": "Reached",
    "share": "Share",
}
_BY_MODE = {"mode": "Mode", "campaigns": "Campaigns"} | {
    key: _CAMPAIGNS[key] for key in ("handed_over", "delivered", "share")
}
_COUNTS = ("handed_over", "delivered")


def of_overview(wb: Workbench, first_on: date, last_on: date) -> tuple[Section, ...]:
    """All sections of the report of a period, in their order."""
    wanted = Wanted(first_on=first_on, last_on=last_on)
    shown = overview.overview(wb, wanted, is_passed_on=True)
    told = shown.campaigns.filter(pl.col("handed_over") > 0)
    listed = told.with_columns(mode=pl.col("channel").replace_strict(MODES, return_dtype=pl.String))
    if listed.is_empty() and not shown.totals["handed_over"]:
        return (_nobody(shown),)
    return (_totals(shown, listed), _contacts(shown), *_reached(wb, wanted), *_modes(listed), *_each(shown, listed))


def _nobody(shown: Overview) -> Section:
    few = "The campaigns of this period contacted too few patients for figures."
    lead = few if _hidden_count(shown) else "Nobody was contacted in this period."
    return Section("", (Lead(lead), *_notes(shown)))


def _hidden_count(shown: Overview) -> int:
    """Of how many campaigns it is not told how many they contacted."""
    return shown.campaigns["handed_over"].null_count()


def _notes(shown: Overview) -> tuple[Paragraph, ...]:
    found = [f"Of the patients of {shown.whose}."] if shown.whose else []
    if shown.totals["handed_over"]:
        found.append(ROUNDED)
    if hidden := _hidden_count(shown):
        word = "campaign is" if hidden == 1 else "campaigns are"
        found.append(f"{hidden:,} {word} not listed: too few patients were contacted, or they could be worked out.")
    if shown.stale:
        found.append(f"{shown.stale:,} changed just before and stand here as they were before.")
    return tuple(Paragraph(each, is_note=True) for each in found)


def _totals(shown: Overview, listed: pl.DataFrame) -> Section:
    contacted, reached = shown.totals["handed_over"], shown.totals["delivered"]
    count = listed.height + _hidden_count(shown)
    word = "campaign" if count == 1 else "campaigns"
    said = f"{count:,} {word} contacted {_count(contacted)} patients"
    if contacted and reached is not None:
        said += f" and reached {_count(reached)} of them ({percent(reached / contacted)})"
    cells = (
        ("Campaigns", f"{count:,}", ""),
        ("Contacted", _count(contacted), "once per campaign"),
        ("Reached", _count(reached), percent(reached / contacted) if contacted and reached is not None else ""),
    )
    return Section("", (Lead(f"{said}."), Numbers(cells), *_notes(shown)))


def _contacts(shown: Overview) -> Section:
    found = shown.totals
    within = "so far" if shown.known.open_count else "within 90 days"
    cells = (
        ("Delivered", percent(found["delivery_rate"]), "where it is known"),
        ("Opt-outs", percent(found["opt_out_rate"]), "within 14 days"),
        ("Cost", _dollars(found["cost"]), "at today's prices"),
        ("Gaps closed", _count(found["gaps_closed"]), within),
        ("Per gap", _dollars(found["cost_per_gap"]), "not of an effect"),
    )
    figures = () if shown.volumes.is_empty() else (charts.volumes(shown.volumes, is_weekly=shown.is_weekly),)
    said = f"Some gaps would have been closed without a contact. {known_text(shown.known)} {PER_GAP}"
    blocks: list[Block] = [Numbers(cells), *map(charts.printed, figures), Paragraph(said, is_note=True)]
    return Section("Contacts, cost and closed gaps", tuple(blocks))


def _reached(wb: Workbench, wanted: Wanted) -> tuple[Section, ...]:
    blocks: list[Block] = []
    for dimension, noun in DIMENSIONS.items():
        rows = equity.comparable(equity.equity(wb, wanted, dimension, is_passed_on=True))
        if rows["name"].n_unique() > 1:  # one line alone compares nothing
            blocks.append(charts.printed(charts.equity_steps(rows, noun=noun)))
    if not blocks:
        return ()
    note = f"{ROUNDED} What could be worked out from others is left out."
    return (Section("Who is reached", (*blocks, Paragraph(note, is_note=True))),)


def _modes(listed: pl.DataFrame) -> tuple[Section, ...]:
    if listed.is_empty():
        return ()
    sums = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in _COUNTS]
    rows = listed.group_by("mode").agg(pl.len().cast(pl.Int64).alias("campaigns"), *sums).with_columns(_share())
    rows = rows.sort(pl.col("mode").cast(pl.Enum(list(MODES.values()))))
    return (Section("By mode", (table_of(rows, _BY_MODE, percents=("share",)),)),)


def _each(shown: Overview, listed: pl.DataFrame) -> tuple[Section, ...]:
    if listed.is_empty():
        return ()
    rows = listed.select("name", "mode", "start_on", *_COUNTS).sort("start_on", "name", descending=[True, False])
    total = ("All", "", None, *(shown.totals[name] for name in _COUNTS))
    rows = pl.concat([rows, pl.DataFrame([total], schema=rows.schema, orient="row", strict=False)])
    table = table_of(rows.with_columns(_share()), _CAMPAIGNS, percents=("share",), has_total=True)
    return (Section("Campaigns", (table,)),)


def _share() -> pl.Expr:
    part = (pl.col("delivered") / pl.col("handed_over")).clip(0, 1)
    return pl.when(pl.col("handed_over") > 0).then(part).alias("share")


def _count(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def _dollars(amount: float | None) -> str:
    return "–" if amount is None else f"${amount:,.2f}"
