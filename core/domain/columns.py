"""Columns of one value: made without an expression, since an evaluation needs thousands of them."""

from typing import Any

import polars as pl
from polars.datatypes import DataType, DataTypeClass


def same(value: Any, height: int, dtype: DataType | DataTypeClass) -> pl.Series:
    """A column with the same value in each row."""
    return pl.Series([value], dtype=dtype).new_from_index(0, height)


def blank(height: int, dtype: DataType | DataTypeClass) -> pl.Series:
    """A column with nothing in it."""
    return same(None, height, dtype)
