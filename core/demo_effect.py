"""The demo's campaign of three months ago: half of its patients, chosen by chance, got no letter; what followed."""

from datetime import date
from pathlib import Path
from shutil import rmtree

from core import campaigns, mailings, new_campaigns, next_feed, outcomes, print_runs, work_lists
from core.care_gaps import measure_names
from core.demo_letters import TEMPLATE, make_letters
from core.domain.work_list import Filter, Sort, WorkList
from core.workbench import Workbench

DAYS_AGO = 105  # ninety days, and some more until a feed has told of them
NAME = "Check-up letter, half of them held out"
_DESCRIPTION = (
    "Patients with several open care gaps, by letter. Chance chose half of them to get none, so that it can be told "
    "what the letter changes."
)
_MEASURES = ("scr-mammogram", "scr-colorectal", "scr-cervical", "visit-awv")
_ACTIVE = Filter("status", "equals", "Active")
_MOST = 2_000


def send_to_half(made: Workbench, mailed: Workbench) -> None:
    """The two are the same workbench at the moments of printing and mailing, on one day."""
    names = measure_names(made)
    due = tuple((_ACTIVE, Filter("alerts", "equals", names[each])) for each in _MEASURES if each in names)
    work_list = WorkList(filters=due, sorts=(Sort("alert_count", descending=True), Sort("name")))
    found = work_lists.run(made, work_list).ids[: min(_MOST, made.organisation().campaign_limit)]
    if not found:
        return
    campaign_id = new_campaigns.create(made, template_id=TEMPLATE, patient_ids=found, work_list=work_list, name=NAME)
    changes = {
        "description": _DESCRIPTION,
        "start_on": mailed.today(),
        "measures": _MEASURES,
        "design": "hold_out",
        "holdout_share": 50,
    }
    version = campaigns.save(made, campaign_id, changes, version=campaigns.campaign(made, campaign_id).version).version
    print_runs.start(made, campaign_id, letters=True, labels=False, version=version)
    make_letters(made)
    left_out = set(print_runs.not_printed(made, campaign_id)["patient_id"])
    printed = [each for each in found if each not in left_out]
    if printed:
        mailings.mark_mailed(mailed, campaign_id, on=mailed.today(), patient_ids=printed)


def followed_feed(wb: Workbench, feed: Path, *, sent_on: date) -> Path:
    """The demo's feed with what the patients of campaigns did since that day; made once for each feed."""
    out, stamp = feed.with_name(f"{feed.name}-followed"), (feed / "made-for").read_text("utf-8")
    made = out.with_name(f"{out.name}-made-for")
    if not made.exists() or made.read_text("utf-8") != stamp:
        rmtree(out, ignore_errors=True)
        next_feed.write(wb, feed, out, as_of=wb.today(), since=sent_on)
        made.write_text(stamp, "utf-8")
    return out


def follow_up(wb: Workbench) -> None:
    """What became of them, so that the report is there at once."""
    outcomes.refresh(wb)
