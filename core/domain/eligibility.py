"""May this patient get this message on this day? One function, asked by pre-flight, sending and report alike.

The checks run in a fixed order and the first that fails is the reason, so that every patient is counted once.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.domain.address import is_email, is_us_number
from core.domain.invented import is_invented
from core.domain.merge import MERGED
from core.domain.merge_field import FIELDS
from core.domain.opt_out import CAMPAIGN, GLOBAL, TYPES, OptOut, against, letter_notice
from core.domain.organisation import EMAIL, LETTER, TEXT, Organisation
from core.domain.postal import INCOMPLETE, MISSING, UNUSABLE
from core.domain.remark import KINDS, Remark, stopping

CARE_GAP = "care_gap"
HOLD_OUT = "hold_out"
ADULT_AGE = 18
_OPTED_OUT = "opted_out:"
_MISSING_FIELD = "missing_field:"
_REMARK = "remark:"
_CONTACTED_OFTEN = "contacted_often"
SAME_ADDRESS = "same_address"
SAME_NUMBER = "same_number"
GLYPH, TOO_LONG = "no_glyph", "address_too_long"
INTRODUCED = "introduced"
INVENTED = "invented_address"
COMES_LATER = "comes_later"
WEEK = timedelta(days=7)  # over which the frequency cap counts, the day itself included
_TIMES = {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times", 6: "six times", 7: "seven times"}

_NO_ADDRESS = {"email": "no_address", "text": "no_mobile", "phone": "no_number"}
_NO_CONSENT = {"email": "no_consent", "text": "no_text_consent", "phone": "no_phone_consent"}

# Why somebody is not written to, in the order of the checks. Sentences continue "Not sent: ...".
REASONS: dict[str, str] = {
    "unknown_patient": "the patient is no longer in the records",
    MERGED: "the record was merged with another of the same patient, whose message counts",
    "deceased": "the patient has died",
    "test_patient": "the record is a test patient",
    "inactive": "the patient is no longer active in the practice",
    "no_address": "there is no email address on file",
    "no_mobile": "there is no mobile number on file",
    "no_number": "there is no telephone number on file",
    "invalid_address": "the email address on file cannot be written to",
    "invalid_number": "the number on file is no number of the US or Canada",
    INVENTED: "the address on file is one that nobody can have, set aside for examples",
    MISSING: "there is no postal address on file",
    INCOMPLETE: "the postal address on file is incomplete",
    UNUSABLE: "no letter can be delivered to what is on file as the postal address",
    "minor": "the patient is under 18 and the address is not that of the adult who answers for them",
    "minor_number": "the patient is under 18 and no number of an adult who answers for them is on file",
    "minor_alone": "the patient is under 18 and the letter is about care that minors may ask for without their parents",
    **{f"{_OPTED_OUT}{key}": f"the patient opted out ({kind.name})" for key, kind in TYPES.items()},
    "no_consent": "the patient said no to emails",
    "no_text_consent": "the patient said no to texts",
    "no_phone_consent": "the patient said no to calls",
    "consent_missing": "no consent to texts is on file",
    "bounced": "an earlier email to this address came back",
    "number_unusable": "an earlier message could not be delivered to this number",
    "letter_returned": "an earlier letter to this address came back",
    INTRODUCED: "the patient has had the introductory email at this address",
    "gap_closed": "no care gap that the message is about is open",
    **{f"{_REMARK}{key}": kind.why_not for key, kind in KINDS.items() if kind.stops_outreach},
    "booked": "the patient has made an appointment since the campaign was made",
    "too_late": "the message would come too long after the campaign's start date",
    SAME_ADDRESS: "somebody else in the campaign gets the message at the same address",
    SAME_NUMBER: "somebody else in the campaign gets the message at the same number",
    "contacted_today": "the patient was written to today already",
    _CONTACTED_OFTEN: "the patient was written to often in the last seven days",
    GLYPH: "the letter holds a character that cannot be printed",
    TOO_LONG: "the name or address does not fit on the letter",
    "shared_number": "the message names the patient, and others have the same number",
    COMES_LATER: "chance decided that the patient is contacted later, and a letter does not wait",
    "hold_out": "the patient was chosen at random not to be contacted",
}

_ABOUT_REMARKS = (
    "A remark on the care gap says that nobody is to be contacted about it. It ends on its last day; one that is wrong "
    "can be removed on the patient's page, under Care gaps."
)


@dataclass(frozen=True)
class Reason:
    """Why a patient is not written to: a short key that is kept with the recipient, and the sentence people read."""

    key: str
    sentence: str


@dataclass(frozen=True)
class Contact:
    """What decides whether one patient may be written to, as it is at this moment (core.store.contacts).

    status              'active', 'inactive', 'deceased', 'test'; None when there is no such patient (any more)
    address             where it would go, None when there is nothing on file: for 'email' the email address, for
                        'text' the mobile number, for 'phone' that or else the home number. A text or call for somebody
                        under 18 goes to the number of the adult who answers for them, when there is one; for
                        'letter' the key of the postal address (core.domain.postal)
    postal_problem      for 'letter': why none can be sent to what is on file; '' when one can
    consent             'yes', 'no' or None for this channel; 'no' is an opt-out of the channel
    guarantor_address   the same of the active adult who answers for this patient
    opt_outs            those on the patient and on the address, removed ones left out
    open_gaps           ids of the measures whose gap is open now
    remarks             those on the patient's care gaps, removed ones left out
    contacted_on        the organisation's days of other campaigns' messages to the patient, each as often as there
                        were messages; those of the last seven days
    letters_on          those of them that were letters, which do not arrive on that day
    is_booked           has an appointment ahead and had none when the campaign was made
    introduced_at       when the latest introductory email to this address left
    language            the preferred one (ISO 639-1)
    state, zip_code     of the home: from them follow the hours in which a text or call may come
    is_shared           the number is on file of several people, or is the one of the adult who answers for a minor
    """

    patient_id: str
    status: str | None
    birth_date: date | None = None
    is_deceased: bool = False
    address: str | None = None
    consent: str | None = None
    guarantor_address: str | None = None
    opt_outs: tuple[OptOut, ...] = ()
    is_bounced: bool = False
    open_gaps: frozenset[str] = frozenset()
    remarks: tuple[Remark, ...] = ()
    contacted_on: tuple[date, ...] = ()
    letters_on: tuple[date, ...] = ()
    is_booked: bool = False
    introduced_at: datetime | None = None
    language: str | None = None
    state: str | None = None
    zip_code: str | None = None
    is_shared: bool = False
    postal_problem: str = ""


@dataclass(frozen=True)
class Mailing:
    """What is to be sent: the parts of a campaign that decide who may get it. `last_on`: the last day it is sent;
    `needs_consent`: only to whose consent is on file (T8); `leave_out_global`: no letter to who wants no contact;
    `is_sensitive`: about care that minors may ask for without their parents, who would read the letter;
    `refuses_invented`: the home is live, and nothing goes to an address that is set aside for examples."""

    channel: str = "email"
    product: str = CAMPAIGN
    purpose: str = "announcement"
    measures: frozenset[str] = frozenset()
    protocols: frozenset[str] = frozenset()
    skip_closed_gaps: bool = True
    skip_booked: bool = True
    last_on: date | None = None
    needs_consent: bool = False
    leave_out_global: bool = False
    is_sensitive: bool = False
    refuses_invented: bool = False


@dataclass(frozen=True)
class FrequencyCap:
    """How many campaign messages a patient gets at most, over all campaigns: in a day, and in seven days."""

    per_day: int
    per_week: int


def frequency_cap(organisation: Organisation) -> FrequencyCap:
    """The organisation's cap."""
    return FrequencyCap(organisation.contacts_per_day, organisation.contacts_per_week)


