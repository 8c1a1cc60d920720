"""How many patients cannot be reached, by reason and clinic."""

import polars as pl
import streamlit as st

from core import repairs
from core.domain.repair import MODE_NAMES, PROBLEMS
from pages._shared import count
from pages._width import on_laptop, on_phone

ALL_CLINICS = "All clinics"
REASON, CLINIC = "rp_reason", "rp_clinic"  # what the list below shows


def counts_table(counts: pl.DataFrame) -> None:
    """Reasons by clinics; a number that is chosen goes to its list."""
    keys = [key for key in PROBLEMS if key in set(counts["problem"])]
    clinics = clinics_of(counts)
    totals = counts.group_by("problem").agg(pl.col("count").sum().alias(ALL_CLINICS))
    wide = counts.pivot("clinic", index="problem", values="count").join(totals, on="problem")
    rows = pl.DataFrame({"problem": keys}, schema={"problem": wide.schema["problem"]})
    rows = rows.join(wide, on="problem", how="left", maintain_order="left").fill_null(0)
    shown = rows.select(
        pl.Series("Mode", [MODE_NAMES[PROBLEMS[key].mode] for key in keys]),
        pl.Series("Reason", [PROBLEMS[key].name for key in keys]),
        ALL_CLINICS,
        *clinics,
    )
    number = st.column_config.NumberColumn(format="localized")
    with on_laptop("repairs"):
        event = st.dataframe(
            shown,
            key="rp_table",
            hide_index=True,
            on_select="rerun",
            selection_mode="single-cell",
            alt="Patients who cannot be reached, by reason and clinic",
            column_config={
                "Mode": st.column_config.TextColumn(width=150, pinned=True),
                "Reason": st.column_config.TextColumn(width=330, pinned=True),
                **dict.fromkeys((ALL_CLINICS, *clinics), number),
            },
        )
    _take(event.selection.cells, keys)
    on_phone(
        "repairs",
        (
            (PROBLEMS[key].name, count(total, "patient"))
            for key, total in rows.select("problem", ALL_CLINICS).iter_rows()
        ),
    )


def _take(cells: object, keys: list[str]) -> None:
    """Go to the list of the number that was just chosen."""
    if cells == st.session_state.get("rp_taken"):
        return
    st.session_state["rp_taken"] = cells
    for row, column in cells if isinstance(cells, list) else ():
        st.session_state[REASON] = keys[row]
        st.session_state[CLINIC] = column if column not in ("Mode", "Reason", "") else ALL_CLINICS
        st.session_state["rp_page"] = 1


def clinics_of(counts: pl.DataFrame) -> list[str]:
    """By name; those without a clinic last."""
    return sorted(counts["clinic"].unique(), key=lambda name: (name == repairs.NO_CLINIC, name.casefold()))
