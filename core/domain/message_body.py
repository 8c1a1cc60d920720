"""The body of a message as it is kept and sent: cleaned, laid out and made plain text, all before anybody gets it."""

from dataclasses import dataclass
from functools import lru_cache

from core.domain.body import clean, for_mail
from core.domain.body_text import to_text
from core.domain.rendering import Compiled, check, compiled


@dataclass(frozen=True)
class MessageBody:
    """clean   the HTML that is kept
    text       its plain text, merge fields included
    fields     the merge fields it uses, in the order they come first
    html_part, text_part   ready to be filled in for many patients
    """

    clean: str
    text: str
    fields: tuple[str, ...]
    html_part: Compiled
    text_part: Compiled


@lru_cache(maxsize=64)
def message_body(source: str) -> MessageBody:
    """Read a body as an author wrote or pasted it. Raises TemplateError for what cannot be rendered for certain.

    Cleaning costs more than filling in many mails, and the dispatcher asks again for every batch.
    """
    body = clean(source)
    text = to_text(body)
    fields = tuple(check(body))
    return MessageBody(body, text, fields, compiled(for_mail(body), html=True), compiled(text, html=False))
