"""All campaigns together, for whoever answers for them: volumes, delivery, opt-outs, cost, gaps closed (R3).

Everything is asked of sums that are kept as messages change (core.roll_ups). Figures are of the patients whom the user
may see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from core import readers, roll_ups
from core.domain.clinical import schema
from core.domain.followed import Known, is_over, known_of
from core.domain.organisation import Organisation
from core.domain.rates import with_interval
from core.domain.roll_up import COUNTS, Wanted
from core.domain.small_cells import rounded_column, suppressed
from core.domain.small_counts import without_small
from core.store import overview_rows as rows
from core.store.database import reading
from core.store.scope import practice_names
from core.workbench import Workbench

_SHORTLY = 0.3  # seconds for adding up what has changed; of what is left it is said that it is not added up yet
_FIGURES = dict.fromkeys(("delivery_rate", "opt_out_rate", "cost", "cost_per_gap"), pl.Float64)
CAMPAIGNS = schema({**rows.CAMPAIGNS, **dict.fromkeys(COUNTS, pl.Int64), **_FIGURES})
VOLUMES = schema({"on": pl.Date, "channel": pl.String, "handed_over": pl.Int64})
CLOSED = schema({"channel": pl.String, "eligible": pl.Int64, "satisfied": pl.Int64} | dict.fromkeys(
    ("rate", "low", "high"), pl.Float64
))  # fmt: skip
_IS_KNOWN = pl.col("is_about_gaps") & is_over()  # of a campaign: all closings that count
_BY_WEEK = 45  # days from which volumes are shown by week


@dataclass(frozen=True)
class Overview:
    """All campaigns of what was wanted.

    totals         COUNTS by name, and the figures delivery_rate, opt_out_rate, cost (dollars) and cost_per_gap; what
                   does not exist, or is hidden since it is about too few, is None
    campaigns      CAMPAIGNS: a row for each campaign with its counts and figures, the latest start first
    volumes        VOLUMES: how many patients were handed a message, by mode and day or week (its Monday)
    is_weekly      whether the volumes are those of weeks
    closed         CLOSED: by mode, of those reached whose gaps were open how many closed one within 90 days, of
                   campaigns of which all these days are known
    known          how far closings are known of the campaigns that contacted somebody
    stale          how many campaigns are not added up yet since they changed
    is_rough       small counts are hidden and the others rounded: the user may not see patients, or it is passed on
    whose          'your groups', when the figures are of the patients of these alone; else empty
    """

    totals: Mapping[str, float | None]
    campaigns: pl.DataFrame
    volumes: pl.DataFrame
    is_weekly: bool
    closed: pl.DataFrame
    known: Known
    stale: int
    is_rough: bool
    whose: str = ""


def overview(wb: Workbench, wanted: Wanted, *, is_passed_on: bool = False) -> Overview:
    """What the campaigns came to that are wanted; `is_passed_on`: for a file that others read, before which whoever
    makes it calls `roll_ups.catch_up_for_paper`."""
    roll_ups.catch_up(wb, seconds=_SHORTLY)
    with reading(wb.engine) as connection:
        found = rows.by_day(connection, wanted, wb.user.scope)
        named = rows.campaigns_sent(connection, wanted.channel)
        followed = rows.followed(connection, wanted.channel)
    by_day = found.join(named, on="campaign_id")
    organisation, is_rough = wb.organisation(), readers.is_rough(wb, is_passed_on=is_passed_on)
    summed = by_day.group_by("campaign_id").agg(pl.col(COUNTS).sum())
    counts = named.join(summed, on="campaign_id", maintain_order="left")
    counts = counts.join(followed, on="campaign_id", how="left", maintain_order="left")
    shown = _with_figures(_as_told(counts, is_rough=is_rough), organisation)
    is_weekly = _is_weekly(by_day)
    return Overview(
        totals=_totals(counts, organisation, is_rough=is_rough),
        campaigns=shown.with_columns(cost_per_gap=pl.when(_IS_KNOWN).then("cost_per_gap"))
        .select(CAMPAIGNS.names())
        .cast(CAMPAIGNS),
        volumes=_volumes(by_day, is_weekly=is_weekly, is_rough=is_rough),
        is_weekly=is_weekly,
        closed=_closed(counts.filter(_IS_KNOWN), is_rough=is_rough),
        known=known_of(counts),
        stale=roll_ups.stale_count(wb),
        is_rough=is_rough,
        whose=readers.whose(wb),
    )


def choices(wb: Workbench) -> tuple[dict[str, str], dict[str, str]]:
    """The groups and the PCPs that figures can be limited to, by id, as far as the user may see their patients."""
    with reading(wb.engine) as connection:
        groups, providers = practice_names(connection)
    scope = wb.user.scope
    return (
        {key: name for key, name in groups.items() if scope.groups is None or key in scope.groups},
        {key: name for key, name in providers.items() if scope.providers is None or key in scope.providers},
    )


def _totals(counts: pl.DataFrame, organisation: Organisation, *, is_rough: bool) -> dict[str, float | None]:
    """Cost per gap is that of the campaigns of which all closings are known: the cost of the others has not come to its
    gaps yet, or was never meant to."""
    every, known = (_summed(each, organisation, is_rough=is_rough) for each in (counts, counts.filter(_IS_KNOWN)))
    return every | {"cost_per_gap": known["cost_per_gap"]}


def _summed(counts: pl.DataFrame, organisation: Organisation, *, is_rough: bool) -> dict[str, float | None]:
    shown = _as_told(counts.select(pl.col(COUNTS).sum()), is_rough=is_rough, is_whole=False)
    figures: dict[str, float | None] = _with_figures(shown, organisation).drop("ended").row(0, named=True)
    return figures


def _as_told(counts: pl.DataFrame, *, is_rough: bool, is_whole: bool = True) -> pl.DataFrame:
    """With `ended`, delivered and failed together: a rate needs it also where the failed alone are too few."""
    with_ended = counts.with_columns(ended=pl.col("delivered") + pl.col("failed"))
    if not is_rough:
        return with_ended
    return without_small(with_ended, is_whole=is_whole).with_columns(rounded_column("ended"))


def _with_figures(counts: pl.DataFrame, organisation: Organisation) -> pl.DataFrame:
    """With rates and cost by the organisation's prices of now; null where they would divide by nothing."""
    ended, gaps = pl.col("ended"), pl.col("gaps_closed")
    prices = {
        "segments": organisation.segment_price,
        "call_minutes": organisation.call_minute_price,
        "letters": organisation.letter_price,
    }
    cost = pl.sum_horizontal((pl.col(name) * price for name, price in prices.items()), ignore_nulls=False)
    return counts.with_columns(
        delivery_rate=pl.when(ended > 0).then(pl.col("delivered") / ended),
        opt_out_rate=pl.when(pl.col("handed_over") > 0).then(pl.col("opt_outs") / pl.col("handed_over")),
        cost=cost.cast(pl.Float64),
        cost_per_gap=pl.when(gaps > 0).then(cost / gaps),
    )


