"""The emails to those who may approve: that a campaign waits, and that approval was turned off. No word of patients or
of what a campaign says."""

import logging
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from core import staff_mail
from core.audit import record
from core.channels.handing_over import Channel, Outgoing
from core.domain.approval import involved
from core.domain.campaign import Campaign
from core.domain.one_line import one_line
from core.domain.role import ACTIVATE_CAMPAIGNS
from core.domain.user import User
from core.errors import SendError
from core.mail_server import mail_channel
from core.store import accounts, approval_rows
from core.store import campaigns as campaign_rows
from core.store.database import reading
from core.workbench import Workbench

_log = logging.getLogger(__name__)


def approvers(wb: Workbench, campaign: Campaign) -> list[User]:
    """Who may approve it: may activate campaigns, sees all of its patients, and neither made nor changed it."""
    with reading(wb.engine) as connection:
        out = involved(campaign, approval_rows.editors(connection, campaign.campaign_id))
        others = [each for each in _may_approve(wb) if each.user_id not in out]
        return [each for each in others if campaign_rows.may_change(connection, each, campaign.campaign_id)]


def tell_approvers(wb: Workbench, campaign: Campaign) -> int:
    """One email each, tried once: what counts is the list on their Home. Returns how many were handed over."""
    told = [each for each in approvers(wb, campaign) if each.email]
    with mail_channel(wb.settings) as channel:
        sent = sum(_handed_over(wb, campaign, channel, str(each.email)) for each in told)
    if sent:
        record(wb, "campaign.approvers_told", campaign.campaign_id, people=sent)
    return sent


def tell_turned_off(wb: Workbench) -> int:
    """One email to each of the others who may approve: campaigns go out without their word from now on. Returns how
    many were handed over."""
    told = [each for each in _may_approve(wb) if each.email and each.user_id != wb.user.user_id]
    text = (
        f"{one_line(wb.user.name)} has turned off approval by a second person. Until it is turned on again, one person "
        "alone may make a campaign and let it go out.\n\n"
        "If you did not expect that, ask at once. The change stands in Careloop under Settings, with the reason if one "
        "was given. When approval is turned on again, campaigns that were activated meanwhile wait for it.\n"
    )
    subject = "Approval by a second person was turned off"
    sent = sum(
        staff_mail.send(wb, to=str(each.email), subject=subject, text=text, about="approval-off") == "sent"
        for each in told
    )
    record(wb, "settings.approvers_told", people=sent)
    return sent


def _may_approve(wb: Workbench) -> list[User]:
    people = [person for person, is_active in accounts.persons(wb.engine) if is_active]
    return [each for each in people if each.may(ACTIVATE_CAMPAIGNS)]


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
        "nor changed it has approved it.\n"
    )
    return mail.as_bytes()
