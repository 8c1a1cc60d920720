"""Where letters come from and come back to: the organisation's own addresses and those of its clinics (L1)."""

from core.domain.campaign import Campaign
from core.domain.organisation import ReturnAddress as ReturnAddress
from core.workbench import Workbench


def return_addresses(wb: Workbench) -> dict[str, ReturnAddress]:
    """By key every address to choose from: those of the settings, the organisation's own, the feed's clinics."""
    raise NotImplementedError


def chosen(wb: Workbench, campaign: Campaign) -> ReturnAddress | None:
    """The one of a letter campaign; None when it has none, or one that is no more."""
    raise NotImplementedError
