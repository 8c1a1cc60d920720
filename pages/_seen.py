"""What of patients a page has shown goes into the audit log: once for each thing shown, not for each run."""

from collections.abc import Collection

import streamlit as st

from core import audit
from core.workbench import Workbench

_SEEN = "audit_seen"  # in the session: what each view has shown last


def seen(
    wb: Workbench, view: str, patient_ids: Collection[str], *, subject: str = "", count: int | None = None
) -> None:
    """Tell the log that these patients were shown, unless the same ones were in this view just before.

    `view` is the kind of list, `subject` the id of the campaign or saved view, `count` how many the whole list has.
    """
    shown = (wb.user.user_id, subject, tuple(patient_ids), count)
    last = st.session_state.setdefault(_SEEN, {})
    if not patient_ids or last.get(view) == shown:
        return
    last[view] = shown
    audit.shown(wb, view, patient_ids, subject=subject, count=count)
