"""The pages without a browser, as their visitor sees them."""

from functools import cache

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT

# Each AppTest reads the metadata of every installed package, in half a second, for components that a page could use.
# They are the same for all of them. (Should Streamlit call this otherwise, that is an AttributeError here.)
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def opened(page: str, **query: str) -> AppTest:
    """The page as its visitor sees it after the first run."""
    app = AppTest.from_file(str(ROOT / "pages" / "_frame.py"), default_timeout=60)
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    if page != "home":
        app.switch_page(f"{page}.py")
        app.run()
    return app


def title(app: AppTest) -> str:
    """The title of the page."""
    return str(app.title[0].value)


def words(app: AppTest) -> str:
    """What the page says in sentences."""
    kinds = ("markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(str(getattr(element, "value", "")) for kind in kinds for element in app.get(kind))
