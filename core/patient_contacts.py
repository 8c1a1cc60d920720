"""What was sent to one patient or tried, for the picture of the patient's time: the one place that says so there."""

from core.domain.contact_made import ContactMade
from core.domain.patient_communication import STATUSES, TYPES, PatientCommunication
from core.domain.role import READ_PATIENTS
from core.patient_communications import of_patient
from core.workbench import Workbench, needs

_TONES = {"unsuccessful": "bad", "unknown": "bad", "under_way": "quiet", "unconfirmed": "quiet"}  # others: it arrived


@needs(READ_PATIENTS)
def contacts(wb: Workbench, patient_id: str) -> list[ContactMade]:
    """Messages of campaigns and reminders that came by the feed, as the Communications tab tells them (F3, F4). Raises
    NotFound for a patient the user may not see."""
    return [_made(each) for each in of_patient(wb, patient_id, days="all")]


def _made(each: PatientCommunication) -> ContactMade:
    mode = TYPES.get(each.tries[0].channel or "", each.reason)
    name = "Introductory email" if each.is_introductory else each.title
    said = " · ".join(dict.fromkeys((each.reason, STATUSES[each.status].name, each.tries[-1].outcome)))
    return ContactMade(each.comm_at, f"{mode}: {name}", said, _TONES.get(each.status, "good"), each.has_time)
