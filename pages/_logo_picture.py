"""A logo as a picture on white, as letters and emails show it."""

import base64
from html import escape

import streamlit as st

from core.logos import Logo

_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}
_STYLE = """<style>
.letter-logo { display: inline-flex; align-items: center; padding: 8px 12px; background: #fff; border-radius: 8px;
  border: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.letter-logo img { max-height: 52px; max-width: 240px; display: block; }
</style>"""


def logo_picture(shown: Logo) -> None:
    """Draw it; its full name shows on hover."""
    name, data = escape(shown.name, quote=True), base64.b64encode(shown.content).decode()
    st.html(
        f'{_STYLE}<span class="letter-logo" title="{name}">'
        f'<img alt="Logo: {name}" src="data:{_TYPES[shown.kind]};base64,{data}"></span>',
        width="content",
    )
