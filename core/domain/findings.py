"""What is wrong with a message beyond its syntax: what may not be said where (C17), and what must be there."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from core.domain.campaign import Message
from core.domain.merge_field import FIELDS
from core.domain.merge_region import protected
from core.domain.message_body import MessageBody, message_body
from core.domain.organisation import Organisation
from core.domain.rendering import check
from core.errors import TemplateError

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """level 'error' or 'warning'; part 'subject', 'body', 'voicemail', 'fields', 'organisation', or of a letter
    'sender' or 'settings'."""

    level: str
    part: str
    sentence: str


# Beside the words that name the care gaps of the rules. None may stand in a subject, whatever the campaign is about.
CONDITION_WORDS = (
    "asthma", "copd", "hypertension", "blood pressure", "cholesterol", "heart failure", "kidney", "hiv", "hepatitis",
    "depression", "anxiety", "pregnancy", "pregnant", "obesity", "overweight", "weight", "bmi", "smoking", "dementia",
    "tumor", "disease", "screening", "lab result", "test result", "biopsy", "medication", "insulin",
)  # fmt: skip
_NUMBER_FIELDS = {"call_back_number", "practice.phone", "clinic.phone"}
_NUMBER = re.compile(r"\(?\b\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}\b")
_HREF = re.compile(r'href="([^"]*)"')
_LONE_BRACE = re.compile(
    r"\{\s+[{%]|[}%]\s+\}|(?<!\{)\{\s*(?:" + "|".join(map(re.escape, FIELDS)) + r")\b[^{}]*\}(?!\})"
)


def findings(
    message: Message,
    *,
    measures: Collection[str],
    revealing: Mapping[str, Collection[str]],
    fields: Mapping[str, str],
    organisation: Organisation,
) -> list[Finding]:
    """Everything to tell the author, errors first.

    measures    those that the campaign is about
    revealing   words that name a care gap, by measure
    fields      what the author filled in
    """
    found: list[Finding] = []
    used: list[str] = []
    try:
        used += check(message.subject)
    except TemplateError as error:
        found.append(Finding(ERROR, "subject", str(error)))
    found += about_braces("subject", message.subject)
    found += _about_subject(message.subject, revealing)
    try:
        body = message_body(message.body)
    except TemplateError as error:
        found.append(Finding(ERROR, "body", str(error)))
    else:
        used += body.fields
        found += about_braces("body", body.text)
        found += about_body(body, {word for name in measures for word in revealing.get(name, ())}, organisation)
    found += about_fields(used, fields, organisation)
    if not organisation.postal_address.strip():
        found.append(
            Finding(
                WARNING, "organisation", "The organisation has no postal address, which readers expect below an email."
            )
        )
    return sorted(found, key=lambda finding: finding.level != ERROR)


def named(text: str, words: Collection[str]) -> list[str]:
    """Which of the words stand in the text, whatever their case, also in the plural."""
    return [word for word in words if re.search(rf"\b{re.escape(word)}(?:e?s)?\b", text, re.IGNORECASE)]


def about_braces(part: str, text: str) -> Iterator[Finding]:
    """Merge fields with one brace, which would be read as they stand."""
    written = _LONE_BRACE.search(protected(text).html)
    if written:
        yield Finding(
            ERROR,
            part,
            f"Patients would read '{written[0]}' as it stands. Write merge fields with two braces together.",
        )


def _about_subject(subject: str, revealing: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    words = {word for words in revealing.values() for word in words} | set(CONDITION_WORDS)
    for word in sorted(named(subject, words)):
        yield Finding(
            ERROR, "subject", f"The subject names '{word}'. Others may see it: say only that it is a health reminder."
        )
    if re.search(r"\bgaps\b", subject):
        yield Finding(ERROR, "subject", "The subject holds the care gaps. Others may see it: name them in the body.")


def about_body(
    body: MessageBody, words: Collection[str], organisation: Organisation, *, mode: str = "emails"
) -> Iterator[Finding]:
    """What the body of an email or letter lacks, or may not say. `words` name what the campaign is about."""
    if not _NUMBER_FIELDS & set(body.fields) and not _NUMBER.search(body.text):
        yield Finding(
            ERROR, "body", "The message has no number to call. Add {{ call_back_number }} so that patients reach you."
        )
    if not organisation.names_in_bodies:
        for word in sorted(named(body.text, words)):
            yield Finding(
                ERROR, "body", f"The message names '{word}'. Your organisation does not allow that in {mode}."
            )
        if "gaps" in body.fields:
            yield Finding(
                ERROR, "body", f"The message names care gaps. Your organisation does not allow that in {mode}."
            )
    for address in _HREF.findall(body.clean):
        for name in (name for name, field in FIELDS.items() if field.is_private and name in address):
            yield Finding(
                ERROR, "body", f"A link holds '{name}'. An address is kept by every server on its way: leave it out."
            )


def about_fields(used: Collection[str], fields: Mapping[str, str], organisation: Organisation) -> Iterator[Finding]:
    """What the author was to fill in and has not."""
    own = {"call_back_number": organisation.call_back_number, "sign_off": organisation.sign_off}
    for name in dict.fromkeys(used):
        if FIELDS[name].source == "author" and not (fields.get(name, "").strip() or own.get(name)):
            yield Finding(
                ERROR, "fields", f"The message needs '{name}', {FIELDS[name].about}. Fill it in under Message."
            )
