"""What a report has for letters: the files, whom nothing was printed for, and what became of the letters."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from core import campaigns, print_runs
from core.domain.organisation import LETTER
from core.reports import Report
from core.workbench import Workbench
from pages._letter_run import show_run
from pages._mailing import ask_mailed, ask_returned
from pages._not_printed import not_printed
from pages._shared import count

Asked = tuple[str, list[str]]


def printing(wb: Workbench, shown: Report) -> None:
    """The files or their progress, and who got no letter. Above the ledger; drawn by the page, not by its live part."""
    if shown.campaign.channel != LETTER:
        return
    run = show_run(wb, shown.campaign.campaign_id)
    if run is not None and run.has_letters and run.state == "ready":
        not_printed(wb, shown.campaign.campaign_id)


def mailing_buttons(wb: Workbench, shown: Report, chosen: Sequence[str]) -> Asked | None:
    """What can be done with the patients marked in the table; returns what was pressed and for whom."""
    if not campaigns.may_change(wb, shown.campaign.campaign_id):
        return None
    printed = waiting_count(shown)
    of_chosen = shown.patients.filter(pl.col("patient_id").is_in(list(chosen)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        is_mailed = st.button(
            "Mark as mailed",
            key="rp_mailed",
            icon=":material/local_post_office:",
            type="primary" if printed else "secondary",
            disabled=not printed,
        )
        is_returned = st.button(
            "Mark as returned", key="rp_returned", icon=":material/undo:", disabled=not _may_return(of_chosen)
        )
        st.caption(_words(printed, len(chosen)), width="content")
    if is_mailed:
        return "mailed", of_chosen.filter(pl.col("result") == "Waiting")["patient_id"].to_list()
    return ("returned", list(chosen)) if is_returned else None


def waiting_count(shown: Report) -> int:
    """Patients whose letter is printed and not marked as mailed yet."""
    return shown.progress.results["Waiting"] if shown.campaign.status == "completed" else 0


def _may_return(rows: pl.DataFrame) -> bool:
    """What was printed can come back: nothing else."""
    return not rows.is_empty() and rows["result"].is_in(["Waiting", "Successful"]).all()


def _words(printed: int, chosen_count: int) -> str:
    if chosen_count:
        return f"{count(chosen_count, 'patient')} chosen"
    return f"{count(printed, 'letter')} not mailed yet" if printed else "Mark letters that came back in the table"


def ask_about_letters(wb: Workbench, shown: Report, what: str, ids: list[str]) -> None:
    """Open the dialog of what was pressed."""
    run = print_runs.run_of(wb, shown.campaign.campaign_id)
    if run is None:
        return
    if what == "mailed":
        ask_mailed(wb, run, ids, printed_count=waiting_count(shown))
    else:
        ask_returned(wb, run, ids)
