"""A new remark on a care gap: what is known, how long it counts, and a comment."""

from typing import Any

import streamlit as st

from core import remarks
from core.domain.remark import KINDS, LONGEST_COMMENT, MOST_DAYS, Kind
from core.errors import CareloopError
from core.workbench import Workbench

_DAYS, _UNTIL, _ENDLESS = "For some days", "Until a day", "Until it is removed"


def show_error(key: str) -> None:
    """What went wrong with the last change, said once."""
    if error := st.session_state.pop(f"rm_error_{key}", ""):
        st.error(error, icon=":material/error:")


def adding(wb: Workbench, patient_id: str, measure_id: str, key: str) -> None:
    """Draw the button with its form, which closes when the remark is kept. `key` ends the keys of the widgets."""
    box = st.popover(
        "Remark",
        icon=":material/add_comment:",
        type="tertiary",
        key=f"rm_add_{key}",
        on_change="rerun",
        width="content",
    )
    if not box.open:
        return
    with box:
        kind = KINDS[
            st.selectbox("What is known", list(KINDS), key=f"rm_kind_{key}", format_func=lambda name: KINDS[name].name)
        ]
        st.caption(f"{kind.about} {_follows(kind)}")
        asked = _asked_until(wb, kind, key)
        comment = st.text_area(
            "Comment" if kind.needs_comment else "Comment (optional)",
            key=f"rm_comment_{key}",
            max_chars=LONGEST_COMMENT,
            height=80,
        )
        show_error(key)
        st.button(
            "Add remark",
            key=f"rm_save_{key}",
            type="primary",
            on_click=_add,
            args=(wb, patient_id, measure_id, key, kind.key, {**asked, "comment": comment}),
        )


def _follows(kind: Kind) -> str:
    return "No outreach about it meanwhile." if kind.stops_outreach else "Outreach about it goes on."


def _asked_until(wb: Workbench, kind: Kind, key: str) -> dict[str, Any]:
    """How long it is to count: an argument of core.remarks.add. The kind's own number of days stands there first."""
    ways = [_DAYS, _UNTIL] + [_ENDLESS] * (kind.longest is None)
    way = st.segmented_control("It counts", ways, default=_DAYS, required=True, key=f"rm_way_{kind.key}_{key}")
    if way == _UNTIL:
        last = st.date_input(
            "Last day", "today", min_value=wb.today(), format="YYYY-MM-DD", key=f"rm_until_{kind.key}_{key}"
        )
        return {"until": last}
    if way == _ENDLESS:
        return {"is_endless": True}
    most = kind.longest or MOST_DAYS
    days = st.number_input("Days", 1, most, kind.days, step=30, key=f"rm_days_{kind.key}_{key}")
    return {"days": int(days)}


def _add(wb: Workbench, patient_id: str, measure_id: str, key: str, kind: str, asked: dict[str, Any]) -> None:
    try:
        remarks.add(wb, patient_id, measure_id, kind, **asked)
    except CareloopError as error:
        st.session_state[f"rm_error_{key}"] = str(error)
        return
    st.session_state[f"rm_add_{key}"] = False
    st.session_state.pop(f"rm_comment_{key}", None)
