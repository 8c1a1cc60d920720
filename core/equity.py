"""Whether every step of a contact reaches patients alike: by language, age, sex, race and payer (R3)."""

import polars as pl

from core import readers
from core.domain.clinical import schema
from core.domain.rates import with_interval
from core.domain.roll_up import COUNTS, DIMENSIONS, STEPS, Wanted
from core.domain.slices import AGE_BANDS, NOT_RECORDED, band_name
from core.domain.small_counts import without_small
from core.domain.wording import LANGUAGES, SEXES, folded
from core.errors import NotFound
from core.store import overview_rows as rows
from core.store.database import reading
from core.workbench import Workbench

EQUITY = schema(
    {
        "name": pl.String,  # of the value, as people read it
        "step": pl.String,  # a key of core.domain.roll_up.STEPS
        "count": pl.Int64,
        "selected": pl.Int64,  # without who is held out
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


def equity(wb: Workbench, wanted: Wanted, dimension: str, *, is_passed_on: bool = False) -> pl.DataFrame:
    """EQUITY: how many of those to contact, selected and not held out, came to each step, by value of a dimension
    (DIMENSIONS), in order, and step.

    Small counts, and those that could be worked out from others, are null for everybody; the others are rounded for who
    may not see patients, and in what is passed on. Without rows where nothing is kept (`is_kept`). Raises NotFound for
    a dimension that does not exist.
    """
    if dimension not in DIMENSIONS:
        raise NotFound(f"There are no figures by '{dimension}'. There are {', '.join(DIMENSIONS)}.")
    if not is_kept(wb, wanted):
        return EQUITY.to_frame()
    with reading(wb.engine) as connection:
        counts = rows.by_value(connection, dimension, wanted, wb.user.scope)
    to_contact = counts.with_columns(selected=pl.col("selected") - pl.col("held_out"), held_out=pl.lit(0, pl.Int64))
    return _steps(_named(to_contact, dimension), is_rough=readers.is_rough(wb, is_passed_on=is_passed_on))


def comparable(every: pl.DataFrame) -> pl.DataFrame:
    """The rows of EQUITY of values of which a step beyond the selection is known."""
    told = every.filter((pl.col("step") != "selected") & pl.col("rate").is_not_null())
    return every.filter(pl.col("name").is_in(told["name"].implode()))


def _named(counts: pl.DataFrame, dimension: str) -> pl.DataFrame:
    """The values in their order with their names, words that differ only in case being one."""
    key = pl.Series("key", [folded(each) for each in counts["value"]], dtype=pl.String)
    most = counts.with_columns(key).sort("selected", "value", descending=[True, False])
    summed = most.group_by("key", maintain_order=True).agg(pl.col("value").first(), pl.col(COUNTS).sum())
    names = _NAMES.get(dimension, {})
    order = pl.col("value").replace_strict({band: place for place, band in enumerate(_BANDS)}, default=0)
    in_order = summed.sort(pl.col("value") == NOT_RECORDED, order, maintain_order=True)
    return in_order.select(pl.col("value").replace(names).alias("name"), *COUNTS)


def _steps(counts: pl.DataFrame, *, is_rough: bool) -> pl.DataFrame:
    shown = without_small(counts, is_rounded=is_rough).with_row_index("place")
    long = shown.unpivot(on=list(STEPS), index=["place", "name"], variable_name="step", value_name="satisfied").join(
        shown.select("place", eligible="selected"), on="place"
    )
    rated = with_interval(long).sort("place", maintain_order=True)
    return rated.rename({"satisfied": "count", "eligible": "selected"}).select(EQUITY.names()).cast(EQUITY)
