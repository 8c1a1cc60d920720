"""All campaigns together: how many were reached, at what cost, which gaps were closed, and who is left out."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import streamlit as st

from core import charts, overview
from core.domain.role import MAKE_CAMPAIGNS
from core.domain.roll_up import Wanted
from core.domain.small_cells import ROUNDED
from core.domain.wording import day_text
from core.overview import Overview
from core.workbench import Workbench
from pages import (
    _overview_campaigns,
    _overview_coming,
    _overview_equity,
    _overview_figures,
    _overview_filters,
    _overview_published,
)
from pages._chart import draw_chart
from pages._shared import MODE_NAMES, count, page_head, workbench


def show() -> None:
    wb = workbench()
    page_head("Overview", "All campaigns together: whom they reached, what they cost, and which care gaps were closed.")
    wanted = _overview_filters.wanted(wb)
    shown = overview.overview(wb, wanted)
    _notes(shown)
    if shown.campaigns.is_empty():
        _empty(wb, shown)
    else:
        _overview_figures.show(wb, shown)
        _volumes(wb, wanted, shown)
    _overview_coming.show(wb, wanted.channel)
    if not shown.campaigns.is_empty():
        _overview_equity.show(wb, wanted)
        _overview_published.show(shown, wanted.channel)


def _notes(shown: Overview) -> None:
    if shown.stale:
        changed = count(shown.stale, "campaign")
        st.caption(f":material/sync: {changed} changed and not added up yet: what follows is as it was before.")
    if shown.whose:
        st.caption(f":material/group: Of the patients of {shown.whose}.")
    if shown.is_rough:
        st.caption(f":material/visibility_off: {ROUNDED} What could be worked out from others is hidden.")


def _empty(wb: Workbench, shown: Overview) -> None:
    if shown.stale:
        return
    st.info("No campaign contacted anybody in this time. Choose another one above, or send a campaign.")
    if wb.user.may(MAKE_CAMPAIGNS):
        st.page_link("work_list.py", label="Go to the work list", icon=":material/filter_list:")


def _volumes(wb: Workbench, wanted: Wanted, shown: Overview) -> None:
    """The chart, and the list of campaigns: of the bar that was clicked, else those that a figure has opened."""
    picked = None
    if not shown.volumes.is_empty():
        event = draw_chart(
            charts.volumes(shown.volumes, is_weekly=shown.is_weekly),
            key=f"ov_volumes_{st.session_state.get(_overview_figures.CLICKS, 0)}",
            on_select="rerun",
        )
        picked = _picked(event, shown.volumes)
    if picked is None:
        _overview_campaigns.show(shown)
        return
    on, channel = picked
    ends = on + timedelta(days=6 if shown.is_weekly else 0)
    part = replace(wanted, first_on=max(on, wanted.first_on or on), last_on=min(ends, wanted.last_on or ends))
    about = f"{MODE_NAMES[channel]}, {'week of ' if shown.is_weekly else ''}{day_text(on)}"
    _overview_campaigns.show(overview.overview(wb, replace(part, channel=channel)), about)


def _picked(event: Any, volumes: pl.DataFrame) -> tuple[date, str] | None:
    places = [point["customdata"] for point in event.selection.points if "customdata" in point]
    if not places:
        return None
    place = int(places[0][0] if isinstance(places[0], list) else places[0])
    on, channel = volumes.select("on", "channel").row(place) if place < volumes.height else (None, "")
    return (on, channel) if on else None


show()
