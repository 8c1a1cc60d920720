"""The windows of a mode: several a day, each with when it opens and closes."""

from datetime import time
from typing import Any

import streamlit as st

from core.domain.organisation import Window
from core.domain.setting import Setting

_NEW = Window(time(9), time(17))
_WIDTH = 120  # pixels


def windows(setting: Setting, value: tuple[Window, ...], key: str) -> tuple[Window, ...]:
    """Draw them with a button for one more; returns them as they are typed."""
    rows: dict[int, Window] = st.session_state.setdefault(f"{key}_rows", dict(enumerate(value)))
    found = []
    for number, window in list(rows.items()):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            opens = _time(f"{setting.label}: from", window.opens, key=f"{key}_{number}_opens")
            st.markdown("to", width="content")
            closes = _time(f"{setting.label}: to", window.closes, key=f"{key}_{number}_closes")
            st.button(
                "",
                key=f"{key}_{number}_drop",
                icon=":material/close:",
                type="tertiary",
                help="Remove this window",
                on_click=_drop,
                args=(rows, number),
            )
        found.append(Window(opens, closes))
    st.button("Add a window", key=f"{key}_add", icon=":material/add:", type="tertiary", on_click=_add, args=(rows,))
    return tuple(sorted(found, key=lambda window: window.opens))


def _time(label: str, value: time, *, key: str) -> Any:
    return st.time_input(
        label, value, key=key, label_visibility="collapsed", width=_WIDTH, persist_state="session", required=True
    )


def _add(rows: dict[int, Window]) -> None:
    rows[max(rows, default=-1) + 1] = _NEW


def _drop(rows: dict[int, Window], number: int) -> None:
    rows.pop(number, None)
