"""What was sent to one patient or tried, for the picture of the patient's time: the one place that says so there."""

from collections.abc import Iterator

from core.domain.contact_made import ContactMade
from core.domain.message import STATES, words_of
from core.domain.organisation import EMAIL
from core.store import patient_contacts as rows
from core.store.database import reading
from core.workbench import Workbench

_CHANNELS = {"email": "Email", "text": "Text", "phone": "Call", "letter": "Letter"}
_GOOD = ("Successful", "Introductory Email")


def contacts(wb: Workbench, patient_id: str) -> list[ContactMade]:
    """Of a patient whom the caller has found to be within the user's scope. Emails that came back or were refused are
    left out (F4)."""
    return list(_contacts(wb, patient_id))


def _contacts(wb: Workbench, patient_id: str) -> Iterator[ContactMade]:
    with reading(wb.engine) as connection:
        found = rows.contacts(connection, patient_id)
    for row in found:
        channel, result = row["channel"], STATES[row["state"]].result
        if channel == EMAIL and result in ("Returned", "Unsuccessful"):
            continue
        name = "Introductory email" if row["message"] == "introductory" else row["campaign"]
        why = words_of(row["state"], row["reason"], channel)
        said = f"{result}: {why}" if why else result
        yield ContactMade(row["at"], f"{_CHANNELS.get(channel, channel)}: {name}", said, result in _GOOD)
