"""How many of a campaign's patients could be written to now, in a sentence."""

from core import campaigns, preflight
from core.domain.campaign import Campaign
from core.workbench import Workbench
from pages._shared import count


def reach_sentence(wb: Workbench, campaign: Campaign) -> str:
    """'**721 of 747 patients** can be reached by email today. The others are not sent; the report says why.'"""
    ids = campaigns.patients(wb, campaign.campaign_id)
    mode = preflight.of_campaign(wb, campaign, ids)
    if mode.count == len(ids):
        return f"All **{count(len(ids), 'patient')}** can be reached by {campaign.channel} today."
    reached = f"**{mode.count:,} of {count(len(ids), 'patient')}** can be reached by {campaign.channel} today."
    return f"{reached} The others are not sent to; the report says why."
