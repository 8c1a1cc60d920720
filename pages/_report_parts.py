"""The parts of a report below its results: how far patients came, what to do, by whom they are, and the effect."""

from collections.abc import Callable

import streamlit as st

from core import effects, report_parts
from core.domain.campaign import Campaign
from core.domain.effects.analysis import Effect
from core.report_parts import Parts, Slice
from core.reports import Report
from core.workbench import Workbench
from pages._by_whom import by_whom
from pages._effect import show_effect
from pages._failures import show_failures
from pages._steps import show_steps

Asked = tuple[str, list[str]]
_STEPS, _FAILURES, _BY, _EFFECT = "How far they came", "What to do", "By language, provider, group", "Effect"


def show_parts(wb: Workbench, shown: Report, parts: Parts) -> Asked | None:
    """One part, as chosen; returns the follow-up that was asked for, and for whom."""
    st.space("small")
    offered = _offered(wb, shown.campaign, parts)
    chosen = st.segmented_control(
        "Part", offered, default=offered[0], required=True, key="rp_part", label_visibility="collapsed", wrap=True
    )
    draw: dict[str, Callable[[], tuple[Slice, str] | None]] = {
        _STEPS: lambda: show_steps(wb, parts),
        _FAILURES: lambda: show_failures(wb, parts),
        _BY: lambda: by_whom(wb, parts),
        _EFFECT: lambda: show_effect(wb, shown.campaign, parts),
    }
    asked = draw[str(chosen or offered[0])]()
    if asked is None:
        return None
    wanted, mode = asked
    ids = report_parts.patient_ids(wb, shown.campaign.campaign_id, wanted)
    return f"follow_up:{mode}", ids


def _offered(wb: Workbench, campaign: Campaign, parts: Parts) -> list[str]:
    """What can be told; an effect first. One that chance lets be told is announced as soon as the arms are made."""
    found = [_STEPS, *([_FAILURES] if parts.failures.height else []), _BY]
    if parts.effect is None:
        return [*found, _EFFECT] if effects.is_awaited(wb, campaign) else found
    return [_EFFECT, *found] if _is_told(parts.effect) else [*found, _EFFECT]


def _is_told(effect: Effect) -> bool:
    return effect.is_estimate and effect.last.known_from is None
