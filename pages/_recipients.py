"""The patients of a report: by result and reason, a page of a hundred at a time, with the history of each message."""

from typing import Any

import polars as pl
import streamlit as st

from core.domain.message import ICONS
from core.domain.organisation import LETTER
from core.domain.role import MAKE_CAMPAIGNS, READ_PATIENTS, refusal
from core.domain.wording import folded, folded_column
from core.reports import Report, export_names
from core.workbench import Workbench
from pages._letter_report import mailing_buttons
from pages._report_downloads import patient_buttons
from pages._seen import seen
from pages._shared import count

SIZE = 100
_HISTORY = "rp_history"


def recipients(wb: Workbench, shown: Report) -> tuple[str, list[str]] | None:
    """Draw filters and table; returns what was asked: ('history', [id]) or ('follow_up', ids), of letters also
    ('mailed', ids) or ('returned', ids)."""
    if not wb.user.may(READ_PATIENTS):
        st.caption(f":material/lock: {refusal(READ_PATIENTS)}")
        return None
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.subheader("Patients", anchor=False, width="stretch")
        follow_up = st.empty()
        patient_buttons(wb, shown)
    rows, is_slice = _filtered(shown)
    with follow_up:
        is_asked = st.button(
            f"Follow-up for {count(rows.height, 'patient')}" if is_slice else "Follow-up campaign",
            key="rp_follow_up",
            icon=":material/forward:",
            disabled=not is_slice or rows.is_empty() or not wb.user.may(MAKE_CAMPAIGNS),
            help=_about_follow_up(wb, is_slice=is_slice),
        )
    is_letter, above = shown.campaign.channel == LETTER, st.container()
    may_mark = is_letter and wb.user.may(MAKE_CAMPAIGNS)
    marked = _table(wb, rows, shown, may_mark=may_mark)
    if is_letter and shown.campaign.status == "completed":
        with above:
            about_letters = mailing_buttons(wb, shown, marked)
        if about_letters:
            return about_letters
    if is_asked:
        return "follow_up", rows["patient_id"].to_list()
    opened = st.session_state.pop("rp_history_of", None)
    return ("history", [opened]) if opened else None


def _filtered(shown: Report) -> tuple[pl.DataFrame, bool]:
    """The patients of the chosen results and reasons, and whether any was chosen."""
    left, right, find = st.columns([3, 2, 2], gap="small", vertical_alignment="center")
    chosen = left.pills(
        "Result",
        list(dict.fromkeys(shown.ledger["result"])),
        selection_mode="multi",
        key="rp_result",
        label_visibility="collapsed",
        format_func=lambda result: f":material/{ICONS[result]}: {result}",
    )
    of_results = shown.ledger.filter(pl.col("result").is_in(chosen)) if chosen else shown.ledger
    reasons = right.multiselect(
        "Reason",
        list(dict.fromkeys(reason for reason in of_results["reason"] if reason)),
        key="rp_reason",
        label_visibility="collapsed",
        placeholder="Any reason",
    )
    rows = shown.patients
    if chosen:
        rows = rows.filter(pl.col("result").is_in(chosen))
    if reasons:
        rows = rows.filter(pl.col("reason").is_in(reasons))
    typed = find.text_input(
        "Find in this report",
        key="rp_find",
        placeholder="Name or address" if shown.campaign.channel == LETTER else "Name",
        label_visibility="collapsed",
        icon=":material/search:",
    )
    return _found(rows, typed), bool(chosen or reasons)


def _about_follow_up(wb: Workbench, *, is_slice: bool) -> str:
    if not wb.user.may(MAKE_CAMPAIGNS):
        return refusal(MAKE_CAMPAIGNS)
    return "Makes a new campaign for these patients." if is_slice else "Choose a result or a reason first."


def _found(rows: pl.DataFrame, typed: str) -> pl.DataFrame:
    """Those whose name or address holds every word typed, in any order, whatever the case and accents."""
    named = [pl.col(each).fill_null("") for each in ("name", "postal") if each in rows.columns]
    text = folded_column(pl.concat_str(named, separator=" "))
    words = folded(typed).replace(",", " ").split()
    return rows.filter(pl.all_horizontal(text.str.contains(word, literal=True) for word in words)) if words else rows


def _table(wb: Workbench, rows: pl.DataFrame, shown: Report, *, may_mark: bool) -> list[str]:
    """The rows of a page; returns the ids of those that were marked."""
    channel = shown.campaign.channel
    pages = max(1, -(-rows.height // SIZE))
    number = min(st.session_state.get("rp_page", 1), pages)
    page = rows.slice((number - 1) * SIZE, SIZE)
    if page.is_empty():
        if not shown.patients.is_empty():
            st.info(
                "None of these patients is like that. Clear the result, the reason or the name.",
                icon=":material/filter_alt_off:",
            )
        return []
    ids = page["patient_id"].to_list()
    seen(wb, "report", ids, subject=shown.campaign.campaign_id, count=rows.height)
    named = page.select(pl.col(key).alias(name) for key, name in export_names(channel).items())
    first = named.columns[0]
    marks: dict[str, Any] = {"on_select": "rerun", "selection_mode": "multi-row"} if may_mark else {}
    event = st.dataframe(
        named.select(first, pl.lit("History").alias("_history"), pl.exclude(first)),
        hide_index=True,
        placeholder="–",
        key=f"rp_table_{hash(tuple(ids))}" if may_mark else None,
        **marks,
        height=min(page.height, 12) * 35 + 38,
        column_config={
            "_history": st.column_config.ButtonColumn(
                "History",
                key=_HISTORY,
                on_click=_open_history,
                args=(ids,),
                type="tertiary",
                width="small",
            ),
            "Reason": st.column_config.TextColumn(width="medium"),
            "When": st.column_config.DatetimeColumn(
                format="ddd D MMM YYYY" if channel == LETTER else "ddd D MMM YYYY, HH:mm"
            ),
        },
        alt="Patients of the campaign",
    )
    if pages > 1:
        st.pagination(pages, key="rp_page")
    return [ids[row] for row in event.selection.rows if row < len(ids)] if may_mark else []


def _open_history(ids: list[str]) -> None:
    click = st.session_state[_HISTORY]
    if click is not None and click.row < len(ids):
        st.session_state["rp_history_of"] = ids[click.row]
