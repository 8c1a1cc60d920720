"""The target of a measure: how far away it is, and setting it."""

from typing import Any

import streamlit as st

from core import gap_targets
from core.workbench import Workbench
from pages._shared import guarded, notice, percent


def show(wb: Workbench, row: dict[str, Any]) -> None:
    """The target of a measure (a row of core.gap_rates.MEASURE_RATES) with what is still needed."""
    st.metric("Target", "none" if row["target"] is None else percent(row["target"]))
    if row["needed"] is not None:
        st.caption(f"{row['needed']:,} more needed to reach it" if row["needed"] else "Reached")
    if not gap_targets.may_set(wb):
        return
    with st.popover("Change" if row["target"] else "Set a target", type="tertiary", icon=":material/flag:"):
        _edit(wb, row)


def _edit(wb: Workbench, row: dict[str, Any]) -> None:
    measure_id = row["measure_id"]
    typed = st.number_input(
        "Target in percent",
        min_value=0.0,
        max_value=100.0,
        value=None if row["target"] is None else round(100 * row["target"], 2),
        step=1.0,
        format="%g",
        key=f"cg_target_{measure_id}",
        help="Counts for every group and provider.",
    )
    with st.container(horizontal=True, gap="small"):
        if st.button("Save", type="primary", key="cg_target_save", disabled=typed is None):
            _set(wb, measure_id, None if typed is None else typed / 100)
        if row["target"] is not None and st.button("Remove", key="cg_target_remove"):
            _set(wb, measure_id, None)


@guarded
def _set(wb: Workbench, measure_id: str, share: float | None) -> None:
    gap_targets.set_target(wb, measure_id, share)
    notice("Target removed" if share is None else "Target saved")
    st.rerun()
