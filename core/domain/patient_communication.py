"""What a patient was told and when, as the Communications tab shows it (F3, F4)."""

from dataclasses import dataclass
from datetime import date, datetime

APPOINTMENT_REMINDER = "Appointment Reminder"
HEALTH_REMINDER = "Health Reminder"
TYPES = {"email": "Email", "text": "Text", "phone": "Call"}  # how a channel is called in the list of attempts
UNKNOWN_OUTCOME = "Unknown"


@dataclass(frozen=True)
class Status:
    """What people read, and its icon (a Material symbol)."""

    name: str
    icon: str


# The first five are of appointments, with four icons; the others of health reminders.
STATUSES = {
    "unconfirmed": Status("Unconfirmed", "calendar_today"),
    "canceled": Status("Canceled", "event_busy"),
    "no-show": Status("No-show", "event_busy"),
    "rescheduled": Status("Rescheduled", "event_repeat"),
    "confirmed": Status("Confirmed", "event_available"),
    "successful": Status("Successful", "check_circle"),
    "unsuccessful": Status("Unsuccessful", "error"),
    "under_way": Status("Under way", "hourglass_top"),
    "unknown": Status("Unknown", "help"),
}


@dataclass(frozen=True)
class Try:
    """One attempt.

    channel   'email', 'text' or 'phone'; None when a feed does not say
    at        with a zone; None when a feed tells only of the first of several attempts
    has_time  False: only the day is known
    outcome   in words; UNKNOWN_OUTCOME where nobody knows
    """

    number: int
    channel: str | None
    at: datetime | None
    outcome: str
    has_time: bool = True


@dataclass(frozen=True)
class PatientCommunication:
    """One row of the tab: a campaign's message or a reminder, with everything that was tried.

    patient_id    under which it is kept: another id than the patient's where two ids have become one
    status        a key of STATUSES; reason: APPOINTMENT_REMINDER or HEALTH_REMINDER
    title         the campaign's name, the protocol, or the type of appointment; description: more about why
    provider      with whom to book, or of the appointment; facility: that provider's clinic
    attempt_count how many there were, also those of which a feed tells nothing; tries: those it tells of, at least one
    campaign_id   None for a reminder that came by the feed
    measures      ids of the care gaps that a campaign is about
    sent_by       the name of who activated the campaign; is_introductory: that email went out instead of its message
    appointment_at   when the appointment is that a reminder was about
    """

    patient_id: str
    status: str
    reason: str
    title: str
    tries: tuple[Try, ...]
    attempt_count: int
    description: str = ""
    provider: str | None = None
    facility: str | None = None
    campaign_id: str | None = None
    language: str | None = None
    measures: tuple[str, ...] = ()
    sent_by: str | None = None
    is_introductory: bool = False
    appointment_at: datetime | None = None

    @property
    def comm_at(self) -> datetime:
        """The moment of the first attempt (Comm. Date)."""
        found = self.tries[0].at
        assert found is not None
        return found

    @property
    def has_time(self) -> bool:
        """Whether more than the day of the first attempt is known."""
        return self.tries[0].has_time


@dataclass(frozen=True)
class PrintedLetter:
    """A patient in a letter campaign. Whether and when it arrived is not known, so it is no communication (L4).

    campaign_id  None once the campaign is deleted: there is no report of it any more
    why          what is known beside the result; of one that came back, what the post office says
    printed_at   when the letters were made; None for a patient who has none
    mailed_at    the day that staff gave, at noon; None while nobody has
    returned_on  the day it came back; None for one that did not
    """

    campaign_id: str | None
    title: str
    description: str
    result: str  # core.domain.message.RESULTS
    why: str
    printed_at: datetime | None = None
    mailed_at: datetime | None = None
    returned_on: date | None = None
