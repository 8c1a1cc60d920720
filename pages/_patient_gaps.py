"""Care gaps of one patient: open ones first with all evidence, what is up to date after, what is not meant last."""

from functools import partial

import streamlit as st

from core.domain.measure_evidence import Explanation
from core.domain.person import Person
from core.domain.work_list import Filter, WorkList
from core.workbench import Workbench
from pages import _views
from pages._explanation import explanation, is_open, place
from pages._patient_evidence import explanations
from pages._patient_remarks import remarks_of
from pages._shared import count, plain


def show(wb: Workbench, person: Person) -> None:
    """Draw it."""
    found = explanations(wb, person)
    if found is None:
        st.info("No feed was loaded yet, so no care gap is known. Load one: careloop load FOLDER.")
        return
    ordered = sorted(found, key=place)
    opened = [each for each in ordered if is_open(each)]
    others = [each for each in ordered if not is_open(each) and each.state != "not_applicable"]
    st.caption(_head(opened, found))
    if len(opened) > 1:  # each is long: what there is in all is seen at once
        st.markdown(" ".join(f":red-badge[{plain(each.name)}]" for each in opened))
    for each in opened:
        explanation(each, is_unfolded=True, beside=partial(remarks_of, wb, person), below=_list_button)
    for each in others:
        explanation(each, is_unfolded=False, below=_list_button)
    _not_meant([each for each in ordered if each.state == "not_applicable"])


def _head(opened: list[Explanation], found: list[Explanation]) -> str:
    done = sum(each.state in ("satisfied", "due_soon") for each in found)
    said = count(len(opened), "open care gap") if opened else "No care gap is open"
    return f"{said} · {done} up to date · {count(len(found), 'measure')} looked at"


def _list_button(each: Explanation) -> None:
    """The work list of everybody with this gap, within what the user may see."""
    if each.state in ("excluded", "not_applicable"):
        return
    if st.button(
        "Everybody with this gap",
        key=f"pa_list_{each.measure_id}",
        icon=":material/filter_list:",
        type="tertiary",
        help="Opens the work list with all patients whose gap is open.",
    ):
        _views.show(WorkList(filters=((Filter("alerts", "contains", each.name),),)))
        st.switch_page("work_list.py")


def _not_meant(rest: list[Explanation]) -> None:
    if not rest:
        return
    label = f":gray[:material/remove: {count(len(rest), 'measure')} not about this patient]"
    with st.expander(label, key="pa_not_meant"):
        st.markdown("\n".join(f"- **{plain(each.name)}**: {plain(each.headline)}" for each in rest))
