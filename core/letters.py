"""A letter as it would be printed, before it is: previews, a test letter, and what keeps a campaign from printing."""

from core.domain.campaign import Campaign
from core.domain.findings import Finding
from core.downloads import Download
from core.workbench import Workbench


def preview(wb: Workbench, draft: Campaign, patient_id: str, *, language: str | None = None) -> bytes:
    """A PDF of the letter as this patient would get it; the campaign need not have been saved.

    Raises NotFound for a patient the user may not see, MissingField and TemplateError when nothing would be printed,
    NotAllowed for an address or a sender that no letter can have.
    """
    raise NotImplementedError


def example(wb: Workbench, draft: Campaign) -> bytes:
    """A PDF of the letter to an invented patient."""
    raise NotImplementedError


def problems(wb: Workbench, draft: Campaign) -> dict[str, str]:
    """What keeps a draft from being printed, by field (core.campaigns.problems_of); empty when nothing does."""
    raise NotImplementedError


def findings(wb: Workbench, draft: Campaign) -> list[Finding]:
    """Errors and warnings of the message, the sender and the settings; also when it takes more than two pages."""
    raise NotImplementedError


def test_letter(wb: Workbench, campaign_id: str, patient_id: str) -> Download:
    """A letter to look at, marked as a test (C7): nobody becomes a recipient. Recorded."""
    raise NotImplementedError
