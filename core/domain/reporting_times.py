"""When records of a reporting rule were, as far as that is known: comparisons that hold for all that is left open.

Days are those that are written, whatever their zone; moments are instants.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import polars as pl

from core.domain.records import ENDS
from core.domain.reporting_rule import AgeTest, Comparison, Point, SameId

THEIR = "their "  # before the names of the columns of a record that another one is compared with
_FOREVER = datetime(9999, 12, 31)  # noqa: DTZ001 - moments of records have no zone
_KNOWN, _ONGOING, _UNKNOWN = ENDS
_Bounds = tuple[pl.Expr, pl.Expr]


@dataclass(frozen=True)
class Period:
    """A measurement period, both days included."""

    start: date
    end: date


def compared(test: Comparison | SameId, period: Period) -> pl.Expr:
    """Whether a comparison holds for certain."""
    if isinstance(test, SameId):
        return pl.col(test.left) == pl.col(THEIR + test.right)
    bounds = moments if test.left.exact else days
    left = bounds(test.left)
    right = _of_period(test.right, period) if test.right.of == "period" else bounds(test.right)
    right = (_moved(right[0], test), _moved(right[1], test))
    is_certain = _holds(test.operator, left, right)
    if not test.left.exact:
        return is_certain
    # Two days compare as days, though neither says the moment: only what one side says more exactly is unknown.
    is_alike = (left[1] - left[0] == right[1] - right[0]).fill_null(False)
    return pl.when(is_alike).then(_holds(test.operator, (left[0], left[0]), (right[0], right[0]))).otherwise(is_certain)


def _moved(point: pl.Expr, test: Comparison) -> pl.Expr:
    point = point.dt.offset_by(f"{test.months}mo") if test.months else point
    return point + timedelta(days=test.days) if test.days else point


def _holds(operator: str, left: _Bounds, right: _Bounds) -> pl.Expr:
    """Whether a comparison holds for all that lies between the bounds."""
    (least, most), (their_least, their_most) = left, right
    holds: dict[str, Callable[[], pl.Expr]] = {
        ">=": lambda: least >= their_most,
        ">": lambda: least > their_most,
        "<=": lambda: most <= their_least,
        "<": lambda: most < their_least,
        "=": lambda: (least >= their_most) & (most <= their_least),
    }
    return holds[operator]()


def days(point: Point) -> _Bounds:
    """The days between which a point lies, as they are written: official logic looks at no zone to tell the day."""
    if point.of == "birth":
        return pl.col("birth_least"), pl.col("birth_most")
    least, most = _columns(point)
    return pl.col(least).dt.date(), pl.col(most).dt.date()


def moments(point: Point) -> _Bounds:
    """The moments between which a point lies, whatever zone it is written in; without a zone it counts as UTC."""
    if point.of == "birth":
        return tuple(each.cast(pl.Datetime("us")) for each in days(point))  # type: ignore[return-value]
    least, most = _columns(point)
    ahead = pl.duration(minutes=pl.col(_prefix(point) + f"{point.name}_offset").fill_null(0))
    return pl.col(least) - ahead, pl.col(most) - ahead


def _columns(point: Point) -> tuple[str, str]:
    return f"{_prefix(point)}{point.name}_least", f"{_prefix(point)}{point.name}_most"


def _prefix(point: Point) -> str:
    return THEIR if point.of == "their" else ""


def with_ends(records: pl.DataFrame) -> pl.DataFrame:
    """With the bounds of the end as far as it is known, and of the latest point: the end where there is one. Of an end
    that is not known it is certain only that it is not before the start."""
    end = pl.col("end").cast(pl.String)
    forever = pl.when(end == _ONGOING).then(pl.lit(_FOREVER, pl.Datetime("us")))
    is_known = (end == _KNOWN) & pl.col("end_least").is_not_null()
    latest = {
        f"latest_{name}": pl.when(is_known).then(f"end_{name}").otherwise(f"start_{name}")
        for name in ("least", "most", "offset")
    }
    not_before = pl.when(end == _UNKNOWN).then("start_least")
    return records.with_columns(
        end_least=pl.coalesce(forever, not_before, "end_least"),
        end_most=pl.coalesce(forever, pl.when(end == _KNOWN).then("end_most")),
        end_offset=pl.when(is_known).then("end_offset").otherwise("start_offset"),
        **latest,
    )


def period_day(point: Point, period: Period) -> pl.Expr:
    """The first or last day of the period."""
    return pl.lit(period.start if point.name == "start" else period.end)


def _of_period(point: Point, period: Period) -> _Bounds:
    day = period_day(point, period)
    if point.exact:
        on = period.start if point.name == "start" else period.end
        day = pl.lit(datetime.combine(on, time.min if point.name == "start" else time.max))
    return day, day


def in_years(test: AgeTest, least: pl.Expr, most: pl.Expr) -> pl.Expr:
    """Completed years of age on some day between two."""
    within = _age(pl.col("birth_most"), least) >= test.least
    return within if test.through is None else within & (_age(pl.col("birth_least"), most) <= test.through)


def _age(birth: pl.Expr, on: pl.Expr) -> pl.Expr:
    """Completed years. Born on 29 February, a year older on 1 March."""
    birthday_is_later = (birth.dt.month() > on.dt.month()) | (
        (birth.dt.month() == on.dt.month()) & (birth.dt.day() > on.dt.day())
    )
    return on.dt.year() - birth.dt.year() - birthday_is_later.cast(pl.Int32)


def certain_day(point: str) -> pl.Expr:
    """The day of a point; empty where it is not known for certain."""
    least, most = days(Point("own", point))
    return pl.when(least == most).then(least)
