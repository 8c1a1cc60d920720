"""The emails to those who may approve: that a campaign waits, and that approval was turned off. No word of patients or
of what a campaign says. The dispatcher sends them."""

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
    """Who may approve it: may activate campaigns, sees all of its patients, and neither made nor changed it."""
    out = involved(campaign, approval_rows.editors(connection, campaign.campaign_id))
    others = [each for each in _may_approve(connection) if each.user_id not in out]
    return [each for each in others if campaign_rows.may_change(connection, each, campaign.campaign_id)]


def queue(wb: Workbench, connection: Connection, campaign: Campaign) -> int:
    """Let the dispatcher send an email to each who may approve a campaign that waits since now; returns to how many."""
    asked = approval_rows.asked(connection, [campaign.campaign_id])[campaign.campaign_id]
    told = [each.user_id for each in approvers(connection, campaign) if each.email]
    alarm_rows.add(connection, _key(campaign.campaign_id, asked), told, at=wb.now())
    return len(told)


def queue_turned_off(wb: Workbench, connection: Connection) -> int:
    """Let the dispatcher tell all others who may approve that campaigns go out without their word from now on; returns
    how many. Called in the transaction in which the setting has changed."""
    told = [each.user_id for each in _may_approve(connection) if each.email and each.user_id != wb.user.user_id]
    turned_off = approval_rows.turned_off(connection)
    if turned_off is not None:
        alarm_rows.add(connection, _off_key(turned_off), told, at=wb.now())
    return len(told)


def send_due(wb: Workbench) -> int:
    """Send the emails that are due, about campaigns that still wait and an approval that is still off; returns how many
    left."""
    with reading(wb.engine) as connection:
        waiting = approval_rows.waiting(connection)
        turned_off = approval_rows.turned_off(connection)
        if not waiting and turned_off is None:
            return 0
        people = {each.user_id: each for each, is_active in accounts.persons_in(connection) if is_active}
    news = {_key(found, asked): _news(wb, found, channel, asked) for found, channel, asked in waiting}
    if turned_off is not None:
        news[_off_key(turned_off)] = _off_news(wb, turned_off)
    return staff_mail.send_due(wb, news, {each.user_id: each.email or "" for each in people.values()})


def _may_approve(connection: Connection) -> list[User]:
    people = [person for person, is_active in accounts.persons_in(connection) if is_active]
    return [each for each in people if each.may(ACTIVATE_CAMPAIGNS)]


def _off_key(turned_off: Asked) -> str:
    return f"approval-off:{turned_off.at.isoformat()}"


def _off_news(wb: Workbench, turned_off: Asked) -> News:
    who = one_line(accounts.user_name(wb.engine, turned_off.by))
    text = (
        f"{who} has turned off approval by a second person. Until it is turned on again, one person alone may make a "
        "campaign and let it go out.\n\n"
        "If you did not expect that, ask at once. The change stands in Careloop under Settings, with the reason if one "
        "was given. When approval is turned on again, campaigns that were activated meanwhile wait for it.\n"
    )
    subject = "Approval by a second person was turned off"
    return News(subject, text, about="approval-off", action="settings.approver_told")


def _key(campaign_id: str, asked: Asked) -> str:
    return f"approval:{campaign_id}:{asked.at.isoformat()}"


def _news(wb: Workbench, campaign_id: str, channel: str, asked: Asked) -> News:
    kind = f"{'an' if channel == EMAIL else 'a'} {channel}"
    text = (
        f"{one_line(accounts.user_name(wb.engine, asked.by))} asks for approval of {kind} campaign "
        f"({campaign_id[:6]}).\n\n"
        "You find it in Careloop on Home, under 'Waits for approval'. It goes out only when somebody who neither made "
        "nor changed it has approved it.\n"
    )
    subject = "A campaign waits for your approval"
    return News(subject, text, about="approval", action="campaign.approver_told", details={"campaign": campaign_id})
