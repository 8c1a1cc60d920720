"""Feeds that arrived in a watched folder, and the alarm when one is late or could not be loaded."""

import polars as pl
import streamlit as st

from core import lateness, watching
from core.domain.role import LOAD_DATA, READ_PATIENTS
from core.watching import Arrival
from core.workbench import Workbench
from pages._shared import count, guarded, moment, notice, plain
from pages._width import on_laptop, on_phone

_STATES = {
    "loading": "Loading",
    "waiting": "Waiting for another load",
    "loaded": "Loaded",
    "unchanged": "Nothing new",
    "failed": "Failed",
    "again": "Will be tried again",
}


def alarm_lines(wb: Workbench, *, with_link: bool = True) -> None:
    """A line for each feed that is late or could not be loaded; nothing when all is well."""
    found = lateness.alarms(wb)
    for alarm in found:
        icon = ":material/schedule:" if alarm.kind == "late" else ":material/error:"
        st.warning(plain(alarm.sentence), icon=icon)
    if found and with_link and wb.user.may(READ_PATIENTS):
        st.page_link("data.py", label="Look at the feeds that arrived", icon=":material/database:")


@guarded
def arrival_list(wb: Workbench) -> None:
    """What became of each feed in the watched folder, with why it failed, and trying those again."""
    found = watching.arrivals(wb)
    if not found:
        st.info(
            "No feed has come through a watched folder. `careloop load --watch FOLDER` loads each one that arrives.",
            icon=":material/folder_eye:",
        )
        return
    rows = pl.DataFrame(
        {
            "Feed": [each.name for each in found],
            "State": [_STATES.get(each.state, each.state) for each in found],
            "Source": [each.source_system or None for each in found],
            "Began": [moment(each.started_at, wb) for each in found],
            "Ended": [moment(each.finished_at, wb) for each in found],
            "Why": [each.reason or None for each in found],
        }
    )
    with on_laptop("arrivals"):
        st.dataframe(rows, hide_index=True, placeholder="–", alt="Feeds that arrived, the newest first")
    on_phone("arrivals", ((row["Feed"], _line(row)) for row in rows.iter_rows(named=True)))
    _again(wb, [each for each in found if each.state == "failed"])


def _again(wb: Workbench, failed: list[Arrival]) -> None:
    if not failed:
        return
    st.caption("A feed that failed is tried again when its files change, or when you say so.")
    label = f"Try {count(len(failed), 'feed')} again"
    if wb.user.may(LOAD_DATA) and st.button(label, key="arrivals_again", icon=":material/refresh:"):
        watching.try_again(wb, [each.arrival_id for each in failed])
        notice("The watching process tries again with its next look")
        st.rerun()


def _line(row: dict[str, str | None]) -> str:
    """An arrival on a phone."""
    return " · ".join(row[name] or "" for name in ("State", "Ended", "Source", "Why") if row[name])