def eligibility(
    contact: Contact,
    mailing: Mailing,
    *,
    on: date,
    cap: FrequencyCap | None,
    arm: str = "contact",
    is_address_taken: bool = False,
) -> Reason | None:
    """None when the patient may be written to on that day, else the first reason against it.

    `cap` limits how often, over all campaigns (docs/decisions/how-often-a-patient-is-written-to.md); None: a message
    that it does not count, such as an introductory email. `arm` is the recipient's: 'contact' or 'hold_out' (chosen
    at random not to be contacted). `is_address_taken`: somebody else of the campaign gets it there.
    """
    for check in _CHECKS:
        key = check(contact, mailing, on)
        if key:
            return reason(key)
    if is_address_taken and mailing.channel != LETTER:
        return reason(SAME_ADDRESS if mailing.channel == EMAIL else SAME_NUMBER)
    often = _too_often(contact, mailing, cap, on) if cap else ""
    if often:
        return reason(often)
    return reason("hold_out") if arm == HOLD_OUT else None


def first_of_address(addresses: Mapping[str, str | None]) -> dict[str, str]:
    """By address the patient who gets the message there: the one with the lowest id, numbers in it counted as numbers.

    `addresses` are those of the patients who may be written to.
    """
    first: dict[str, str] = {}
    for patient_id in sorted(addresses, key=_natural):
        address = addresses[patient_id]
        if address:
            first.setdefault(address, patient_id)
    return first


