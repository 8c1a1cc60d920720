"""The Measures page: the rules that find care gaps, what each says, publishing an edited one, and conformance."""

import streamlit as st

from core import loads, rules
from core.domain.role import EDIT_RULES, PUBLISH_RULES, refusal
from core.workbench import Workbench
from pages import _conformance, _measure, _measure_editor, _measure_list
from pages._feed_gate import gate_warning
from pages._measure_badges import plain_links
from pages._shared import page_head, workbench


def show() -> None:
    wb = workbench()
    plain_links()
    # A link from this page to itself leaves the address as it was: it is said again, so that it can be mailed.
    st.query_params.from_dict(st.query_params.to_dict())
    if "copy" in st.query_params:
        _measure_editor.copy(wb, st.query_params["copy"])
    elif "id" in st.query_params:
        _measure.show(wb, st.query_params["id"])
    else:
        _all(wb)


def _all(wb: Workbench) -> None:
    page_head(
        "Measures", "The rules that find care gaps: what each looks for, on whose word, and how many are open today."
    )
    if loads.current(wb) is None:
        st.info("Nothing was loaded yet, so no care gap is known. Load a feed with `careloop load FOLDER`.")
    else:
        gate_warning(wb)
    if not wb.user.may(PUBLISH_RULES):
        st.caption(f"{refusal(PUBLISH_RULES)} You can read them{' and try edits' if wb.user.may(EDIT_RULES) else ''}.")
    elif not rules.may_change(wb):
        st.caption("You see some groups or providers only, and rules count for all: you can read and try them.")
    listed, checked = st.tabs(["Rules", "Conformance"])
    with listed:
        _measure_list.show(wb)
    with checked:
        _conformance.show(wb)


show()
