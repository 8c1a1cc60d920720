"""Messages of which nobody knows whether they left: what that means, whose they are, and what to decide about them."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from core import campaigns, communications
from core.communications import DECISIONS
from core.domain.organisation import EMAIL
from core.domain.role import MAKE_CAMPAIGNS, READ_PATIENTS, refusal
from core.errors import CareloopError
from core.reports import EXPORT_NAMES, Report
from core.workbench import Workbench
from pages._seen import seen
from pages._shared import count, notice, plain

_ICONS = {
    "arrived": ":material/check_circle:",
    "not_arrived": ":material/error:",
    "again": ":material/forward_to_inbox:",
}
_HELP = {
    "arrived": "The log shows that the message was taken, or the patient has it.",
    "not_arrived": "The log shows that it never came. The patient can be in a follow-up campaign.",
    "again": "It waits again and goes out in the next window. The patient may get it twice.",
}


def unknown(wb: Workbench, shown: Report) -> tuple[str, list[str]] | None:
    """The section of the report, when there are any; returns the decision that was pressed and for whom."""
    number = shown.progress.results["Unknown"]
    if not number:
        return None
    with st.container(border=True):
        st.subheader(f":material/help: {count(number, 'message')} to decide about", anchor=False)
        st.markdown(
            f"Their outcome is unknown: each may have left, but {_by(shown)}'s answer never came back. None is sent "
            f"again by itself. Look into {_by(shown)}'s log, or ask the patient, then decide."
        )
        if not wb.user.may(READ_PATIENTS):
            st.caption(refusal(READ_PATIENTS))
            return None
        rows = shown.patients.filter(pl.col("result") == "Unknown")
        seen(wb, "unknown", rows["patient_id"].to_list(), subject=shown.campaign.campaign_id)
        chosen = _table(rows, "email" if shown.campaign.channel == EMAIL else "phone")
        if not campaigns.may_change(wb, shown.campaign.campaign_id):
            who = "Whoever made the campaign, or may see all of its patients, can decide about them."
            st.caption(who if wb.user.may(MAKE_CAMPAIGNS) else refusal(MAKE_CAMPAIGNS))
            return None
        return _decisions(chosen, is_stopped=shown.campaign.status == "stopped")


def _by(shown: Report) -> str:
    """Who takes the messages over."""
    return "the mail server" if shown.campaign.channel == EMAIL else "Twilio"


def _table(rows: pl.DataFrame, address: str) -> list[str]:
    """The patients with check boxes; another list is another table, since marks belong to places in it."""
    ids = rows["patient_id"].to_list()
    event = st.dataframe(
        rows.select(pl.col(key).alias(EXPORT_NAMES[key]) for key in ("name", "at", address, "reason")),
        key=f"un_table_{hash(tuple(ids))}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="–",
        alt="Patients whose message has an unknown outcome",
        column_config={"When": st.column_config.DatetimeColumn(format="ddd D MMM YYYY, HH:mm")},
    )
    return [ids[row] for row in event.selection.rows if row < len(ids)]


def _decisions(chosen: Sequence[str], *, is_stopped: bool) -> tuple[str, list[str]] | None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for decision, label in DECISIONS.items():
            is_off = not chosen or (decision == "again" and is_stopped)
            if st.button(label, key=f"un_{decision}", icon=_ICONS[decision], help=_HELP[decision], disabled=is_off):
                return decision, list(chosen)
        st.caption(f"{len(chosen):,} chosen" if chosen else "Choose patients first", width="content")
    return None


@st.dialog("Please confirm", icon=":material/how_to_reg:")
def confirm(wb: Workbench, campaign_id: str, decision: str, patient_ids: Sequence[str]) -> None:
    """Say what the decision does, and keep it."""
    number = count(len(patient_ids), "message")
    if decision == "again":
        verb = "patient" if len(patient_ids) == 1 else "patients"
        st.warning(
            f"**{len(patient_ids):,} {verb} may get a second message**: the first may have arrived. "
            "It goes out in the next window.",
            icon=":material/warning:",
        )
    elif decision == "arrived":
        st.markdown(f"**{number}** will count as Successful, as if an answer had come.")
    else:
        st.markdown(f"**{number}** will count as Unsuccessful. Nothing is sent.")
    st.caption("The decision is kept with your name and stands in the history of each message.")
    if st.button(DECISIONS[decision], key="un_yes", type="primary"):
        try:
            kept = communications.resolve(wb, campaign_id, patient_ids, decision=decision)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        left = f"; {kept.left:,} could not be changed" if kept.left else ""
        notice(f"{DECISIONS[decision]}: {count(kept.kept, 'message')}{left}")
        st.rerun()
