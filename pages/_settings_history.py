"""What was changed in a section: who, when, from what to what, why; and putting it back."""

import streamlit as st

from core import organisation_settings, users
from core.domain.setting import Setting
from core.domain.setting_table import SETTINGS
from core.domain.setting_words import short_text
from core.errors import CareloopError
from core.organisation_settings import Change
from core.workbench import Workbench
from pages._settings_form import start_anew
from pages._shared import count, moment, notice, plain

_SHOWN = 20


def history(wb: Workbench, section: str) -> None:
    """Draw it, closed until somebody asks."""
    found = organisation_settings.history(wb, section=section, limit=_SHOWN + 1)
    st.space("small")
    if not found:
        st.caption(":material/history: Nothing was changed here yet.")
        return
    many = f"{_SHOWN} or more" if len(found) > _SHOWN else count(len(found), "change")
    with st.expander(f"History · {many}", icon=":material/history:", key=f"se_history_{section}"):
        now = organisation_settings.current(wb)
        for change in found[:_SHOWN]:
            _row(wb, section, change, is_now=now[change.key] == change.was)


def _row(wb: Workbench, section: str, change: Change, *, is_now: bool) -> None:
    setting = SETTINGS[change.key]
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(_words(wb, setting, change), width="stretch")
        if setting.elsewhere:
            return
        if st.button(
            "Put back",
            key=f"se_back_{change.change_id}",
            icon=":material/undo:",
            disabled=is_now,
            help="It is that already." if is_now else f"Set it to: {short_text(setting, change.was)}",
        ):
            _put_back(wb, section, change)


def _words(wb: Workbench, setting: Setting, change: Change) -> str:
    who = f"{moment(change.at, wb)} · {users.name_of(wb, change.by)}"
    was, now = short_text(setting, change.was), short_text(setting, change.now)
    note = f"  \n{plain(change.note)}" if change.note else ""
    return f":gray[{plain(who)}]  \n**{plain(setting.label)}**: {plain(was)} → {plain(now)}{note}"


def _put_back(wb: Workbench, section: str, change: Change) -> None:
    try:
        organisation_settings.put_back(wb, change.change_id)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    start_anew(section)
    notice(f"'{SETTINGS[change.key].label}' is as it was before")
    st.rerun()
