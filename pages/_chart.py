"""A figure on a page, with its words for who does not see it."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core import charts


def draw_chart(figure: go.Figure, *, key: str, on_select: Any = "ignore") -> Any:
    """Draw it and return what was chosen in it, where `on_select` is 'rerun'."""
    return st.plotly_chart(
        figure,
        key=key,
        alt=charts.alt_text(figure),
        on_select=on_select,
        selection_mode="points",
        config={"displayModeBar": False},
    )
