"""The same as a table on a laptop and as lines on a phone. Style sheets choose: the server does not know the width."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import streamlit as st

from pages._shared import plain

_NARROW = "max-width: 640px"
_WIDE = "min-width: 641px"


def style() -> str:
    """The style sheet, once on every page."""
    rules = ((_NARROW, "on-laptop"), (_WIDE, "on-phone"))
    return "".join(
        f"@media ({width}) {{ [data-testid='stLayoutWrapper']:has(> [class*='st-key-{name}']) {{ display: none; }} }}"
        for width, name in rules
    )


@contextmanager
def on_laptop(key: str) -> Iterator[None]:
    """What only a wide screen shows: a table with many columns."""
    with st.container(key=f"on-laptop-{key}"):
        yield


@contextmanager
def only_on_phone(key: str) -> Iterator[None]:
    """What only a narrow screen shows, when `on_phone` does not fit."""
    with st.container(key=f"on-phone-{key}"):
        yield


def on_phone(key: str, rows: Iterable[tuple[str, str]], *, note: str = "") -> None:
    """What only a narrow screen shows: of each row its name and below it the few words that matter, if any."""
    with st.container(key=f"on-phone-{key}", border=True):
        st.markdown(
            "\n\n".join(f"**{plain(name)}**  \n{plain(words)}" if words else plain(name) for name, words in rows)
        )
        if note:
            st.caption(note)
