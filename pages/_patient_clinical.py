"""The chart of one patient: conditions, latest results, immunizations, medicines and procedures."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from core import patient_records
from core.domain.person import Person
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._shared import count, plain

_FIRST = 12  # rows of a section shown at once
Row = Mapping[str, Any]


def show(wb: Workbench, person: Person) -> None:
    """Draw it."""
    found = patient_records.chart(wb, person.patient_id)
    if found.is_empty:
        st.info("The feed has no clinical data of this patient.", icon=":material/clinical_notes:")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _section("Conditions", found.conditions, _condition, "No condition is recorded.")
        _section("Medicines", found.medications, _medicine, "No medicine is recorded.")
        _section("Procedures", found.procedures, _event, "No procedure is recorded.")
    with right:
        _results(found.results)
        _section("Immunizations", found.immunizations, _event, "No immunization is recorded.")


def _section(title: str, rows: pl.DataFrame, cells: Any, empty: str) -> None:
    st.markdown(f"**{title}** :gray[{rows.height or ''}]")
    if rows.is_empty():
        st.caption(empty)
        return
    _table(rows.head(_FIRST), cells, title)
    if rows.height > _FIRST:
        with st.expander(f"{rows.height - _FIRST} more", key=f"pa_more_{title}"):
            _table(rows.slice(_FIRST), cells, f"More of {title.lower()}")


def _table(rows: pl.DataFrame, cells: Any, alt: str) -> None:
    listed = [cells(row) for row in rows.iter_rows(named=True)]
    columns = {name: [each[name] for each in listed] for name in listed[0]}
    st.table(columns, border="horizontal", hide_index=True, alt=alt)


def _named(row: Row) -> str:
    code = f"  \n:gray[:small[{plain(row['code'])}]]" if row["code"] else ""
    return f"{plain(row['name'][:1].upper() + row['name'][1:])}{_mark(row['mark'])}{code}"


def _condition(row: Row) -> dict[str, str]:
    ended = f" – {day_text(row['end_on'])}" if row["end_on"] else ""
    state = ":green-badge[Active]" if row["is_active"] else f":gray-badge[{plain(_status(row) or 'Not active')}]"
    return {"Condition": _named(row), "Since": f"{day_text(row['on'])}{ended}", "": "" if row["mark"] else state}


def _medicine(row: Row) -> dict[str, str]:
    ended = f" – {day_text(row['end_on'])}" if row["end_on"] else ""
    state = ":green-badge[Active]" if row["is_active"] else f":gray-badge[{plain(_status(row) or 'Not active')}]"
    return {"Medicine": _named(row), "Taken": f"{day_text(row['on'])}{ended}", "": "" if row["mark"] else state}


def _status(row: Row) -> str:
    """The feed's own word for what has ended; one that is called active and is over has ended."""
    words = "Ended" if row["status"] in ("", "active") else row["status"].replace("-", " ")
    return words[:1].upper() + words[1:]


def _event(row: Row) -> dict[str, str]:
    day = day_text(row["on"]) if row["on"] else f"ordered {day_text(row['ordered_on'])}" if row["ordered_on"] else "–"
    return {"What": _named(row), "When": day}


def _results(results: pl.DataFrame) -> None:
    latest = patient_records.latest(results)
    st.markdown(f"**Labs and vitals** :gray[{latest.height or ''}]")
    if latest.is_empty():
        st.caption("No result is recorded.")
        return
    _table(latest, _result, "Latest labs and vitals")
    several = latest.filter(pl.col("earlier") > 0)
    if several.height:
        names = several["name"].to_list()
        name = st.selectbox(
            "Earlier values", names, index=None, placeholder="Choose a lab or vital", key="pa_earlier", width=320
        )
        if name is not None:
            _table(results.filter(pl.col("name").str.to_lowercase() == name.lower()), _value, f"All values of {name}")


def _result(row: Row) -> dict[str, str]:
    newer = f"  \n:orange[:small[a newer one is {plain(row['newer_mark'].lower())}]]" if row["newer_mark"] else ""
    earlier = f"  \n:gray[:small[{count(row['earlier'], 'other value')}]]" if row["earlier"] else ""
    return {
        "Name": f"{plain(row['name'])}{_mark(row['mark'])}{newer}",
        "Value": f"**{plain(row['value'] or '–')}**",
        "When": f"{_when(row)}{earlier}",
    }


def _value(row: Row) -> dict[str, str]:
    return {
        "When": _when(row),
        "Value": f"{plain(row['value'] or '–')}{_mark(row['mark'])}",
        "Code": f":gray[{plain(row['code'])}]",
    }


def _when(row: Row) -> str:
    known = row["on"] or row["recorded_on"]
    return day_text(known) if known else f"ordered {day_text(row['ordered_on'])}" if row["ordered_on"] else "–"


def _mark(mark: str) -> str:
    return f" :orange-badge[{plain(mark)}]" if mark else ""
