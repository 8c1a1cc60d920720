"""The figures at the top of the Overview page; each opens the list of the campaigns behind it."""

from collections.abc import Callable

import polars as pl
import streamlit as st

from core.domain.followed_words import PER_GAP, known_text
from core.overview import Overview
from core.workbench import Workbench
from pages._shared import count, percent

LIST = "ov_list"  # in the session: which figure's campaigns are listed, a key of LISTS
CLICKS = "ov_clicks"  # part of the chart's key, so that the bar that was chosen is no longer
_WIDTH = 144  # pixels: six of them beside each other on a laptop, two on a phone
_HIDDEN = "hidden"
# Which campaigns each figure is about, and the column by which they are listed.
LISTS: dict[str, tuple[str, Callable[[], pl.Expr], str, bool]] = {
    "all": ("All campaigns", lambda: pl.lit(True), "start_on", True),
    "handed_over": ("Campaigns that contacted somebody", lambda: pl.col("handed_over") > 0, "handed_over", True),
    "failed": ("Campaigns with messages that did not arrive", lambda: pl.col("failed") > 0, "delivery_rate", False),
    "opt_outs": ("Campaigns with opt-outs", lambda: pl.col("opt_outs") > 0, "opt_outs", True),
    "cost": ("Campaigns that cost something", lambda: pl.col("cost") > 0, "cost", True),
    "gaps_closed": ("Campaigns after which gaps were closed", lambda: pl.col("gaps_closed") > 0, "gaps_closed", True),
    "cost_per_gap": ("Campaigns by cost of a closed gap", lambda: pl.col("cost_per_gap") > 0, "cost_per_gap", True),
}


def show(wb: Workbench, shown: Overview) -> None:
    """Six figures in a row, two in each on a phone. What stands below a figure opens its list."""
    totals = shown.totals
    sent = shown.campaigns.filter(pl.col("handed_over") > 0).height
    through, cost = known_text(shown.known), f"{_units(shown)} {_prices(wb)}"
    within = "Within 90 days, so far" if shown.known.open_count else "Within 90 days"
    figures = (
        ("Contacts", _number(totals["handed_over"]), count(sent, "campaign"), "handed_over", ""),
        ("Delivered", percent(totals["delivery_rate"]), f"{_number(totals['failed'])} did not arrive", "failed", ""),
        ("Opt-out rate", percent(totals["opt_out_rate"]), _opt_outs(totals["opt_outs"]), "opt_outs", ""),
        ("Cost", _HIDDEN if totals["cost"] is None else dollars(totals["cost"]), "By campaign", "cost", cost),
        ("Gaps closed", _number(totals["gaps_closed"]), within, "gaps_closed", through),
        ("Cost per gap closed", dollars(totals["cost_per_gap"]), "By campaign", "cost_per_gap", f"{PER_GAP} {through}"),
    )
    with st.container(horizontal=True, gap="small"):
        for name, value, words, key, about in figures:
            with st.container(gap="xxsmall", width=_WIDTH):
                st.metric(name, value, help=about or None)
                st.button(
                    words,
                    key=f"ov_open_{key}",
                    type="tertiary",
                    icon=":material/chevron_right:",
                    icon_position="right",
                    on_click=open_list,
                    args=(key,),
                )


def open_list(key: str = "all") -> None:
    """List the campaigns behind a figure; no longer those of one bar of the chart."""
    st.session_state[LIST] = key
    st.session_state[CLICKS] = st.session_state.get(CLICKS, 0) + 1


def _opt_outs(number: float | None) -> str:
    return f"{_HIDDEN.capitalize()} opt-outs" if number is None else count(int(number), "opt-out")


def dollars(value: float | None) -> str:
    """'$1,204.50', and without cents from a hundred thousand on; a dash where there is none."""
    return "–" if value is None else f"${value:,.0f}" if value >= 100_000 else f"${value:,.2f}"


def _number(value: float | None) -> str:
    return _HIDDEN if value is None else f"{int(value):,}"


def _units(shown: Overview) -> str:
    parts = (("segments", "text segment"), ("call_minutes", "call minute"), ("letters", "letter"))
    told = [count(int(shown.totals[key] or 0), noun) for key, noun in parts if shown.totals[key]]
    if any(shown.totals[key] is None for key, _ in parts):
        return "Hidden, as it would tell the number of contacts."
    return f"{', '.join(told)}." if told else "Emails cost nothing."


def _prices(wb: Workbench) -> str:
    """Those of now: whoever may not change settings reads them here."""
    organisation = wb.organisation()
    return (
        f"Prices of today: a text segment ${organisation.segment_price:g}, a begun minute of a call "
        f"${organisation.call_minute_price:g}, a letter ${organisation.letter_price:g}."
    )
