"""What may still reach a patient, as a small table of products and ways."""

from datetime import date

import streamlit as st

from core import reachable
from core.domain.eligibility import Reason
from core.domain.opt_out import TYPES
from core.domain.opt_out_words import address_text
from core.domain.organisation import CHANNELS
from core.domain.person import Person
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._shared import MODE_NAMES, plain

_OPTED_OUT = "opted_out:"
_GO = (("email", "emails go to"), ("text", "texts to"), ("phone", "calls to"))


def show(wb: Workbench, person: Person, *, on: date) -> None:
    """The table."""
    is_today = on == wb.today()
    st.subheader("May still reach the patient" if is_today else f"By opt-outs of {day_text(on)}", anchor=False)
    found = reachable.reach(wb, person.patient_id, on=on)
    head = " | ".join(MODE_NAMES[channel] for channel in CHANNELS)
    lines = [f"| | {head} |", "|---|---|---|---|"]
    for product, name in reachable.PRODUCTS.items():
        cells = " | ".join(_cell(found.reasons[product, channel]) for channel in CHANNELS)
        lines.append(f"| {name} | {cells} |")
    st.markdown("\n".join(lines))
    may = {channel for (_product, channel), reason in found.reasons.items() if reason is None}
    to = [f"{verb} {plain(address_text(found.addresses[channel] or ''))}" for channel, verb in _GO if channel in may]
    for channel, sentence in _otherwise(found):
        st.caption(f"{MODE_NAMES[channel]}: {plain(sentence)}.")
    if is_today and to:
        st.caption(f"Today {'; '.join(to)}.")
    st.caption("Letters are not stopped by any opt-out. Health topics stop only what is about them.")


def _cell(reason: Reason | None) -> str:
    if reason is None:
        return ":green[✓\u00a0Yes]"
    if reason.key.startswith(_OPTED_OUT):
        return f":red[✕\u00a0{plain(TYPES[reason.key.removeprefix(_OPTED_OUT)].name)}]"
    return ":gray[–\u00a0No]"


def _otherwise(found: reachable.Reach) -> list[tuple[str, str]]:
    """Channels with what else than an opt-out keeps messages back, each once."""
    said = {
        (channel, reason.sentence): None
        for (_product, channel), reason in found.reasons.items()
        if reason is not None and not reason.key.startswith(_OPTED_OUT)
    }
    return list(said)
