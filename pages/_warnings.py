"""What should be said otherwise in a message. What may not be said at all is among the campaign's problems."""

from dataclasses import replace

import streamlit as st

from core import letters, templates
from core.domain.campaign import AB, Campaign
from core.domain.effects.allocation import B
from core.domain.findings import WARNING
from core.domain.organisation import LETTER
from core.workbench import Workbench
from pages._shared import plain


def warnings(wb: Workbench, draft: Campaign) -> None:
    """Draw every warning about the draft."""
    of_draft = letters.findings if draft.channel == LETTER else templates.findings
    found = of_draft(wb, draft)
    if draft.design == AB:
        of_b = [each for each in of_draft(wb, draft.version_for(B)) if each not in found]
        found += [replace(each, sentence=f"Version B: {each.sentence}") for each in of_b]
    for finding in found:
        if finding.level == WARNING:
            st.warning(plain(finding.sentence), icon=":material/rule:")
