"""Plotly figures of how far the patients of a campaign came, and of what it changed."""

from collections.abc import Mapping

import plotly.graph_objects as go
import polars as pl

from core.charts.theme import GRID, INK, dressed, short_name
from core.domain.effects.achieved import points
from core.domain.effects.allocation import CONTACT, HOLD_OUT, LATER, A, B
from core.domain.effects.analysis import Effect, Window
from core.domain.effects.design import arm_name
from core.domain.effects.survival import share_by
from core.domain.slices import NOT_RECORDED
from core.domain.small_cells import LEAST

ARM_COLOURS = {CONTACT: "#2a9d8f", HOLD_OUT: "#d55e00", LATER: "#d55e00", A: "#2a9d8f", B: "#3d8bd4"}
ARM_DASHES = {CONTACT: "solid", HOLD_OUT: "dash", LATER: "dash", A: "solid", B: "dash"}
_BAR = 30  # pixels for one bar with the space around it


def closure_curves(effect: Effect) -> go.Figure:
    """The share of each arm that had closed a gap by each day that is told, with its 95 % interval as a band."""
    figure, known, last = go.Figure(), effect.days_told, effect.plan.windows[-1]
    for arm, curve in effect.curves.items():
        _add_band(figure, curve, ARM_COLOURS[arm], known)
    for arm, curve in effect.curves.items():
        days = [*curve["day"], known]
        name = arm_name(arm, is_alone=len(effect.curves) == 1)
        figure.add_scatter(
            x=days,
            y=[*curve["share"], curve["share"][-1]],
            mode="lines",
            name=name,
            line={"color": ARM_COLOURS[arm], "dash": ARM_DASHES[arm], "width": 2.5, "shape": "hv"},
            hovertemplate=f"{name}, day %{{x}}: %{{y:.1%}}<extra></extra>",
        )
    figure.update_xaxes(title_text="Days from the start", range=[0, last], tickvals=list(effect.ticks), gridcolor=GRID)
    figure.update_xaxes(tickfont_color=INK, zeroline=False)
    figure.update_yaxes(
        title_text="Closed a gap", tickformat=".0%", rangemode="tozero", gridcolor=GRID, tickfont_color=INK
    )
    if not any(curve["share"].max() for curve in effect.curves.values()):
        figure.update_yaxes(range=[0, 0.1])
    figure.update_layout(showlegend=len(effect.curves) > 1, legend={"orientation": "h", "y": -0.3})
    return dressed(figure, title=_curve_title(effect), height=330)


def _add_band(figure: go.Figure, curve: pl.DataFrame, colour: str, last: int) -> None:
    told = curve.drop_nulls("low")
    if told.is_empty():
        return
    days = [*told["day"], last]
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    for name, fill in (("high", None), ("low", "tonexty")):
        figure.add_scatter(
            x=days,
            y=[*told[name], told[name][-1]],
            mode="lines",
            line={"width": 0, "shape": "hv"},
            fill=fill,
            fillcolor=f"rgba({red}, {green}, {blue}, 0.14)",
            hoverinfo="skip",
            showlegend=False,
        )


def _curve_title(effect: Effect) -> str:
    known, last = effect.days_told, effect.plan.windows[-1]
    is_alone = len(effect.curves) == 1
    shares = [(arm_name(arm, is_alone=is_alone), share_by(curve, known)) for arm, curve in effect.curves.items()]
    told = ", ".join(f"{share:.1%}" if is_alone else f"{share:.1%} {name.lower()}" for name, share in shares)
    if not known:
        return "Who closed a gap is not known of any day yet"
    return f"Closed a gap within {last} days: {told}" if known == last else f"After {known} of {last} days: {told}"


def differences(effect: Effect) -> go.Figure:
    """For each window that is over the difference between the arms with its 95 % interval, against no difference."""
    told = [window for window in effect.windows if window.comparisons]
    shown = [window.comparisons[0].difference for window in told]
    names = [f"{window.days} days  " for window in told]
    figure = go.Figure(
        go.Scatter(
            x=[one.estimate for one in shown],
            y=names,
            mode="markers",
            marker={"size": 11, "color": ARM_COLOURS[CONTACT], "symbol": "square"},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.high - one.estimate for one in shown],
                "arrayminus": [one.estimate - one.low for one in shown],
                "color": INK,
                "thickness": 1.6,
                "width": 6,
            },
            hovertext=[points(one) for one in shown],
            hovertemplate="%{hovertext}<extra></extra>",
            showlegend=False,
        )
    )
    figure.add_vline(x=0, line={"color": INK, "width": 1.2, "dash": "dash"})
    figure.update_xaxes(tickformat="+.1~%", gridcolor=GRID, tickfont_color=INK, zeroline=False)
    figure.update_yaxes(autorange="reversed", tickfont_color=INK)
    return dressed(figure, title=_difference_title(told[-1]), height=130 + _BAR * len(told))


