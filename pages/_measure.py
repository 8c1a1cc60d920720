"""One measure: what it says, its YAML, editing it, and its versions."""

from collections.abc import Callable

import streamlit as st

from core import care_gaps, rules
from core.domain.role import EDIT_RULES
from core.errors import NotFound
from core.rules import Listed
from core.workbench import Workbench
from pages import _measure_about, _measure_editor, _measure_versions
from pages._feed_gate import gate_warning
from pages._measure_badges import badges, no_such_measure
from pages._shared import page_head, percent, plain

_PARTS: dict[str, Callable[[Workbench, Listed], None]] = {
    "About": _measure_about.show,
    "YAML": lambda wb, each: _yaml(wb, each),
    "Edit": _measure_editor.edit,
    "Versions": _measure_versions.show,
}


def show(wb: Workbench, measure_id: str) -> None:
    """Draw the measure of a link."""
    try:
        each = rules.rule(wb, measure_id)
    except NotFound:
        no_such_measure()
        return
    st.page_link("measures.py", label="All measures", icon=":material/arrow_back:")
    page_head(each.measure.name, each.measure.purpose)
    st.markdown(badges(each))
    gate_warning(wb)
    _numbers(wb, each)
    part = st.segmented_control(
        "Part",
        [part for part in _PARTS if part != "Edit" or wb.user.may(EDIT_RULES)],
        default="About",
        required=True,
        key=f"ms_part_{measure_id}",
        label_visibility="collapsed",
    )
    _PARTS[str(part)](wb, each)


def _numbers(wb: Workbench, each: Listed) -> None:
    if not each.is_on:
        st.info("This measure is off: nobody is looked for until it is turned on.", icon=":material/toggle_off:")
        return
    row = next(row for row in care_gaps.rates(wb).rows(named=True) if row["measure_id"] == each.measure.measure_id)
    with st.container(horizontal=True, gap="medium"):
        st.metric("Open gaps today", f"{row['open']:,}", width="content")
        st.metric("Up to date", percent(row["rate"]), width="content")
        st.metric("Patients it is about", f"{row['eligible']:,}", width="content")


def _yaml(wb: Workbench, each: Listed) -> None:
    text = rules.text_of(wb, each.measure.measure_id)
    st.caption(f"{plain(each.measure.measure_id)}.yaml, version {each.measure.version}. It can be changed under Edit.")
    st.code(text, language="yaml", line_numbers=True, height=620)
