"""The email to those who may approve a campaign: that one waits. No word of its patients or of what it says."""

from sqlalchemy import Connection

from core import staff_mail
from core.domain.approval import Asked, involved
from core.domain.campaign import Campaign
from core.domain.one_line import one_line
from core.domain.organisation import EMAIL
from core.domain.role import ACTIVATE_CAMPAIGNS
from core.domain.user import User
from core.staff_mail import News
from core.store import accounts, alarm_rows, approval_rows
from core.store import campaigns as campaign_rows
from core.store.database import reading
from core.workbench import Workbench


def approvers(connection: Connection, campaign: Campaign) -> list[User]:
    """Who may approve it: may activate campaigns, sees all of its patients, and neither made nor changed it last."""
    people = [person for person, is_active in accounts.persons_in(connection) if is_active]
    others = [each for each in people if each.may(ACTIVATE_CAMPAIGNS) and each.user_id not in involved(campaign)]
    return [each for each in others if campaign_rows.may_change(connection, each, campaign.campaign_id)]


def queue(wb: Workbench, connection: Connection, campaign: Campaign) -> int:
    """Let the dispatcher send an email to each who may approve a campaign that waits since now; returns to how many."""
    asked = approval_rows.asked(connection, [campaign.campaign_id])[campaign.campaign_id]
    told = [each.user_id for each in approvers(connection, campaign) if each.email]
    alarm_rows.add(connection, _key(campaign.campaign_id, asked), told, at=wb.now())
    return len(told)


def send_due(wb: Workbench) -> int:
    """Send the emails that are due, about campaigns that still wait; returns how many left."""
    with reading(wb.engine) as connection:
        waiting = approval_rows.waiting(connection)
        if not waiting:
            return 0
        people = {each.user_id: each for each, is_active in accounts.persons_in(connection) if is_active}
    news = {_key(found, asked): _news(wb, found, channel, asked) for found, channel, asked in waiting}
    return staff_mail.send_due(wb, news, {each.user_id: each.email or "" for each in people.values()})


def _key(campaign_id: str, asked: Asked) -> str:
    return f"approval:{campaign_id}:{asked.at.isoformat()}"


def _news(wb: Workbench, campaign_id: str, channel: str, asked: Asked) -> News:
    kind = f"{'an' if channel == EMAIL else 'a'} {channel}"
    text = (
        f"{one_line(accounts.user_name(wb.engine, asked.by))} asks for approval of {kind} campaign "
        f"({campaign_id[:6]}).\n\n"
        "You find it in Careloop on Home, under 'Waits for approval'. It goes out only when somebody who neither made "
        "nor changed it last has approved it.\n"
    )
    subject = "A campaign waits for your approval"
    return News(subject, text, about="approval", action="campaign.approver_told", details={"campaign": campaign_id})
