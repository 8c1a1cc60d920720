"""The print run of a letter campaign: its progress while files are made, then the files themselves (L2, L3)."""

import streamlit as st

from core import print_runs
from core.domain.campaign import Campaign
from core.domain.organisation import LETTER
from core.downloads import Download
from core.errors import CareloopError
from core.print_runs import PrintRun
from core.workbench import Workbench
from pages._file_row import ask_to_delete, file_rows, runs_of
from pages._shared import count, moment, notice, plain

_UNDER_WAY = ("waiting", "making")
_ASKED = "lr_delete"


def show_run(wb: Workbench, campaign_id: str) -> PrintRun | None:
    """Draw the run of a campaign, if there is one; it keeps itself up to date while files are made."""
    run = print_runs.run_of(wb, campaign_id)
    if run is None:
        return None
    every = 1 if is_under_way(run) else None
    st.fragment(_run, run_every=every)(wb, campaign_id, run.state)
    if file := st.session_state.pop(_ASKED, None):
        ask_to_delete(wb, file, then=notice)
    return run


def is_under_way(run: PrintRun | None) -> bool:
    """Whether files are being made, or wait for a dispatcher."""
    return run is not None and run.state in _UNDER_WAY


def printing_lock(wb: Workbench, campaign: Campaign) -> str:
    """Why a letter campaign cannot be edited just now; empty when it can, as far as printing goes."""
    if campaign.channel != LETTER or campaign.status != "inactive":
        return ""
    run = print_runs.run_of(wb, campaign.campaign_id)
    return "The files of this campaign are being made, so it cannot be changed just now." if is_under_way(run) else ""


def progress(run: PrintRun) -> None:
    """How far the files are."""
    what = run_words(run)
    if run.state == "waiting":
        st.progress(0.0, text=f"Waiting for a dispatcher: {what}")
    else:
        st.progress(run.share, text=f"Making {what}: {run.share:.0%}")


def run_words(run: PrintRun) -> str:
    """'412 letters in 3 files, with labels'; '412 labels'; of whose letters they are not only 'letters'."""
    if not run.letter_count:
        return "letters" if run.has_letters else "labels"
    if not run.has_letters:
        return count(run.letter_count, "label")
    labels = ", with labels" if run.has_labels else ""
    return f"{count(run.letter_count, 'letter')} in {count(run.letter_file_count, 'file')}{labels}"


def _run(wb: Workbench, campaign_id: str, was: str) -> None:
    run = print_runs.run_of(wb, campaign_id)
    if run is None or (is_under_way(run) != (was in _UNDER_WAY)):
        st.rerun()  # the whole page: status, what can be done, the report
    assert run is not None
    if is_under_way(run):
        with st.container(border=True):
            progress(run)
            st.caption("The files are made in the background. You may leave this page; they will be under Downloads.")
    elif run.state == "failed":
        _failed(wb, run)
    elif run.state == "stopped":
        st.caption(":material/cancel: The campaign was stopped before its letters were made.")
    else:
        _files(wb, run)


def _failed(wb: Workbench, run: PrintRun) -> None:
    st.error(f"The files could not be made. {plain(run.problem)}", icon=":material/error:")
    st.button("Try again", key="lr_retry", icon=":material/refresh:", on_click=_again, args=(wb, run))


def _files(wb: Workbench, run: PrintRun) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{run_words(run)}**", width="content")
        st.caption(f"ready {moment(run.ready_at, wb)}", width="content")
        st.page_link("downloads.py", label="All downloads", icon=":material/download:")
    if run.is_labels_outdated:
        st.warning(
            "The labels that were printed before do not fit these letters any more. Throw them away and print the "
            "labels again.",
            icon=":material/label_off:",
        )
    for files in runs_of(run.files):
        if file := file_rows(wb, files):
            _ask_to_delete(file)
    if run.missing_file_count:
        _missing(wb, run)


def _ask_to_delete(file: Download) -> None:
    st.session_state[_ASKED] = file
    st.rerun()


def _missing(wb: Workbench, run: PrintRun) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f"{count(run.missing_file_count, 'file')} {'was' if run.missing_file_count == 1 else 'were'} deleted or "
            "expired. The same pages in the same order can be made again.",
            width="content",
        )
        st.button("Make again", key="lr_again", icon=":material/refresh:", on_click=_again, args=(wb, run))


def _again(wb: Workbench, run: PrintRun) -> None:
    try:
        print_runs.make_again(wb, run.run_id)
    except CareloopError as error:
        notice(plain(str(error)), ":material/error:")
        return
    notice("The files are being made again", ":material/refresh:")
