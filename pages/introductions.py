"""Introductory emails: what they are, whose patients get them, how they look, and what became of them."""

import streamlit as st

from core import introductions
from core.domain.message import RESULTS
from core.workbench import Workbench
from pages import _introducing, _introductory_text
from pages._shared import count, page_head, result_badge, workbench


def show() -> None:
    wb = workbench()
    page_head(
        "Introductory emails",
        "The first email to a patient says who will write, why, and how to stop, so that nobody is surprised.",
    )
    _state(wb)
    asked = _introducing.asked()
    left, right = st.columns([5, 4], gap="large")
    with left:
        _introducing.providers(wb)
        _results(wb)
    with right:
        _introductory_text.show(wb)
    _introducing.ask(wb, asked)


def _state(wb: Workbench) -> None:
    if introductions.in_force(wb):
        st.success(
            "**In force.** No campaign email goes to a patient until two days after the introductory one; whoever has "
            "had none gets it instead of the campaign's.",
            icon=":material/check_circle:",
        )
        return
    st.info(
        "**Not in force.** Campaign emails go out without it. It begins with the first provider who is turned on.",
        icon=":material/toggle_off:",
    )


def _results(wb: Workbench) -> None:
    """What became of them, those that began today and all."""
    st.subheader("What became of them", anchor=False)
    found = introductions.stream(wb)
    shown = [result for result in RESULTS if found.all.results[result]]
    if shown:
        st.table(
            {
                "Result": [result_badge(result, _word(result)) for result in shown],
                "Began today": [found.today.results[result] for result in shown],
                "In all": [found.all.results[result] for result in shown],
            },
            border="horizontal",
            hide_header=False,
            hide_index=True,
            alt="Introductory emails by result",
        )
    else:
        st.caption("None has begun yet.")
    if found.in_place:
        st.caption(f"And {count(found.in_place, 'email')} in the place of a campaign's; see that campaign's report.")


def _word(result: str) -> str:
    return "Sent" if result == "Introductory Email" else result


show()
