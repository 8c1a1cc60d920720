"""A new remark on a care gap: what is known, how long it counts, and a comment."""

from typing import Any

import streamlit as st

from core import remarks
from core.domain.remark import KINDS, LONGEST_COMMENT, MOST_DAYS, Kind
from core.domain.role import REMARK, refusal
from core.errors import CareloopError
from core.workbench import Workbench
from pages._shared import plain

_DAYS, _UNTIL, _ENDLESS = "For some days", "Until a day", "Until it is removed"
_LABEL, _ICON = "Remark", ":material/add_comment:"


def show_error(key: str) -> None:
    """What went wrong with the last change, said once."""
    if error := st.session_state.pop(f"rm_error_{key}", ""):
        st.error(plain(error), icon=":material/error:")


def adding(wb: Workbench, patient_id: str, measure_id: str, key: str) -> None:
    """Draw the button with its form, which closes when the remark is kept. `key` ends the keys of the widgets."""
    if not wb.user.may(REMARK):
        st.popover(_LABEL, icon=_ICON, type="tertiary", key=f"rm_no_{key}", disabled=True, help=refusal(REMARK))
        return
    # After each remark it is another form: one that is told to close would open again when it moves on the page.
    form = f"{st.session_state.get(f'rm_added_{key}', 0)}_{key}"
    box = st.popover(_LABEL, icon=_ICON, type="tertiary", key=f"rm_add_{form}", on_change="rerun", width="content")
    if not box.open:
        return
    with box:
        chosen = st.selectbox(
            "What is known",
            list(KINDS),
            index=None,
            key=f"rm_kind_{form}",
            format_func=lambda name: KINDS[name].name,
            placeholder="Choose",
        )
        if chosen is None:
            st.caption("A remark says what our data does not show. The measure stays as it is.")
            return
        kind = KINDS[chosen]
        st.caption(f"{kind.about} {'No outreach' if kind.stops_outreach else 'Outreach'} about it {_meanwhile(kind)}.")
        asked = _asked_until(wb, kind, form)
        asked["comment"] = st.text_area(
            "Comment" if kind.needs_comment else "Comment (optional)",
            key=f"rm_comment_{form}",
            max_chars=LONGEST_COMMENT,
            height=80,
        )
        show_error(key)
        args = (wb, patient_id, measure_id, key, chosen, asked)
        st.button("Add remark", key=f"rm_save_{form}", type="primary", on_click=_add, args=args)


def _meanwhile(kind: Kind) -> str:
    return "meanwhile" if kind.stops_outreach else "goes on"


def _asked_until(wb: Workbench, kind: Kind, form: str) -> dict[str, Any]:
    """How long it is to count: an argument of core.remarks.add. The kind's own number of days stands there first."""
    ways = [_DAYS, _UNTIL] + [_ENDLESS] * (kind.longest is None)
    way = st.segmented_control("It counts", ways, default=_DAYS, required=True, key=f"rm_way_{kind.key}_{form}")
    if way == _UNTIL:
        today, key = wb.today(), f"rm_until_{kind.key}_{form}"
        return {"until": st.date_input("Last day", today, min_value=today, format="YYYY-MM-DD", key=key)}
    if way == _ENDLESS:
        return {"is_endless": True}
    most, key = kind.longest or MOST_DAYS, f"rm_days_{kind.key}_{form}"
    return {"days": int(st.number_input("Days, today included", 1, most, kind.days, step=30, key=key))}


def _add(wb: Workbench, patient_id: str, measure_id: str, key: str, kind: str, asked: dict[str, Any]) -> None:
    try:
        remarks.add(wb, patient_id, measure_id, kind, **asked)
    except CareloopError as error:
        st.session_state[f"rm_error_{key}"] = str(error)
        return
    st.session_state[f"rm_added_{key}"] = st.session_state.get(f"rm_added_{key}", 0) + 1
