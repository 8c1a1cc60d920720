"""All measures in one table, and which of them the rest of the page is about."""

from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import Any

import polars as pl
import streamlit as st

from core import gap_rates
from core.gap_counts import HORIZON
from core.workbench import Workbench
from pages._shared import count, interval, percent
from pages._width import on_laptop, on_phone

_MEASURE = "cg_measure"
_TABLE = "cg_table"
_SHOWN = "cg_shown"  # the measure that the address names since the last run
_MOST_ROWS = 11
EXPORT_HELP = (
    "Counts of fewer than 11 patients are left out. Whoever compares exports by different break-downs, or of measures "
    "of nearly the same patients, may still narrow down a small number that is hidden: pass on one, not several."
)
_COUNT = partial(st.column_config.NumberColumn, format="localized")
_COLUMNS = {
    "Measure": st.column_config.TextColumn(width=305),
    "Rate": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100, width=105),
    "95 % interval": st.column_config.TextColumn(width=100),
    "Up to date": _COUNT(width=78),
    "Eligible": _COUNT(width=66),
    "Open": _COUNT(width=58, help="Open care gaps today"),
    **{f"Due {days} d": _COUNT(width=70, help=f"Up to date, and due within {days} days") for days in HORIZON},
    "Not yet": _COUNT(width=70, help="Eligible, and not up to date by the year's last day"),
    "Target": st.column_config.NumberColumn(format="%.1f %%", width=68),
    "Needed": _COUNT(width=68, help="How many more patients must be up to date to reach the target"),
    "Year ends": st.column_config.DateColumn(format="ddd D MMM YYYY", width=120),
}


def show(wb: Workbench, rates: pl.DataFrame, *, year: int | None = None) -> None:
    """The table of core.gap_rates.MEASURE_RATES, or YEAR_RATES; a row that is chosen is the measure that `chosen`
    gives."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(count(rates.height, "measure"), anchor=False, width="content")
        st.download_button(
            "Export CSV",
            key="cg_export",
            icon=":material/download:",
            file_name="care-gaps.csv" if year is None else f"care-gaps-{year}.csv",
            mime="text/csv",
            data=lambda: _csv(wb, year),
            on_click="ignore",
            help=EXPORT_HELP,
        )
    with on_laptop("cg-measures"):
        st.dataframe(
            _shown(rates),
            key=_TABLE,
            hide_index=True,
            on_select=partial(_picked, rates["measure_id"].to_list()),
            selection_mode="single-row",
            height="content" if rates.height <= _MOST_ROWS else 380,
            column_config=_COLUMNS,
            placeholder="–",
            alt="Measures with their rates; choose a row to see more of it",
        )
    on_phone("cg-measures", map(_line, rates.iter_rows(named=True)), note="Choose one below to see more of it.")
    st.caption("By the organisation's own rules, for its own work: no certified rates of a quality measure.")


def chosen(rates: pl.DataFrame) -> str:
    """The id of the measure to look at: the one picked, else that of the address, else the first."""
    names = dict(rates.select("measure_id", "name").iter_rows())
    asked = st.query_params.get("id", "")
    if asked in names and asked != st.session_state.get(_SHOWN):
        st.session_state[_MEASURE] = asked
    if st.session_state.get(_MEASURE) not in names:
        st.session_state[_MEASURE] = next(iter(names))
    measure_id = str(
        st.selectbox("Measure", list(names), format_func=names.__getitem__, key=_MEASURE, persist_state="session")
    )
    st.session_state[_SHOWN] = st.query_params["id"] = measure_id
    return measure_id


def _picked(measure_ids: list[str]) -> None:
    rows = st.session_state[_TABLE].selection.rows
    if rows:
        st.session_state[_MEASURE] = measure_ids[rows[0]]


def _shown(rates: pl.DataFrame) -> pl.DataFrame:
    intervals = [interval(*row) for row in rates.select("low", "high").iter_rows()]
    has_targets = rates["target"].is_not_null().any()
    targets = [(100 * pl.col("target")).alias("Target"), pl.col("needed").alias("Needed")]
    return rates.select(
        pl.col("name").alias("Measure"),
        (100 * pl.col("rate")).alias("Rate"),
        pl.Series("95 % interval", intervals, dtype=pl.String),
        pl.col("satisfied").alias("Up to date"),
        pl.col("eligible").alias("Eligible"),
        *(targets if has_targets else ()),
        *(_of_year() if "ends" in rates.columns else _of_today(HORIZON[-1:] if has_targets else HORIZON)),
    )


def _of_today(horizon: tuple[int, ...]) -> Iterator[pl.Expr]:
    yield pl.col("open").alias("Open")
    yield from (pl.col(f"due_in_{days}").alias(f"Due {days} d") for days in horizon)


def _of_year() -> Iterator[pl.Expr]:
    yield (pl.col("eligible") - pl.col("satisfied")).alias("Not yet")
    yield pl.col("ends").alias("Year ends")


def _line(row: dict[str, Any]) -> tuple[str, str]:
    """A measure on a phone: its name, and its rate with what is open."""
    opened = f" · {row['open']:,} open" if "open" in row else ""
    return row["name"], f"{percent(row['rate'])} · {row['satisfied']:,} of {row['eligible']:,}{opened}"


def _csv(wb: Workbench, year: int | None) -> bytes:
    out = BytesIO()
    gap_rates.export_measures(wb, out, year=year)
    return out.getvalue()
