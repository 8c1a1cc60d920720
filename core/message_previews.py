"""Texts and calls as chosen patients would get them, for previews: nothing is sent."""

from dataclasses import dataclass

from core.caller import caller
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.merge_field import EXAMPLES, FieldValues
from core.domain.organisation import PHONE, TEXT
from core.domain.role import READ_PATIENTS
from core.domain.spoken import speech_seconds
from core.domain.text_segments import Segments, segments
from core.errors import NotFound
from core.merge_fields import fields_for
from core.store.contacts import eligibility_inputs
from core.store.database import reading
from core.store.people import visible_ids
from core.texter import texter
from core.workbench import Workbench, needs


@dataclass(frozen=True)
class TextPreview:
    """What one patient reads. `is_shared`: others have the number, so nobody is named."""

    text: str
    segments: Segments
    language: str
    is_shared: bool = False


@dataclass(frozen=True)
class CallPreview:
    """What one patient hears, what a machine would record, and how long each takes."""

    script: str
    voicemail: str
    script_seconds: int
    voicemail_seconds: int
    language: str
    is_shared: bool = False


@needs(READ_PATIENTS)
def text(wb: Workbench, campaign: Campaign, patient_id: str, *, language: str | None = None) -> TextPreview:
    """A text as this patient would get it; the campaign need not have been saved. `language` instead of the patient's.

    Raises NotFound for a patient the user may not see, MissingField and TemplateError when nothing would be sent.
    """
    fields, own, is_shared = _patient(wb, campaign, patient_id, TEXT)
    return _text(campaign, fields, language or own, is_shared=is_shared)


@needs(READ_PATIENTS)
def call(wb: Workbench, campaign: Campaign, patient_id: str, *, language: str | None = None) -> CallPreview:
    """A call as this patient would get it; see `text`."""
    fields, own, is_shared = _patient(wb, campaign, patient_id, PHONE)
    return _call(campaign, fields, language or own, is_shared=is_shared)


def example_text(campaign: Campaign, *, language: str = DEFAULT_LANGUAGE) -> TextPreview:
    """A text as an invented patient would get it."""
    return _text(campaign, EXAMPLES, language, is_shared=False)


def example_call(campaign: Campaign, *, language: str = DEFAULT_LANGUAGE) -> CallPreview:
    """A call as an invented patient would get it."""
    return _call(campaign, EXAMPLES, language, is_shared=False)


def _patient(wb: Workbench, campaign: Campaign, patient_id: str, channel: str) -> tuple[FieldValues, str, bool]:
    """What is on file, the language, and whether others have the number."""
    with reading(wb.engine) as connection:
        if not visible_ids(connection, [patient_id], wb.user.scope):
            raise NotFound("This patient is not in the records any more. Choose another one.")
        contact = eligibility_inputs(
            connection, [patient_id], channel=channel, at=wb.now(), on=wb.today(), zone=wb.zone()
        )[patient_id]
    fields = fields_for(wb, [patient_id], campaign).get(patient_id, {})
    return fields, contact.language or DEFAULT_LANGUAGE, contact.is_shared


def _text(campaign: Campaign, fields: FieldValues, language: str, *, is_shared: bool) -> TextPreview:
    form = texter(campaign, language=language)
    words = form.text(fields, is_shared=is_shared)
    return TextPreview(words, segments(words), form.language, is_shared)


def _call(campaign: Campaign, fields: FieldValues, language: str, *, is_shared: bool) -> CallPreview:
    form = caller(campaign, language=language)
    script, voicemail = form.says(fields, is_shared=is_shared), form.leaves(fields, is_shared=is_shared)
    return CallPreview(
        script,
        voicemail,
        speech_seconds(script, form.language),
        speech_seconds(voicemail, form.language),
        form.language,
        is_shared,
    )
