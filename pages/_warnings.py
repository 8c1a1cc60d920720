"""What should be said otherwise in a message. What may not be said at all is among the campaign's problems."""

import streamlit as st

from core import letters, templates
from core.domain.campaign import Campaign
from core.domain.findings import WARNING
from core.domain.organisation import LETTER
from core.workbench import Workbench
from pages._shared import plain


def warnings(wb: Workbench, draft: Campaign) -> None:
    """Draw every warning about the draft."""
    of_draft = letters.findings if draft.channel == LETTER else templates.findings
    for finding in of_draft(wb, draft):
        if finding.level == WARNING:
            st.warning(plain(finding.sentence), icon=":material/rule:")