def _natural(patient_id: str) -> list[tuple[bool, int, str]]:
    """Sorts 'p9' before 'p10'."""
    parts = re.findall(r"[0-9]+|[^0-9]+", patient_id)
    return [(part[0] in "0123456789", int(part) if part[0] in "0123456789" else 0, part) for part in parts]


def reason(key: str) -> Reason:
    """The Reason of a key as it is kept with a recipient, for reports."""
    return Reason(key, sentence(key))


def sentence(key: str) -> str:
    """What people read for a key, continuing 'Not sent: ...'. A key from elsewhere is shown as it is."""
    if key.startswith(_MISSING_FIELD):
        return _missing_sentence(key.removeprefix(_MISSING_FIELD))
    kind, _, number = key.partition(":")
    if kind == _CONTACTED_OFTEN and number.isdecimal():
        times = _TIMES.get(int(number), f"{number} times")
        return f"the patient was written to {times} in the last seven days"
    return REASONS.get(key, key.replace("_", " "))


def _missing_sentence(name: str) -> str:
    """In the words of the fields' table, without what it adds after a comma."""
    field = FIELDS.get(name)
    if field is None or field.source == "author":
        return f"the message needs '{name}', which is not filled in"
    return f"the message needs {field.about.partition(',')[0]}, which {'are' if field.is_list else 'is'} not on file"


def place(key: str) -> int:
    """Where a key stands in the order of the checks; what no check gives comes last."""
    keys = list(REASONS)
    return next((keys.index(known) for known in (key, key.partition(":")[0]) if known in REASONS), len(keys))


def is_remark(key: str) -> bool:
    """Whether a remark on the care gap is why somebody is not written to."""
    return key.startswith(_REMARK)


def what_to_do(key: str) -> str:
    """What staff can do about a reason, where that is not plain from its sentence; else ''."""
    return _ABOUT_REMARKS if is_remark(key) else ""


def missing_field(field: str) -> Reason:
    """The reason when a message cannot be filled in for one patient: nothing goes out with a blank in it."""
    return reason(_MISSING_FIELD + field)


