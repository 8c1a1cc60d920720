"""What trials of reminders have found, beside the organisation's own closings."""

from typing import Any

import streamlit as st

from core.domain.effects.published import Published, comparable
from core.domain.followed_words import known_text
from core.overview import Overview
from pages._shared import MODE_NAMES, interval, percent
from pages._width import on_laptop, on_phone


def show(shown: Overview, channel: str) -> None:
    """Two tables: own shares by mode, and what was published."""
    st.subheader("Beside what others found", anchor=False)
    if shown.closed.is_empty():
        st.caption(f"No campaign here has come to the end of its 90 days. {known_text(shown.known)}")
    for row in shown.closed.iter_rows(named=True):
        st.markdown(
            f"**{MODE_NAMES[row['channel']]}**: {percent(row['rate'])} closed a gap within 90 days of the start "
            f":gray[({row['satisfied']:,} of {row['eligible']:,}, 95 % interval {interval(row['low'], row['high'])})]"
        )
    if not shown.closed.is_empty():
        st.caption(
            "Of campaigns of which all 90 days are known. Not an effect estimate: some would have closed the gap "
            "without a contact. A campaign that holds some patients out by chance shows its effect in its report."
        )
    with st.expander("Published effects of reminders", icon=":material/menu_book:"):
        found = comparable(channel)
        with on_laptop("ov-published"):
            st.dataframe(
                [_row(each) for each in found],
                hide_index=True,
                placeholder="–",
                height="content",
                column_config=_COLUMNS,
                key="ov_published",
                alt="Published effects of reminders with their sources",
            )
        on_phone(
            "ov-published", [(f"{each.contact}: {each.outcome}", f"{each.effect} · {each.source}") for each in found]
        )
        st.caption(
            "RR, OR, HR: ratios against no contact, or against what the row names; pp: percentage points. Other "
            "patients, other times: no targets."
        )


_COLUMNS: dict[str, Any] = {
    "Without": st.column_config.NumberColumn(format="%.1f %%", width=70),
    "With": st.column_config.NumberColumn(format="%.1f %%", width=70),
}


def _row(each: Published) -> dict[str, Any]:
    return {
        "Contact": each.contact,
        "Outcome": each.outcome,
        "Without": None if each.control is None else 100 * each.control,
        "With": None if each.treated is None else 100 * each.treated,
        "Effect": each.effect,
        "Source": each.source,
    }
