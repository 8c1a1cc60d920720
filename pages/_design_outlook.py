"""What a campaign of this design could show, live while it is chosen: who is where, and which rise would be found."""

import streamlit as st

from core import designs
from core.domain.campaign import AB, DELAYED, Campaign
from core.domain.effects.design import ARM_NAMES, HELD_OUT, shares
from core.domain.effects.outlook import PUBLISHED, PUBLISHED_SOURCE, Outlook, outlook_sentences
from core.domain.role import READ_PATIENTS
from core.workbench import Workbench
from pages._shared import plain
from pages._typed import widget_key

_ABOUT = {HELD_OUT: "held out", DELAYED: "contacted later", AB: "with version B"}
_WANTED = 3.0  # points
_NONE = -1.0  # nobody of our own to reckon from
_EMPTY = "Chance would put nobody into one of the groups: such a campaign cannot go out."
_KIND = "Half now and half later is kinder: nobody goes without, and it shows smaller effects."


def show_outlook(wb: Workbench, draft: Campaign) -> None:
    """Draw it."""
    base, wanted = _asked(wb, draft)
    shown = designs.foreseen(wb, draft, base=base / 100, wanted=wanted / 100)
    st.dataframe(
        {
            "": [ARM_NAMES[arm] for arm in shares(draft)],
            "Patients": list(shown.patients.values()),
            "Households": list(shown.households.values()),
        },
        hide_index=True,
        alt="How many patients and households are in each arm",
        column_config={each: st.column_config.NumberColumn(format="localized") for each in ("Patients", "Households")},
    )
    if not all(shown.patients.values()):
        st.warning(_EMPTY, icon=":material/group_off:")
    st.markdown(plain(" ".join(outlook_sentences(shown, about=_ABOUT[draft.design]))))
    if draft.design == HELD_OUT:
        st.caption(f":material/lightbulb: {_KIND}")
    st.caption(_small_print(shown))


def _asked(wb: Workbench, draft: Campaign) -> tuple[float, float]:
    """The share that closes without contact, and the rise hoped for, in percent."""
    key = widget_key(draft, "own_base")
    published = round(100 * PUBLISHED[draft.channel], 1)
    own: float | None = st.session_state.get(key)
    left, right = st.columns(2)
    base = left.number_input(
        "Close with version A, %" if draft.design == AB else "Close without contact, %",
        0.0,
        95.0,
        published if own is None or own < 0 else own,
        step=1.0,
        key=widget_key(draft, f"base_{own}"),
        format="%.1f",
        persist_state="session",
        help="Of all care gaps the share that closes within 90 days. It is what the effect is measured against.",
    )
    wanted = right.number_input(
        "Rise you hope to show, points", 0.5, 50.0, _WANTED, step=0.5, key=widget_key(draft, "wanted"), format="%.1f",
        persist_state="session",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_source(base, published, own), width="content")
        if own is None and wb.user.may(READ_PATIENTS):
            st.button("Take our own", key="ce_own_base", type="tertiary", on_click=_take_own, args=(wb, draft, key))
    return base, wanted


def _take_own(wb: Workbench, draft: Campaign, key: str) -> None:
    found = designs.own_base(wb, draft)
    st.session_state[key] = _NONE if found is None else min(95.0, round(100 * found, 1))


def _source(base: float, published: float, own: float | None) -> str:
    if own == _NONE:
        return "Of your own patients nobody had such a gap 90 days ago."
    if own is not None and base == own:
        return f"{own:.1f} % of your own patients' gaps open 90 days ago have closed since, some after a reminder."
    if base == published:
        return f"Published: {published:.1f} % {PUBLISHED_SOURCE}."
    return f"Your own figure. Published: {published:.1f} %."


def _small_print(shown: Outlook) -> str:
    total = sum(shown.patients.values())
    single = round(total / shown.design_effect)
    alike = f" Since households are treated alike, {total:,} patients tell as much as {single:,} single ones."
    return (
        "At 5\u00a0% error and 80\u00a0% power. Everybody in the campaign counts, also who cannot be reached."
        + alike * (single < total)
    )
