"""What is wrong with a text or a call beyond its syntax: what may not be said where (C17), and what must be there."""

from collections.abc import Collection, Iterator, Mapping

from core.domain import text_message
from core.domain.address import is_us_number, phone_link
from core.domain.campaign import Message
from core.domain.findings import CONDITION_WORDS, ERROR, WARNING, Finding, about_braces, about_fields, named
from core.domain.merge_field import EXAMPLES
from core.domain.organisation import Organisation
from core.domain.rendering import check, render
from core.domain.text_message import has_call_back_number, with_end
from core.errors import TemplateError

_NUMBERS = {"call_back_number": "number to call", "help_number": "help number", "caller_id": "caller ID number"}


def text_findings(
    message: Message,
    *,
    language: str,
    revealing: Mapping[str, Collection[str]],
    fields: Mapping[str, str],
    organisation: Organisation,
) -> list[Finding]:
    """Everything to tell the author of a text, errors first; see core.domain.findings.findings for the arguments."""
    found = [
        Finding(ERROR, "body", each) for each in text_message.problems(message.body, limit=organisation.text_limit)
    ]
    used, more = _read("body", message.body)
    found += more
    found += about_braces("body", message.body)
    found += _about_health("body", message.body, used, revealing, ERROR, "A text can be read on a locked phone")
    found += about_fields(used, fields, organisation)
    found += _about_numbers(fields, ("call_back_number", "help_number"))
    if not more:
        found += [Finding(WARNING, "body", each) for each in text_message.warnings(_example(message.body, language))]
    return sorted(found, key=lambda finding: finding.level != ERROR)


def call_findings(
    message: Message,
    *,
    revealing: Mapping[str, Collection[str]],
    fields: Mapping[str, str],
    organisation: Organisation,
) -> list[Finding]:
    """The same of a call: of what a person hears, and of what a machine records, which anybody may hear."""
    used, found = _read("body", message.body)
    of_voicemail, more = _read("voicemail", message.voicemail)
    found += more
    for part, text in (("body", message.body), ("voicemail", message.voicemail)):
        found += about_braces(part, text)
        if not has_call_back_number(text):
            found.append(Finding(ERROR, part, f"{_NAMES[part]} has no number to call. Add {{{{ call_back_number }}}}."))
    found += _about_health("voicemail", message.voicemail, of_voicemail, revealing, ERROR, "Anybody may hear it")
    found += _about_health("body", message.body, used, revealing, WARNING, "Somebody else may take the call")
    found += about_fields([*used, *of_voicemail], fields, organisation)
    found += _about_numbers(fields, ("call_back_number", "caller_id"))
    return sorted(found, key=lambda finding: finding.level != ERROR)


_NAMES = {"body": "The message", "voicemail": "The voicemail"}


def _read(part: str, source: str) -> tuple[list[str], list[Finding]]:
    """The fields it uses, and what keeps it from being read."""
    if not source.strip():
        return [], [Finding(ERROR, part, f"{_NAMES[part]} is empty. Write what patients are to get.")]
    try:
        return check(source), []
    except TemplateError as error:
        return [], [Finding(ERROR, part, str(error))]


def _about_health(
    part: str,
    text: str,
    used: Collection[str],
    revealing: Mapping[str, Collection[str]],
    level: str,
    why: str,
) -> Iterator[Finding]:
    words = {word for words in revealing.values() for word in words} | set(CONDITION_WORDS)
    for word in sorted(named(text, words)):
        yield Finding(level, part, f"{_NAMES[part]} names '{word}'. {why}: say only that it is a health reminder.")
    if "gaps" in used:
        yield Finding(level, part, f"{_NAMES[part]} holds the care gaps. {why}: leave them out.")


def _about_numbers(fields: Mapping[str, str], names: Collection[str]) -> Iterator[Finding]:
    for name in names:
        number = fields.get(name, "")
        if number and not is_dialled(number):
            yield Finding(ERROR, "fields", f"The {_NUMBERS[name]} is no number of ten digits, such as (312) 555-0100.")


def is_dialled(number: str) -> bool:
    """Whether a number as people type it can be dialled: ten digits, with or without the 1 before them."""
    return is_us_number(phone_link(number)) or phone_link(number).startswith("+1555")


def _example(body: str, language: str) -> str:
    """The text for an invented patient, with what is added at its end."""
    try:
        return with_end(render(body, EXAMPLES, html=False).strip(), language)
    except TemplateError:
        return with_end(body.strip(), language)
