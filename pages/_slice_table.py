"""A table of a report in whose rows a follow-up campaign begins."""

from typing import Any

import polars as pl
import streamlit as st

from core.domain.role import MAKE_CAMPAIGNS, READ_PATIENTS
from core.workbench import Workbench
from pages._shared import plain

_PRESSED = "rp_pressed"
_ROW, _LINE = 35, 20  # pixels


def may_follow_up(wb: Workbench) -> bool:
    """Whether the user may see patients and make campaigns for them."""
    return wb.user.may(MAKE_CAMPAIGNS) and wb.user.may(READ_PATIENTS)


def slice_table(
    wb: Workbench,
    rows: pl.DataFrame,
    labels: list[str | None],
    *,
    key: str,
    alt: str,
    config: dict[str, Any],
    lines: int = 1,
) -> int | None:
    """Draw the rows with a button in each that has a label; returns the place of the row whose button was pressed.
    Without any it is a plain table. `lines` is how many a row has room for."""
    if not may_follow_up(wb) or not any(labels):
        st.table(_as_text(rows), border="horizontal", hide_index=True, alt=alt)
        return None
    button = st.column_config.ButtonColumn(
        "Follow-up", key=key, on_click=_press, args=(key,), type="tertiary", width="medium"
    )
    st.dataframe(
        rows.with_columns(pl.Series("_follow_up", labels, dtype=pl.String)),
        hide_index=True,
        placeholder="–",
        alt=alt,
        column_config=config | {"_follow_up": button},
        row_height=_ROW + _LINE * (lines - 1),
        height=_ROW + rows.height * (_ROW + _LINE * (lines - 1)) + 3,
    )
    pressed: tuple[str, int] | None = st.session_state.get(_PRESSED)
    if pressed is None or pressed[0] != key:
        return None
    del st.session_state[_PRESSED]
    return pressed[1] if pressed[1] < len(labels) and labels[pressed[1]] else None


def _as_text(rows: pl.DataFrame) -> dict[str, list[str]]:
    """Cells as they are read: nothing in them is markup."""
    return {
        name: [
            "–" if cell is None else f"{cell:,}" if isinstance(cell, int) else plain(str(cell)) for cell in rows[name]
        ]
        for name in rows.columns
    }


def _press(key: str) -> None:
    click = st.session_state[key]
    if click is not None:
        st.session_state[_PRESSED] = (key, click.row)
