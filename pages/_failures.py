"""Whom a campaign did not reach, by reason, with what can be done and the way to a follow-up by the mode that helps."""

import polars as pl
import streamlit as st

from core.report_parts import FAILURE, Parts, Slice
from core.workbench import Workbench
from pages._slice_table import slice_table


def show_failures(wb: Workbench, parts: Parts) -> tuple[Slice, str] | None:
    """Returns whom a follow-up was asked for, and by which mode."""
    rows = list(parts.failures.iter_rows(named=True))
    shown = pl.DataFrame(
        {
            "Result": [row["result"] for row in rows],
            "Reason": [row["reason"] or "–" for row in rows],
            "Patients": [row["count"] for row in rows],
            "What to do": [row["advice"] for row in rows],
        }
    )
    labels = [f"By {row['mode']}" if row["mode"] else None for row in rows]
    config = {
        "Patients": st.column_config.NumberColumn(format="localized", width="small"),
        "Result": st.column_config.TextColumn(width="small"),
        "Reason": st.column_config.TextColumn(width="medium"),
        "What to do": st.column_config.TextColumn(width="large"),
    }
    alt = "Patients who were not reached, by reason, and what to do"
    pressed = slice_table(wb, shown, labels, key="rp_failures", alt=alt, config=config, lines=3)
    if pressed is None:
        return None
    row = rows[pressed]
    return Slice(FAILURE, row["result"], row["key"]), row["mode"]
