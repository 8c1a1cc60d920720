"""What a first-time visitor of the demo finds: patients as of today, saved views, a draft, a campaign that was sent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from importlib import resources
from pathlib import Path
from shutil import rmtree
from typing import Any

from core import (
    campaign_list,
    campaigns,
    code_loads,
    dispatcher,
    feed_gate,
    loads,
    logos,
    new_campaigns,
    saved_views,
    templates,
    work_lists,
)
from core.channels.outbox import start_outbox
from core.demo_effect import DAYS_AGO, follow_up, followed_feed, send_to_half
from core.demo_letters import print_letters
from core.demo_texts import send_texts
from core.domain.organisation import Organisation, ReturnAddress
from core.domain.period import Period
from core.domain.window import is_sending_day, sending_day
from core.domain.work_list import Filter, Sort, WorkList
from core.sample import write_sample
from core.store import accounts
from core.workbench import DISPATCHER, Workbench

Progress = Callable[[str, float], None]
SEED = 20
_SENT_TO = 300
_NEXT_MONTH = Filter("next_appointment", "not_in_next", Period(1, "months"))
_ACTIVE = Filter("status", "equals", "Active")

ORGANISATION: dict[str, Any] = {
    "name": "Example Health Group",
    "postal_address": "100 Example Street, Springfield, IL 62701",
    "from_name": "Example Health Group",
    "support_email": "support@example.org",
    "support_phone": "+15550100177",
    "support_hours": "Monday to Friday, 7:00 to 19:00 Central time",
    "question_address": "questions@example.org",
    "return_addresses": (
        ReturnAddress(
            "main-office", "Main office", ("Example Health Group", "100 Example Street", "Springfield, IL 62701")
        ),
    ),
}
VIEWS: tuple[tuple[str, WorkList], ...] = (
    (
        "Mammogram overdue – no appointment, has email",
        WorkList(
            filters=(
                (_ACTIVE, Filter("alerts", "contains", "Scr: Mammogram"), _NEXT_MONTH, Filter("email", "not_empty")),
            )
        ),
    ),
    (
        "Diabetes with open gaps – no visit in 3 months",
        WorkList(
            filters=(
                (
                    _ACTIVE,
                    Filter("conditions", "contains", "diabetes"),
                    Filter("alerts", "not_empty"),
                    Filter("last_visit", "not_in_last", Period(3, "months")),
                ),
            ),
            sorts=(Sort("lab:hba1c", descending=True), Sort("name")),
            columns=("name", "age", "alerts", "alert_count", "lab:hba1c", "lab_date:hba1c", "last_visit", "pcp"),
        ),
    ),
    (
        "Colorectal screening overdue – 50 and older, has email",
        WorkList(
            filters=(
                (
                    _ACTIVE,
                    Filter("alerts", "contains", "Scr: Colorectal"),
                    Filter("age", "greater", 49),
                    Filter("email", "not_empty"),
                ),
            )
        ),
    ),
)


def tell(wb: Workbench, *, patients: int, progress: Progress) -> None:
    """Bring the demo's home up to today; what a visitor made there before stays."""
    accounts.change_organisation(wb.engine, ORGANISATION, at=wb.now(), by=wb.user.user_id)
    _add_logo(wb)
    _load(wb, patients=patients, progress=progress)
    if not saved_views.views(wb):
        for name, work_list in VIEWS:
            saved_views.save_view(wb, name, work_list, is_shared=True)
    if not campaign_list.campaigns(wb):
        progress("Sending a campaign of three months ago", 0.1)
        _followed(wb)
        progress("Sending a campaign of last week", 0.2)
        _sent(wb)
        progress("Sending a campaign of last week", 0.7)
        _texted(wb)
        progress("Sending a campaign of last week", 0.85)
        _printed(wb)
        progress("Sending a campaign of last week", 0.9)
        _draft(wb)
        progress("Sending a campaign of last week", 1.0)


def _add_logo(wb: Workbench) -> None:
    if not logos.logos(wb):
        picture = resources.files("core.library") / "logos" / "example-health-group.png"
        logos.add(wb, ORGANISATION["name"], picture.read_bytes())


