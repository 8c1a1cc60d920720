"""A box for plain text with merge fields, of a text or call. It is counted while somebody types."""

from typing import Any

import streamlit as st

from core.domain.merge_field import FIELDS, field_label
from pages._shared import HERE

_HTML = """<div class="frame"><div class="bar"><select aria-label="Insert a merge field">
<option value="">Insert field …</option></select></div><textarea spellcheck="true"></textarea></div>"""
_PARTS = HERE / "plain_text"
_BOX = st.components.v2.component(
    "careloop_plain_text",
    html=_HTML,
    css=(_PARTS / "box.css").read_text("utf-8"),
    js=(_PARTS / "box.js").read_text("utf-8"),
)


def plain_text(label: str, text: str, *, key: str, locked: bool = False) -> str:
    """The text now in the box. `text` fills it when it is drawn first; typing is not overwritten, so another text needs
    another `key`. Streamlit's own box tells what was typed only when somebody leaves it."""
    fields = [(name, f"{field_label(name)} – {field.about}") for name, field in FIELDS.items()]
    data: dict[str, Any] = {"label": label, "text": text, "seed": key, "fields": fields, "locked": locked}
    with st.container(gap="xsmall"):
        st.caption(label)
        result = _BOX(key=key, data=data, default={"text": text}, on_text_change=lambda: None)
    return str(result.text if result.text is not None else text)
