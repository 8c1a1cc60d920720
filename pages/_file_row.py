"""One file as a row: what it is, who made it and when, how to check it, and what can be done with it."""

from collections.abc import Callable

import streamlit as st

from core import downloads, users
from core.domain.wording import day_text
from core.downloads import Download
from core.errors import CareloopError
from core.workbench import Workbench
from pages._shared import count, moment, plain

_ICONS = {"letters": ":material/description:", "labels": ":material/label:", "document": ":material/draft:"}
_WIDTHS = (5, 4, 2.6)
_SHORT = 8  # of the digits of a digest, to tell two files apart


def file_row(wb: Workbench, file: Download, *, with_campaign: bool = True, may_delete: bool = True) -> bool:
    """Draw it; True when it is to be deleted."""
    with st.container(border=True, gap="xsmall", key=f"file-{file.file_id}"):
        left, middle, right = st.columns(_WIDTHS, vertical_alignment="center", gap="small")
        with left:
            st.markdown(f"{_ICONS.get(file.kind, ':material/draft:')} **{plain(file.name)}**")
            st.caption(" · ".join(_facts(file)))
        with middle:
            if with_campaign and file.campaign_id:
                _campaign_link(file)
            st.caption(_made(wb, file))
            if file.deleted_how:
                st.caption(_gone(wb, file))
        with right, st.container(horizontal=True, vertical_alignment="center", gap="small"):
            return _buttons(wb, file, may_delete=may_delete)


def size_text(size: int) -> str:
    """'12 kB', '3.4 MB'."""
    return f"{max(size // 1000, 1):,} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"


def _facts(file: Download) -> list[str]:
    facts = [plain(file.about)] if file.about else []
    if file.count and file.kind == "letters":
        last = file.first + file.count - 1
        facts.append(f"letters {file.first:,} to {last:,}" if file.parts > 1 else count(file.count, "letter"))
    elif file.count:
        facts.append(count(file.count, "label"))
    if file.parts > 1:
        facts.append(f"file {file.part} of {file.parts}")
    if file.pages:
        facts.append(count(file.pages, "page"))
    return [*facts, size_text(file.size)]


def _campaign_link(file: Download) -> None:
    st.page_link("report.py", label=plain(file.campaign_name), query_params={"id": str(file.campaign_id)})


def _made(wb: Workbench, file: Download) -> str:
    made = f"{plain(users.name_of(wb, file.made_by))}, {moment(file.made_at, wb)}"
    if file.deleted_how or file.expires_at is None:
        return made
    return f"{made}  \nKept until {day_text(file.expires_at.astimezone(wb.zone()).date())}"


def _gone(wb: Workbench, file: Download) -> str:
    """Why there is nothing to download any more."""
    if file.deleted_how == "deleted":
        return (
            f":material/delete: Deleted by {plain(users.name_of(wb, file.deleted_by))}, {moment(file.deleted_at, wb)}"
        )
    words = {"expired": "Its time was over", "outdated": "Did not fit the letters any more", "stopped": "Stopped"}
    return f":material/delete: {words.get(file.deleted_how, 'Deleted')}, {moment(file.deleted_at, wb)}"


def _buttons(wb: Workbench, file: Download, *, may_delete: bool) -> bool:
    if not file.deleted_how:
        st.download_button(
            "Download",
            data=lambda: downloads.content(wb, file.file_id).content,
            file_name=file.name,
            mime=file.mime,
            key=f"dl_get_{file.file_id}",
            icon=":material/download:",
            on_click="ignore",
        )
    with st.popover("", icon=":material/fingerprint:", type="tertiary", help=f"SHA-256 {file.digest[:_SHORT]}…"):
        st.caption("SHA-256, to check that a copy is this very file")
        st.code(file.digest, language=None, wrap_lines=True)
    if file.deleted_how or not may_delete:
        return False
    return st.button("", icon=":material/delete:", key=f"dl_del_{file.file_id}", type="tertiary", help="Delete")


def ask_to_delete(wb: Workbench, file: Download, *, then: Callable[[str], None]) -> None:
    """Open the dialog that deletes a file; `then` is told what was done."""
    is_document = file.kind == "document"
    title = "Remove the document" if is_document else "Delete the file"
    st.dialog(title, icon=":material/delete:")(_ask)(wb, file, is_document, then)


def _ask(wb: Workbench, file: Download, is_document: bool, then: Callable[[str], None]) -> None:
    st.markdown(f"**{plain(file.name)}**  \nIts content is gone for good and cannot be brought back.")
    if is_document:
        st.caption("Keep a copy if you may need it: it can be uploaded again.")
    else:
        st.caption(
            "The same pages in the same order can be made again from the campaign. Who made and deleted the file stays "
            "on record."
        )
    word = "Remove" if is_document else "Delete"
    if st.button(f"{word} for good", type="primary", key="dl_yes"):
        try:
            downloads.delete(wb, file.file_id)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        then(f"'{file.name}' was {word.lower()}d")
        st.rerun()
