"""What a campaign changed: its arms, the difference between them with how sure it is, and the course of both."""

import streamlit as st

from core import charts, effects
from core.domain.campaign import DELAYED, Campaign
from core.domain.effects.achieved import NO_ESTIMATE, REGRESSION, both_units, points, untold_sentence
from core.domain.effects.analysis import Effect, Window
from core.domain.effects.comparison import Comparison
from core.domain.effects.design import ARM_NAMES, arm_name
from core.domain.effects.tables import agrees, how_compared
from core.domain.wording import day_text
from core.report_parts import Parts, Slice
from core.workbench import Workbench
from pages._chart import draw_chart
from pages._shared import interval, percent, plain


def show_effect(wb: Workbench, campaign: Campaign, parts: Parts) -> tuple[Slice, str] | None:
    """The effect, or the course alone where chance made no arms. Asks for no follow-up."""
    effect = parts.effect
    if effect is None:
        st.info("What became of these patients is worked out within a minute.", icon=":material/hourglass_empty:")
        return None
    if not effect.is_estimate:
        st.warning(f"**This is {NO_ESTIMATE}.** {REGRESSION}", icon=":material/balance:")
    left, right = st.columns([1, 1], gap="large")
    if parts.silent:
        st.warning(plain(parts.silent), icon=":material/sync_problem:")
    with left:
        _arms(effect)
        if effect.last.comparisons:
            _told(effect.last.comparisons[0], effect)
        elif effect.last.untold:
            st.markdown(untold_sentence(effect.last))
    with right:
        if any(window.comparisons for window in effect.windows):
            draw_chart(charts.differences(effect), key="rp_difference")
        if effect.curves:
            draw_chart(charts.closure_curves(effect), key="rp_curves")
            _at_risk(effect)
    _how(effect)
    _repeats(wb, campaign, effect)
    return None


def _arms(effect: Effect) -> None:
    """Who closed a gap in each window, by arm."""
    rows = [(window, arm) for window in effect.windows for arm in window.arms]
    st.table(
        {
            "Within": [f"{window.days}\u00a0days" for window, _ in rows],
            "Arm": [arm_name(arm.arm, is_alone=not effect.is_estimate) for _, arm in rows],
            "Patients": [f"{arm.counts.size:,}" for _, arm in rows],
            "Closed a gap": [_closed(window, arm.counts.closed, arm.share.estimate) for window, arm in rows],
            "95 %": [_limits(window, arm.share.low, arm.share.high) for window, arm in rows],
        },
        border="horizontal",
        hide_index=True,
        alt="Patients of each arm who closed a gap",
    )


def _closed(window: Window, closed: int, share: float) -> str:
    if window.known_from is not None:
        return f"known from {day_text(window.known_from)}"
    return f"{closed:,} ({percent(share)})".replace(" ", "\u00a0")


def _limits(window: Window, low: float, high: float) -> str:
    return "–" if window.known_from is not None else interval(low, high).replace(" ", "\u00a0")


def _told(one: Comparison, effect: Effect) -> None:
    """What else follows from the difference of the longest window that is over."""
    said = points(one.difference) if effect.is_of_versions else both_units(one)
    lines = [f"**{said}** closed a gap: {ARM_NAMES[one.arm].lower()} against {ARM_NAMES[one.against].lower()}."]
    if one.ratio:
        lines.append(f"{one.ratio.estimate:.2f} times as often ({one.ratio.low:.2f} to {one.ratio.high:.2f}).")
    if one.contact and not effect.is_of_versions:
        most = f"{one.contact.low:.0f} to {one.contact.high:.0f}"
        lines.append(f"One more closed gap for every {one.contact.estimate:.0f} contacted ({most}).")
    if one.complier and points(one.complier) != points(one.difference):  # the same when all were reached
        lines.append(f"Among those reached: {points(one.complier)}.")
    if effect.log_rank is not None:
        asked = (
            ""
            if agrees(effect.log_rank, is_clear=one.difference.is_clear)
            else ", which asks when gaps closed and not only how many"
        )
        lines.append(f"Over the whole time: {_chance(effect.log_rank)} (log-rank{asked}).")
    if effect.is_of_versions and agrees(one.p, is_clear=one.difference.is_clear):
        lines.append(f"Difference of the versions: {_chance(one.p)}.")
    st.markdown("  \n".join(plain(line).replace("\\*\\*", "**") for line in lines))


def _chance(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _at_risk(effect: Effect) -> None:
    """How many are open and followed at the days of the axis that are told."""
    by_day = zip(effect.ticks, zip(*effect.at_risk.values(), strict=True), strict=True)
    days = {f"Day {day}": ["–" if each is None else f"{each:,}" for each in counts] for day, counts in by_day}
    st.table(
        {"Still open": [arm_name(arm, is_alone=not effect.is_estimate) for arm in effect.at_risk], **days},
        border="horizontal",
        hide_index=True,
        alt="How many of each arm are open and followed at each day",
    )


def _how(effect: Effect) -> None:
    plan = effect.plan
    delay = f" Feeds usually tell {plan.lag_days} days late." if plan.lag_days else ""
    st.caption(
        f"Counted from {day_text(plan.allocated_on)}, by the day of the event, as known through "
        f"{day_text(plan.known_through)}.{delay} Everybody counts in the arm they were put in, whatever became of the "
        "message."
    )
    if plan.doubled:
        st.caption(f"Merged records: {plan.doubled:,}. Each person counts once, in the arm of the record that stayed.")
    if plan.design == DELAYED:
        st.caption("Those contacted later are a comparison only until their own start: longer windows are no effect.")
    if said := how_compared(effect):
        st.caption(said)


def _repeats(wb: Workbench, campaign: Campaign, effect: Effect) -> None:
    """The same campaign run several times, taken together."""
    runs = effects.repeats(wb, campaign.campaign_id)
    if len(runs) < 2 or not effect.is_estimate:
        return
    found = effects.pooled(wb, [one.campaign_id for one in runs], days=effect.last.days)
    if found is None or found.runs < 2:
        return
    st.markdown(
        f"**{found.runs} runs of this campaign together:** {points(found.difference)} within "
        f"{effect.last.days} days. {percent(found.heterogeneity)} of how much the runs differ is more than chance."
    )
