"""A measure by group, provider, age ...: a chart and a table; a click on a point, bar or row opens its work list."""

from io import BytesIO
from typing import Any

import polars as pl
import streamlit as st

from core import charts, gap_rates
from core.domain.role import READ_PATIENTS
from core.domain.slices import BY_KEY, gap_list
from core.workbench import Workbench
from pages import _views
from pages._chart import draw_chart
from pages._gap_measures import EXPORT_HELP
from pages._shared import percent, plain
from pages._width import on_laptop, on_phone

_MOST_BARS = 20
_MOST_ROWS = 11
_CLICKS = "cg_clicks"  # part of the keys, so that a click counts once


def show(wb: Workbench, measure: dict[str, Any], *, year: int | None = None) -> None:
    """Break down a measure (a row of core.gap_rates.MEASURE_RATES or YEAR_RATES)."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Where they are up to date", anchor=False, width="content")
        place = st.container(width="content")
    by = st.segmented_control(
        "Break down by",
        list(BY_KEY),
        default="group",
        required=True,
        format_func=lambda key: BY_KEY[key].name,
        key="cg_by",
        label_visibility="collapsed",
        persist_state="session",
    )
    slices = gap_rates.slice_rates(wb, measure["measure_id"], str(by), year=year)
    if slices.is_empty():
        st.info("Nobody is eligible for this measure.", icon=":material/group_off:")
        return
    with place:
        _export(wb, measure, str(by), year)
    opens = wb.user.may(READ_PATIENTS)
    left, right = st.columns([9, 11], gap="medium")
    with left:
        chosen = _chart(measure, str(by), slices, opens=opens)
    with right:
        chosen = _table(measure, str(by), slices, opens=opens) or chosen
    if not opens:
        return
    if year is not None:
        st.caption("A click opens the patients whose care gap is open today, by the rule for what is due.")
    if chosen is not None:
        _open(measure, str(by), chosen)


def _chart(measure: dict[str, Any], by: str, slices: pl.DataFrame, *, opens: bool) -> dict[str, Any] | None:
    if BY_KEY[by].is_compared:
        drawn = slices
        figure = charts.funnel(drawn, noun=BY_KEY[by].name.lower())
    else:
        most = slices.with_row_index("place").sort("eligible", descending=True).head(_MOST_BARS).sort("place")
        drawn = most.drop("place")
        figure = charts.bars(drawn, target=measure["target"])
    event = draw_chart(figure, key=_key("chart", measure, by), on_select="rerun" if opens else "ignore")
    st.caption(_explained(by, slices, opens=opens))
    if not opens:
        return None
    places = [point["customdata"] for point in event.selection.points if "customdata" in point]
    if not places:
        return None
    place = places[0][0] if isinstance(places[0], list) else places[0]
    return drawn.row(int(place), named=True)


def _explained(by: str, slices: pl.DataFrame, *, opens: bool) -> str:
    if not BY_KEY[by].is_compared:
        less = f" The {_MOST_BARS} largest of {slices.height}." if slices.height > _MOST_BARS else ""
        return f"Lines are 95 % intervals.{less}" + (" Click on a bar to see its open gaps." if opens else "")
    return (
        "Between the lines lies what chance alone explains around the rate of all together; by chance about one in "
        "twenty lies outside the dotted lines." + (" Click on a point to see its open gaps." if opens else "")
    )


def _table(measure: dict[str, Any], by: str, slices: pl.DataFrame, *, opens: bool) -> dict[str, Any] | None:
    is_year, name = "ends" in measure, BY_KEY[by].name
    counts = [f"{done:,} of {size:,}" for done, size in slices.select("satisfied", "eligible").iter_rows()]
    words = {word: text.capitalize() for word, text in charts.BEYOND_WORDS.items()}
    shown = slices.select(
        pl.col("name").alias(name),
        (100 * pl.col("rate")).alias("Rate"),
        pl.Series("Up to date", counts, dtype=pl.String),
        *([] if is_year else [pl.col("open").alias("Open")]),
        *([pl.col("beyond").replace_strict(words).alias("Limits")] if BY_KEY[by].is_compared else []),
    )
    with on_laptop("cg-slices"):
        event: Any = st.dataframe(
            shown,
            key=_key("rows", measure, by),
            hide_index=True,
            on_select="rerun" if opens else "ignore",
            selection_mode="single-row",
            height="content" if shown.height <= _MOST_ROWS else 400,
            column_config={name: st.column_config.TextColumn(width=190), **_COLUMNS},
            alt="Rates by slice; choose a row to open its work list" if opens else "Rates by slice",
        )
    on_phone("cg-slices", (_line(row) for row in slices.iter_rows(named=True)))
    rows = event.selection.rows if opens else []
    return slices.row(rows[0], named=True) if rows else None


def _line(row: dict[str, Any]) -> tuple[str, str]:
    """A slice on a phone: its name, and its rate with what chance has to say of it."""
    beyond = f" · {charts.BEYOND_WORDS[row['beyond']]}" if row["beyond"] else ""
    return row["name"], f"{percent(row['rate'])} · {row['satisfied']:,} of {row['eligible']:,}{beyond}"


def _open(measure: dict[str, Any], by: str, chosen: dict[str, Any]) -> None:
    st.session_state[_CLICKS] = st.session_state.get(_CLICKS, 0) + 1
    if not chosen["open"] and "ends" not in measure:
        st.toast(f"Nobody of {plain(chosen['name'])} has an open gap.", icon=":material/check_circle:")
        return
    _views.show(gap_list(measure["name"], by, chosen["key"]))
    st.switch_page("work_list.py")


def _export(wb: Workbench, measure: dict[str, Any], by: str, year: int | None) -> None:
    def made() -> bytes:
        out = BytesIO()
        gap_rates.export_slices(wb, measure["measure_id"], by, out, year=year)
        return out.getvalue()

    st.download_button(
        "Export CSV",
        data=made,
        file_name=f"care-gaps-by-{BY_KEY[by].key}.csv",
        mime="text/csv",
        key="cg_export_slices",
        icon=":material/download:",
        on_click="ignore",
        help=EXPORT_HELP,
    )


def _key(part: str, measure: dict[str, Any], by: str) -> str:
    return f"cg_{part}_{measure['measure_id']}_{by}_{st.session_state.get(_CLICKS, 0)}"


_COLUMNS = {
    "Rate": st.column_config.NumberColumn(format="%.1f %%", width=64),
    "Up to date": st.column_config.TextColumn(width=100),
    "Open": st.column_config.NumberColumn(format="localized", width=54, help="Open care gaps today"),
    "Limits": st.column_config.TextColumn(width=90, help="Within what chance explains, or beyond which limit"),
}
