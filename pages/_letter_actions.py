"""What can be done with a letter campaign: save it, look at a test letter, print labels, create letters (L2, L5)."""

from collections.abc import Callable, Mapping

import streamlit as st

from core import campaigns, letters, print_runs
from core.domain.campaign import Campaign
from core.domain.life_cycle import PRINT
from core.domain.role import MAKE_CAMPAIGNS, refusal
from core.errors import CareloopError
from core.print_runs import PrintRun
from core.workbench import Workbench
from pages._approval import approval_buttons
from pages._draft import changes, discard, opened
from pages._letter_before import ask_to_print
from pages._letter_report import ask_about_letters
from pages._letter_run import is_under_way
from pages._preview import shown_patient
from pages._shared import count, notice, plain

Attempt = Callable[[Callable[[], None]], None]


def letter_actions(
    wb: Workbench,
    campaign: Campaign,
    draft: Campaign,
    may: Mapping[str, str],
    *,
    locked: bool,
    problem_count: int,
    attempt: Attempt,
) -> None:
    """The bar at the bottom. `attempt` does something and shows what went wrong at the top of the page. Whoever prints
    reads first what that does."""
    is_saved = not changes(campaign, draft) and draft.version == campaign.version
    run = print_runs.run_of(wb, campaign.campaign_id)
    is_busy = is_under_way(run)
    is_ready = is_saved and not problem_count and campaign.status == "inactive" and not is_busy
    may_print = is_ready and not may[PRINT]
    with st.bottom, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if campaign.status != "completed" and st.button(
            "Save campaign", key="ce_save", icon=":material/save:", disabled=locked or is_saved
        ):
            attempt(lambda: _save(wb, campaign, draft))
        if st.button("Test letter", key="ce_test", icon=":material/picture_as_pdf:", disabled=not is_saved):
            _test(wb, campaign)
        may_label = _may_label(run, may_print)
        if st.button("Print labels", key="ce_labels", icon=":material/label:", disabled=not may_label):
            ask_to_print(wb, campaign, labels_only=True)
        if campaign.status == "completed":
            _mailed_button(wb, campaign)
        elif not approval_buttons(wb, campaign, draft, may, problem_count=problem_count, attempt=attempt):
            _letters_button(wb, campaign, may_print=may_print, why_not=may[PRINT] if is_ready else "")
        if why := _why_not(campaign, locked=locked, is_saved=is_saved, is_busy=is_busy, problem_count=problem_count):
            st.caption(why)


def _letters_button(wb: Workbench, campaign: Campaign, *, may_print: bool, why_not: str) -> None:
    if st.button(
        "Create letters",
        key="ce_letters",
        icon=":material/print:",
        type="primary",
        disabled=not may_print,
        help=why_not or None,
    ):
        ask_to_print(wb, campaign, labels_only=False)


def _mailed_button(wb: Workbench, campaign: Campaign) -> None:
    """What follows when the letters are made."""
    printed = campaigns.progress(wb, campaign.campaign_id).results["Waiting"]
    if st.button(
        "Mark as mailed",
        key="ce_mailed",
        icon=":material/local_post_office:",
        type="primary",
        disabled=not printed or not wb.user.may(MAKE_CAMPAIGNS),
        help=None if wb.user.may(MAKE_CAMPAIGNS) else refusal(MAKE_CAMPAIGNS),
    ):
        ask_about_letters(wb, campaign.campaign_id, "mailed", [])


def _may_label(run: PrintRun | None, may_print: bool) -> bool:
    """Labels of letters that exist are printed from the letters' own list, also when the campaign is completed."""
    return may_print or (run is not None and run.state == "ready" and run.has_letters)


def _why_not(campaign: Campaign, *, locked: bool, is_saved: bool, is_busy: bool, problem_count: int) -> str:
    """Why nothing can be printed yet."""
    if is_busy:
        return "The files are being made. You may leave this page."
    if locked:
        return "" if campaign.status == "completed" else "The campaign cannot be changed any more."
    if problem_count:
        return f":orange[{count(problem_count, 'thing')} to put right before letters can be printed]"
    return "" if is_saved else ":orange[Save the campaign to print labels and letters]"


def _save(wb: Workbench, campaign: Campaign, draft: Campaign) -> None:
    """Keep the draft, which then begins anew from what is kept."""
    changed, begun = changes(campaign, draft), opened(campaign)
    saved = campaigns.save(wb, campaign.campaign_id, changed, version=draft.version, opened=begun)
    discard(saved)
    notice(f"'{saved.name}' is saved")
    st.rerun()


@st.dialog("Test letter", icon=":material/picture_as_pdf:")
def _test(wb: Workbench, campaign: Campaign) -> None:
    """A letter to look at, for whom the preview shows (C7)."""
    patient_id = shown_patient() or next(iter(campaigns.patients(wb, campaign.campaign_id)), "")
    st.markdown(
        "The letter to the patient whom the preview shows, as a PDF that is marked as a test. Nobody counts as written "
        "to."
    )
    try:
        letters.preview(wb, campaign, patient_id)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.download_button(
        "Download the test letter",
        data=lambda: letters.test_letter(wb, campaign.campaign_id, patient_id).content,
        file_name="test-letter.pdf",
        mime="application/pdf",
        key="ce_test_file",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
