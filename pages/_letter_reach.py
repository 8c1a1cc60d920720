"""Who gets a letter and who gets none, with exactly why; and how many want no messages at all and get a letter."""

from dataclasses import dataclass

import streamlit as st

from core import campaigns, preflight, templates
from core.domain.campaign import Campaign
from core.domain.eligibility import missing_field, what_to_do
from core.domain.letter import settings
from core.domain.merge_field import FIELDS
from core.errors import CareloopError
from core.preflight import Reach
from core.workbench import Workbench
from pages._shared import count, plain


@dataclass(frozen=True)
class Planned:
    """What a print run would come to by today's data.

    letter_count   letters; fewer than patients where a household gets one together
    left_out       how many get none, by the reason people read, the most frequent first
    advice         what staff can do about these reasons
    no_contact_count   patients who want no messages at all and get a letter
    """

    selected: int
    patient_count: int
    letter_count: int
    left_out: dict[str, int]
    advice: tuple[str, ...]
    no_contact_count: int


def planned(wb: Workbench, campaign: Campaign) -> Planned:
    """By today's data: whoever can be written to and whose letter can be filled in."""
    ids = campaigns.patients(wb, campaign.campaign_id)
    mode = preflight.of_campaign(wb, campaign, ids)
    lacking = _lacking(wb, campaign, mode.reached)
    missed = {each.reason.sentence: each.count for each in mode.not_reached}
    for name, patient_ids in lacking.items():
        missed[missing_field(name).sentence] = len(patient_ids)
    written_to = set(mode.reached) - {each for patient_ids in lacking.values() for each in patient_ids}
    advice = dict.fromkeys(what_to_do(each.reason.key) for each in mode.not_reached)
    return Planned(
        selected=len(ids),
        patient_count=len(written_to),
        letter_count=_letters(campaign, mode, written_to),
        left_out=dict(sorted(missed.items(), key=lambda row: -row[1])),
        advice=tuple(each for each in advice if each),
        no_contact_count=len(written_to & set(mode.no_contact)),
    )


def show_letter_reach(wb: Workbench, draft: Campaign) -> None:
    """'**721 of 747 patients** get a letter', why the others get none, and who wants no messages at all."""
    found = planned(wb, draft)
    who = f"All **{count(found.selected, 'patient')}**"
    if found.patient_count < found.selected:
        who = f"**{found.patient_count:,} of {count(found.selected, 'patient')}**"
    verb = "gets" if found.selected == 1 else "get"
    st.markdown(f"{who} {verb} a letter as things are today.")
    show_left_out(found)


def show_left_out(found: Planned) -> None:
    """The reasons with their counts, what to do about them, and the notice about those who want no contact."""
    if found.left_out:
        st.table(
            {
                "Patients": list(found.left_out.values()),
                "Get no letter because": [plain(reason) for reason in found.left_out],
            },
            border="horizontal",
            hide_index=True,
            alt="Why patients get no letter",
        )
    for advice in found.advice:
        st.caption(f":material/lightbulb: {plain(advice)}")
    if found.no_contact_count:
        st.caption(about_no_contact(found.no_contact_count))


def about_no_contact(number: int) -> str:
    """What is said of patients who want no messages at all and get a letter (O1)."""
    want = "wants" if number == 1 else "want"
    return (
        f":material/notifications_off: {count(number, 'patient')} of them {want} no messages at all. An opt-out does "
        "not stop letters; 'Leave out who wants no messages at all' under Delivery does."
    )


def _lacking(wb: Workbench, campaign: Campaign, reached: tuple[str, ...]) -> dict[str, list[str]]:
    """Who lacks what the letter needs, by merge field; what the author fills in is a problem of the letter."""
    try:
        found = templates.unfillable(wb, campaign, reached)
    except CareloopError:
        return {}  # said where the letter is written
    return {name: patient_ids for name, patient_ids in found.items() if FIELDS[name].source != "author"}


def _letters(campaign: Campaign, mode: Reach, written_to: set[str]) -> int:
    if not settings(campaign.fields).per_household:
        return len(written_to)
    homes = [len(written_to.intersection(home)) for home in mode.same_household]
    return len(written_to) - sum(size - 1 for size in homes if size)
