"""The library of templates, and a message as chosen patients would see it."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from itertools import chain

from core import rules
from core.caller import Caller, caller
from core.domain.address import phone_text
from core.domain.body import clean as clean
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign, Message
from core.domain.findings import Finding
from core.domain.findings import findings as _findings
from core.domain.merge_field import EXAMPLES, FIELDS, FieldValue
from core.domain.message_findings import call_findings, text_findings
from core.domain.organisation import EMAIL, LETTER, PHONE, TEXT, Organisation
from core.domain.rendering import check
from core.domain.role import READ_PATIENTS
from core.domain.template import Template as Template
from core.domain.template import Version as Version
from core.domain.template import read_template
from core.domain.wording import LANGUAGES
from core.domain.work_list import WorkList
from core.errors import NotFound
from core.letter_findings import letter_findings
from core.letter_form import LetterForm, letter_form
from core.mailer import Mail as Mail
from core.mailer import Mailer, mailer
from core.measures import measures
from core.merge_fields import fields_for
from core.store.database import reading
from core.store.people import visible_ids
from core.texter import Texter, texter
from core.workbench import Workbench, needs


def library() -> list[Template]:
    """Every template, by name."""
    return sorted(_templates().values(), key=lambda template: template.name)


def offered(wb: Workbench) -> list[Template]:
    """Those of the modes that the organisation uses (C2), by name."""
    modes = wb.organisation().modes
    return [one for one in library() if one.channel in modes]


def template(template_id: str) -> Template:
    """One template. Raises NotFound."""
    found = _templates().get(template_id)
    if found is None:
        raise NotFound("There is no such template any more. Choose one in the Library.")
    return found


def versions(template_id: str) -> tuple[Version, ...]:
    """The messages that a template offers; none when the template is no longer in the library."""
    found = _templates().get(template_id)
    return found.versions if found else ()


def is_locked(template_id: str) -> bool:
    """Whether campaigns from this template keep its wording, so that only numbers and names are filled in (T2)."""
    found = _templates().get(template_id)
    return found is not None and found.is_locked


def has_wording(channel: str, messages: Mapping[str, Message]) -> bool:
    """Whether these messages are those of a template of the mode as it is (see `wording_in`)."""
    return any(
        messages == wording_in(messages, one, version)
        for one in library()
        if one.channel == channel
        for version in one.versions
    )


def wording_in(languages: Iterable[str], template: Template, version: Version) -> dict[str, Message]:
    """One of a template's messages in each of these languages; in those that it does not have, the English one."""
    found = template.messages
    found[DEFAULT_LANGUAGE] = replace(found[DEFAULT_LANGUAGE], body=version.body)
    return {each: found.get(each, found[DEFAULT_LANGUAGE]) for each in languages}


def measure_names(template: Template) -> list[str]:
    """Words, in lower case, by which a work list's filter shows that it looks for the template's care gaps."""
    words = (word for name in template.measures if name in measures() for word in measures()[name].revealing)
    return list(dict.fromkeys(words))


def fitting(work_list: WorkList, offered: Iterable[Template]) -> Template | None:
    """The first of these templates whose care gap a work list looks for, else one about a condition that it looks for,
    those about a care gap first; None when its filters say nothing of the kind."""
    offered = sorted(offered, key=lambda one: not one.measures)
    gaps, conditions = _looked_for(work_list, "alerts"), _looked_for(work_list, "conditions")
    by_gap = (one for one in offered if any(word in gaps for word in measure_names(one)))
    by_topic = (one for one in offered if any(topic.casefold() in conditions for topic in one.protocols))
    return next(chain(by_gap, by_topic), None)


def _looked_for(work_list: WorkList, field: str) -> str:
    """What the filters of a field ask for, in lower case."""
    rows = (row for group in work_list.filters for row in group if row.field == field)
    return "\n".join(
        str(row.value).casefold() for row in rows if row.value and row.action in ("contains", "equals", "one_of")
    )


def findings(wb: Workbench, campaign: Campaign) -> list[Finding]:
    """What is wrong with a campaign's messages or may not be said in them, errors first; empty when all is well."""
    if campaign.channel == LETTER:
        return letter_findings(wb, campaign)
    revealing = {name: rule.revealing for name, rule in rules.every(wb).items()}
    found = [
        finding
        for language, message in campaign.messages.items()
        for finding in _of_message(campaign, message, language, revealing, wb.organisation())
    ]
    return list(dict.fromkeys(found))


def _of_message(
    campaign: Campaign,
    message: Message,
    language: str,
    revealing: Mapping[str, Collection[str]],
    organisation: Organisation,
) -> list[Finding]:
    fields = campaign.fields
    if campaign.channel == TEXT:
        found = text_findings(message, language=language, revealing=revealing, fields=fields, organisation=organisation)
    elif campaign.channel == PHONE:
        found = call_findings(message, revealing=revealing, fields=fields, organisation=organisation)
    else:
        return _findings(
            message, measures=campaign.measures, revealing=revealing, fields=fields, organisation=organisation
        )
    if language == DEFAULT_LANGUAGE:
        return found
    name = LANGUAGES.get(language, language)
    return [replace(one, sentence=f"{name}: {one.sentence}") if one.part != "fields" else one for one in found]


