"""What a measure says: wording for staff and patients, whom it is about, what satisfies it, and its sources."""

import streamlit as st

from core import rules
from core.domain.measure import Measure
from core.rules import Listed
from core.workbench import Workbench
from pages import _measure_codes
from pages._measure_badges import source
from pages._shared import plain


def show(wb: Workbench, each: Listed) -> None:
    """Draw it in two columns, the rule at the left, the words at the right, and below them the codes."""
    measure, said = each.measure, rules.described(wb, each.measure)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _listed("Whom it is about", said.about)
        st.markdown("**What satisfies it today**")
        st.markdown("\n".join(f"{'  ' * line.depth}- {plain(line.sentence)}" for line in said.satisfied_by))
        if measure.due_soon_days:
            st.caption(f"Due soon is shown {measure.due_soon_days} days before.")
        _year(wb, measure)
        _listed("What takes a patient out", (*said.exclusions, "Deceased, inactive and test patients"))
    with right:
        _words(measure)
    _measure_codes.show(wb, measure.measure_id)


def _year(wb: Workbench, measure: Measure) -> None:
    year = wb.today().year
    said = rules.described_for_year(measure, year)
    with st.expander(f"What the measurement year {year} counts", icon=":material/calendar_month:"):
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in said.about))
        st.markdown("\n".join(f"{'  ' * line.depth}- {plain(line.sentence)}" for line in said.satisfied_by))
        st.caption(
            plain(measure.year.source if measure.year else "As what is due, by whole months up to its last day.")
        )


def _words(measure: Measure) -> None:
    with st.container(border=True):
        st.markdown("**Staff read**")
        st.markdown(f"{plain(measure.purpose)}\n\n**Closed by:** {plain(measure.closes)}")
        st.markdown("**Patients may read**")
        if measure.is_sensitive:
            st.markdown(":violet[:material/lock:] Nothing: no message may name this measure.")
        else:
            st.markdown(plain(measure.for_patients or "Nothing of its own."))
            if measure.called:
                st.caption(f"Messages call it '{plain(measure.called)}'.")
        if measure.revealing:
            st.caption(f"Kept out of subjects: {plain(', '.join(measure.revealing))}")
    st.markdown("**Sources**")
    st.markdown(source(measure))
    close_to = [f"Close to {measure.reporting}"] if measure.reporting else []
    protocol = [f"Protocol {measure.protocol}"] if measure.protocol else []
    if close_to or protocol:
        st.caption(plain(" · ".join([*close_to, *protocol])))
    st.caption("Our own wording of public guidelines. Not a certified or HEDIS rate.")


def _listed(title: str, sentences: tuple[str, ...]) -> None:
    st.markdown(f"**{title}**")
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))
