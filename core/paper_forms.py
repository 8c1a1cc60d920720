"""Forms on paper as PDFs: consent to text messages, and the request to stop messages; blank or for one patient.

They are printed, or filled in on the screen and sent. What a form says stands in core/library/forms.
"""

from collections.abc import Mapping
from datetime import date, time
from functools import cache
from importlib import resources

from core import logos, patients
from core.audit import record
from core.domain.address import phone_text
from core.domain.opt_out import TYPES
from core.domain.organisation import Organisation
from core.domain.paper_form import PaperForm, read_form
from core.domain.person import Person
from core.errors import NotFound, SettingsError
from core.workbench import Workbench

LANGUAGES = ("en", "es")
CONSENT, OPT_OUT = "consent", "opt-out"
NAMES = {CONSENT: "Consent to text messages", OPT_OUT: "Request to stop messages"}
_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
_SURELY_FITS = 30  # characters: fewer fit into every box
_NAMED = {
    "patient_name": "name",
    "birth_date": "birth date",
    "mobile": "mobile number",
    "home": "home number",
    "email": "email address",
}


def consent_form(wb: Workbench, *, patient_id: str | None = None, language: str = "en") -> bytes:
    """The consent to text messages as a PDF of two pages, with a patient's name, birth date and number when asked.

    `language` is one of LANGUAGES. What cannot be printed of the patient is left to be written by hand (`left_blank`).
    Raises NotFound for a patient the user may not see and for a language there is none in, SettingsError when the
    organisation's name or address cannot be printed.
    """
    return _made(wb, CONSENT, patient_id, language)


def opt_out_request(wb: Workbench, *, patient_id: str | None = None, language: str = "en") -> bytes:
    """The request to stop messages as a PDF of two pages; as `consent_form` otherwise."""
    return _made(wb, OPT_OUT, patient_id, language)


def left_blank(wb: Workbench, form: str, patient_id: str) -> list[str]:
    """What of this patient a form has no letters or no room for, in words such as 'name': it is written by hand.

    `form` is CONSENT or OPT_OUT. Raises NotFound for a patient the user may not see.
    """
    known = _of_patient(patients.patient(wb, patient_id), "en")
    if all(text.isascii() and len(text) <= _SURELY_FITS for text in known.values()):
        return []  # without opening the fonts, which takes a second the first time
    asked = _read(wb.organisation(), form, "en")
    fitting = _fitting(asked, known)
    return [word for key, word in _NAMED.items() if key in asked.keys and key in known and key not in fitting]


def file_name(form: str, language: str) -> str:
    """What the file is called; it says nothing about a patient."""
    return f"{form}-form-{language}.pdf"


def _made(wb: Workbench, name: str, patient_id: str | None, language: str) -> bytes:
    if language not in LANGUAGES:
        raise NotFound(f"There is no form in this language. There are: {', '.join(LANGUAGES)}.")
    from core.channels.paper import Letterhead, form_pdf

    organisation = wb.organisation()
    form = _read(organisation, name, language)
    known = _of_patient(patients.patient(wb, patient_id), language) if patient_id is not None else {}
    logo = logos.organisation_logo(wb)
    letterhead = Letterhead(
        _shown(organisation.name),
        _shown(organisation.postal_address),
        phone_text(_shown(organisation.call_back_number)),
        (logo.content, logo.kind) if logo else None,
    )
    _require_letters(organisation)
    content = form_pdf(form, letterhead=letterhead, values=_fitting(form, known), made_at=wb.now())
    if patient_id is not None:
        record(wb, "form.filled", patient_id, form=name, language=language)
    return content


def _read(organisation: Organisation, name: str, language: str) -> PaperForm:
    values = {
        "practice": _shown(organisation.name),
        "address": _shown(organisation.postal_address),
        "phone": phone_text(_shown(organisation.call_back_number)),
        "per_week": str(organisation.contacts_per_week),
        "from": _clock(organisation.quiet_until, language),
        "until": _clock(organisation.quiet_from, language),
        "text_limit": str(organisation.text_limit),
    }
    types = tuple(TYPES.values()) if name == OPT_OUT else ()
    return read_form(_text(name, language), language=language, values=values, types=types)


@cache
def _text(name: str, language: str) -> str:
    return (resources.files("core.library") / "forms" / f"{name}.{language}.txt").read_text("utf-8")


def _of_patient(person: Person, language: str) -> dict[str, str]:
    """What is on file, by the keys of the forms."""
    birth = _day(person.birth_date, language) if person.birth_date else ""
    known = {
        "patient_name": person.name,
        "patient_again": person.name,
        "birth_date": birth,
        "birth_date_again": birth,
        "mobile": phone_text(person.phone_mobile or ""),
        "home": phone_text(person.phone_home or ""),
        "email": person.email or "",
    }
    shown = {key: _shown(text) for key, text in known.items()}
    return {key: text for key, text in shown.items() if text}


def _fitting(form: PaperForm, known: Mapping[str, str]) -> dict[str, str]:
    """What can be printed: all its letters are in the fonts, and it fits into its box."""
    from core.channels.paper import too_long
    from core.channels.pdf_fonts import missing_glyphs

    fitting = {key: text for key, text in known.items() if not missing_glyphs(text)}
    without = set(too_long(form, fitting))
    return {key: text for key, text in fitting.items() if key not in without and key in form.keys}


def _shown(text: str) -> str:
    from core.channels.pdf_fonts import printable_form

    return printable_form(text)


def _require_letters(organisation: Organisation) -> None:
    from core.channels.pdf_fonts import missing_glyphs

    for setting in ("name", "postal_address", "call_back_number"):
        missing = missing_glyphs(getattr(organisation, setting))
        if missing:
            raise SettingsError(
                f"The setting {setting} has characters that no font of the forms has: "
                f"{', '.join(f'U+{ord(one):04X}' for one in missing[:5])}. Write it without them in the organisation's "
                "settings."
            )


def _clock(at: time, language: str) -> str:
    hour, is_morning = (at.hour % 12) or 12, at.hour < 12
    half = {"en": ("a.m.", "p.m."), "es": ("a. m.", "p. m.")}[language][0 if is_morning else 1]
    return f"{hour}:{at:%M} {half}"


def _day(day: date, language: str) -> str:
    if language == "es":
        return f"{day.day} de {_MONTHS[day.month - 1]} de {day.year}"
    return f"{day:%B} {day.day}, {day.year}"
