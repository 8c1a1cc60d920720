"""The order of a work list. Every sort key becomes an integer, several are packed into one, and the row number comes
last: rows are in the order of names, so ties are settled by name, then id, and paging is stable."""

import polars as pl

from core.domain.fields import CHOICE, NAME, TEXT, WORDS
from core.domain.fields import field as field_of
from core.domain.matching import Live
from core.domain.panel_frame import Panel
from core.domain.wording import folded, folded_column
from core.domain.work_list import Sort

_BITS = 62  # of a signed 64-bit integer


def order_keys(panel: Panel, rows: pl.Series, sorts: tuple[Sort, ...], *, live: Live) -> pl.Series:
    """An Int64 for each of the rows: the smaller, the earlier. The lowest `row_bits` hold the row number."""
    packed, width = pl.repeat(0, rows.len(), dtype=pl.Int64, eager=True), 0
    for sort in sorts:
        key, bits = _key(panel, rows, sort, live)
        if width + bits + row_bits(panel) > _BITS:
            packed = packed.rank("dense").cast(pl.Int64)
            width = rows.len().bit_length()
        packed = packed * (1 << bits) + key
        width += bits
    if width + row_bits(panel) > _BITS:
        packed = packed.rank("dense").cast(pl.Int64)
    return packed * (1 << row_bits(panel)) + rows.cast(pl.Int64)


def row_bits(panel: Panel) -> int:
    """How many bits a row number needs."""
    return panel.frame.height.bit_length()


def first_rows(panel: Panel, keys: pl.Series, count: int) -> pl.Series:
    """The row numbers of the first `count` in order, without sorting the rest."""
    smallest = keys.sort() if count * 4 >= keys.len() else keys.bottom_k(count).sort()
    return (smallest.head(count) % (1 << row_bits(panel))).cast(pl.UInt32)


def _key(panel: Panel, rows: pl.Series, sort: Sort, live: Live) -> tuple[pl.Series, int]:
    """Ranks from 0 for the rows with the direction applied and empty ones last, and the bits they need."""
    values = _values(panel, rows, sort.field, live)
    low, high = values.min(), values.max()
    if low is None or high is None:
        return pl.repeat(0, rows.len(), dtype=pl.Int64, eager=True), 0
    assert isinstance(low, int) and isinstance(high, int)
    key = (high - values) if sort.descending else (values - low)
    return key.fill_null(high - low + 1), (high - low + 1).bit_length()


def _values(panel: Panel, rows: pl.Series, key: str, live: Live) -> pl.Series:
    """Integers that order the rows by one field, ascending; null where it is empty."""
    of = field_of(key, panel.labs)
    if of.is_live:
        values = live(key, panel.frame["patient_id"].gather(rows))
        return (
            _dense(values.list.join("\n").replace("", None))
            if of.kind == WORDS
            else values.cast(pl.Int32).cast(pl.Int64)
        )
    if of.column not in panel.frame.columns:
        return pl.repeat(None, rows.len(), dtype=pl.Int64, eager=True)
    if of.kind == NAME:
        return panel.frame["name_rank"].gather(rows).cast(pl.Int64)
    column = panel.frame[of.column].gather(rows)
    if of.kind in (CHOICE, WORDS):
        return _ranks(panel, of.column, is_set=of.kind == WORDS).gather(column)
    if of.kind == TEXT:
        return _dense(column.to_frame("text").select(folded_column(pl.col("text")))["text"])
    return _dense(column) if column.dtype in (pl.Float64, pl.String) else column.to_physical().cast(pl.Int64)


def _dense(values: pl.Series) -> pl.Series:
    return values.rank("dense").cast(pl.Int64)


def _ranks(panel: Panel, column: str, *, is_set: bool) -> pl.Series:
    """For each code, or number of a set: its rank by the text shown. Null for empty."""
    texts = [text and folded(text) for text in panel.words[column].texts]
    if is_set:
        texts = ["\n".join(sorted(texts[code] or "" for code in codes)) or None for codes in panel.sets[column]]
    return _dense(pl.Series(texts, dtype=pl.String))
