"""The bottom of the side bar: who is signed in and as what, the way out, and the watch over an idle session."""

import streamlit as st

from core.domain.role import names
from core.sessions import Session
from core.workbench import Workbench
from pages._shared import HERE

_HTML = """<div class="account"><div class="name"></div><div class="roles"></div><div class="links">
<button class="switch" type="button" hidden>Switch role</button>
<a class="password" href="/sign-in/change" target="_self" hidden>Password</a>
<a class="out" href="/sign-out" target="_self">Sign out</a></div>
<div class="warning" role="alert" hidden><span class="left"></span>
<button class="stay" type="button">Stay</button></div>
</div>"""
_PARTS = HERE / "account"
_ACCOUNT = st.components.v2.component(
    "careloop_account",
    html=_HTML,
    css=(_PARTS / "account.css").read_text("utf-8"),
    js=(_PARTS / "account.js").read_text("utf-8"),
)


def account(wb: Workbench, session: Session) -> None:
    """Shows it. The name and roles are text to the browser, whatever they hold."""
    data = {
        "name": wb.user.name,
        "roles": names(wb.user.roles),
        "demo": wb.settings.demo,
        "has_password": session.method == "password",
    }
    _ACCOUNT(key="account", data=data)
