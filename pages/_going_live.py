"""Sandbox or live: the check list, and the step from one to the other."""

import streamlit as st

from core import going_live
from core.domain.role import CHANGE_ORGANISATION, OPERATE
from core.domain.setting import SECTIONS
from core.domain.setting_table import SETTINGS
from core.errors import CareloopError
from core.going_live import Check
from core.live_checks import LOOKED_AT
from core.workbench import Workbench
from pages._shared import count, guarded, moment, notice, plain

_STATES = {
    "ok": ":green[:material/check_circle:]",
    "wrong": ":red[:material/cancel:]",
    "unknown": ":orange[:material/visibility:]",
}
_WORDS = {"ok": "right", "wrong": "wrong", "unknown": "to look at"}
_SECTIONS = {  # where on Settings a check is put right; those of settings that are looked at follow from these
    "name": ("organisation",),
    "postal_address": ("organisation",),
    "call_back_number": ("senders",),
    "from_email": ("senders",),
    "contacts": ("senders", "support"),
    "support": ("support",),
    "mail_server": ("accounts",),
    "twilio": ("accounts",),
    **{key: tuple(dict.fromkeys(SETTINGS[name].section for name in names)) for key, names in LOOKED_AT.items()},
}
_PAGES = {
    "administrators": ("users.py", "Users"),
    "feed": ("data.py", "Data"),
    "senders": ("campaigns.py", "Campaigns"),
    "waiting": ("campaigns.py", "Campaigns"),
}


@guarded
def show(wb: Workbench) -> None:
    """The whole section, for a page of its own or the settings."""
    now, found = going_live.mode(wb), going_live.checklist(wb)
    since = f" since {moment(now.at, wb)}, by {plain(now.by)}: {plain(now.reason)}" if now.at else ""
    if now.is_live:
        st.success(f"**Live**{since}. Messages leave for patients in their windows.", icon=":material/cell_tower:")
    else:
        st.info(f"**Sandbox**{since}. No message leaves for a patient.", icon=":material/science:")
    wrong = sum(check.state == "wrong" for check in found)
    _step(wb, wrong, is_live=now.is_live)
    for check in (each for each in found if each.state != "ok"):
        _line(wb, check)
    _right([check for check in found if check.state == "ok"])


def _step(wb: Workbench, wrong: int, *, is_live: bool) -> None:
    if not wb.user.may(OPERATE):
        st.caption("An administrator may change this.")
    elif is_live:
        if st.button("Back to sandbox", key="live_back", icon=":material/science:"):
            _back(wb)
    else:
        words = f"{count(wrong, 'check')} {'is' if wrong == 1 else 'are'} wrong" if wrong else "Nothing is wrong"
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Go live", key="live_go", type="primary", disabled=wrong > 0, icon=":material/cell_tower:"):
                _go(wb)
            st.caption(f"{words} in the list below.", width="content")


def _line(wb: Workbench, check: Check) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap="small"):
            more = f"  \n:gray[{plain(check.what_to_do)}]" if check.what_to_do else ""
            st.markdown(
                f"{_STATES[check.state]} **{plain(check.title)}** :gray[({_WORDS[check.state]})]  \n"
                f"{plain(check.sentence)}{more}"
            )
            if check.facts:
                st.markdown("\n".join(f"- {plain(' '.join(fact.split()))}" for fact in check.facts))
            _places(wb, check)
        if not wb.user.may(OPERATE):
            return
        if check.account and st.button("Test", key=f"live_test_{check.account}", icon=":material/electrical_services:"):
            _test(wb, check.account)
        if check.may_be_confirmed and st.button("I have looked", key=f"live_{check.key}", icon=":material/visibility:"):
            going_live.confirm_looked_at(wb, check.key)
            st.rerun()


def _places(wb: Workbench, check: Check) -> None:
    """Links to where it is looked at and put right."""
    sections = _SECTIONS.get(check.key, ()) if wb.user.may(CHANGE_ORGANISATION) else ()
    with st.container(horizontal=True, gap="small"):
        for section in sections:
            label = f"Settings, {SECTIONS.get(section, section.capitalize())}"
            st.page_link("settings.py", label=label, icon=":material/settings:", query_params={"section": section})
        if check.key in _PAGES:
            page, label = _PAGES[check.key]
            st.page_link(page, label=label, icon=":material/arrow_forward:")


def _right(found: list[Check]) -> None:
    """What is right takes a line each."""
    if found:
        with st.container(border=True):
            st.markdown(
                "\n\n".join(f"{_STATES['ok']} **{plain(each.title)}** :gray[{plain(each.sentence)}]" for each in found)
            )


def _test(wb: Workbench, kind: str) -> None:
    try:
        found = going_live.try_account(wb, kind)
    except CareloopError as error:
        notice(plain(str(error)), icon=":material/error:")
    else:
        wrong = [step for step in found.steps if not step.is_good]
        words = " ".join(f"{step.words}. {step.advice}" for step in wrong)
        notice(words or "It answered and took the login. No message was sent.", icon=":material/info:")
    st.rerun()


@st.dialog("Go live", icon=":material/cell_tower:")
@guarded
def _go(wb: Workbench) -> None:
    st.markdown("From now on messages **leave for patients**: real mails, texts and calls, in their windows.")
    for check in going_live.checklist(wb):
        if check.state != "ok":
            st.caption(f"{_STATES[check.state]} {plain(check.title)}: {plain(check.sentence)}")
    name = st.text_input(f"Type the organisation's name: {plain(wb.organisation().name)}", key="live_name")
    reason = st.text_input("Why now?", key="live_reason", max_chars=500)
    st.caption("Kept with your name. Write nothing about a patient.")
    if st.button("Go live", key="live_yes", type="primary"):
        going_live.go_live(wb, confirm=name or "", reason=reason or "")
        notice("This home is live", icon=":material/cell_tower:")
        st.rerun()


@st.dialog("Back to sandbox", icon=":material/science:")
@guarded
def _back(wb: Workbench) -> None:
    st.markdown(
        "From the next message on nothing leaves any more. What waits keeps waiting until this home is live again."
    )
    reason = st.text_input("Why?", key="live_back_reason", max_chars=500)
    if st.button("Back to sandbox", key="live_back_yes", type="primary"):
        going_live.back_to_sandbox(wb, reason=reason or "")
        notice("This home is a sandbox", icon=":material/science:")
        st.rerun()