def age(birth_date: date, *, on: date) -> int:
    """Full years on that day. Somebody born on 29 February is a year older on 1 March of other years."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def is_minor(birth_date: date | None, *, on: date) -> bool:
    """Whether somebody is under 18 on that day; not when the birth date is unknown."""
    return birth_date is not None and age(birth_date, on=on) < ADULT_AGE


def _patient(contact: Contact, _mailing: Mailing, on: date) -> str:  # noqa: ARG001
    if contact.status is None:
        return "unknown_patient"
    if contact.status == "deceased" or contact.is_deceased:
        return "deceased"
    if contact.status == "test":
        return "test_patient"
    return "" if contact.status == "active" else "inactive"


def _address(contact: Contact, mailing: Mailing, on: date) -> str:  # noqa: ARG001
    if mailing.channel == LETTER:
        return contact.postal_problem or ("" if contact.address else MISSING)
    if not contact.address:
        return _NO_ADDRESS[mailing.channel]
    if mailing.refuses_invented and is_invented(contact.address):
        return INVENTED
    if mailing.channel == EMAIL:
        return "" if is_email(contact.address) else "invalid_address"
    return "" if is_us_number(contact.address) else "invalid_number"


def _minor(contact: Contact, mailing: Mailing, on: date) -> str:
    """Under 18 only the adult who answers for the patient is written to; a letter goes to the parents at the patient's
    address. An unknown age is not a reason."""
    if not is_minor(contact.birth_date, on=on):
        return ""
    if mailing.channel == LETTER:
        return "minor_alone" if mailing.is_sensitive else ""
    if contact.address == contact.guarantor_address:
        return ""
    return "minor" if mailing.channel == EMAIL else "minor_number"


def _opted_out(contact: Contact, mailing: Mailing, on: date) -> str:
    if not contact.opt_outs:
        return ""
    if mailing.channel == LETTER:  # no opt-out stops letters (O1)
        is_left_out = mailing.leave_out_global and letter_notice(contact.opt_outs, on=on)
        return _OPTED_OUT + GLOBAL if is_left_out else ""
    found = against(
        contact.opt_outs, product=mailing.product, channel=mailing.channel, on=on, protocols=mailing.protocols
    )
    return _OPTED_OUT + found.kind.key if found else ""


def _consent(contact: Contact, mailing: Mailing, on: date) -> str:  # noqa: ARG001
    if contact.consent == "no" and mailing.channel != LETTER:
        return _NO_CONSENT[mailing.channel]
    is_missing = mailing.needs_consent and mailing.channel == TEXT and contact.consent != "yes"
    return "consent_missing" if is_missing else ""


def _bounced(contact: Contact, mailing: Mailing, on: date) -> str:  # noqa: ARG001
    if not contact.is_bounced:
        return ""
    if mailing.channel == LETTER:
        return "letter_returned"
    return "bounced" if mailing.channel == EMAIL else "number_unusable"


def _gap_closed(contact: Contact, mailing: Mailing, on: date) -> str:  # noqa: ARG001
    is_asked = mailing.purpose == CARE_GAP and mailing.skip_closed_gaps and bool(mailing.measures)
    return "gap_closed" if is_asked and not (mailing.measures & contact.open_gaps) else ""


def _remarked(contact: Contact, mailing: Mailing, on: date) -> str:
    """No reason is left to write: every open gap that the message is about has a remark that stops outreach. Where none
    is open and the campaign goes out all the same, it is about all of its measures."""
    if mailing.purpose != CARE_GAP or not contact.remarks:
        return ""
    is_open = mailing.measures & contact.open_gaps if mailing.measures else contact.open_gaps
    about = is_open or mailing.measures
    stopped = stopping(contact.remarks, about, on)
    if len(stopped) < len(about):
        return ""
    kinds = set(stopped.values())
    return next((_REMARK + key for key in KINDS if key in kinds), "")


def _booked(contact: Contact, mailing: Mailing, on: date) -> str:  # noqa: ARG001
    return "booked" if mailing.purpose == CARE_GAP and mailing.skip_booked and contact.is_booked else ""


def _too_late(contact: Contact, mailing: Mailing, on: date) -> str:  # noqa: ARG001
    return "too_late" if mailing.last_on is not None and on > mailing.last_on else ""


def _too_often(contact: Contact, mailing: Mailing, cap: FrequencyCap, on: date) -> str:
    """The key of the week says how many times are too often, so that a report stays right when the setting changes. A
    letter arrives days later, so that the cap of a day does not count for it, nor does it count for that of others."""
    today = contact.contacted_on.count(on) - contact.letters_on.count(on)
    if mailing.channel != LETTER and today >= cap.per_day:
        return "contacted_today"
    week = sum(on - WEEK < day <= on for day in contact.contacted_on)
    return f"{_CONTACTED_OFTEN}:{cap.per_week}" if week >= cap.per_week else ""


_CHECKS: tuple[Callable[[Contact, Mailing, date], str], ...] = (
    _patient,
    _address,
    _minor,
    _opted_out,
    _consent,
    _bounced,
    _gap_closed,
    _remarked,
    _booked,
    _too_late,
)
