"""The support cases for who looks after them: the list, one case, and its resolution."""

import polars as pl
import streamlit as st

from core import support, users
from core.domain.support import OPEN, Case
from core.errors import CareloopError
from core.support import HoldsPatientInformation
from core.workbench import Workbench
from pages._shared import moment, notice, plain

_MAILS = {"opened": "Case number", "arrived": "News to support", "resolved": "Resolution"}
_STATES = {"due": "waits to be sent", "sending": "is being sent", "sent": "sent", "failed": "could not be sent"}


def support_cases(wb: Workbench) -> None:
    """Shows them; one that is chosen opens below."""
    every = st.toggle("Resolved ones too", key="sc_all")
    found = support.cases(wb, state="" if every else OPEN)
    if not found:
        st.info("No case waits.", icon=":material/check_circle:")
        return
    rows = pl.DataFrame(
        {
            "Case": [one.case_number for one in found],
            "Came in": [moment(one.opened_at, wb) for one in found],
            "From": [one.name for one in found],
            "Practice": [one.practice for one in found],
            "State": [one.state.capitalize() for one in found],
        }
    )
    st.dataframe(rows, hide_index=True, key="sc_list", height="content")
    numbers = [one.case_number for one in found]
    chosen = st.selectbox("Open a case", numbers, index=0, key="sc_case")
    _case(wb, found[numbers.index(chosen)] if chosen in numbers else found[0])


def _case(wb: Workbench, case: Case) -> None:
    with st.container(border=True):
        who = "not signed in" if case.opened_by == "visitor" else f"signed in as {users.name_of(wb, case.opened_by)}"
        st.markdown(f"**{case.case_number}** · {plain(case.name)} · {plain(case.email)} · {plain(who)}")
        if case.message_id:
            st.markdown(f"Message id `{case.message_id}`")
        st.text(case.synopsis)
        mails = ", ".join(f"{_MAILS[kind]} {_STATES[state]}" for kind, state in support.mails(wb, case.case_number))
        st.caption(f"Mails: {mails}.")
        if case.state == OPEN:
            _resolution(wb, case)
        else:
            st.markdown(
                f"Resolved {moment(case.resolved_at, wb)} by {plain(users.name_of(wb, case.resolved_by or ''))}:"
            )
            st.text(case.resolution)


def _resolution(wb: Workbench, case: Case) -> None:
    text = st.text_area(
        "Resolution", key=f"sc_text_{case.case_number}", help="It goes to who asked by email, word for word."
    )
    if st.button("Resolve", type="primary", key=f"sc_resolve_{case.case_number}"):
        try:
            support.resolve(wb, case.case_number, text)
        except HoldsPatientInformation as error:
            st.error("  \n".join(plain(line) for line in (str(error), *error.found)), icon=":material/error:")
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
        else:
            notice(f"Case {case.case_number} is resolved")
            st.rerun()