def _is_weekly(by_day: pl.DataFrame) -> bool:
    days = by_day.filter(pl.col("handed_over") > 0)["on"]
    first, last = days.min(), days.max()
    return isinstance(first, date) and isinstance(last, date) and (last - first).days > _BY_WEEK


def _volumes(by_day: pl.DataFrame, *, is_weekly: bool, is_rough: bool) -> pl.DataFrame:
    on = pl.col("on").dt.truncate("1w" if is_weekly else "1d")
    sent = by_day.filter(pl.col("handed_over") > 0).group_by(on, "channel").agg(pl.col(COUNTS).sum())
    shown = without_small(sent) if is_rough else sent
    return shown.drop_nulls("handed_over").select(VOLUMES.names()).cast(VOLUMES).sort("on", "channel")


def _closed(counts: pl.DataFrame, *, is_rough: bool) -> pl.DataFrame:
    by_mode = counts.group_by("channel").agg(
        pl.col("followed").sum().alias("eligible"), pl.col("closed", "followed").sum()
    )
    found = by_mode.select("channel", "eligible", satisfied=pl.min_horizontal("closed", "followed"))
    known = found.filter(pl.col("eligible") > 0)
    if is_rough:
        known = known.filter(~suppressed(known, is_whole=True))
        known = known.with_columns(rounded_column("eligible"), rounded_column("satisfied"))
        known = known.with_columns(satisfied=pl.min_horizontal("satisfied", "eligible"))
    return with_interval(known).select(CLOSED.names()).cast(CLOSED).sort("channel")