def _difference_title(window: Window) -> str:
    one = window.comparisons[0]
    said = f"{points(one.difference)} within {window.days} days"
    return said if one.difference.is_clear else f"{said}: may be chance"


def funnel_steps(funnel: pl.DataFrame, *, is_over: bool = True) -> go.Figure:
    """How many came as far as each step (core.domain.campaign_steps.FUNNEL), without those not known yet.

    is_over   whether the time in which a gap counts as closed has passed
    """
    known = funnel.drop_nulls("count")
    figure = go.Figure(
        go.Bar(
            x=known["count"].to_list(),
            y=known["name"].to_list(),
            orientation="h",
            marker={"color": ARM_COLOURS[CONTACT], "opacity": 0.8},
            text=[
                f"{count:,} ({share:.0%})" if share is not None else f"{count:,}"
                for count, share in known.select("count", "share").iter_rows()
            ],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:,} patients<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", tickfont_color=INK, ticksuffix="  ")
    figure.update_xaxes(visible=False, range=[0, max([1, *known["count"]]) * 1.3])
    return dressed(
        figure,
        title=_steps_title(dict(known.select("key", "count").iter_rows()), is_over=is_over),
        height=80 + _BAR * known.height,
    )


def _steps_title(counts: dict[str, int], *, is_over: bool) -> str:
    if "delivered" not in counts:  # hidden, as they are few
        return f"{counts['selected']:,} were selected"
    said = f"{counts['delivered']:,} of {counts['selected']:,} selected were reached"
    if "closed" not in counts or not (counts["closed"] or is_over):
        return said
    return f"{said}, {counts['closed']:,} of them closed a gap{'' if is_over else ' so far'}"


def shares(slices: pl.DataFrame, names: Mapping[str, str], *, by: str, is_over: bool = True) -> go.Figure:
    """Who closed a gap of those reached, by language, provider or group (core.domain.campaign_steps.SLICES).

    names     what people call a slice, where that is not what it holds
    is_over   whether the time in which a gap counts as closed has passed
    """
    shown = slices.filter(~pl.col("is_hidden"), pl.col("delivered") > 0, pl.col("closed").is_not_null())
    values = [row["closed"] / row["delivered"] for row in shown.iter_rows(named=True)]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=list(range(shown.height)),
            orientation="h",
            marker={"color": ARM_COLOURS[CONTACT], "opacity": 0.8},
            text=[f"{value:.0%}" for value in values],
            textposition="outside",
            cliponaxis=False,
            customdata=shown.select("closed", "delivered").rows(),
            hovertemplate="%{customdata[0]:,} of %{customdata[1]:,} reached<extra></extra>",
        )
    )
    called = [f"{short_name(names.get(name, name) or NOT_RECORDED)}  " for name in shown["slice"]]
    figure.update_yaxes(
        autorange="reversed", tickvals=list(range(shown.height)), ticktext=called, tickfont_color=INK, zeroline=False
    )
    figure.update_xaxes(visible=False, range=[0, max(values, default=1) * 1.25 or 1])
    named = zip(called, values, shown["delivered"], strict=True)
    told = {name.strip(): value for name, value, count in named if count >= LEAST}
    title = _shares_title(told, by.lower(), "" if is_over else " so far")
    return dressed(figure, title=title, height=80 + _BAR * max(shown.height, 1))


def _shares_title(told: Mapping[str, float], by: str, so_far: str) -> str:
    """'Of those reached 12% (Hindi) to 27% (English) closed a gap', of the slices that are not small."""
    if not told:
        return f"Too few of each {by} were reached to tell"
    low, high = (choose(told, key=lambda name: told[name]) for choose in (min, max))
    if told[low] == told[high]:
        who = f"each {by}" if len(told) > 1 else low
        return f"Of those reached of {who} {told[high]:.0%} closed a gap{so_far}"
    return f"Of those reached {told[low]:.0%} ({low}) to {told[high]:.0%} ({high}) closed a gap{so_far}"
