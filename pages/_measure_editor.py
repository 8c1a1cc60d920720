"""Editing a measure's YAML: mistakes at their line, its test patients, a trial on today's data, and publishing it."""

import streamlit as st

from core import rule_drafts, rule_versions, rules
from core.errors import CareloopError, NotFound, RuleError
from core.rule_drafts import Draft
from core.rules import Listed
from core.workbench import Workbench
from pages import _measure_publish, _measure_trial
from pages._measure_badges import no_such_measure
from pages._shared import count, page_head, plain

_FONT = "font-family: ui-monospace, monospace; font-size: 0.82rem; line-height: 1.5;"
_LOOK = f"<style>.st-key-ms_editor textarea {{ {_FONT} }}</style>"


def edit(wb: Workbench, each: Listed) -> None:
    """Edit a measure that exists. What is typed is kept while somebody looks at other parts."""
    measure_id = each.measure.measure_id
    newest = rule_versions.versions(wb, measure_id)[-1].number
    base = st.session_state.setdefault(f"ms_base_{measure_id}", newest)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"You edit version {base}. Nothing changes for anybody until it is published.", width="stretch")
        with st.popover("Copy as a new measure", icon=":material/content_copy:"):
            _name_copy(wb, measure_id)
        st.button(
            "Start again",
            key="ms_again",
            icon=":material/restart_alt:",
            help="Throws away what was typed.",
            on_click=_start_again,
            args=(measure_id,),
        )
    if base != newest:
        st.warning("Somebody published this measure since you began. Copy your text, then start again.")
    key = f"ms_text_{measure_id}_{base}_{st.session_state.get(_round(measure_id), 0)}"
    _work(wb, rules.text_of(wb, measure_id), measure_id=measure_id, base=base, key=key)


def copy(wb: Workbench, measure_id: str) -> None:
    """Edit a copy that becomes a measure of its own. What is typed belongs to this copy of this measure."""
    try:
        copied = rules.rule(wb, measure_id).measure
    except NotFound:
        no_such_measure()
        return
    st.page_link("measures.py", label="All measures", icon=":material/arrow_back:")
    page_head(
        "New measure", f"A copy of '{copied.name}' under an id of its own. Nothing is kept until it is published."
    )
    new_id, name = st.session_state.get(_copied(measure_id), (f"{measure_id}-own", ""))
    try:
        text = rule_drafts.copy_of(wb, measure_id, new_id, name=name)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        with st.container(width=420):
            _name_copy(wb, measure_id)
        return
    _work(wb, text, measure_id=None, base=rule_versions.NEW, key=f"ms_text_{measure_id}_{new_id}_{name}")


def _name_copy(wb: Workbench, measure_id: str) -> None:
    """Ask for the id and name of a copy, then edit it."""
    new_id = st.text_input("Id", f"{measure_id}-own", key=f"ms_copy_id_{measure_id}", max_chars=63).strip()
    name = st.text_input("Name", key=f"ms_copy_name_{measure_id}", placeholder="As lists show it", max_chars=80).strip()
    if not st.button("Edit the copy", key="ms_copy", type="primary"):
        return
    try:
        rule_drafts.copy_of(wb, measure_id, new_id, name=name)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state[_copied(measure_id)] = (new_id, name)
    st.switch_page("measures.py", query_params={"copy": measure_id})


def _start_again(measure_id: str) -> None:
    """The newest version under another key: a browser shows what was typed for as long as the key is the same."""
    st.session_state[_round(measure_id)] = st.session_state.get(_round(measure_id), 0) + 1
    st.session_state.pop(f"ms_base_{measure_id}", None)


def _copied(measure_id: str) -> str:
    return f"ms_copied_{measure_id}"


def _round(measure_id: str) -> str:
    return f"ms_round_{measure_id}"


def _work(wb: Workbench, text: str, *, measure_id: str | None, base: int, key: str) -> None:
    st.html(_LOOK)
    with st.container(key="ms_editor"):
        typed = st.text_area(
            "YAML of the measure",
            text,
            height=520,
            key=key,
            persist_state="session",
            label_visibility="collapsed",
        )
    made = _checked(wb, typed, measure_id)
    if made is None:
        return
    _test_patients(made)
    with st.container(horizontal=True, vertical_alignment="center"):
        _measure_trial.button(wb, made, measure_id=measure_id)
        _measure_publish.button(wb, made, measure_id=measure_id, base=base, is_changed=typed != text)
    _measure_trial.show(wb, made, measure_id=measure_id)


def _checked(wb: Workbench, text: str, measure_id: str | None) -> Draft | None:
    try:
        return rule_drafts.draft(wb, text, measure_id=measure_id)
    except RuleError as error:
        st.error(plain(str(error)), icon=":material/error:")
        lines = text.splitlines()
        first = max(0, error.line - 3)
        shown = [
            f"{'>' if number == error.line else ' '} {number:>4}  {line}"
            for number, line in enumerate(lines[first : error.line + 2], first + 1)
        ]
        st.code("\n".join(shown), language=None)
        return None


def _test_patients(made: Draft) -> None:
    if not made.results:
        st.warning("No test patient: describe at least one under 'cases'.", icon=":material/science:")
    elif not made.wrong:
        st.success(f"All {count(len(made.results), 'test patient')} come out as described.", icon=":material/science:")
    else:
        st.warning(
            f"{len(made.wrong)} of {count(len(made.results), 'test patient')} do not come out as described: "
            "correct the rule, or what they must find, before publishing.",
            icon=":material/science:",
        )
    with st.expander("Test patients", expanded=bool(made.wrong)):
        results = sorted(made.results, key=lambda result: result.is_right)
        rows = {
            "Outcome": ["✓ as described" if result.is_right else "✗ differs" for result in results],
            "Line": [result.case.line for result in results],
            "Test patient": [result.case.name for result in results],
            "Must find": [str(result.expected) for result in results],
            "Finds": [str(result.found) for result in results],
        }
        line = st.column_config.NumberColumn(width="small")
        st.dataframe(rows, hide_index=True, alt="Test patients of the rule", column_config={"Line": line})
