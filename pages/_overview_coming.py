"""What leaves in the next two weeks, and how full that makes the lines for calls."""

import polars as pl
import streamlit as st

from core import charts, coming
from core.domain.organisation import CHANNELS
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._chart import draw_chart
from pages._shared import MODE_ICONS, count, plain


def show(wb: Workbench, channel: str) -> None:
    """The next days with their messages by mode, the campaigns, and the planned calls by hour."""
    st.subheader("Coming up", anchor=False)
    found = coming.coming(wb, channel)
    if found.sends.is_empty():
        st.caption(f"Nothing waits to go out in the next two weeks. {_beyond(found.beyond)}".strip())
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        for (day,), rows in found.sends.group_by("on", maintain_order=True):
            counts = dict(rows.select("channel", "count").iter_rows())
            parts = [f"{MODE_ICONS[mode]} {counts[mode]:,}" for mode in CHANNELS if mode in counts]
            st.markdown(f"**{day_text(day)}**&ensp;{'&ensp;'.join(parts)}")
        _campaigns(found.campaigns)
        if later := _beyond(found.beyond):
            st.caption(later)
    with right:
        if found.calls.is_empty():
            st.caption("No calls are planned.")
        else:
            draw_chart(charts.calls(found.calls), key="ov_calls")
        st.caption("At the pace of lately, or else the one in the settings; without tries again and quiet hours.")


def _beyond(waiting: pl.DataFrame) -> str:
    """What waits for a day after these two weeks, in one line."""
    if waiting.is_empty():
        return ""
    of = count(waiting["campaign_id"].n_unique(), "campaign")
    first = waiting["on"].to_list()[0]
    return f"Later: {count(int(waiting['waiting'].sum()), 'patient')} of {of}, the first on {day_text(first)}."


def _campaigns(waiting: pl.DataFrame) -> None:
    for row in waiting.head(8).iter_rows(named=True):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.page_link(
                "report.py",
                label=plain(row["name"]),
                icon=MODE_ICONS[row["channel"]],
                query_params={"id": row["campaign_id"]},
            )
            st.caption(f"{count(row['waiting'], 'patient')} from {day_text(row['on'])}", width="content")
    if waiting.height > 8:
        st.page_link("campaigns.py", label=f"All {waiting.height} on Campaigns", icon=":material/campaign:")
