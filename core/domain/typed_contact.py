"""Contact data as staff type it, made usable by the same rules as a feed's, or refused with the reason."""

import re
from collections.abc import Callable, Mapping
from datetime import date

import polars as pl

from core.domain.address import is_email
from core.domain.contact import EMAIL_REASONS, PHONE_REASONS, email_address, is_toll_free, language_codes, phone_number
from core.domain.correction import (
    ADDRESS,
    FIELDS,
    MOBILE,
    NUMBER,
    TEXT_CONSENT,
    TEXT_CONSENT_ON,
    TEXT_CONSENT_SOURCE,
    Field,
    Values,
)
from core.domain.one_line import one_line
from core.domain.organisation import CHANNELS
from core.domain.us_zones import STATES
from core.errors import CareloopError

LONGEST = 200
CONSENT_SOURCES = ("Said so by phone", "Said so in person", "Signed a form", "Patient portal", "Other")
ANSWERS = {"yes": "Yes", "no": "No", None: "Not known"}
_ZIP = re.compile(r"\d{5}(?:-?\d{4})?", re.ASCII)
_OLDEST = date(1990, 1, 1)
_UNCHANGED = "Nothing was changed."


def checked(key: str, typed: Mapping[str, str | None], *, today: date, number: str | None = None) -> Values:
    """The values of a field (a key of FIELDS) as they are kept. Empty means: what is on file is not the patient's.

    typed    texts by the field's columns, dates as ISO texts
    number   the mobile number on file, for which a consent to texts is given
    Raises CareloopError with the reason for what cannot be used.
    """
    field = FIELDS.get(key)
    if field is None:
        raise CareloopError(f"This cannot be corrected here. Choose one of: {', '.join(FIELDS)}.")
    texts = {column: one_line(typed.get(column) or "") for column in field.columns}
    if any(len(text) > LONGEST for text in texts.values()):
        raise CareloopError(f"At most {LONGEST} characters fit. Shorten it. {_UNCHANGED}")
    if key == TEXT_CONSENT:
        return _text_consent(texts, today=today, number=number)
    return _CHECKS.get(key, _one_of_known)(field, texts)


def _number(field: Field, texts: dict[str, str]) -> Values:
    (column,) = field.columns
    number, reason = phone_number(texts[column])
    if number and column == MOBILE and pl.select(is_toll_free(pl.lit(number))).item():
        raise CareloopError(f"This is a toll-free number, which is no mobile telephone. {_UNCHANGED}")
    if reason:
        raise CareloopError(f"The number cannot be used: it {PHONE_REASONS[reason]}. Type all ten digits. {_UNCHANGED}")
    return {column: number}


def _email(field: Field, texts: dict[str, str]) -> Values:
    (column,) = field.columns
    address, reason = email_address(texts[column])
    if reason or (address and not is_email(address)):
        words = EMAIL_REASONS[reason or "not an address"]
        raise CareloopError(f"The email address cannot be used: it {words}. Ask how it is spelled. {_UNCHANGED}")
    return {column: address}


def _address(_field: Field, texts: dict[str, str]) -> Values:
    values: Values = {column: texts[column] or None for column in ADDRESS}
    if not any(values.values()):
        return values
    missing = [name for column, name in _PARTS.items() if not values[column]]
    if missing:
        raise CareloopError(f"An address needs street, city, state and ZIP code; missing: {', '.join(missing)}.")
    values["state"] = texts["state"].upper()
    if values["state"] not in STATES:
        raise CareloopError("The state is no US state or territory. Type its two letters, such as IL.")
    if not _ZIP.fullmatch(texts["zip"]):
        raise CareloopError("The ZIP code needs five or nine digits, such as 60601 or 60601-1234.")
    return values


def _language(_field: Field, texts: dict[str, str]) -> Values:
    text = texts["language"]
    code = pl.select(language_codes(pl.lit(text))).item() if text else None
    if text and code is None:
        raise CareloopError(f"This language is not known. Choose one of the list. {_UNCHANGED}")
    return {"language": code}


def _one_of_known(field: Field, texts: dict[str, str]) -> Values:
    """A consent to emails or calls, or a channel."""
    (column,) = field.columns
    words = ("yes", "no") if field.channel else (*CHANNELS, "letter")
    text = texts[column].lower()
    if text and text not in words:
        raise CareloopError(f"Choose one of: {', '.join(words)}. {_UNCHANGED}")
    return {column: text or None}


def _text_consent(texts: dict[str, str], *, today: date, number: str | None) -> Values:
    answer = texts[TEXT_CONSENT].lower()
    if not answer:
        return dict.fromkeys(FIELDS[TEXT_CONSENT].columns)
    if answer not in ("yes", "no"):
        raise CareloopError(f"Choose one of: yes, no. {_UNCHANGED}")
    if answer == "yes" and not number:
        raise CareloopError("There is no mobile number to which the consent could belong. Correct the number first.")
    if not texts[TEXT_CONSENT_SOURCE]:
        raise CareloopError(f"Say how the patient said so, such as '{CONSENT_SOURCES[0]}'. {_UNCHANGED}")
    said = _day(texts[TEXT_CONSENT_ON], today)
    return {
        TEXT_CONSENT: answer,
        TEXT_CONSENT_ON: said.isoformat(),
        TEXT_CONSENT_SOURCE: texts[TEXT_CONSENT_SOURCE],
        NUMBER: number,
    }


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError:
        raise CareloopError("The day of the consent is not a date, such as 2026-11-24.") from None
    if not _OLDEST <= day <= today:
        raise CareloopError("The day of the consent must not be in the future, and not before 1990.")
    return day


_PARTS = {"address1": "street", "city": "city", "state": "state", "zip": "ZIP code"}
_CHECKS: dict[str, Callable[[Field, dict[str, str]], Values]] = {
    "mobile": _number,
    "home": _number,
    "email": _email,
    "address": _address,
    "language": _language,
}
