"""The demo's clock in the side bar: time can be moved, so that a campaign can be watched going out."""

from datetime import timedelta

import streamlit as st

from core import demo
from core.workbench import Workbench
from pages._shared import moment


def demo_clock(wb: Workbench) -> None:
    """Shows the demo's time and lets it be moved. Drawn only in a demo home."""
    shifted = demo.clock_shift(wb)
    with st.popover(
        f"Demo clock {wb.now().astimezone(wb.zone()):%a %H:%M}", icon=":material/schedule:", width="stretch"
    ):
        st.caption(
            "This demo keeps a clock of its own. Move it to the next window and watch an active campaign go out."
        )
        st.write(f"**{moment(wb.now(), wb)}**" + (" (moved)" if shifted else " (now)"))
        st.button("Next window", key="clock_window", on_click=demo.move_clock_to_window, args=(wb,), width="stretch")
        st.button("One hour later", key="clock_hour", on_click=_later, args=(wb, timedelta(hours=1)), width="stretch")
        st.button("One day later", key="clock_day", on_click=_later, args=(wb, timedelta(days=1)), width="stretch")
        st.button("Sunday evening", key="clock_sunday", on_click=demo.move_clock_to_sunday, args=(wb,), width="stretch")
        st.button(
            "Back to now",
            key="clock_reset",
            disabled=not shifted,
            on_click=demo.reset_clock,
            args=(wb,),
            width="stretch",
        )


def _later(wb: Workbench, by: timedelta) -> None:
    demo.move_clock(wb, wb.now() + by)
