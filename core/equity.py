"""Whether every step of a contact reaches patients alike: by language, age, sex, race and payer (R3)."""

import polars as pl

from core.domain.clinical import schema
from core.domain.rates import with_interval
from core.domain.roll_up import DIMENSIONS, STEPS, Wanted
from core.domain.slices import AGE_BANDS, NOT_RECORDED, band_name
from core.domain.small_counts import without_small
from core.domain.wording import LANGUAGES, SEXES, folded
from core.store import overview_rows as rows
from core.store.database import reading
from core.workbench import Workbench

EQUITY = schema(
    {
        "dimension": pl.String,
        "name": pl.String,  # of the value, as people read it
        "step": pl.String,  # a key of core.domain.roll_up.STEPS
        "count": pl.Int64,
        "selected": pl.Int64,
        "rate": pl.Float64,  # count / selected
        "low": pl.Float64,
        "high": pl.Float64,
    }
)
_NAMES = {"language": LANGUAGES, "sex": SEXES}
_BANDS = [band_name(low, high) for low, high in AGE_BANDS]


def is_kept(wb: Workbench, wanted: Wanted) -> bool:
    """Whether there are figures by language and the like: not of single providers, whose patients are too few."""
    return not wanted.provider_id and wb.user.scope.providers is None


def equity(wb: Workbench, wanted: Wanted) -> pl.DataFrame:
    """EQUITY: how many of those selected came to each step, by dimension in its order, value and step.

    Small counts, and those that could be worked out from others, are null for everybody, as what is shown here is
    passed on. Without rows where nothing is kept (`is_kept`).
    """
    if not is_kept(wb, wanted):
        return EQUITY.to_frame()
    with reading(wb.engine) as connection:
        counts = rows.by_value(connection, wanted, wb.user.scope)
    every = [_steps(_named(counts, dimension)) for dimension in DIMENSIONS]
    return pl.concat([EQUITY.to_frame(), *every])


def _named(counts: pl.DataFrame, dimension: str) -> pl.DataFrame:
    """The values of a dimension in their order, words that differ only in case being one."""
    mine = counts.filter(pl.col("dimension") == dimension).drop("dimension")
    key = pl.Series("key", [folded(each) for each in mine["value"]], dtype=pl.String)
    numbers = pl.col(*[name for name in mine.columns if name != "value"]).sum()
    most = mine.with_columns(key).sort("selected", "value", descending=[True, False])
    joined = most.group_by("key", maintain_order=True).agg(pl.col("value").first(), numbers).drop("key")
    names = _NAMES.get(dimension, {})
    order = pl.col("value").replace_strict({band: place for place, band in enumerate(_BANDS)}, default=0)
    return (
        joined.sort(pl.col("value") == NOT_RECORDED, order, maintain_order=True)
        .with_columns(dimension=pl.lit(dimension), name=pl.col("value").replace(names))
        .drop("value")
    )


def _steps(counts: pl.DataFrame) -> pl.DataFrame:
    shown = without_small(counts).with_row_index("place")
    long = shown.unpivot(
        on=list(STEPS), index=["place", "dimension", "name"], variable_name="step", value_name="satisfied"
    ).join(shown.select("place", eligible="selected"), on="place")
    rated = with_interval(long).sort("place", maintain_order=True)
    return rated.rename({"satisfied": "count", "eligible": "selected"}).select(EQUITY.names()).cast(EQUITY)
