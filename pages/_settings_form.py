"""A section of settings as a form: a row for each, what is wrong beside it, what a change touches, and Save."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import organisation_settings, setting_effects
from core.domain.setting import Setting
from core.domain.setting_checks import cleaned
from core.domain.setting_table import of_section
from core.domain.setting_words import value_text
from core.errors import CareloopError, SettingsError
from core.workbench import Workbench
from pages._settings_fields import draw
from pages._shared import count, notice, plain

_STATE = "se_state"  # by section: the values as they were seen, and how often the fields were drawn anew


def form(wb: Workbench, section: str) -> None:
    """Draw the section; what is typed stays until it is saved or discarded, also while other sections are looked at."""
    now = _now(wb, section)
    seen, round_ = _seen(section, now)
    changed: dict[str, Any] = {}
    below: dict[str, Any] = {}
    for setting in of_section(section):
        value, below[setting.key] = _row(setting, seen[setting.key], key=f"se_{round_}_{setting.key}")
        if _is_other(setting, value, seen[setting.key]):
            changed[setting.key] = value
    _states()[section]["changed"] = sorted(changed)
    if not changed and seen != now:  # somebody else saved, and nothing typed here is lost
        start_anew(section)
        st.rerun()
    problems = organisation_settings.problems(wb, changed) if changed else {}
    for key, sentence in problems.items():
        below.get(key, st).error(plain(sentence), icon=":material/error:")
    _footer(wb, section, changed, problems, seen=seen, key=f"se_{round_}")


def is_changed(section: str) -> bool:
    """Whether something typed in this section is not saved."""
    return bool(_states().get(section, {}).get("changed"))


def start_anew(section: str) -> None:
    """Draw the section with the settings as they are now."""
    state = _states().get(section)
    if state:
        state |= {"values": None, "round": state["round"] + 1, "changed": []}


def _states() -> dict[str, dict[str, Any]]:
    states: dict[str, dict[str, Any]] = st.session_state.setdefault(_STATE, {})
    return states


def _now(wb: Workbench, section: str) -> dict[str, Any]:
    kept = organisation_settings.current(wb)
    return {setting.key: kept[setting.key] for setting in of_section(section)}


def _seen(section: str, now: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The section's settings as the user sees them, and how often its fields were drawn anew. What is typed in this
    run is known only when the fields are drawn: until then they stay as they were."""
    state = _states().setdefault(section, {"values": None, "round": 0, "changed": []})
    if state["values"] is None:
        state["values"] = now
    return state["values"], state["round"]


def _row(setting: Setting, value: Any, *, key: str) -> tuple[Any, Any]:
    """Name and help at the left, the field at the right; what the field holds, and the place below it."""
    with st.container(border=False, gap="xsmall", key=f"se_row_{setting.key}"):
        about, field = st.columns([2, 3], gap="medium")
        with about, st.container(gap=None):
            st.markdown(f"**{plain(setting.label)}**")
            st.caption(plain(setting.help))
        with field:
            if setting.elsewhere:
                st.markdown(plain(value_text(setting, value)))
                st.page_link(f"{setting.elsewhere}.py", label=f"Set on {setting.elsewhere.capitalize()}")
                return value, st
            return draw(setting, value, key=key), st.container()


def _is_other(setting: Setting, value: Any, was: Any) -> bool:
    """Whether the field holds another value, however it is written."""
    try:
        return bool(cleaned(setting, value) != was)
    except SettingsError:
        return True


def _footer(
    wb: Workbench,
    section: str,
    changed: Mapping[str, Any],
    problems: Mapping[str, str],
    *,
    seen: Mapping[str, Any],
    key: str,
) -> None:
    note = ""
    if changed and not problems:
        for sentence in setting_effects.effects(wb, changed):
            st.info(plain(sentence), icon=":material/info:")
    if changed:
        note = st.text_input("Why (kept in the history)", key=f"{key}_note_{section}", max_chars=500) or ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        is_idle = not changed or bool(problems)
        if st.button("Save", type="primary", key=f"se_save_{section}", disabled=is_idle):
            _save(wb, section, changed, note, seen=seen)
        if changed:
            st.button("Discard", key=f"se_discard_{section}", type="tertiary", on_click=start_anew, args=(section,))
            st.caption(f"{count(len(changed), 'change')} not saved", width="content")


def _save(wb: Workbench, section: str, changed: Mapping[str, Any], note: str, *, seen: Mapping[str, Any]) -> None:
    try:
        kept = organisation_settings.change(wb, changed, note=note, expected={key: seen[key] for key in changed})
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    start_anew(section)
    notice(f"{count(len(kept), 'setting')} saved")
    st.rerun()
