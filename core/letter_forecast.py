"""What a print run would come to now: its very plan is made and thrown away, so that the two agree."""

from collections import Counter
from dataclasses import dataclass

from core import preflight
from core.domain.campaign import Campaign
from core.domain.eligibility import what_to_do
from core.domain.message import reason_sentence
from core.domain.organisation import LETTER
from core.domain.print_plan import parts
from core.domain.role import READ_PATIENTS
from core.print_plans import plan
from core.store import campaigns as rows
from core.store import print_plan_rows
from core.store.database import reading
from core.workbench import Workbench, needs


@dataclass(frozen=True)
class Forecast:
    """Of a draft by the data of this moment.

    selected          patients who wait for a letter
    letter_count      letters; fewer than patients where a household gets one together
    left_out          how many patients get none, by the reason people read, the most frequent first
    advice            what staff can do about these reasons, where they do not say so themselves
    no_contact_count  patients who want no messages at all and get a letter (O1)
    """

    selected: int
    patient_count: int
    letter_count: int
    file_count: int
    left_out: dict[str, int]
    advice: tuple[str, ...]
    no_contact_count: int


@needs(READ_PATIENTS)
def forecast(wb: Workbench, draft: Campaign) -> Forecast:
    """What the letters of a draft would come to; it need not have been saved, and nothing is kept.

    Raises NotFound, and TemplateError or NotAllowed when no letter can be printed at all.
    """
    wb = wb.settle()
    with reading(wb.engine) as connection:
        rows.seen(connection, wb.user, draft.campaign_id)
        waiting = {row.recipient_id: row.patient_id for row in print_plan_rows.waiting(connection, draft.campaign_id)}
        made = plan(wb, connection, draft)
    written_to = [waiting[each] for letter in made.letters for each in letter.recipient_ids]
    missed = Counter(made.reasons.values())
    return Forecast(
        selected=len(waiting),
        patient_count=len(written_to),
        letter_count=len(made.letters),
        file_count=len(parts(len(made.letters), wb.organisation().letters_per_file)),
        left_out={reason_sentence(key, LETTER): number for key, number in missed.most_common()},
        advice=tuple(dict.fromkeys(filter(None, map(what_to_do, missed)))),
        no_contact_count=len(preflight.of_campaign(wb, draft, written_to).no_contact),
    )
