"""Reading a group's own files by a header map: their columns under our names, dates and words as ours."""

from collections.abc import Iterator, Sequence

import polars as pl

from core.domain.header_map import HeaderMap, normal_name
from core.errors import DataError
from core.feeds.csv_file import FILE, LINE, CsvFile
from core.feeds.layout import TABLE

_UNREADABLE = "?"  # no date in any order: a date that is written otherwise must not be read as another day
_PARTS = {
    "mdy": (r"^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(\D.*)?$", (1, 2, 3)),
    "dmy": (r"^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(\D.*)?$", (2, 1, 3)),
    "ymd": (r"^(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(\D.*)?$", (2, 3, 1)),
}


def map_for(maps: Sequence[HeaderMap], stem: str) -> HeaderMap | None:
    """The map by which a file of this name is read; None for none. Raises DataError when two say so."""
    found = [each for each in maps if each.is_for(stem)]
    if len(found) > 1:
        names = " and ".join(each.table for each in found)
        raise DataError(f"The file {stem} is mapped to the tables {names}. Change one of the mappings.")
    return found[0] if found else None


def require_headers(found: HeaderMap, file: CsvFile) -> None:
    """Raise DataError when a header of the map is not in the file."""
    for column, header in found.columns.items():
        if normal_name(header) not in file.columns:
            raise DataError(
                f"{file.path.name}, line 1: the column '{header}' is missing, which is mapped to {column} of "
                f"{found.table}. Put it back, or change the mapping on the Data page."
            )


def headers_of(found: HeaderMap) -> list[str]:
    """The headers that are read, in the way in which files are compared by them."""
    return list(dict.fromkeys(normal_name(header) for header in found.columns.values()))


def as_ours(found: HeaderMap, rows: pl.DataFrame, *, others: Sequence[str] = ()) -> pl.DataFrame:
    """Rows of a file with the columns, dates and words of the layout. `others` are kept as they are."""
    kept = [FILE, LINE, *others]
    ours = {column: pl.col(normal_name(header)) for column, header in found.columns.items()}
    renamed = rows.select(*kept, *(column.alias(name) for name, column in ours.items()))
    return renamed.with_columns(_meaning(found, renamed))


def _meaning(found: HeaderMap, rows: pl.DataFrame) -> Iterator[pl.Series]:
    for column in TABLE[found.table].columns:
        if column.name not in rows.columns:
            continue
        texts = rows[column.name]
        meanings = found.words.get(column.name, {})
        if meanings:
            texts = _translated(texts.cast(pl.String), {word.strip().lower(): mean for word, mean in meanings.items()})
        order = found.orders.get(column.name, "")
        if order and column.kind in ("date", "moment"):
            texts = _american(texts.cast(pl.String), order)
        yield texts.alias(column.name)


def _translated(texts: pl.Series, meanings: dict[str, str]) -> pl.Series:
    known = pl.col("bare").replace_strict(meanings, default=pl.col("text"), return_dtype=pl.String)
    named = (
        texts.alias("text").to_frame().with_columns(pl.col("text").str.strip_chars().str.to_lowercase().alias("bare"))
    )
    return named.select(pl.when(known != "").then(known)).to_series()


def _american(texts: pl.Series, order: str) -> pl.Series:
    """Month, day and year with what follows, as every date is read; what is written in another order is no date."""
    pattern, (month, day, year) = _PARTS[order]
    bare = pl.col("text").str.strip_chars()
    parts = [bare.str.extract(pattern, place) for place in (month, day, year)]
    rest = bare.str.extract(pattern, 4).fill_null("")
    written = pl.concat_str([parts[0], pl.lit("/"), parts[1], pl.lit("/"), parts[2], rest])
    is_empty = pl.col("text").is_null() | (bare == "")
    return (
        texts.alias("text")
        .to_frame()
        .select(pl.when(is_empty).then("text").otherwise(written.fill_null(_UNREADABLE)))
        .to_series()
    )
