"""A mail as its reader sees it, in a frame of its own that can run nothing and fetch nothing."""

import base64

import streamlit as st

WIDTHS = {"Desktop": "stretch", "Phone": 390}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_HEAD = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}"><base target="_blank">'


def mail_frame(html: str, *, width: str = "Desktop", height: int = 640) -> None:
    """Show a mail's HTML. It comes as a data address: an origin of its own, so nothing in it reaches this page."""
    page = _HEAD + html if "<head>" not in html else html.replace("<head>", f"<head>{_HEAD}", 1)
    address = "data:text/html;charset=utf-8;base64," + base64.b64encode(page.encode()).decode()
    st.iframe(address, width=WIDTHS[width], height=height, alt="The mail as its reader sees it")  # type: ignore[arg-type]


def width_choice(key: str) -> str:
    """The choice between a desktop's and a phone's width."""
    chosen = st.segmented_control(
        "Width", list(WIDTHS), default="Desktop", key=key, required=True, label_visibility="collapsed"
    )
    return str(chosen or "Desktop")
