"""A patient as somebody at the telephone must know them: who it is, how to reach them, and who else is concerned."""

from dataclasses import dataclass
from datetime import date, datetime

from core.domain.eligibility import age
from core.domain.message import reason_sentence
from core.domain.organisation import EMAIL
from core.domain.person import Person

# Why nothing more goes to an address, by the reason kept with it; numbers have those of core.domain.message.
DEAD_WORDS = {
    "no_mailbox": "there is no such mailbox",
    "no_domain": "there is no such mail domain",
    "closed": "the mailbox is closed",
    "moved": "its owner has moved to another address",
    "": "it was refused for good",
}
BOUNCED = "No Communication: Email Bounced"  # the words of F4
TIES = {
    "number": "same number",
    "email": "same email",
    "household": "same household",
    "ward": "this patient answers for them",
}


@dataclass(frozen=True)
class Consent:
    """What the patient said to messages of one channel: 'yes', 'no', or None when nothing is on file."""

    channel: str
    answer: str | None
    on: date | None = None
    source: str | None = None


@dataclass(frozen=True)
class DeadAddress:
    """An address or number of the patient to which nothing more goes. `reason` is a sentence's end."""

    channel: str
    address: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class Tied:
    """Somebody else who is reached at the same place, lives there, or is answered for; `ties` are keys of TIES."""

    person: Person
    ties: tuple[str, ...]


@dataclass(frozen=True)
class PatientSummary:
    """One patient, from the database, with what the newest feed says of care team and portal.

    guarantor        the adult who answers for the patient, when the user may see them; has_guarantor: there is one
    tied             those the user may see, by name; tied_hidden: how many more there are
    has_portal       portal_since may be missing all the same
    """

    person: Person
    preferred_name: str | None = None
    deceased_on: date | None = None
    address: tuple[str, ...] = ()
    phone_work: str | None = None
    preferred_channel: str | None = None
    clinic: str | None = None
    clinic_phone: str | None = None
    next_provider: str | None = None
    care_manager: str | None = None
    has_portal: bool = False
    portal_since: date | None = None
    consents: tuple[Consent, ...] = ()
    dead: tuple[DeadAddress, ...] = ()
    guarantor: Person | None = None
    has_guarantor: bool = False
    tied: tuple[Tied, ...] = ()
    tied_hidden: int = 0

    @property
    def is_deceased(self) -> bool:
        """Whether the records say so, by status or by a day of death."""
        return self.person.status == "deceased" or self.deceased_on is not None

    @property
    def bounced(self) -> DeadAddress | None:
        """The email address, when it is dead (E5)."""
        return next((each for each in self.dead if each.channel == EMAIL), None)


def dead_words(channel: str, reason: str) -> str:
    """Why nothing more goes there, continuing 'Since Tue 24 Nov 2026: ...'."""
    known = DEAD_WORDS.get(reason) if channel == EMAIL or not reason else None
    return known or reason_sentence(reason, channel)


def age_words(birth_date: date | None, *, on: date) -> str:
    """'60 years', '7 months', '12 days'; '' for an unknown or future day of birth."""
    if birth_date is None or birth_date > on:
        return ""
    years = age(birth_date, on=on)
    months = (on.year - birth_date.year) * 12 + on.month - birth_date.month - (on.day < birth_date.day)
    number, unit = (years, "year") if years >= 2 else (months, "month") if months else ((on - birth_date).days, "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"
