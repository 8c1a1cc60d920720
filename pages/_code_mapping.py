"""The question before codes are mapped: what that touches, and whether it is meant where the kinds differ."""

from collections.abc import Iterable, Sequence

import streamlit as st

from core import local_codes, touched_codes
from core.code_changes import GapChange, change_sentence
from core.local_codes import Mapping
from core.workbench import Workbench
from pages._shared import count, guarded, plain

AGAIN = "Facts and care gaps of all patients are then found again, which takes about as long as a load."
_DONE = "codes_done"
_MOST_NAMED = 6


def done() -> None:
    """What the last mapping changed. Its place is always there, so that what follows keeps its own."""
    with st.container():
        if _DONE in st.session_state:
            st.success("  \n".join(plain(line) for line in st.session_state.pop(_DONE)), icon=":material/check_circle:")


def finish(said: str, changes: Iterable[GapChange]) -> None:
    """Draw the page anew with what was done and what it changed."""
    lines = [change_sentence(each) for each in changes] or ["As many care gaps of each measure are open as before."]
    st.session_state[_DONE] = [said, *lines]
    st.rerun()


@st.dialog("Map codes", icon=":material/link:")
@guarded
def confirm(wb: Workbench, chosen: Sequence[Mapping]) -> None:
    """Say what the mapping touches; map when that is meant."""
    names = local_codes.concept_choices()
    for each in chosen:
        st.markdown(f"{plain(each.text or each.code)} means **{plain(names[each.concept])}**")
    _map(wb, chosen)


@st.dialog("Map this code", icon=":material/link:")
@guarded
def ask(wb: Workbench, system: str, code: str, text: str, near: str) -> None:
    """What a code means, first the concept that it is near to; then the same question."""
    names = local_codes.concept_choices()
    st.markdown(f"**{plain(text or code)}**")
    st.caption(plain(f"{system} {code}"))
    concepts = st.multiselect(
        "What it means",
        [near, *(name for name in names if name != near)],
        [near],
        key=f"codes_means_{system}_{code}",
        format_func=names.__getitem__,
        placeholder="Choose a concept",
        max_selections=3,
        select_all=False,
    )
    if concepts:
        _map(wb, [Mapping(system, code, concept, text) for concept in concepts])


def _map(wb: Workbench, chosen: Sequence[Mapping]) -> None:
    coded = len({(mapping.system, mapping.code) for mapping in chosen})
    touched = touched_codes.touched(wb, chosen)
    st.markdown(f"This touches **{touched}** and {_measures(touched.measures)}.")
    st.caption(AGAIN)
    is_meant = _is_meant(touched.doubts)
    if st.button(f"Map {count(coded, 'code')}", key="codes_map_yes", type="primary", disabled=not is_meant):
        with st.spinner("Finding facts and care gaps again ..."):
            changes = local_codes.map_codes(wb, chosen)
        finish(f"{count(coded, 'code')} mapped.", changes)


def _measures(names: Sequence[str]) -> str:
    if not names:
        return "no measure that is on"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{count(len(names), 'measure')}: {plain(', '.join(names[:_MOST_NAMED]))}{more}"


def _is_meant(doubts: Sequence[str]) -> bool:
    if not doubts:
        return True
    st.warning("  \n".join(plain(each) for each in doubts), icon=":material/help:")
    return st.checkbox("I looked at it, and this is meant", key="codes_meant")
