"""The Data page: what was loaded and when, how fresh it is, what waits for a decision, what was wrong, local codes."""

from collections.abc import Callable, Iterable
from functools import partial

import polars as pl
import streamlit as st

from core import corrections, loads, work_lists
from core.domain.role import LOAD_DATA
from core.domain.work_list import WorkList
from core.workbench import Workbench
from pages._arrivals import alarm_lines, arrival_list
from pages._code_mapping import done
from pages._feed_conflicts import feed_conflicts
from pages._feed_gate import gate_state
from pages._feed_quality import feed_tables
from pages._header_maps import own_headers
from pages._local_codes import local_codes
from pages._orphan_codes import orphan_codes
from pages._repairs import repair_list
from pages._shared import count, download, moment, page_head, plain, workbench
from pages._width import on_laptop, on_phone

_NUMBER = st.column_config.NumberColumn(format="localized")
_DECIDE = "To decide"
_SHOWN = 1000  # rows of a list on the screen; the export has all


def show() -> None:
    wb = workbench()
    page_head("Data", "The feeds behind the lists: how fresh they are, what was wrong in them, and what that costs.")
    history = loads.history(wb)
    if not history:
        st.info("Nothing was loaded yet. Load a feed with `careloop load FOLDER`.", icon=":material/upload_file:")
        if wb.user.may(LOAD_DATA):
            own_headers(wb)
        return
    _freshness(wb, history)
    alarm_lines(wb, with_link=False)
    gate_state(wb)
    done()
    drawn = _tabs(wb, history)
    tabs = st.tabs(list(drawn), default=_asked_for(drawn), key="data_tabs")
    for tab, draw in zip(tabs, drawn.values(), strict=True):
        with tab:
            draw(wb)


def _tabs(wb: Workbench, history: list[loads.LoadRow]) -> dict[str, Callable[[Workbench], None]]:
    """Each tab with who draws it; mapping headers is for who loads data."""
    waiting = corrections.waiting_count(wb)
    decide = f"{_DECIDE} ({waiting:,})" if waiting else _DECIDE
    return {
        "Tables": feed_tables,
        decide: feed_conflicts,
        "To repair": repair_list,
        "Defects": _defects,
        "Rejected rows": _rejects,
        "Unmapped codes": local_codes,
        "Orphan codes": orphan_codes,
        **({"Own headers": own_headers} if wb.user.may(LOAD_DATA) else {}),
        "Arrivals": arrival_list,
        "Loads": partial(_history, history=history),
    }


def _asked_for(names: Iterable[str]) -> str | None:
    """The tab of the link: Home links to what waits for a decision."""
    return next((tab for tab in names if tab.startswith(_DECIDE)), None) if "decide" in st.query_params else None


def _freshness(wb: Workbench, history: list[loads.LoadRow]) -> None:
    last = next((row for row in history if row.status == "loaded"), None)
    with st.container(horizontal=True, gap="large"):
        if last is None:
            st.warning("No load has succeeded yet. See Loads for the reason.", icon=":material/warning:")
            return
        st.metric("Feed of", moment(last.received_at, wb), help="When the source made it.")
        st.metric("Loaded", moment(last.finished_at, wb))
        st.metric("Patients", f"{work_lists.run(wb, WorkList()).count:,}")
    if history[0].status == "failed":
        st.error(
            f"The newest load failed, so the one before still counts: {plain(history[0].message or '')}",
            icon=":material/error:",
        )


def _defects(wb: Workbench) -> None:
    found = loads.defects(wb)
    if not found:
        st.success("Nothing was wrong in the last feed.", icon=":material/check_circle:")
        return
    rows = pl.DataFrame(
        {"What it costs": [each.sentence for each in found], "Patients": [each.patients for each in found]}
    )
    with on_laptop("defects"):
        st.dataframe(
            rows,
            hide_index=True,
            alt="Defects of the last feed",
            column_config={
                "What it costs": st.column_config.TextColumn(width=760),
                "Patients": st.column_config.NumberColumn(format="localized", width=90),
            },
        )
    on_phone("defects", ((each.sentence, "") for each in found))


def _rejects(wb: Workbench) -> None:
    rows = loads.rejects(wb)
    if rows.is_empty():
        st.success("Every row was taken.", icon=":material/check_circle:")
        return
    st.caption(
        f"{count(rows.height, 'row')} left out. Values are not shown: look them up in the file at the line given."
    )
    by_reason = rows.group_by(Reason="reason", Table="table").agg(pl.len().alias("Rows"))
    by_reason = by_reason.sort("Rows", "Table", "Reason", descending=[True, False, False])
    with on_laptop("rejects"):
        st.dataframe(by_reason, hide_index=True, alt="Rejected rows by reason", column_config={"Rows": _NUMBER})
    on_phone(
        "rejects", ((reason, f"{table}: {count(number, 'row')}") for reason, table, number in by_reason.iter_rows())
    )
    with st.expander("Each row"):
        st.dataframe(rows.head(_SHOWN).rename(str.capitalize), hide_index=True, alt="Rejected rows")
        if rows.height > _SHOWN:
            st.caption(f"The first {_SHOWN:,}; the export has all.")
    download(rows, "rejected-rows.csv", key="data_rejects")


def _history(wb: Workbench, history: list[loads.LoadRow]) -> None:
    rows = pl.DataFrame(
        {
            "Finished": [moment(row.finished_at, wb) for row in history],
            "Status": [row.status for row in history],
            "Format": [row.format for row in history],
            "Source": [row.source_system for row in history],
            "By": [row.loaded_by for row in history],
            "Message": [row.message for row in history],
        }
    )
    with on_laptop("loads"):
        st.dataframe(rows, hide_index=True, placeholder="–", alt="Loads, the newest first")
    on_phone("loads", ((row["Finished"], _line(row)) for row in rows.iter_rows(named=True)))
    loaded = next((row for row in history if row.counts), None)
    if loaded:
        st.markdown("**Rows of the last good load**")
        counts = pl.DataFrame([{"source": source, **numbers} for source, numbers in loaded.counts.items()])
        st.dataframe(
            counts.rename(str.capitalize),
            hide_index=True,
            alt="Rows read, kept and rejected by source",
            column_config={name.capitalize(): _NUMBER for name in counts.columns[1:]},
        )


def _line(row: dict[str, str | None]) -> str:
    """A load on a phone."""
    return " · ".join(row[name] or "" for name in ("Status", "Format", "Source", "By", "Message") if row[name])


show()
