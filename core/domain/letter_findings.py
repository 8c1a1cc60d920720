"""What is wrong with a letter beyond its syntax: what may not be said where (C17), and what must be there."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from core.domain.campaign import Campaign, Message
from core.domain.eligibility import CARE_GAP
from core.domain.findings import (
    CONDITION_WORDS,
    ERROR,
    WARNING,
    Finding,
    about_body,
    about_braces,
    about_fields,
    named,
)
from core.domain.letter import LetterSettings
from core.domain.merge_field import FIELDS
from core.domain.message_body import MessageBody, message_body
from core.domain.organisation import Organisation
from core.domain.wording import folded
from core.errors import TemplateError

# Beside the conditions that no subject may name: what a sender's name would tell of everybody it writes to.
_TELLING = (
    "oncology", "cancer", "psychiatry", "psychiatric", "behavioral health", "behavioural health", "mental health",
    "addiction", "recovery", "methadone", "suboxone", "detox", "substance use", "substance abuse", "alcohol",
    "dialysis", "transplant", "infectious", "sexual health", "std", "sti", "family planning", "planned parenthood",
    "reproductive", "abortion", "gender", "fertility", "hospice", "palliative", "memory clinic", "eating disorder",
    "wound", "pain clinic", "diabetes", "diabetic", "aids", "tuberculosis",
    "oncologia", "psiquiatria", "salud mental", "salud conductual", "adicciones", "dialisis", "trasplante", "vih",
    "sida", "salud sexual", "salud reproductiva", "planificacion familiar", "fertilidad", "hospicio", "paliativo",
)  # fmt: skip
_GREETING = re.compile(
    r"^\W*(?:hello|hi|hey|dear|good (?:morning|afternoon|day)|greetings|hola|querid[oa]s?|estimad[oa]s?|"
    r"buen(?:os|as) (?:d[ií]as|tardes))\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"<a\s", re.IGNORECASE)


def letter_findings(
    campaign: Campaign,
    message: Message,
    *,
    settings: LetterSettings,
    sender: Sequence[str] | None,
    revealing: Mapping[str, Collection[str]],
    organisation: Organisation,
) -> list[Finding]:
    """Everything to tell the author of a letter in one language, errors first.

    sender      the lines of the return address; None: there is none
    revealing   words that name a care gap, by measure
    """
    found = [*_about_sender(sender, {word for words in revealing.values() for word in words})]
    try:
        body = message_body(message.body)
    except TemplateError as error:
        return [*found, Finding(ERROR, "body", str(error))]
    words = {word for name in campaign.measures for word in revealing.get(name, ())}
    found += about_braces("body", body.text)
    found += about_body(body, words, organisation, mode="letters")
    found += about_fields(body.fields, campaign.fields, organisation)
    found += _about_paper(body, settings)
    if settings.per_household:
        found += _about_household(campaign, body, {word for each in revealing.values() for word in each})
    return sorted(found, key=lambda finding: finding.level != ERROR)


_NO_SENDER = (
    "The letter has no sender. Choose From Name & Address under Delivery; when the list is empty, an administrator "
    "adds an address with 'careloop address add'."
)


def _about_sender(sender: Sequence[str] | None, words: Collection[str]) -> Iterator[Finding]:
    if not sender:
        yield Finding(ERROR, "sender", _NO_SENDER)
        return
    telling = set(words) | set(CONDITION_WORDS) | set(_TELLING)
    names = [line for line in sender if not line.strip()[:1].isdigit()]  # a street may be called Recovery Road
    said = set(named(_plain(names), telling))
    for word in sorted(named(_plain(sender), telling)):
        yield Finding(
            ERROR if word in said else WARNING,
            "sender",
            f"The sender's name or address says '{word}', which everybody reads on the envelope. Choose another From "
            "Name & Address.",
        )


def _plain(lines: Sequence[str]) -> str:
    """Without case, accents and punctuation."""
    return " ".join(re.sub(r"[\W_]+", " ", folded(line)).strip() for line in lines)


def _about_paper(body: MessageBody, settings: LetterSettings) -> Iterator[Finding]:
    if settings.has_greeting and _GREETING.search(body.text):
        yield Finding(
            WARNING, "body", "The letter greets twice: it begins with a greeting of its own. Turn one of them off."
        )
    if _LINK.search(body.clean):
        yield Finding(
            WARNING,
            "body",
            "The letter holds a link, which nobody can press on paper: its address is printed after it.",
        )


def _about_household(campaign: Campaign, body: MessageBody, words: Collection[str]) -> Iterator[Finding]:
    """Everybody in the house reads it: it may say nothing of one of them."""
    personal = [name for name in body.fields if FIELDS[name].is_private]
    if personal:
        yield Finding(
            ERROR,
            "body",
            f"One letter for a household may not hold what is one patient's own: {', '.join(personal)}. Take it out, "
            "or send each patient a letter.",
        )
    if campaign.purpose == CARE_GAP:
        yield Finding(
            ERROR,
            "settings",
            "A letter about care gaps goes to each patient: one for the household would tell the others what somebody "
            "is due for. Turn 'One letter per household' off.",
        )
    elif campaign.measures:  # chosen by a care gap, for a letter that is about something else
        yield Finding(
            WARNING,
            "body",
            "These patients were chosen by a care gap, and everybody in the household reads the letter: it must not "
            "say who is due for what.",
        )
    for word in sorted(named(body.text, set(words) | set(CONDITION_WORDS))):
        yield Finding(
            WARNING,
            "body",
            f"The letter names '{word}', and everybody in the household reads it. Say it only if it is meant for all.",
        )
