"""Slices of patients that rates are broken down by, and the work list of one slice."""

from dataclasses import dataclass

import polars as pl

from core.domain.panel_frame import Panel
from core.domain.wording import folded
from core.domain.work_list import Filter, WorkList

NOT_RECORDED = "(not recorded)"
AGE_BANDS = ((0, 17), (18, 44), (45, 64), (65, 74), (75, 84), (85, None))


@dataclass(frozen=True)
class BreakDown:
    """key: the column of the panel and, except group and provider, the field of work lists. is_compared: groups and
    providers are compared by a funnel plot, since who is better than whom is mostly chance."""

    key: str
    name: str
    is_compared: bool = False


BREAK_DOWNS = (
    BreakDown("group", "Group", is_compared=True),
    BreakDown("pcp", "Provider", is_compared=True),
    BreakDown("age", "Age"),
    BreakDown("sex", "Sex"),
    BreakDown("race", "Race"),
    BreakDown("ethnicity", "Ethnicity"),
    BreakDown("language", "Language"),
    BreakDown("payer", "Payer"),
    BreakDown("zip3", "ZIP (3 digits)"),
)
BY_KEY = {each.key: each for each in BREAK_DOWNS}
SLICES = pl.Schema({"slice": pl.UInt32, "key": pl.String, "name": pl.String})


def slices_of(panel: Panel, by: str) -> tuple[pl.Series, pl.DataFrame]:
    """The slice of each row of the panel, and SLICES in their order: key is null for who has nothing recorded.

    Words that work lists do not tell apart, such as 'Medicaid' and 'MEDICAID', are one slice.
    """
    return _bands(panel) if by == "age" else _by_word(panel, by)


def band_name(low: int, high: int | None) -> str:
    """'18–44', or '85 and over'."""
    return f"{low} and over" if high is None else f"{low}–{high}"


def gap_list(measure_name: str, by: str = "", key: str | None = None) -> WorkList:
    """The work list of the open gaps of a measure, of one slice if `by` is given."""
    gap = Filter("alerts", "equals", measure_name)
    if not by:
        return WorkList(filters=((gap,),))
    if key is None:
        return WorkList(filters=((gap, Filter(by, "empty")),))
    if by == "group":
        return WorkList(groups=(key,), filters=((gap,),))
    if by == "pcp":
        return WorkList(providers=(key,), filters=((gap,),))
    return WorkList(filters=((gap, _age_filter(key) if by == "age" else Filter(by, "equals", key)),))


def _age_filter(key: str) -> Filter:
    low, high = next(band for band in AGE_BANDS if str(band[0]) == key)
    return Filter("age", "greater", low - 1) if high is None else Filter("age", "between", (low, high))


def _bands(panel: Panel) -> tuple[pl.Series, pl.DataFrame]:
    lows = [low for low, _ in AGE_BANDS]
    is_older = [(pl.col("age") >= low).cast(pl.UInt32) for low in lows[1:]]
    band = pl.sum_horizontal(is_older, ignore_nulls=False).fill_null(len(AGE_BANDS))
    names = [band_name(low, high) for low, high in AGE_BANDS]
    rows = [(number, str(low), name) for number, ((low, _), name) in enumerate(zip(AGE_BANDS, names, strict=True))]
    slices = pl.DataFrame([*rows, (len(AGE_BANDS), None, NOT_RECORDED)], schema=SLICES, orient="row")
    return panel.frame.select(band.cast(pl.UInt32).alias("slice")).to_series(), slices


def _by_word(panel: Panel, by: str) -> tuple[pl.Series, pl.DataFrame]:
    words = panel.words[by]
    numbers: dict[str | None, int] = {None: 0}
    rows: list[tuple[int, str | None, str]] = []
    for_code = [0]
    for key, text in zip(words.keys[1:], words.texts[1:], strict=True):
        same = key if BY_KEY[by].is_compared else folded(text or "").strip()
        if same not in numbers:
            numbers[same] = len(numbers)
            rows.append((numbers[same], key if BY_KEY[by].is_compared else text, text or key or ""))
        for_code.append(numbers[same])
    rows.sort(key=lambda row: (row[2].casefold(), row[0]))
    slices = pl.DataFrame([*rows, (0, None, NOT_RECORDED)], schema=SLICES, orient="row")
    return pl.Series("slice", for_code, dtype=pl.UInt32).gather(panel.frame[by]).alias("slice"), slices
