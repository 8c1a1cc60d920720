"""What can be done in a report about letters: mark them as mailed, as returned, or take that back."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from core import campaigns, print_runs
from core.domain.role import MAKE_CAMPAIGNS, refusal
from core.reports import Report
from core.workbench import Workbench
from pages._mailing import ask_mailed, ask_not_mailed, ask_returned, ask_take_back
from pages._shared import count

Asked = tuple[str, list[str]]
_MAILABLE, _RETURNABLE, _BACK, _MAILED = ("Waiting",), ("Waiting", "Successful"), ("Returned",), ("Successful",)


def mailing_buttons(wb: Workbench, shown: Report, chosen: Sequence[str]) -> Asked | None:
    """Draw them; returns what was pressed and for whom. `chosen` are the patients marked in the table."""
    if not campaigns.may_change(wb, shown.campaign.campaign_id):
        who = "Whoever made the campaign, or may see all of its patients, marks letters as mailed or returned."
        st.caption(who if wb.user.may(MAKE_CAMPAIGNS) else refusal(MAKE_CAMPAIGNS))
        return None
    printed = shown.progress.results["Waiting"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        is_mailed = st.button(
            "Mark as mailed",
            key="rp_mailed",
            icon=":material/local_post_office:",
            type="primary" if printed else "secondary",
            disabled=not printed,
        )
        is_returned = st.button(
            "Mark as returned", key="rp_returned", icon=":material/undo:", disabled=not _of(shown, chosen, _RETURNABLE)
        )
        is_back = bool(_of(shown, chosen, _BACK)) and st.button(
            "Did not come back", key="rp_not_returned", icon=":material/redo:", type="tertiary"
        )
        mailed = _of(shown, chosen, _MAILED) if chosen else []
        may_unmail = bool(mailed) or (not chosen and "Successful" in shown.patients["result"])
        is_unmailed = may_unmail and st.button(
            "Not mailed after all", key="rp_not_mailed", icon=":material/redo:", type="tertiary"
        )
        st.caption(_words(printed, len(chosen)), width="content")
    if is_mailed:
        return "mailed", _of(shown, chosen, _MAILABLE)
    if is_returned:
        return "returned", _of(shown, chosen, _RETURNABLE)
    if is_unmailed:
        return "not_mailed", mailed
    return ("not_returned", _of(shown, chosen, _BACK)) if is_back else None


def ask_about_letters(wb: Workbench, campaign_id: str, what: str, ids: list[str]) -> None:
    """Open the dialog of what was pressed."""
    run = print_runs.run_of(wb, campaign_id)
    if run is None:
        return
    if what == "mailed":
        printed = campaigns.progress(wb, campaign_id).results["Waiting"]
        ask_mailed(wb, run, ids, printed_count=printed)
    elif what == "returned":
        ask_returned(wb, run, ids)
    elif what == "not_mailed":
        ask_not_mailed(wb, run, ids)
    else:
        ask_take_back(wb, run, ids)


def _of(shown: Report, chosen: Sequence[str], results: Sequence[str]) -> list[str]:
    """Those chosen who have one of these results."""
    rows = shown.patients.filter(pl.col("patient_id").is_in(list(chosen)) & pl.col("result").is_in(list(results)))
    ids: list[str] = rows["patient_id"].to_list()
    return ids


def _words(printed: int, chosen_count: int) -> str:
    if chosen_count:
        return f"{count(chosen_count, 'patient')} chosen"
    return f"{count(printed, 'letter')} not mailed yet" if printed else "Choose in the table whose letters came back"
