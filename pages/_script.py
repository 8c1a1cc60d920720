"""A call as a script: when, who, and what was said or done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape

import streamlit as st

from core.domain.address import phone_text
from core.outbox_texts import Said
from core.workbench import Workbench

_US = "Careloop"
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


def step_of(said: Said, wb: Workbench) -> Step | None:
    """A line of the script; None for what nobody hears."""
    done = _done(said)
    at = f"{datetime.fromisoformat(said.at).astimezone(wb.zone()):%H:%M:%S}"
    if said.verb in ("Say", "Play"):
        return Step(at, _US, said.text, is_speech=said.verb == "Say", language=said.language)
    return Step(at, *done) if done else None


def script(steps: Iterable[Step]) -> None:
    """Draw the lines; whatever was said stays plain text."""
    lines = "".join(_line(step) for step in steps)
    st.html(f'<style>{_STYLE}</style><dl class="script" aria-label="What was said in the call">{lines}</dl>')


def _line(step: Step) -> str:
    kind = "said" if step.is_speech else "did"
    lang = f' lang="{escape(step.language)}"' if step.language else ""
    words = escape(step.words)
    return f'<div><time>{escape(step.at)}</time><dt>{escape(step.who)}</dt><dd class="{kind}"{lang}>{words}</dd></div>'


def _done(said: Said) -> tuple[str, str] | None:
    """Who did what, of a step that is no speech."""
    if said.verb == "Gather":
        pressed = f"pressed {said.text}" if said.text else "pressed no key"
        return None if said.outcome == "asked" else ("Patient", pressed)
    if said.verb == "Dial":
        return _US, f"put the call through to {phone_text(said.text)}: {said.outcome.replace('-', ' ')}"
    if said.verb in ("Hangup", "Reject"):
        return _US, "hung up"
    return None if said.verb in ("Pause", "Redirect") else ("Error", said.text or said.verb)
