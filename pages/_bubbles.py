"""Texts as they look on the patient's phone: what came at the left, what its owner wrote at the right."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import streamlit as st

# `light-dark` follows the theme that the visitor chose, because Streamlit says on its root which of the two it is.
_STYLE = """
.phone { display: flex; flex-direction: column-reverse; max-height: 30rem; overflow-y: auto; padding: 2px 2px 6px; }
.phone > div { display: flex; flex-direction: column; align-items: flex-start; gap: 2px; }
.phone p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.45; max-width: min(85%, 30rem);
  padding: 8px 13px; border-radius: 18px 18px 18px 5px; background: color-mix(in srgb, currentColor 9%, transparent); }
.phone p.mine { align-self: flex-end; border-radius: 18px 18px 5px 18px; color: #fff;
  background: color-mix(in srgb, light-dark(LIGHT, DARK) 85%, #000); }
.phone small { font-size: 0.8rem; line-height: 1.4; padding: 0 6px; margin-bottom: 10px; max-width: min(85%, 30rem);
  color: color-mix(in srgb, currentColor 72%, transparent); }
.phone small.mine { align-self: flex-end; text-align: right; }
.phone small.bad { color: light-dark(RED, PALE); }
.phone small.day { align-self: center; margin: 6px 0 8px; }
"""


@dataclass(frozen=True)
class Bubble:
    """One text. `is_mine`: the owner of the phone, that is the patient, wrote it. `caption` stands below it.

    `day` stands above it where it differs from the one before; `is_bad` when the caption says that it did not arrive.
    """

    text: str
    is_mine: bool
    caption: str = ""
    day: str = ""
    is_bad: bool = False


def bubble(text: str, *, mine: bool, caption: str = "") -> None:
    """One text on the patient's phone. A text of ours is not `mine`: the patient received it."""
    conversation([Bubble(text, mine, caption)])


def conversation(bubbles: Iterable[Bubble]) -> None:
    """Texts in their order. A long conversation shows its end and scrolls; whatever is written stays plain text."""
    parts, day = [], ""
    for each in bubbles:
        if each.day and each.day != day:
            parts.append(f'<small class="day">{escape(each.day)}</small>')
        parts.append(_part(each))
        day = each.day
    st.html(
        f"<style>{_style()}</style>"
        f'<div class="phone" role="log" tabindex="0" aria-label="Texts on the phone"><div>{"".join(parts)}</div></div>'
    )


def _part(each: Bubble) -> str:
    side = "mine" if each.is_mine else "theirs"
    bad = " bad" if each.is_bad else ""
    caption = f'<small class="{side}{bad}">{escape(each.caption)}</small>' if each.caption else ""
    return f'<p class="{side}" dir="auto">{escape(each.text)}</p>{caption}'


def _style() -> str:
    """With the theme's own colours, for light and dark."""
    colours = {
        "LIGHT": "theme.light.primaryColor",
        "DARK": "theme.dark.primaryColor",
        "RED": "theme.light.redColor",
        "PALE": "theme.dark.redColor",
    }
    style = _STYLE
    for name, option in colours.items():
        style = style.replace(name, str(st.get_option(option)))
    return style
