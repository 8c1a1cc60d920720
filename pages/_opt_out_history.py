"""Opt-outs of a patient that no longer count: taken back, or over."""

from collections.abc import Sequence

import streamlit as st

from core import users
from core.domain.opt_out import OptOut
from core.domain.opt_out_words import lasts, removal, sentence
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._shared import plain


def show(wb: Workbench, found: Sequence[OptOut]) -> None:
    """What no longer counts: taken back, or over."""
    past = [each for each in found if not each.counts(wb.today()) and each.starts_on <= wb.today()]
    if not past:
        return
    with st.expander(f"No longer counts ({len(past):,})", icon=":material/history:"):
        for each in past:
            st.markdown(plain(sentence(each)))
            st.caption(_end(wb, each))


def _end(wb: Workbench, each: OptOut) -> str:
    if each.removed_on is None:
        return f"Over: it counted {lasts(each.until)}."
    by = f" by {plain(users.name_of(wb, each.removed_by))}" if each.removed_by else ""
    words = [f"Taken back on {day_text(each.removed_on)}{by}"]
    if removal(each):
        words.append(removal(each))
    if each.removed_note and each.removed_how == "agreed":
        words.append(plain(each.removed_note))
    return ": ".join(words)
