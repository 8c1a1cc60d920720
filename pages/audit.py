"""Audit log: who did what, and whether the log is whole."""

import json
from datetime import datetime

import polars as pl
import streamlit as st

from core import audit, users
from core.audit import Search
from core.domain.audit_line import AuditLine
from core.domain.csv_cells import neutral
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._shared import count, page_head, workbench

PAGE = 100


def show() -> None:
    wb = workbench()
    page_head("Audit log", "Who saw or changed what. Lines can be added, never changed or taken away.")
    search = _search(wb)
    found = audit.count(wb, search)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(count(found, "line"))
        st.button("Check the log", key="au_verify", icon=":material/verified:", on_click=_verify, args=(wb,))
        st.download_button(
            "Export CSV",
            data=lambda: neutral(audit.export(wb, search)).write_csv(),
            file_name="audit-log.csv",
            mime="text/csv",
            key="au_export",
            icon=":material/download:",
            on_click="ignore",
        )
    _verified()
    if not found:
        st.info("No line fits. Take a filter away.", icon=":material/search_off:")
        return
    pages = -(-found // PAGE)
    chosen = st.pagination(pages, key="au_page") if pages > 1 else 1
    before = audit.before_of(wb, search, skip=(chosen - 1) * PAGE)
    _table(wb, audit.lines(wb, search, limit=PAGE, before=before))


def _search(wb: Workbench) -> Search:
    people = (
        {person.user.user_id: person.user.name for person in users.persons(wb)} if wb.user.may("manage_users") else {}
    )
    kinds = sorted({action.partition(".")[0] for action in audit.actions(wb)})
    who, what, subject, days = st.columns([2, 2, 2, 2])
    user_id = who.selectbox(
        "Who",
        ["", *people, "command-line", "dispatcher", "patient", "visitor"],
        format_func=lambda key: "Anybody" if not key else people.get(key, key),
        key="au_user",
    )
    action = what.selectbox(
        "What",
        ["", *kinds],
        format_func=lambda kind: kind.replace("_", " ").capitalize() or "Anything",
        key="au_action",
    )
    about = subject.text_input(
        "Id of a patient or campaign",
        key="au_subject",
        help="Or an email address or number, such as (312) 555-0199: whether tests were sent there.",
    )
    between = days.date_input("Days", value=[], key="au_days", format="YYYY-MM-DD")
    first, last = (between[0], between[-1]) if isinstance(between, tuple | list) and between else (None, None)
    return Search(user_id or "", f"{action}." if action else "", about, first, last)


def _table(wb: Workbench, lines: list[AuditLine]) -> None:
    names, zone = users.names_of(wb, [line.user_id for line in lines]), wb.zone()
    rows = pl.DataFrame(
        {
            "When": [_when(line.at.astimezone(zone)) for line in lines],
            "Who": [names[line.user_id] for line in lines],
            "What": [line.action.replace("_", " ").replace(".", ": ") for line in lines],
            "About": [line.subject for line in lines],
            "Details": [_details(line) for line in lines],
            "Line": [line.position for line in lines],
        }
    )
    st.dataframe(rows, hide_index=True, key="au_lines", height="content")


def _when(at: datetime) -> str:
    """To the second: the order of lines matters."""
    return f"{day_text(at.date())}, {at:%H:%M:%S}"


def _details(line: AuditLine) -> str:
    return "; ".join(
        f"{key.replace('_', ' ')} {value if isinstance(value, str) else json.dumps(value)}"
        for key, value in line.details.items()
    )


def _verify(wb: Workbench) -> None:
    st.session_state["au_verified"] = audit.verify(wb)


def _verified() -> None:
    found = st.session_state.pop("au_verified", None)
    if found is None:
        return
    if found.problem:
        st.error(
            f"The log is not whole. {found.problem} Keep the database as it is and tell who is responsible for data "
            "protection.",
            icon=":material/gpp_bad:",
        )
    else:
        st.success(
            f"The log is whole: {count(found.count, 'line')}. Note this outside: {found.head[0]}:{found.head[1]}",
            icon=":material/verified:",
        )


show()
