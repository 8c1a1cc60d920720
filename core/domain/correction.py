"""Corrections of contact data by staff, beside what feeds say: which value counts, and when a person is asked.

    the feed repeats what it said before            the correction stays
    the feed says what the correction says          the correction stays, nothing to ask
    the feed has nothing (any more)                 the correction stays: a feed that blanks a value is often incomplete
    the feed says something else                    the correction stays in use, and somebody is asked
    the feed says a newer no to a channel           the no counts at once, and somebody is asked

Values are kept as JSON: texts by the columns of `patients`, dates as ISO texts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.domain.wording import folded

Values = dict[str, str | None]

NOTHING_NEW, AGREES, NEWER = "nothing_new", "agrees", "newer"

NUMBER = "number"  # in the values of a consent to texts: the mobile number that it was given for
TEXT_CONSENT, TEXT_CONSENT_ON, TEXT_CONSENT_SOURCE = "text_consent", "text_consent_on", "text_consent_source"
MOBILE = "phone_mobile"
ADDRESS = ("address1", "address2", "city", "state", "zip")

# The feed's layout has other names for some columns of the table `patients`.
LAYOUT_NAMES = {
    "sms_consent": TEXT_CONSENT,
    "sms_consent_on": TEXT_CONSENT_ON,
    "sms_consent_source": TEXT_CONSENT_SOURCE,
    "voice_consent": "phone_consent",
}


@dataclass(frozen=True)
class Field:
    """Something of a patient that staff may correct.

    columns   of the table `patients`; corrected together
    says      those by which two values say the same; the others only tell when and where it was said
    channel   of a consent: which channel it is about
    """

    key: str
    name: str
    columns: tuple[str, ...]
    says: tuple[str, ...]
    channel: str = ""


_ROWS = (
    Field("mobile", "Mobile number", (MOBILE,), (MOBILE,)),
    Field("home", "Home number", ("phone_home",), ("phone_home",)),
    Field("email", "Email address", ("email",), ("email",)),
    Field("address", "Postal address", ADDRESS, ADDRESS),
    Field("language", "Preferred language", ("language",), ("language",)),
    Field("channel", "Preferred channel", ("preferred_channel",), ("preferred_channel",)),
    Field(
        "text_consent",
        "Consent to texts",
        (TEXT_CONSENT, TEXT_CONSENT_ON, TEXT_CONSENT_SOURCE),
        (TEXT_CONSENT,),
        channel="text",
    ),
    Field("email_consent", "Consent to emails", ("email_consent",), ("email_consent",), channel="email"),
    Field("call_consent", "Consent to calls", ("phone_consent",), ("phone_consent",), channel="phone"),
)
FIELDS: dict[str, Field] = {field.key: field for field in _ROWS}
COLUMNS = tuple(column for field in _ROWS for column in field.columns)


@dataclass(frozen=True)
class Correction:
    """What staff said of one field of a patient.

    feed_values   what the feed said then, and later values that somebody decided against: again is nothing new
    ended_how     '' while it counts, else replaced | withdrawn | feed (somebody took the feed's value)
    """

    correction_id: int
    patient_id: str
    field: str
    values: Values
    feed_values: tuple[Values, ...]
    reason: str
    made_at: datetime
    made_by: str
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_how: str = ""

    @property
    def counts(self) -> bool:
        """Whether it counts now."""
        return self.ended_at is None


def values_of(field: Field, row: Mapping[str, Any]) -> Values:
    """The field's columns of a row of `patients`, as a correction keeps them."""
    found = {column: row.get(column) for column in field.columns}
    return {name: each.isoformat() if isinstance(each, date) else each or None for name, each in found.items()}


def verdict(correction: Correction, feed: Mapping[str, str | None]) -> str:
    """What the feed's values now mean for a correction: NOTHING_NEW, AGREES or NEWER (somebody is to be asked)."""
    field = FIELDS[correction.field]
    if any(_is_part_of(feed, known, field.columns) for known in ({}, *correction.feed_values)):
        return NOTHING_NEW
    return AGREES if _is_part_of(feed, correction.values, field.says) else NEWER


def is_newer_no(correction: Correction, feed: Mapping[str, Any]) -> bool:
    """Whether the feed says no to a channel and did not when staff recorded the consent, nor when somebody decided to
    keep theirs. `feed` by the columns of `patients`."""
    field = FIELDS[correction.field]
    if not field.channel or feed.get(field.says[0]) != "no":
        return False
    return verdict(correction, values_of(field, feed)) == NEWER


def _is_part_of(now: Mapping[str, str | None], known: Mapping[str, str | None], columns: Iterable[str]) -> bool:
    """Whether everything that is said now was known; what is left out now says nothing."""
    return all(
        not now.get(name) or _compared(name, now.get(name)) == _compared(name, known.get(name)) for name in columns
    )


def _compared(column: str, value: str | None) -> str:
    """Street and town are compared as letter carriers read them: without case, accents and punctuation."""
    text = (value or "").strip()
    if column == "zip":
        return text[:5]
    if column in ADDRESS or column == TEXT_CONSENT_SOURCE:
        return " ".join("".join(c if c.isalnum() else " " for c in folded(text)).split())
    return text.lower()


def in_effect(feed: Mapping[str, Any], corrections: Iterable[Correction]) -> dict[str, Any]:
    """The values of COLUMNS that count: the feed's, with the corrections that count laid over them.

    feed   the feed's values by the columns of `patients`; dates are dates
    A 'yes' to texts counts for the number it was said about and for no other (T8): that of the feed for the feed's
    mobile number, that of staff for the number on file when they recorded it. A 'no' counts for every number, and a
    newer one of the feed before what staff recorded.
    """
    row = {column: feed.get(column) for column in COLUMNS}
    standing = {each.field: each for each in corrections if each.counts and not is_newer_no(each, feed)}
    for key, correction in standing.items():
        if key != TEXT_CONSENT:
            row.update({column: correction.values.get(column) for column in FIELDS[key].columns})
    return row | _text_consent(feed, standing.get(TEXT_CONSENT), row[MOBILE])


def _text_consent(feed: Mapping[str, Any], correction: Correction | None, number: str | None) -> dict[str, Any]:
    columns = FIELDS[TEXT_CONSENT].columns
    if correction is not None and (
        correction.values.get(TEXT_CONSENT) != "yes" or correction.values.get(NUMBER) == number
    ):
        said = correction.values.get(TEXT_CONSENT_ON)
        found: dict[str, Any] = {column: correction.values.get(column) for column in columns}
        return found | {TEXT_CONSENT_ON: date.fromisoformat(said) if said else None}
    if feed.get(TEXT_CONSENT) == "yes" and feed.get(MOBILE) != number:
        return dict.fromkeys(columns)
    return {column: feed.get(column) for column in columns}
