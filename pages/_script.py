"""A call as a script: when, who, and what was said or done."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import streamlit as st

# As in _bubbles: Streamlit's root says whether the theme is light or dark, and text has the theme's colour.
_STYLE = """
.script { display: grid; grid-template-columns: max-content max-content minmax(0, 1fr); gap: 8px 14px;
  margin: 0; line-height: 1.45; align-items: baseline; }
.stHtml .script { padding: 0; }
.script > div { display: contents; }
.script time, .script .did { color: color-mix(in srgb, currentColor 72%, transparent); }
.script time { font-size: 0.8rem; font-variant-numeric: tabular-nums; }
.script dt { font-weight: 600; }
.script dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 640px) { .script { grid-template-columns: max-content minmax(0, 1fr); gap: 2px 10px; }
  .script dd { grid-column: 1 / -1; margin-bottom: 8px; } }
"""


@dataclass(frozen=True)
class Step:
    """One line. `is_speech` when these are the very words, in `language`; else what was done."""

    at: str
    who: str
    words: str
    is_speech: bool = False
    language: str = ""


def script(steps: Iterable[Step]) -> None:
    """Draw the lines; whatever was said stays plain text."""
    lines = "".join(_line(step) for step in steps)
    st.html(f'<style>{_STYLE}</style><dl class="script" aria-label="What was said in the call">{lines}</dl>')


def _line(step: Step) -> str:
    kind = "said" if step.is_speech else "did"
    lang = f' lang="{escape(step.language)}"' if step.language else ""
    words = escape(step.words)
    return f'<div><time>{escape(step.at)}</time><dt>{escape(step.who)}</dt><dd class="{kind}"{lang}>{words}</dd></div>'
