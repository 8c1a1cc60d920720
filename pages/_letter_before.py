"""Before letters or labels are made: how many in how many files, who gets none and why, and the policy."""

from dataclasses import replace

import streamlit as st

from core import campaigns, letter_forecast, print_runs
from core.domain.campaign import Campaign
from core.domain.letter import settings
from core.domain.paper import LABEL_SHEETS
from core.domain.wording import day_text
from core.errors import CareloopError
from core.letter_forecast import Forecast
from core.workbench import Workbench
from pages._draft import changes
from pages._letter_delivery import no_post
from pages._letter_reach import show_left_out
from pages._letter_run import is_under_way
from pages._shared import count, notice, plain


def ask_to_print(wb: Workbench, campaign: Campaign, *, labels_only: bool) -> None:
    """Open the dialog."""
    title, icon = ("Print labels", ":material/label:") if labels_only else ("Create letters", ":material/print:")
    st.dialog(title, icon=icon, width="medium")(_ask)(wb, campaign, labels_only)


def _ask(wb: Workbench, campaign: Campaign, labels_only: bool) -> None:
    run = print_runs.run_of(wb, campaign.campaign_id)
    if run is not None and run.has_letters:  # the order and the addresses are settled
        chosen_count = run.letter_count
        st.markdown(f"**{count(run.letter_count, 'label')}** in the order of the letters that were made.")
        if any(file.kind == "labels" and not file.is_outdated for file in run.files):
            st.caption("Others on another sheet, or from another label on, take the place of those that are there.")
    else:
        try:
            with st.spinner("Looking at every patient ..."):
                found = letter_forecast.forecast(wb, campaign)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.markdown(_sentence(found, labels_only=labels_only))
        chosen_count = found.letter_count
        show_left_out(found)
        _about(wb, campaign, labels_only=labels_only)
    with_labels, chosen = labels_only, campaign
    if not labels_only:
        with_labels = st.checkbox("Make the address labels too, in the same order", value=True, key="lb_labels")
    if with_labels and campaign.status in ("inactive", "completed"):
        chosen = _sheet(campaign)
    if not chosen_count:
        st.warning("Nobody would get a letter, so there is nothing to print.", icon=":material/block:")
    if st.button(
        "Print labels" if labels_only else "Create letters", key="lb_yes", type="primary", disabled=not chosen_count
    ):
        _start(wb, campaign, chosen, labels=with_labels, letters=not labels_only)


def _sentence(found: Forecast, *, labels_only: bool) -> str:
    noun = "label" if labels_only else "letter"
    where = "" if labels_only else f" in {count(found.file_count, 'file')}"
    home = f", for {count(found.patient_count, 'patient')}" if found.letter_count != found.patient_count else ""
    return (
        f"**{count(found.letter_count, noun)}{where}**{home}. It goes on in the background; nothing leaves by itself."
    )


def _about(wb: Workbench, campaign: Campaign, *, labels_only: bool) -> None:
    if labels_only:
        st.caption("Who gets a letter is decided anew when the letters are created. If that differs, you are told.")
        return
    st.caption(
        f":material/event: Mail Date on the letters: {day_text(campaign.start_on)}.  \n"
        "When the files are ready the campaign is completed and cannot be changed any more."
    )
    if warned := no_post(wb, campaign):
        st.caption(warned)
    st.info(plain(wb.organisation().messaging_policy), icon=":material/policy:")


def _sheet(campaign: Campaign) -> Campaign:
    """The sheet that lies in the printer, and from which of its labels on; it is kept with the campaign."""
    known = settings(campaign.fields)
    left, right = st.columns([3, 1.4])
    sheet = left.selectbox(
        "Label sheet",
        list(LABEL_SHEETS),
        list(LABEL_SHEETS).index(known.sheet.key),
        format_func=lambda key: LABEL_SHEETS[key].name,
        key="lb_sheet",
    )
    first = right.number_input(
        "First label",
        1,
        LABEL_SHEETS[sheet].count,
        min(known.first_label, LABEL_SHEETS[sheet].count),
        key=f"lb_first_{sheet}",
        help="For a sheet of which some labels are used. They are counted row by row from the top left.",
    )
    if (sheet, int(first)) == (known.sheet.key, known.first_label):
        return campaign
    return replace(campaign, fields={**campaign.fields, "sheet": sheet, "first_label": str(int(first))})


def _start(wb: Workbench, campaign: Campaign, chosen: Campaign, *, labels: bool, letters: bool) -> None:
    try:
        wanted, on_sheet = settings(chosen.fields), None
        if campaign.status == "completed":
            on_sheet = (wanted.sheet.key, wanted.first_label)
        elif changed := changes(campaign, chosen):
            campaign = campaigns.save(wb, campaign.campaign_id, changed, version=campaign.version)
        print_runs.start(
            wb, campaign.campaign_id, letters=letters, labels=labels, version=campaign.version, on_sheet=on_sheet
        )
        run = print_runs.run_of(wb, campaign.campaign_id)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if is_under_way(run):
        notice("The files are being made. You may leave this page.", ":material/print:")
    else:
        notice("These labels are there already: nothing has changed since they were made.", ":material/label:")
    st.rerun()
