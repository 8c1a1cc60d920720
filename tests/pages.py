"""The pages without a browser, as their visitor sees them."""

import os
from functools import cache

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core import audit
from core.errors import SettingsError
from core.settings import read_settings
from core.workbench import Workbench, open_workbench
from pages import _shared
from tests import signed_in
from tests.conftest import ROOT

# Each AppTest reads the metadata of every installed package, in half a second, for components that a page could use.
# They are the same for all of them. (Should Streamlit call this otherwise, that is an AttributeError here.)
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def opened(page: str, *, user: str = "", **query: str) -> AppTest:
    """The page as its visitor sees it after the first run. `user` is who is signed in; else who TEST_USER names."""
    sign_in(user or os.environ.get("TEST_USER", signed_in.PERSON))
    app = AppTest.from_file(str(ROOT / "pages" / "_frame.py"), default_timeout=60)
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    if page != "home":
        app.switch_page(f"{page}.py")
        app.run()
    return app


def sign_in(user_id: str) -> None:
    """Let the pages find this user's session where a browser's cookie would be: AppTest has none."""
    try:
        wb = open_workbench(read_settings(os.environ))
    except SettingsError:  # the page says so
        return
    try:
        token = signed_in.token(wb, user_id)
    finally:
        wb.engine.dispose()
    _shared._token = lambda cookie: token


def told(wb: Workbench) -> dict[str, list[str]]:
    """Which patients the audit log says were shown last, by view."""
    found = reversed(audit.lines(wb, audit.Search(action="patients.shown"), limit=1000))
    return {line.details["view"]: line.details["patients"] for line in found}


def title(app: AppTest) -> str:
    """The title of the page."""
    return str(app.title[0].value)


def words(app: AppTest) -> str:
    """What the page says in sentences."""
    kinds = ("markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(str(getattr(element, "value", "")) for kind in kinds for element in app.get(kind))
