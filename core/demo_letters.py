"""The demo's letter campaign of last week: printed, most of it mailed, one letter came back."""

from core import campaigns, mailings, new_campaigns, print_runs, printing, work_lists
from core.channels.outbox import start_outbox
from core.domain.work_list import WorkList
from core.templates import template
from core.workbench import DISPATCHER, Workbench

TEMPLATE = "check-up-reminder-letter"
_SENT_TO = 60
_NOT_MAILED = 4  # the last ones still lie on somebody's desk
_DESCRIPTION = "Patients with an open care gap and no visit in the next month, by letter."


def print_letters(made: Workbench, mailed: Workbench, returned: Workbench) -> None:
    """The three are the same workbench at the moments of printing, of mailing and of a letter's return."""
    work_list = WorkList.from_json(dict(template(TEMPLATE).work_list))
    found = work_lists.run(made, work_list).ids[:_SENT_TO]
    if not found:
        return
    campaign_id = new_campaigns.create(made, template_id=TEMPLATE, patient_ids=found, work_list=work_list)
    kept = campaigns.campaign(made, campaign_id)
    changes = {"description": _DESCRIPTION, "start_on": mailed.today()}
    version = campaigns.save(made, campaign_id, changes, version=kept.version).version
    print_runs.start(made, campaign_id, letters=True, labels=True, version=version)
    make_letters(made)
    left_out = set(print_runs.not_printed(made, campaign_id)["patient_id"])
    printed = [each for each in found if each not in left_out]
    mailings.mark_mailed(mailed, campaign_id, on=mailed.today(), patient_ids=printed[: -_NOT_MAILED or None])
    mailings.mark_returned(returned, campaign_id, patient_ids=printed[:1], reason="mail_moved", on=returned.today())


def make_letters(wb: Workbench) -> None:
    """Print what is due, with the local mail server, which takes the email that the letters are ready."""
    outbox = start_outbox(wb.settings.home / "outbox", host=wb.settings.smtp_host, port=wb.settings.smtp_port)
    try:
        printing.make_due(wb.as_user(DISPATCHER), worker="demo")
    finally:
        outbox.stop()
