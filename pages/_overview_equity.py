"""Whether every step reaches patients alike, by language, age, sex, race or payer."""

from typing import Any

import polars as pl
import streamlit as st

from core import charts, equity
from core.domain.roll_up import DIMENSIONS, STEPS, Wanted
from core.domain.small_cells import LEAST
from core.workbench import Workbench
from pages._chart import draw_chart
from pages._width import on_laptop, on_phone


def show(wb: Workbench, wanted: Wanted) -> None:
    """The shares of one dimension as lines and as a table."""
    st.subheader("Who is reached", anchor=False)
    if not equity.is_kept(wb, wanted):
        st.caption("Not shown for single providers, who have too few patients for it. Choose a group, or all.")
        return
    dimension = st.segmented_control(
        "By",
        tuple(DIMENSIONS),
        default="language",
        required=True,
        format_func=DIMENSIONS.__getitem__,
        key="ov_dimension",
        label_visibility="collapsed",
        persist_state="session",
    )
    every = equity.equity(wb, wanted, str(dimension))
    rows = equity.comparable(every)
    if rows.is_empty():
        st.caption(f"Too few patients: counts under {LEAST}, and those that could be worked out, are hidden.")
        return
    if rows["name"].n_unique() > 1:  # one line alone compares nothing
        figure = charts.equity_steps(rows, noun=DIMENSIONS[str(dimension)])
        draw_chart(figure, key=f"ov_steps_{dimension}")
    with on_laptop("ov-equity"):
        st.dataframe(
            _table(rows, DIMENSIONS[str(dimension)]),
            hide_index=True,
            column_config={STEPS[step]: _SHARE for step in STEPS if step != "selected"} | {"To contact": _COUNT},
            placeholder="–",
            height="content",
            key=f"ov_equity_{dimension}",
            alt="Share of those to contact who came to each step",
        )
    on_phone("ov-equity", map(_line, rows.partition_by("name", maintain_order=True)))
    left_out = every["name"].n_unique() - rows["name"].n_unique()
    st.caption(
        f"Shares of those selected whom chance did not hold out. Counts under {LEAST}, and those that could be worked "
        f"out from others, are hidden"
        f"{f', as all of {left_out} others' if left_out else ''}. A difference says where to look, not why it is so."
    )


_SHARE: Any = st.column_config.NumberColumn(format="%.1f %%", width=90)
_COUNT: Any = st.column_config.NumberColumn(format="localized", width=80)


def _table(rows: pl.DataFrame, noun: str) -> pl.DataFrame:
    """A row for each value, a column for each step."""
    shares = rows.select("name", "step", share=100 * pl.col("rate")).pivot("step", index="name", maintain_order=True)
    counts = rows.filter(pl.col("step") == "selected")["count"]
    named = [pl.col(step).alias(STEPS[step]) for step in STEPS if step != "selected"]
    return shares.with_columns(counts.alias("To contact")).select(pl.col("name").alias(noun), "To contact", *named)


def _line(rows: pl.DataFrame) -> tuple[str, str]:
    told = [f"{STEPS[step].lower()} {rate:.0%}" for step, rate in rows.select("step", "rate").iter_rows() if rate]
    return str(rows["name"][0]), " · ".join(told[1:]) or "hidden"
