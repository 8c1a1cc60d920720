"""Conformance: how official test patients came out by our reading of each measure, and the cases that differ."""

import streamlit as st

from core import conformance, rules
from core.conformance import KeptResult
from core.workbench import Workbench
from pages._shared import count, moment, plain


def show(wb: Workbench) -> None:
    """A line for each measure and year, and below what differs."""
    results = conformance.kept(wb)
    st.caption(
        "Official test patients check our reading of the public logic. Not certified; no rate here is a HEDIS rate."
    )
    if not results:
        st.info("No result was kept yet. Run a deck and keep what it says:", icon=":material/fact_check:")
        st.code("careloop conformance DECK --keep", language=None)
        return
    names = {key: measure.name for key, measure in rules.every(wb).items()}
    st.dataframe(
        {
            "Official measure": [each.measure for each in results],
            "Year": [each.year_words for each in results],
            "Ours": [names.get(each.measure_id, "–") for each in results],
            "Cases": [each.cases.height for each in results],
            "Match": [each.right_count for each in results],
            "Differ": [each.cases.height - each.right_count for each in results],
            "Run": [moment(each.run_at, wb) for each in results],
            "By": [each.run_by for each in results],
        },
        hide_index=True,
        alt="Results of official test patients",
        column_config={
            name: st.column_config.NumberColumn(format="localized") for name in ("Cases", "Match", "Differ")
        },
    )
    for each in results:
        _differing(each)


def _differing(result: KeptResult) -> None:
    wrong = result.cases.height - result.right_count
    if not wrong:
        return
    with st.expander(plain(f"{result.measure} {result.year}: {count(wrong, 'case')} that differ")):
        st.dataframe(
            result.differing.rename(str.capitalize), hide_index=True, alt="Populations in which a case differs"
        )
