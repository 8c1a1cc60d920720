"""The email to those who may approve a campaign: that one waits. No word of its patients or of what it says."""

import logging
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from core.audit import record
from core.channels.handing_over import Channel, Outgoing
from core.domain.approval import involved
from core.domain.campaign import Campaign
from core.domain.one_line import one_line
from core.domain.role import ACTIVATE_CAMPAIGNS
from core.domain.user import User
from core.errors import SendError
from core.mail_server import mail_channel
from core.store import accounts
from core.store import campaigns as campaign_rows
from core.store.database import reading
from core.workbench import Workbench

_log = logging.getLogger(__name__)


def approvers(wb: Workbench, campaign: Campaign) -> list[User]:
    """Who may approve it: may activate campaigns, sees all of its patients, and neither made nor changed it last."""
    people = [person for person, is_active in accounts.persons(wb.engine) if is_active]
    others = [each for each in people if each.may(ACTIVATE_CAMPAIGNS) and each.user_id not in involved(campaign)]
    with reading(wb.engine) as connection:
        return [each for each in others if campaign_rows.may_change(connection, each, campaign.campaign_id)]


def tell_approvers(wb: Workbench, campaign: Campaign) -> int:
    """One email each, tried once: what counts is the list on their Home. Returns how many were handed over."""
    told = [each for each in approvers(wb, campaign) if each.email]
    with mail_channel(wb.settings) as channel:
        sent = sum(_handed_over(wb, campaign, channel, str(each.email)) for each in told)
    if sent:
        record(wb, "campaign.approvers_told", campaign.campaign_id, people=sent)
    return sent


def _handed_over(wb: Workbench, campaign: Campaign, channel: Channel, to: str) -> bool:
    try:
        channel.hand_over(Outgoing(to, _mail(wb, campaign, to), sender=wb.organisation().from_email))
    except SendError as error:
        _log.error("campaign %s: an email to an approver could not be sent: %s", campaign.campaign_id, error.reason)
        return False
    except (ValueError, HeaderParseError) as error:  # a name or address that no mail can have
        _log.error("campaign %s: no email to an approver: %s", campaign.campaign_id, type(error).__name__)
        return False
    return True


def _mail(wb: Workbench, campaign: Campaign, to: str) -> bytes:
    organisation = wb.organisation()
    mail = EmailMessage()
    mail["From"] = formataddr((organisation.from_name, organisation.from_email))
    mail["To"] = to
    mail["Subject"] = "A campaign waits for your approval"
    mail["Date"] = format_datetime(wb.now())
    mail["Message-ID"] = make_msgid("approval", domain=organisation.from_email.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(
        f"{one_line(wb.user.name)} asks for approval of a {campaign.channel} campaign ({campaign.campaign_id[:6]}).\n\n"
        "You find it in Careloop on Home, under 'Waits for approval'. It goes out only when somebody who neither made "
        "nor changed it last has approved it.\n"
    )
    return mail.as_bytes()
