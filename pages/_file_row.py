"""Files as rows: what each is, how to check a copy of it, and what can be done with it; those of a run in one frame."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import streamlit as st

from core import downloads, users
from core.domain.wording import day_text
from core.downloads import Download
from core.errors import CareloopError
from core.workbench import Workbench
from pages._shared import count, moment, plain

_ICONS = {"letters": ":material/description:", "labels": ":material/label:", "document": ":material/draft:"}
_GONE = {"expired": "its time was over", "outdated": "it did not fit the letters any more", "stopped": "stopped"}
_WIDTHS = (6, 3.6)
_SHORT = 8  # of the digits of a digest, to tell two files apart


def runs_of(files: Iterable[Download]) -> list[list[Download]]:
    """The files of each print run together, in the order of the first of each; letters before labels."""
    order = {run: place for place, run in enumerate(dict.fromkeys(file.run_id for file in files))}
    known = sorted(files, key=lambda file: (order[file.run_id], file.kind != "letters", file.part, file.made_at))
    return [list(of_run) for _, of_run in groupby(known, key=lambda file: file.run_id)]


def file_rows(
    wb: Workbench, files: Sequence[Download], *, with_campaign: bool = False, may_delete: bool = True
) -> Download | None:
    """Draw files that were made together; returns the one that is to be deleted."""
    asked = None
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if with_campaign and files[0].campaign_id:
                _campaign_link(files[0])
            st.caption(_made(wb, files[0]), width="content")
        for file in files:
            # one that was made again later has a day of its own
            made = "" if _made(wb, file) == _made(wb, files[0]) else _made(wb, file)
            if _row(wb, file, made=made, may_delete=may_delete):
                asked = file
    return asked


def size_text(size: int) -> str:
    """'12 kB', '3.4 MB'."""
    return f"{max(size // 1000, 1):,} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"


def _campaign_link(file: Download) -> None:
    label = f"**{plain(file.campaign_name)}**"
    st.page_link("report.py", label=label, icon=":material/campaign:", query_params={"id": str(file.campaign_id)})


def _made(wb: Workbench, file: Download) -> str:
    return f"{plain(users.name_of(wb, file.made_by))}, {moment(file.made_at, wb)}{_kept(wb, file)}"


def _kept(wb: Workbench, file: Download) -> str:
    if file.deleted_how or file.expires_at is None:
        return ""
    return f" · kept until {day_text(file.expires_at.astimezone(wb.zone()).date())}"


def _row(wb: Workbench, file: Download, *, made: str, may_delete: bool) -> bool:
    with st.container(key=f"file-{file.file_id}"):
        left, right = st.columns(_WIDTHS, vertical_alignment="center", gap="small")
        about = [*_facts(file), *([made] if made else []), *_gone(wb, file)]
        left.markdown(f"{_ICONS[file.kind]} **{plain(file.name)}**  \n:small[:gray[{' · '.join(about)}]]")
        with (
            right,
            st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right", gap="small"),
        ):
            return _buttons(wb, file, may_delete=may_delete)


def _facts(file: Download) -> list[str]:
    facts = [plain(file.about)] if file.about else []
    if file.kind == "letters":
        last = file.first + file.count - 1
        facts.append(f"letters {file.first:,} to {last:,}" if file.parts > 1 else count(file.count, "letter"))
    elif file.kind == "labels":
        facts.append(count(file.count, "label"))
    if file.pages:
        facts.append(count(file.pages, "page"))
    return [*facts, size_text(file.size)]


def _gone(wb: Workbench, file: Download) -> list[str]:
    """Why there is nothing to download any more, or why not to use it."""
    if not file.deleted_how:
        return [":orange[does not fit the letters any more]"] if file.is_outdated else []
    when = moment(file.deleted_at, wb)
    if file.deleted_how == "deleted":
        return [f"deleted by {plain(users.name_of(wb, file.deleted_by))}, {when}"]
    return [f"deleted, {_GONE.get(file.deleted_how, '')}, {when}"]


def _buttons(wb: Workbench, file: Download, *, may_delete: bool) -> bool:
    with st.popover(
        f"SHA-256 {file.digest[:_SHORT]}", icon=":material/fingerprint:", type="tertiary", help=f"SHA-256 {file.digest}"
    ):
        st.caption("SHA-256, to check that a copy is this very file")
        st.code(file.digest, language=None, wrap_lines=True)
    if file.deleted_how:
        return False
    why = downloads.why_not_fetch(wb, file.kind)
    if why:
        st.button("Download", key=f"dl_get_{file.file_id}", icon=":material/download:", disabled=True, help=why)
        return False
    st.download_button(
        "Download",
        data=lambda: downloads.content(wb, file.file_id).content,
        file_name=file.name,
        mime=file.mime,
        key=f"dl_get_{file.file_id}",
        icon=":material/download:",
        on_click="ignore",
    )
    word = "Remove" if file.kind == "document" else "Delete"
    return may_delete and st.button(
        word, icon=":material/delete:", key=f"dl_del_{file.file_id}", type="tertiary", help=f"{word} {file.name}"
    )


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
