"""The rows of `careloop check` on the page: what does not work first, then section by section."""

from itertools import groupby

import streamlit as st

from core import check as checks
from core.check import NOTE, OK, WARNING, WRONG, Row
from core.domain.setting import SECTIONS
from core.workbench import Workbench
from pages._shared import count, plain

_MARKS = {
    OK: ":green[:material/check:]",
    NOTE: ":blue[:material/edit:]",
    WARNING: ":orange[:material/warning:]",
    WRONG: ":red[:material/error:]",
}


def check(wb: Workbench) -> None:
    """Draw it."""
    found = checks.rows(wb)
    wrong = [row for row in found if row.state == WRONG]
    late = [row for row in found if row.state == WARNING]
    if not wrong and not late:
        st.success("Everything is in order.", icon=":material/check_circle:")
    elif not wrong:
        st.warning(f"Everything works; {count(len(late), 'row')} to look at.", icon=":material/warning:")
    else:
        st.error(f"{count(len(wrong), 'row')} must be put right.", icon=":material/error:")
    for row in [*wrong, *late]:
        _row(row, with_section=True)
    names = set(SECTIONS.values())
    for section, rows in groupby(found, key=lambda row: row.section):
        if section not in names:
            _block(section, list(rows))
    changed = [row for row in found if row.section in names and row.state != OK]
    _block("Settings that are not as in a new home", changed, with_section=True)


def _block(title: str, rows: list[Row], *, with_section: bool = False) -> None:
    if rows:
        with st.expander(plain(title), key=f"se_check_{title}"):
            for row in rows:
                _row(row, with_section=with_section)


def _row(row: Row, *, with_section: bool = False) -> None:
    where = f":gray[{plain(row.section)} ·] " if with_section else ""
    head = f"{_MARKS[row.state]} {where}{plain(row.label)}: **{plain(row.words)}**"
    reasons = "".join(f"\n- {plain(reason)}" for reason in row.reasons)
    advice = f"  \n:gray[{plain(row.advice)}]" if row.advice else ""
    st.markdown(f"{head}{advice}{f'{chr(10)}{reasons}' if reasons else ''}")
