"""The codes that a measure knows, and what it therefore cannot see."""

from collections.abc import Mapping

import polars as pl
import streamlit as st

from core import codes
from core.codes import ConceptCodes
from core.workbench import Workbench
from pages._shared import plain
from pages._width import on_laptop, on_phone

_SYSTEMS = {
    "ICD10CM": "ICD-10-CM",
    "ICD10PCS": "ICD-10-PCS",
    "RXNORM": "RxNorm",
    "SNOMED": "SNOMED CT",
    "LOCAL": "own codes",
    "TEXT": "words",
}


_TEXT = st.column_config.TextColumn
_COLUMNS = {
    "Kind of entry": _TEXT(width=235),
    "Use": _TEXT(width=80),
    "Shipped": _TEXT(width=185),
    "Loaded": _TEXT(width=105),
    "Mapped here": _TEXT(width=105),
    "Sets missing": st.column_config.NumberColumn(
        format="localized", width=95, help="Published value sets of it that are not loaded"
    ),
    "Cannot be seen": _TEXT(width=125, help="Entries with only such a code are not seen: no list of them is loaded"),
}


def show(wb: Workbench, measure_id: str) -> None:
    """Draw the section: one row for each concept, and what cannot be seen in sentences."""
    [known] = codes.status(wb, measure_id=measure_id)
    st.markdown("**Codes that it knows**")
    for warning in dict.fromkeys(each.warning for each in known.concepts if each.warning):
        st.markdown(f":orange[:material/visibility_off:] {plain(warning)}")
    rows = [
        _row(each, use)
        for use, group in (("asked for", known.concepts), ("takes out", known.excluding))
        for each in group
    ]
    with st.expander(f"All {len(rows)} kinds of entries with the codes that are known", icon=":material/data_object:"):
        with on_laptop("codes"):
            st.dataframe(
                pl.DataFrame(rows),
                hide_index=True,
                placeholder="–",
                alt="Codes known for each kind of entry",
                column_config=_COLUMNS,
            )
        on_phone("codes", map(_line, rows))
        st.caption(
            "SNOMED CT and CPT lists are licensed and do not ship. Load them under your own licence with "
            "`careloop codes load FOLDER`, or say on the Data page what your own codes mean."
        )


def _row(each: ConceptCodes, use: str) -> dict[str, object]:
    return {
        "Kind of entry": each.name,
        "Use": use,
        "Shipped": _counts(each.shipped),
        "Loaded": _counts(each.loaded),
        "Mapped here": _counts(each.mapped),
        "Sets missing": len(each.not_loaded) or None,
        "Cannot be seen": " and ".join(_SYSTEMS.get(system, system) for system in each.unseen),
    }


def _line(row: Mapping[str, object]) -> tuple[str, str]:
    """A kind of entry on a phone: its name, and how many codes of it are known."""
    known = " · ".join(str(row[name]) for name in ("Shipped", "Loaded", "Mapped here") if row[name])
    unseen = f" · cannot be seen: {row['Cannot be seen']}" if row["Cannot be seen"] else ""
    return str(row["Kind of entry"]), f"{row['Use']}: {known or 'no code'}{unseen}"


def _counts(by_system: Mapping[str, int]) -> str:
    return ", ".join(f"{_SYSTEMS.get(system, system)} {count:,}" for system, count in by_system.items())
