"""Buttons that save what is shown in the kinds of files there are; each file is made when its button is pressed."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import IO

import streamlit as st

from core import exports


def export_buttons(
    write: Callable[..., object], stem: str, *, key: str, label: str = "{}", count: int = 1, wide: bool = False
) -> None:
    """A button for each kind of file. `write` is told where to write to and the `kind`; `count` is how many tables a
    CSV has."""
    for kind, about in exports.KINDS.items():
        st.download_button(
            label.format(about.name),
            data=partial(_content, partial(write, kind=kind)),
            file_name=exports.file_name(stem, kind, count=count),
            key=f"{key}_{kind}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch" if wide else "content",
        )


def _content(write: Callable[[IO[bytes]], object]) -> bytes:
    out = BytesIO()
    write(out)
    return out.getvalue()
