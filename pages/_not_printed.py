"""Whom a letter campaign did not print a letter for: by reason, what to do about it, and the way to each patient."""

import polars as pl
import streamlit as st

from core import print_runs
from core.domain.eligibility import HOLD_OUT
from core.domain.message import reason_sentence
from core.domain.organisation import LETTER
from core.workbench import Workbench
from pages._seen import seen
from pages._shared import count, plain, summary_link

_HELD_OUT = reason_sentence(HOLD_OUT, LETTER)  # as it was meant: there is nothing to put right
_MOST = 40  # links of one reason; the table below has everybody


def not_printed(wb: Workbench, campaign_id: str) -> None:
    """Draw the list, if anybody is on it."""
    rows = print_runs.not_printed(wb, campaign_id).filter(pl.col("reason") != _HELD_OUT)
    if rows.is_empty():
        return
    seen(wb, "not_printed", rows["patient_id"].to_list(), subject=campaign_id)
    st.subheader("Not printed", anchor=False)
    st.caption("Put right what is missing, then make a copy of the campaign: it is for the patients who got no letter.")
    counts = rows.group_by("reason").len("number").sort("number", "reason", descending=[True, False])
    for reason, number in counts.iter_rows():
        _of_reason(rows.filter(pl.col("reason") == reason), str(reason), int(number))


def _of_reason(rows: pl.DataFrame, reason: str, number: int) -> None:
    with st.expander(f"{count(number, 'patient')}: {plain(reason)}", icon=":material/print_disabled:"):
        with st.container(gap="xxsmall"):
            for patient_id, name in rows.select("patient_id", "name").head(_MOST).iter_rows():
                summary_link(patient_id, plain(name or patient_id))
        if number > _MOST:
            st.caption(f"And {number - _MOST:,} more, in the table below.")