def _load(wb: Workbench, *, patients: int, progress: Progress) -> None:
    feed, stamp = wb.settings.home / "sample-feed", f"{patients} {SEED} {wb.today()}"
    made = feed / "made-for"
    if not made.exists() or made.read_text("utf-8") != stamp:
        rmtree(feed, ignore_errors=True)
        write_sample(feed, patients=patients, seed=SEED, as_of=wb.today(), progress=progress)
        made.write_text(stamp, "utf-8")
    if loads.current(wb) is None:
        code_loads.load_codes(wb, feed / "code_map.csv")
    loads.load(wb, _with_closures(wb, feed) if campaign_list.campaigns(wb) else feed, progress=progress)
    if not feed_gate.gate(wb).is_open:  # fewer people than last time
        feed_gate.release(wb, reason="The people of the demo were invented anew.")


def _followed(wb: Workbench) -> None:
    """A letter campaign of three months ago to half of its patients, and the feed that tells what both did since."""
    day = sending_day(wb.organisation(), wb.today() - timedelta(days=DAYS_AGO))
    morning = datetime.combine(day, time(9, 0), tzinfo=wb.zone())
    send_to_half(_at(wb, morning), _at(wb, morning + timedelta(hours=4)))
    loads.load(wb, _with_closures(wb, wb.settings.home / "sample-feed"))
    follow_up(wb)


def _with_closures(wb: Workbench, feed: Path) -> Path:
    """The feed with what patients of campaigns did since the first of them."""
    begun = min(one.campaign.created_at for one in campaign_list.campaigns(wb))
    return followed_feed(wb, feed, sent_on=begun.astimezone(wb.zone()).date())


def _sent(wb: Workbench) -> None:
    """A campaign that went out on a sending day of last week, through the local mail server like any other."""
    organisation = wb.organisation()
    day = _sending_day_before(wb.today() - timedelta(days=6), organisation)
    morning = datetime.combine(day, time(10, 15), tzinfo=wb.zone())
    then = _at(wb, morning)
    work_list = VIEWS[1][1]
    template = templates.template("diabetes-care-gaps")
    found = work_lists.run(wb, work_list).ids[:_SENT_TO]
    campaign_id = new_campaigns.create(then, template_id=template.template_id, patient_ids=found, work_list=work_list)
    campaign = campaigns.campaign(then, campaign_id)
    changes = {
        "start_on": day,
        "description": "Patients with diabetes and open care gaps who were not seen for three months.",
    }
    campaigns.save(then, campaign_id, changes, version=campaign.version)
    campaigns.activate(then, campaign_id)
    outbox = start_outbox(wb.settings.home / "outbox", host=wb.settings.smtp_host, port=wb.settings.smtp_port)
    try:
        dispatcher.drain(then.as_user(DISPATCHER))
    finally:
        outbox.stop()


def _texted(wb: Workbench) -> None:
    """A text campaign of a later day of that week, with what patients wrote back in the afternoon."""
    day = _sending_day_before(wb.today() - timedelta(days=5), wb.organisation())
    noon = datetime.combine(day, time(12, 5), tzinfo=wb.zone())
    send_texts(_at(wb, noon), _at(wb, noon + timedelta(hours=2)), day=day)


def _printed(wb: Workbench) -> None:
    """A letter campaign of that week: mailed two days later, but for some letters, and one came back."""
    days = letter_days(wb.today(), wb.organisation())
    print_letters(*(_at(wb, datetime.combine(day, time(9, 30), tzinfo=wb.zone())) for day in days))


def letter_days(today: date, organisation: Organisation) -> tuple[date, date, date]:
    """On which days the letters are printed, mailed (when post goes) and one comes back."""
    printed = _sending_day_before(today - timedelta(days=7), organisation)
    return printed, sending_day(organisation, printed + timedelta(days=2)), today - timedelta(days=1)


def _draft(wb: Workbench) -> None:
    work_list = VIEWS[0][1]
    found = work_lists.run(wb, work_list).ids[: wb.organisation().campaign_limit]
    new_campaigns.create(wb, template_id="mammogram-reminder", patient_ids=found[:400], work_list=work_list)


def _at(wb: Workbench, begun: datetime) -> Workbench:
    """The same workbench as it was at another time; its clock goes on from there."""
    shift = begun - wb.now()
    return replace(wb, clock=lambda: wb.clock() + shift)


def _sending_day_before(day: date, organisation: Organisation) -> date:
    while not is_sending_day(organisation, day):
        day -= timedelta(days=1)
    return day
