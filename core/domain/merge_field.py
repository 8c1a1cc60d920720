"""The merge fields: what a message may say about its reader. `docs/merge-fields.md` shows the same table."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

FieldValue = str | tuple[str, ...]
FieldValues = Mapping[str, FieldValue]


@dataclass(frozen=True)
class MergeField:
    """`source` is 'record' (from the patient's records), 'practice' (settings) or 'author' (typed in the editor).

    A field with `is_list` holds several texts. One with `may_miss` needs a `default` or an `if`, or patients without
    it are not sent the message. `is_private` says something about the reader, so it may not stand in a link's address.
    """

    name: str
    about: str
    example: FieldValue
    source: str = "record"
    may_miss: bool = True

    @property
    def is_list(self) -> bool:
        return isinstance(self.example, tuple)

    @property
    def is_private(self) -> bool:
        return self.source == "record"


_ROWS = (
    MergeField("patient.first_name", "the first name, or what the patient likes to be called", "Ada"),
    MergeField("patient.last_name", "the last name", "Example"),
    MergeField("patient.full_name", "the first and last name, with suffix", "Ada Example Jr."),
    MergeField("provider.name", "the patient's primary care provider, as patients read it", "Dr. Maria Sample"),
    MergeField("clinic.name", "the clinic of that provider", "Lakeside Clinic", "practice"),
    MergeField("clinic.phone", "the clinic's number", "(555) 010-0123", "practice"),
    MergeField("clinic.address", "the clinic's street and city", "12 Shore Road, Springfield", "practice"),
    MergeField("appointment.date", "the day of the next appointment", "Tuesday, December 1, 2026"),
    MergeField("appointment.time", "the time of the next appointment", "2:30 PM"),
    MergeField("appointment.provider", "the provider of the next appointment", "Dr. Maria Sample"),
    MergeField("last_visit.date", "the day of the last visit", "Monday, November 16, 2026"),
    MergeField("gaps", "the patient's open care gaps that the campaign is about, in plain words", ("mammogram",)),
    MergeField("practice.name", "the medical group, else the organisation", "Example Health Group", "practice", False),
    MergeField("practice.phone", "the group's number, else the call-back number", "(555) 010-0100", "practice", False),
    MergeField("call_back_number", "the number to call about this message", "(555) 010-0100", "author", False),
    MergeField("care_manager", "the care manager whom the message is from", "Sam Sample", "author", False),
    MergeField("on_behalf_of", "the provider on whose behalf a call is made", "Dr. Maria Sample", "author", False),
    MergeField("sign_off", "who signs the message", "Your care team", "author", False),
    MergeField("class_name", "what the group class is called", "Eating well, moving more", "author", False),
    MergeField("class_date", "day of the group class", "Thursday, December 10", "author", False),
    MergeField("class_time", "time of the group class", "5:30 to 6:30 PM", "author", False),
    MergeField("class_place", "where the group class meets", "Lakeside Clinic, Room 2", "author", False),
)  # fmt: skip
FIELDS: dict[str, MergeField] = {field.name: field for field in _ROWS}
NAMES = frozenset({"patient.first_name", "patient.last_name", "patient.full_name"})  # never read by a shared number
EXAMPLES: dict[str, FieldValue] = {field.name: field.example for field in _ROWS}


def field_label(name: str) -> str:
    """'First name' for patient.first_name, 'Provider name' for provider.name."""
    return name.removeprefix("patient.").replace(".", " ").replace("_", " ").capitalize()


def suggestion(name: str) -> str:
    """What to say about a name that is no field: the likely one, and the list of all."""
    close = get_close_matches(name, FIELDS, n=1, cutoff=0.6)
    likely = f"Did you mean '{close[0]}'? " if close else ""
    return f"{likely}The fields are: {', '.join(FIELDS)}."
