"""What becomes of printed letters: marked as mailed on a day, or as returned with the reason (R1)."""

from collections.abc import Callable, Sequence
from datetime import date

import polars as pl
import streamlit as st

from core import campaigns, mailings, reports
from core.domain.wording import day_text
from core.errors import CareloopError
from core.print_runs import PrintRun
from core.workbench import Workbench
from pages._seen import seen
from pages._shared import count, notice, plain

_ALL, _CHOSEN = "all", "chosen"
_NAMED = 8  # patients named in a dialog


def ask_mailed(wb: Workbench, run: PrintRun, chosen: Sequence[str], *, printed_count: int) -> None:
    """The dialog 'Mark as mailed': which letters, and when. `chosen` are patients marked in the table."""
    st.dialog("Mark as mailed", icon=":material/local_post_office:")(_mailed)(wb, run, list(chosen), printed_count)


def _mailed(wb: Workbench, run: PrintRun, chosen: list[str], printed_count: int) -> None:
    offered = {_ALL: f"All {count(printed_count, 'patient')} whose letter is printed and not mailed yet"}
    if chosen:
        offered = {_CHOSEN: f"The {count(len(chosen), 'patient')} chosen in the table"} | offered
    files = [file for file in run.files if file.kind == "letters"]
    if len(files) > 1:
        offered |= {file.file_id: f"File {file.part} of {file.parts}, {count(file.count, 'letter')}" for file in files}
    which = st.radio("Which letters", list(offered), format_func=offered.__getitem__, key="ml_which")
    on = _day(wb, run, "Mailed on", "ml_on")
    st.caption(
        "They then count as Successful. Whoever stands on the same letter is mailed with it. A letter that comes back "
        "can be marked as returned afterwards, and a mistake be taken back."
    )
    if st.button("Mark as mailed", type="primary", key="ml_yes"):
        _keep_mailed(wb, run.campaign_id, str(which), chosen, on)


def _keep_mailed(wb: Workbench, campaign_id: str, which: str, chosen: list[str], on: date) -> None:
    patient_ids = chosen if which == _CHOSEN else None
    file_id = None if which in (_ALL, _CHOSEN) else which
    _keep(
        lambda: mailings.mark_mailed(wb, campaign_id, on=on, patient_ids=patient_ids, file_id=file_id),
        f"Mailed on {day_text(on)}",
    )


def ask_not_mailed(wb: Workbench, run: PrintRun, chosen: Sequence[str]) -> None:
    """The dialog that undoes 'Mark as mailed': for those chosen, or for a whole day."""
    st.dialog("Not mailed after all", icon=":material/redo:")(_not_mailed)(wb, run, list(chosen))


def _not_mailed(wb: Workbench, run: PrintRun, chosen: list[str]) -> None:
    chosen = chosen or _of_a_day(wb, run)
    st.markdown(
        f"**{count(len(chosen), 'letter')}** then {'counts' if len(chosen) == 1 else 'count'} as printed, not mailed "
        "yet. Whoever stands on the same letter goes with it."
    )
    _whose(wb, run, chosen)
    if st.button("They were not mailed", type="primary", key="mn_yes"):
        _keep(lambda: mailings.take_back_mailed(wb, run.campaign_id, patient_ids=chosen), "Not mailed yet")


def _of_a_day(wb: Workbench, run: PrintRun) -> list[str]:
    """Those whose letters count as mailed on a day: a mistake is made for many at once."""
    mailed = reports.report(wb, run.campaign_id).patients.filter(pl.col("result") == "Successful")
    days = mailed.group_by(on=pl.col("at").dt.date()).agg("patient_id").sort("on", descending=True)
    by_day: dict[date, list[str]] = dict(days.iter_rows())
    on = st.selectbox(
        "Marked as mailed on",
        list(by_day),
        format_func=lambda day: f"{day_text(day)}, {count(len(by_day[day]), 'patient')}",
        key="mn_day",
    )
    return by_day.get(on, []) if on else []


def ask_returned(wb: Workbench, run: PrintRun, chosen: Sequence[str]) -> None:
    """The dialog 'Mark as returned' for patients marked in the table."""
    st.dialog("Mark as returned", icon=":material/undo:")(_returned)(wb, run, list(chosen))


def _returned(wb: Workbench, run: PrintRun, chosen: list[str]) -> None:
    st.markdown(f"**{count(len(chosen), 'letter')}** came back.")
    _whose(wb, run, chosen)
    reason = st.selectbox(
        "What the post office says",
        list(mailings.RETURN_REASONS),
        index=None,
        format_func=lambda key: _sentence(mailings.RETURN_REASONS[key]),
        key="mr_reason",
        placeholder="Choose what stands on the envelope",
    )
    on = _day(wb, run, "Came back on", "mr_on")
    st.caption(
        "No more letters go to this address until it changes, and the patient is on the repair list of the Data page."
    )
    if st.button("Mark as returned", type="primary", key="mr_yes", disabled=reason is None):
        _keep(
            lambda: mailings.mark_returned(wb, run.campaign_id, patient_ids=chosen, reason=str(reason), on=on),
            "Returned",
        )


def ask_take_back(wb: Workbench, run: PrintRun, chosen: Sequence[str]) -> None:
    """The dialog that undoes 'Mark as returned'."""
    st.dialog("Did not come back", icon=":material/redo:")(_take_back)(wb, run, list(chosen))


def _take_back(wb: Workbench, run: PrintRun, chosen: list[str]) -> None:
    st.markdown(
        f"**{count(len(chosen), 'letter')}** then {'counts' if len(chosen) == 1 else 'count'} as mailed again, and "
        "letters go to the address as before."
    )
    _whose(wb, run, chosen)
    if st.button("They did not come back", type="primary", key="mb_yes"):
        _keep(lambda: mailings.take_back_returned(wb, run.campaign_id, patient_ids=chosen), "Counts as mailed again")


def _keep(mark: Callable[[], int], done: str) -> None:
    """Do it and say for how many patients; what forbids it is said in the dialog, which stays open."""
    try:
        number = mark()
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    notice(f"{done}: {count(number, 'patient')}")
    st.rerun()


def _whose(wb: Workbench, run: PrintRun, chosen: Sequence[str]) -> None:
    """Names and addresses on file, to compare with the envelopes: two patients may have one name."""
    rows = reports.report(wb, run.campaign_id).patients.filter(pl.col("patient_id").is_in(list(chosen)))
    seen(wb, "mailing", rows["patient_id"].head(_NAMED).to_list(), subject=run.campaign_id, count=rows.height)
    lines = [" · ".join(filter(None, row)) for row in rows.select("name", "postal").head(_NAMED).rows()]
    if rows.height > _NAMED:
        lines.append(f"and {rows.height - _NAMED:,} more")
    st.caption("  \n".join(map(plain, lines)))


def _day(wb: Workbench, run: PrintRun, label: str, key: str) -> date:
    """From the day the letters were made up to today. Files that were made again later are of the same letters."""
    made_at = campaigns.campaign(wb, run.campaign_id).finished_at or run.ready_at or run.asked_at
    first = made_at.astimezone(wb.zone()).date()
    return st.date_input(label, wb.today(), min(first, wb.today()), wb.today(), key=key, format="YYYY-MM-DD")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
