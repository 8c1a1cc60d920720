"""One care gap with its evidence: the state, what was looked at, and what would close it."""

from collections.abc import Callable

import streamlit as st

from core.domain.clinical import OPEN_STATES
from core.domain.measure_evidence import Check, Explanation
from core.domain.measure_wording import STATE_NAMES
from core.domain.wording import day_text
from pages._shared import plain

# state -> colour, icon; open gaps come first
LOOKS = {
    "overdue": ("red", "event_busy"),
    "out_of_range": ("red", "monitor_heart"),
    "due_soon": ("orange", "event_upcoming"),
    "cannot_determine": ("violet", "help"),
    "satisfied": ("green", "check_circle"),
    "excluded": ("gray", "block"),
    "not_applicable": ("gray", "remove"),
}
_MARKS = {True: ":green[:material/check:]", False: ":red[:material/close:]", None: ":violet[:material/question_mark:]"}
_NEARLY = {"not_final": "pending", "no_value": "data_alert", "too_old": "history", "wrong_code": "label_off"}


def is_open(explanation: Explanation) -> bool:
    """Whether it is an open care gap."""
    return explanation.state in OPEN_STATES


def place(explanation: Explanation) -> int:
    """Where it stands in a list: open gaps first, measures that are not about the patient last."""
    return list(LOOKS).index(explanation.state)


def state_badge(state: str) -> str:
    """A state by colour, icon and word, as Markdown."""
    colour, icon = LOOKS[state]
    return f":{colour}-badge[:material/{icon}: {STATE_NAMES[state]}]"


def explanation(
    each: Explanation,
    *,
    is_unfolded: bool,
    mark: str = "",
    beside: Callable[[str], None] | None = None,
    below: Callable[[Explanation], None] | None = None,
) -> None:
    """Draw it, folded or not. `mark` stands beside its name; `beside` draws what people have said of it, by the id of
    the measure, and `below` what can be done with it."""
    label = f"{state_badge(each.state)} **{plain(each.name)}** {mark}"
    with st.expander(label, expanded=is_unfolded):
        st.markdown(plain(each.headline))
        if each.closes and each.state not in ("not_applicable", "excluded"):
            st.info(f"**What would close it:** {plain(each.closes)}", icon=":material/task_alt:")
        if beside is not None:
            beside(each.measure_id)
        _evidence(each)
        if below is not None:
            below(each)


def _evidence(each: Explanation) -> None:
    """What it rests on."""
    left, right = st.columns(2, gap="medium")
    with left:
        _searches(each)
        if each.due_on:
            st.markdown(f"**Due** {day_text(each.due_on)}")
    with right:
        _checks("Is the measure about this patient?", each.population)
        _checks("What would take the patient out", each.exclusions, met_is_good=False)
    named = " · ".join(word for word in (each.gap_status, each.gap_reason) if word)
    st.caption(f"{plain(each.rule)}  \nSource: {plain(each.source)}  \nIn data exchange (DEQM): {named}")


def _searches(each: Explanation) -> None:
    if each.searches:
        found = (f"{_MARKS[search.counts]} {plain(search.sentence)}" for search in each.searches)
        st.markdown("**What was looked for**\n\n" + "  \n".join(found))
    if each.near_misses:
        nearly = (f":gray[:material/{_NEARLY[miss.kind]}:] {plain(miss.sentence)}" for miss in each.near_misses)
        st.markdown("**Nearly**\n\n" + "  \n".join(nearly))


def _checks(title: str, checks: tuple[Check, ...], *, met_is_good: bool = True) -> None:
    if not checks:
        return
    lines = []
    for check in checks:
        mark = (
            _MARKS[check.is_met]
            if met_is_good
            else (":red[:material/block:]" if check.is_met else ":gray[:material/remove:]")
        )
        lines.append(f"{mark} {plain(check.sentence)}")
    st.markdown(f"**{title}**\n\n" + "  \n".join(lines))
