"""A letter to a patient, filled in, as it is laid out and printed (L1, L5).

The settings of a letter campaign stand in its fields as texts, like all that an author fills in; `settings` reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from core.domain.paper import LABEL_SHEETS, PAGES, LabelSheet, PageTemplate

ORDERS = {"zip": "By ZIP code", "name": "By name"}


@dataclass(frozen=True)
class LetterSettings:
    """How the letters of a campaign look and in which order they lie.

    logo_id       '' the organisation's
    sender        key of one of the organisation's return addresses (core.return_addresses)
    per_household one letter to all patients of the campaign at an address
    first_label   where on the first sheet labels begin, for a sheet of which some are used; from 1
    leave_out_global  patients who want no messages of any kind (opt-out Global) get no letter either
    """

    page: PageTemplate
    logo_id: str = ""
    has_greeting: bool = True
    sender: str = ""
    per_household: bool = False
    order: str = "zip"
    sheet: LabelSheet = LABEL_SHEETS["avery-5160"]
    first_label: int = 1
    leave_out_global: bool = False


@dataclass(frozen=True)
class Letter:
    """One letter, filled in.

    language   of the body and the greeting, ISO 639-1
    addressee  the lines of the address, the name first
    greeting   with its comma: 'Dear Maria,'; '' for none
    body       clean HTML (core.domain.body.clean), merge fields filled in
    """

    language: str
    addressee: tuple[str, ...]
    greeting: str
    body: str


@dataclass(frozen=True)
class Letterhead:
    """What is the same on all letters of a campaign.

    logo    a picture and its kind ('png', 'jpeg', 'svg')
    sender  name and address in lines
    dates   the mail date as it is printed, by language
    """

    page: PageTemplate
    sender: tuple[str, ...]
    dates: Mapping[str, str]
    logo: tuple[bytes, str] | None = None
    logo_name: str = ""


@dataclass(frozen=True)
class Label:
    """One label: the lines of the address, and those of the sender in one small line above."""

    addressee: tuple[str, ...]
    sender: tuple[str, ...]


def settings(fields: Mapping[str, str]) -> LetterSettings:
    """The settings in a campaign's fields; what is missing or unknown is as in a new campaign."""
    first = fields.get("first_label", "")
    sheet = LABEL_SHEETS.get(fields.get("sheet", ""), LABEL_SHEETS["avery-5160"])
    return LetterSettings(
        page=PAGES.get(fields.get("page", ""), PAGES["letter"]),
        logo_id=fields.get("logo", ""),
        has_greeting=fields.get("greeting", "yes") != "no",
        sender=fields.get("sender", ""),
        per_household=fields.get("per_household", "") == "yes",
        order=fields["order"] if fields.get("order") in ORDERS else "zip",
        sheet=sheet,
        first_label=min(max(int(first), 1), sheet.count) if first.isdecimal() else 1,
        leave_out_global=fields.get("leave_out_global", "") == "yes",
    )


def letter_date(day: date, language: str) -> str:
    """A day as it stands on a letter: 'November 30, 2026', '30 de noviembre de 2026'."""
    if language == "es":
        return f"{day.day} de {_MESES[day.month - 1]} de {day.year}"
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MESES = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
