"""The data repair list: who cannot be reached, by reason and clinic, with a list behind each number."""

from io import BytesIO

import polars as pl
import streamlit as st

from core import repairs
from core.domain.repair import MODE_NAMES, PROBLEMS
from core.domain.role import EXPORT_PATIENTS
from core.workbench import Workbench
from pages import _views
from pages._repair_counts import ALL_CLINICS, CLINIC, REASON, clinics_of, counts_table
from pages._seen import seen
from pages._shared import count, plain

_SIZE = 50


def repair_list(wb: Workbench) -> None:
    """The counts, and below them the patients of the number that was chosen."""
    counts = repairs.counts(wb)
    if counts.is_empty():
        st.success("Everybody can be reached by every mode.", icon=":material/check_circle:")
        return
    st.caption(
        "Active patients whose contact data keeps messages from reaching them. Opt-outs are no defect and are not "
        "counted. Choose a number to see the patients."
    )
    counts_table(counts)
    _list(wb, counts)


def _list(wb: Workbench, counts: pl.DataFrame) -> None:
    keys = [key for key in PROBLEMS if key in set(counts["problem"])]
    if st.session_state.get(REASON) not in keys:
        st.session_state[REASON] = keys[0]
    clinics = [ALL_CLINICS, *clinics_of(counts)]
    if st.session_state.get(CLINIC) not in clinics:
        st.session_state[CLINIC] = ALL_CLINICS
    left, right = st.columns([3, 2])
    problem = left.selectbox("Reason", keys, key=REASON, format_func=_label, on_change=_first_page)
    chosen = right.selectbox("Clinic", clinics, key=CLINIC, on_change=_first_page)
    clinic = None if chosen == ALL_CLINICS else chosen
    page = st.session_state.get("rp_page", 1)
    found = repairs.listed(wb, problem, clinic=clinic, page=page - 1, size=_SIZE)
    _actions(wb, problem, clinic, found.count)
    if not found.count:
        st.info("Nobody at this clinic.", icon=":material/check_circle:")
        return
    _patients(found.rows)
    seen(wb, "repairs", found.rows["patient_id"].to_list(), count=found.count)
    if found.count > _SIZE:
        st.pagination(-(-found.count // _SIZE), key="rp_page")


def _actions(wb: Workbench, problem: str, clinic: str | None, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{count(number, 'patient')}**", width="content")
        if st.button("Open as work list", key="rp_work_list", icon=":material/filter_list:", disabled=not number):
            _views.show(repairs.work_list(problem, clinic))
            st.switch_page("work_list.py")
        if wb.user.may(EXPORT_PATIENTS):
            _export(wb, problem, clinic, number)
    st.caption(PROBLEMS[problem].remedy)


def _export(wb: Workbench, problem: str, clinic: str | None, number: int) -> None:
    st.download_button(
        "Export CSV",
        key="rp_export",
        icon=":material/download:",
        file_name="repair-list.csv",
        mime="text/csv",
        data=lambda: _csv(wb, problem, clinic),
        on_click="ignore",
        disabled=not number,
    )


def _patients(rows: pl.DataFrame) -> None:
    for patient_id, name, clinic in rows.select("patient_id", "name", "clinic").iter_rows():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            label = plain(name or patient_id)
            st.page_link("patient.py", label=label, icon=":material/person:", query_params={"id": patient_id})
            st.caption(plain(clinic), width="content")


def _csv(wb: Workbench, problem: str, clinic: str | None) -> bytes:
    out = BytesIO()
    repairs.export_csv(wb, out, problem=problem, clinic=clinic)
    return out.getvalue()


def _label(key: str) -> str:
    problem = PROBLEMS[key]
    return problem.name if problem.mode == "all" else f"{MODE_NAMES[problem.mode]}: {problem.name}"


def _first_page() -> None:
    st.session_state["rp_page"] = 1
