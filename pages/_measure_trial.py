"""Trying an edited measure on today's data: how many care gaps would open and close, and whose."""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from core import rule_trials, work_lists
from core.domain.measure_wording import STATE_NAMES
from core.rule_drafts import Draft
from core.rule_trials import Trial
from core.workbench import Workbench
from pages._evidence import evidence
from pages._seen import seen
from pages._shared import count, guarded, progress_bar

SIZE = 100
_KEPT = "ms_trial"


def of(wb: Workbench, made: Draft, *, measure_id: str | None) -> Trial | None:
    """The trial of exactly this text on the data, day and rules of now, if there was one."""
    trial: Trial | None = st.session_state.get(_KEPT)
    is_current = trial is not None and trial.basis == rule_trials.basis(wb, made.text, measure_id=measure_id)
    return trial if is_current else None


def is_outdated(made: Draft) -> bool:
    """Whether this text was tried, though perhaps on other data, another day or by other rules."""
    trial: Trial | None = st.session_state.get(_KEPT)
    return trial is not None and trial.basis is not None and trial.basis.text == made.text


def button(wb: Workbench, made: Draft, *, measure_id: str | None) -> None:
    """Try on today's data."""
    if st.button("Try on today's data", key="ms_try", icon=":material/play_arrow:", type="secondary"):
        _try(wb, made, measure_id)


@guarded
def _try(wb: Workbench, made: Draft, measure_id: str | None) -> None:
    show_share = progress_bar("Trying the rule")
    trial = rule_trials.try_on(
        wb, made.text, measure_id=measure_id, progress=lambda share: show_share("Trying the rule", share)
    )
    st.session_state[_KEPT] = trial
    st.rerun()


def show(wb: Workbench, made: Draft, *, measure_id: str | None) -> None:
    """The numbers and the patients of the trial of this text; nothing when it was not tried yet."""
    trial = of(wb, made, measure_id=measure_id)
    if trial is None:
        return
    st.markdown(f"#### {trial}")
    if not trial.is_on:
        st.caption("The measure is off: this counts once it is turned on.")
    _states(trial)
    for title, rows, key in (("Gained", trial.gained, "gained"), ("Lost", trial.lost, "lost")):
        _patients(wb, title, rows, key, measure_id=made.measure.measure_id)
    if "ms_evidence_of" in st.session_state:
        patient_id = st.session_state.pop("ms_evidence_of")
        edited = partial(rule_trials.explain, wb, made.text, patient_id, measure_id=measure_id)
        evidence(wb, patient_id, asked=(made.measure.measure_id,), edited=edited)


def _states(trial: Trial) -> None:
    states = [state for state in STATE_NAMES if trial.before.get(state) or trial.after.get(state)]
    rows = {
        "State": [STATE_NAMES[state] for state in states],
        "Now": [trial.before.get(state, 0) for state in states],
        "If published": [trial.after.get(state, 0) for state in states],
        "Change": [_signed(trial.after.get(state, 0) - trial.before.get(state, 0)) for state in states],
    }
    numbers: dict[str, Any] = {
        name: st.column_config.NumberColumn(format="localized") for name in ("Now", "If published")
    }
    numbers["Change"] = st.column_config.TextColumn(alignment="right")
    st.dataframe(rows, hide_index=True, alt="Patients by state", column_config=numbers)


def _signed(number: int) -> str:
    return f"{number:+,}" if number else "–"


def _patients(wb: Workbench, title: str, rows: pl.DataFrame, key: str, *, measure_id: str) -> None:
    st.markdown(f"**{title}: {count(rows.height, 'patient')}**")
    if rows.is_empty():
        return
    pages = -(-rows.height // SIZE)
    number = min(st.session_state.get(f"ms_{key}_page", 1), pages)
    page = rows.slice((number - 1) * SIZE, SIZE)
    ids = page["patient_id"].to_list()
    seen(wb, f"trial_{key}", ids, subject=measure_id, count=rows.height)
    shown = page.join(work_lists.patients_shown(wb, ids, ("name", "age", "pcp")), on="patient_id", how="left")
    st.dataframe(
        shown.select(
            pl.col("name").alias("Patient"),
            pl.lit("Why").alias("_evidence"),
            pl.col("age").alias("Age"),
            pl.col("pcp").alias("PCP"),
            _words("before").alias("Now"),
            _words("after").alias("If published"),
        ),
        hide_index=True,
        key=f"ms_{key}_{number}",
        height=min(len(ids), 10) * 35 + 38,
        placeholder="–",
        alt=f"{title} patients",
        column_config=_columns(key, ids),
    )
    if pages > 1:
        st.pagination(pages, key=f"ms_{key}_page")


def _words(when: str) -> pl.Expr:
    state = pl.col(f"state_{when}").cast(pl.String).replace(STATE_NAMES)
    return pl.format("{} ({})", state, pl.col(f"reason_{when}").str.replace_all("_", " "))


def _columns(key: str, ids: list[str]) -> dict[str, Any]:
    why = st.column_config.ButtonColumn(
        "Evidence", key=f"ms_{key}_why", on_click=_open, args=(f"ms_{key}_why", ids), type="tertiary", width="small"
    )
    return {"_evidence": why, "Age": st.column_config.NumberColumn(width="small")}


def _open(key: str, ids: list[str]) -> None:
    click = st.session_state[key]
    if click is not None and click.row < len(ids):
        st.session_state["ms_evidence_of"] = ids[click.row]