@needs(READ_PATIENTS)
def preview(wb: Workbench, campaign: Campaign, patient_id: str, *, language: str = DEFAULT_LANGUAGE) -> Mail:
    """The mail as this patient would get it; the campaign need not have been saved. Its stop link stops nothing.

    Raises NotFound for a patient the user may not see, TemplateError for a message that cannot be rendered, and
    MissingField when it needs something that is not on file: this patient would not be written to.
    """
    fields = _visible_fields(wb, [patient_id], campaign)
    if patient_id not in fields:
        raise NotFound("This patient is not in the records any more. Choose another one.")
    return mailer(wb, campaign, language=language).mail(fields[patient_id])


def example(wb: Workbench, template: Template, body: str | None = None) -> Mail:
    """An email template's mail for an invented patient. `body` is one of its versions', the first unless given."""
    return invented(wb, example_campaign(wb, template, body))


def example_campaign(wb: Workbench, template: Template, body: str | None = None) -> Campaign:
    """A campaign from a template that is nowhere kept. `body` is one of the template's versions'."""
    organisation, at, by = wb.organisation(), wb.now(), wb.user.user_id
    messages = template.messages
    if body:
        messages[DEFAULT_LANGUAGE] = replace(messages[DEFAULT_LANGUAGE], body=body)
    return Campaign(
        campaign_id="example",
        name=template.name,
        description="",
        channel=template.channel,
        purpose=template.purpose,
        template_id=template.template_id,
        status="inactive",
        start_on=wb.today(),
        messages=messages,
        from_email=organisation.from_email,
        from_name=organisation.from_name,
        created_at=at,
        created_by=by,
        changed_at=at,
        changed_by=by,
    )


def invented(wb: Workbench, campaign: Campaign, *, language: str = DEFAULT_LANGUAGE) -> Mail:
    """A campaign's mail for an invented patient of the organisation."""
    return mailer(wb, campaign, language=language).mail(EXAMPLES | own_words(wb.organisation()))


@needs(READ_PATIENTS)
def extremes(wb: Workbench, campaign: Campaign, patient_ids: Collection[str]) -> dict[str, str]:
    """Patients that show whether a message holds: 'longest name', 'missing field' and 'non-Latin name' -> patient id.

    'missing field' is the patient for whom most of the fields that the message uses are not on file. A kind that no
    patient is of is left out.
    """
    fields = _visible_fields(wb, patient_ids, campaign)
    used = [
        name
        for message in campaign.messages.values()
        for name in check(_whole(campaign, message))
        if FIELDS[name].source != "author"
    ]
    if not fields:
        return {}
    missing = {patient_id: sum(name not in values for name in set(used)) for patient_id, values in fields.items()}
    names = {patient_id: _name(values) for patient_id, values in fields.items()}
    foreign = [patient_id for patient_id, name in names.items() if not _is_latin(name)]
    found = {"longest name": max(names, key=lambda patient_id: len(names[patient_id]))}
    poorest = max(missing, key=lambda patient_id: missing[patient_id])
    if missing[poorest]:
        found["missing field"] = poorest
    if foreign:
        found["non-Latin name"] = foreign[0]
    return found


@needs(READ_PATIENTS)
def unfillable(wb: Workbench, campaign: Campaign, patient_ids: Collection[str]) -> dict[str, list[str]]:
    """Who would not be sent the message because it needs what is not on file: ids by merge field, in the order given.

    Somebody who lacks two such fields stands under both. Patients outside the user's scope are left out. Raises
    TemplateError for a message that cannot be rendered.
    """
    form = _form(wb, campaign)
    found: dict[str, list[str]] = {}
    for patient_id, values in _visible_fields(wb, patient_ids, campaign).items():
        for name in form.missing(values):
            found.setdefault(name, []).append(patient_id)
    return found


def _form(wb: Workbench, campaign: Campaign) -> Mailer | Texter | Caller | LetterForm:
    if campaign.channel == TEXT:
        return texter(campaign)
    if campaign.channel == LETTER:
        return letter_form(campaign)
    return caller(campaign) if campaign.channel == PHONE else mailer(wb, campaign)


def _whole(campaign: Campaign, message: Message) -> str:
    """All parts of a message in one."""
    body = clean(message.body) if campaign.channel in (EMAIL, LETTER) else message.body
    return "\n".join((message.subject, body, message.voicemail))


def own_words(organisation: Organisation) -> dict[str, FieldValue]:
    """What fields of the practice and the author say of the organisation, for an invented patient."""
    number = phone_text(organisation.call_back_number)
    own = {
        "practice.name": organisation.name,
        "practice.phone": number,
        "call_back_number": number,
        "sign_off": organisation.sign_off,
    }
    return {name: text for name, text in own.items() if text}


def _visible_fields(
    wb: Workbench, patient_ids: Collection[str], campaign: Campaign
) -> Mapping[str, Mapping[str, FieldValue]]:
    with reading(wb.engine) as connection:
        visible = visible_ids(connection, list(patient_ids), wb.user.scope)
    return fields_for(wb, [patient_id for patient_id in patient_ids if patient_id in visible], campaign)


def _name(values: Mapping[str, FieldValue]) -> str:
    return str(values.get("patient.full_name") or values.get("patient.first_name") or "")


def _is_latin(name: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "LATIN") for letter in name if letter.isalpha())


@cache
def _templates() -> dict[str, Template]:
    files = [file for file in resources.files("core.library").iterdir() if file.name.endswith((".html", ".txt"))]
    names = [(file.name.rpartition(".")[0], file.read_text(encoding="utf-8")) for file in files]
    return {template_id: read_template(template_id, text) for template_id, text in names}
