"""The panel in memory, ready for work lists: integers in place of words, and of sets of words.

Distinct sets of alerts or conditions are few against patients, so each patient has the number of a set: a test is
made once for each word, then once for each set, then by looking up a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from core.domain.panel import CODED, CODED_LISTS, PANEL
from core.domain.panel_codes import LABS, VOCABULARIES


@dataclass(frozen=True)
class Words:
    """A vocabulary. Position = code; position 0 is empty. keys: ids; texts: as shown."""

    keys: tuple[str | None, ...] = (None,)
    texts: tuple[str | None, ...] = (None,)


@dataclass(frozen=True)
class Panel:
    """Immutable; one row per patient, sorted by name.

    frame   the columns of PANEL, coded ones as UInt32 codes into `words`, alerts and conditions as UInt32 numbers
            of `sets`; the lab columns; name_rank, the same for the same name, null without one
    sets    for alerts and conditions: the distinct lists of codes, position = number of the set
    labs    id -> name of the concepts that have lab columns
    as_of   the day by which ages and gaps were decided
    """

    frame: pl.DataFrame
    words: Mapping[str, Words]
    sets: Mapping[str, pl.Series]
    labs: Mapping[str, str]
    as_of: date

    @property
    def rows(self) -> pl.Series:
        """Every row number."""
        return pl.int_range(self.frame.height, dtype=pl.UInt32, eager=True)


def open_panel(frame: pl.DataFrame, vocabularies: pl.DataFrame, *, as_of: date) -> Panel:
    """The panel of the frame and vocabularies that `merge_panel` made and the clinical store kept."""
    numbers, sets = {}, {}
    for column in CODED_LISTS:
        numbers[column], sets[column] = _numbered(frame[column])
    coded = frame.with_columns(
        *(pl.col(column).cast(pl.UInt32) for column in CODED),
        *(numbers[c].alias(c) for c in CODED_LISTS),
        name_rank=_name_rank(),
    )
    words = {column: _words(vocabularies, column) for column in (*CODED, *CODED_LISTS)}
    labs = vocabularies.filter(pl.col("column") == LABS)
    return Panel(coded.rechunk(), words, sets, dict(labs.select("key", "text").iter_rows()), as_of)


def _name_rank() -> pl.Expr:
    """Rows are in the order of names: the rank grows where the name differs from the one before."""
    name = pl.col("name_search")
    return pl.when(name.is_not_null()).then((name != name.shift()).fill_null(True).cum_sum())


def _numbered(lists: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The number of each row's list among the distinct ones, and these."""
    rows = pl.DataFrame({"items": lists.cast(pl.List(pl.UInt32))}).with_columns(
        pl.col("items").fill_null([]).list.sort(),
    )
    rows = rows.with_columns(key=pl.col("items").cast(pl.List(pl.String)).list.join(","))
    distinct = rows.unique("key", keep="first", maintain_order=True).with_row_index("number")
    numbers = rows.select("key").join(distinct.select("key", "number"), on="key", how="left", maintain_order="left")
    return numbers["number"].cast(pl.UInt32), distinct["items"]


def _words(vocabularies: pl.DataFrame, column: str) -> Words:
    words = vocabularies.filter(pl.col("column") == column).sort("code")
    return Words((None, *words["key"]), (None, *words["text"]))


def empty_panel(*, as_of: date) -> Panel:
    """The panel before anything was loaded."""
    return open_panel(pl.DataFrame(schema=PANEL), pl.DataFrame(schema=VOCABULARIES), as_of=as_of)
