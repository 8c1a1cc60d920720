"""The body editor: a small box for formatted text. What it returns is never trusted; it is cleaned when kept."""

from typing import Any

import streamlit as st

from core import templates
from core.domain.merge_field import FIELDS, field_label
from pages._shared import HERE

_HTML = """<div class="frame"><div class="bar" role="toolbar" aria-label="Formatting"></div>
<div class="area" contenteditable="true" role="textbox" aria-multiline="true" spellcheck="true"></div></div>"""
_PARTS = HERE / "rich_text"
_EDITOR = st.components.v2.component(
    "careloop_rich_text",
    html=_HTML,
    css=(_PARTS / "editor.css").read_text("utf-8"),
    js="".join((_PARTS / name).read_text("utf-8") for name in ("table.js", "editor.js")),
)


def rich_text(label: str, html: str, *, key: str, locked: bool = False) -> str:
    """The HTML now in the box, not yet cleaned. `html` fills the box when it is drawn first; typing is not overwritten,
    so another text needs another `key`. The merge fields can be picked from a list."""
    st.caption(label)
    # For each field: its name, its line in the list, and the short label that stands for it in the text.
    fields = [(name, f"{field_label(name)} – {field.about}", field_label(name)) for name, field in FIELDS.items()]
    data: dict[str, Any] = {
        "label": label,
        "html": templates.clean(html),
        "seed": key,
        "fields": fields,
        "locked": locked,
    }
    result = _EDITOR(key=key, data=data, default={"html": html}, on_html_change=lambda: None)
    return str(result.html if result.html is not None else html)
