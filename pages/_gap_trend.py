"""The course of a measure over a year, found when somebody asks for it."""

from functools import partial
from typing import Any

import streamlit as st

from core import charts, gap_rates
from core.workbench import Workbench
from pages._chart import draw_chart
from pages._shared import progress_bar

_WORDS = "Evaluating the ends of twelve months"


def show(wb: Workbench, measure: dict[str, Any]) -> None:
    """The rate at the last twelve ends of a month, at once when it is known, else on demand."""
    st.subheader("Over twelve months", anchor=False)
    measure_id = measure["measure_id"]
    if not gap_rates.is_trend_known(wb, measure_id):
        place = st.empty()
        with place.container():
            st.caption("Each month's end is evaluated again from the data, which takes a moment.")
            if not st.button("Show the course", key="cg_trend", icon=":material/show_chart:"):
                return
        place.empty()
        with place:
            tell = progress_bar(_WORDS)
        gap_rates.trend(wb, measure_id, progress=partial(tell, _WORDS))
        place.empty()
    course = gap_rates.trend(wb, measure_id)
    figure = charts.trend(course, target=measure["target"])
    draw_chart(figure, key=f"cg_course_{measure_id}")
    st.caption(
        "Today's patients by today's rules, with what is known today: who left the practice meanwhile is not in it. "
        "The last point is today."
    )
