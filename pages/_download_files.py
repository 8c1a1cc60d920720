"""The files of letters and labels: those being made with their progress, and those that can be downloaded."""

from collections.abc import Sequence

import streamlit as st

from core import downloads, print_runs
from core.downloads import Download
from core.print_runs import PrintRun
from core.workbench import Workbench
from pages._file_row import ask_to_delete, file_rows, runs_of
from pages._letter_run import progress
from pages._shared import count, notice, plain

_ALL = "All campaigns"
_ASKED, _CAMPAIGN, _GONE = "dl_delete", "dl_campaign", "dl_gone"
_SIZE = 15  # print runs


def files(wb: Workbench) -> None:
    """Draw the tab; it keeps itself up to date while files are made."""
    every = 2 if print_runs.under_way(wb) else None
    st.fragment(_tab, run_every=every)(wb, every is not None)
    if file := st.session_state.pop(_ASKED, None):
        ask_to_delete(wb, file, then=notice)


def _tab(wb: Workbench, was_under_way: bool) -> None:
    running = print_runs.under_way(wb)
    if was_under_way and not running:
        st.rerun()  # the whole page: it need not look again every other second
    for name, run in running.items():
        _running(name, run)
    known = downloads.files(wb, with_deleted=True)
    if not known:
        if not running:
            _empty()
        return
    if why := downloads.why_not_fetch(wb, "letters"):
        st.caption(plain(why))
    _list(wb, _filtered(known))


def _running(name: str, run: PrintRun) -> None:
    with st.container(border=True):
        st.page_link(
            "report.py",
            label=f"**{plain(name)}**",
            icon=":material/description:",
            query_params={"id": run.campaign_id},
        )
        progress(run)


def _empty() -> None:
    st.info(
        "No file yet. Make a letter campaign, save it, and press Create letters: its files come here.",
        icon=":material/description:",
    )
    st.page_link("library.py", label="Go to the Library", icon=":material/library_books:")


def _filtered(known: Sequence[Download]) -> list[Download]:
    """By campaign, and without those that were deleted unless they are asked for."""
    names = list(dict.fromkeys(file.campaign_name for file in known))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        chosen = st.selectbox(
            "Campaign", [_ALL, *names], key=_CAMPAIGN, label_visibility="collapsed", width=360, format_func=str
        )
        with_gone = st.toggle("Deleted and expired too", key=_GONE)
    shown = [file for file in known if chosen in (_ALL, file.campaign_name)]
    return shown if with_gone else [file for file in shown if not file.deleted_how]


def _list(wb: Workbench, shown: Sequence[Download]) -> None:
    if not shown:
        st.info(
            "No file can be downloaded any more. Open the campaign to make the same files again.",
            icon=":material/folder_off:",
        )
        return
    runs = runs_of(shown)
    pages = -(-len(runs) // _SIZE)
    number = min(int(st.session_state.get("dl_page") or 1), pages)
    st.caption(f"{count(len(shown), 'file')}, the newest first. Every download is recorded with your name.")
    for files in runs[(number - 1) * _SIZE : number * _SIZE]:
        if file := file_rows(wb, files, with_campaign=True):
            st.session_state[_ASKED] = file
            st.rerun()
    if pages > 1:
        st.pagination(pages, key="dl_page")
