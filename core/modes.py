"""What the organisation's settings forbid a campaign: a mode that is off (C2), a sender that is not listed (E3)."""

from core.domain.address import is_email
from core.domain.campaign import Campaign
from core.domain.organisation import EMAIL
from core.errors import NotAllowed
from core.workbench import Workbench


def require_mode(wb: Workbench, channel: str) -> None:
    """Raises NotAllowed for a mode that the organisation does not use."""
    if channel not in wb.organisation().modes:
        raise NotAllowed(_is_off(channel))


def setting_problems(wb: Workbench, draft: Campaign) -> dict[str, str]:
    """What keeps a draft from being active or printed, by field; empty when nothing does."""
    organisation, found = wb.organisation(), {}
    if draft.channel not in organisation.modes:
        found["channel"] = _is_off(draft.channel)
    if draft.channel == EMAIL and is_email(draft.from_email) and draft.from_email not in organisation.senders:
        found["from_email"] = "The From Email Address is not one of the organisation's. Choose one of the list."
    return found


def _is_off(channel: str) -> str:
    return f"The mode {channel} is turned off in the organisation's settings. An administrator can turn it on."
