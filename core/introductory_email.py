"""What the introductory email says: one text for the organisation in each language, edited with versions (E8).

It comes before a patient could opt out, so it says nothing about anybody's health, and nobody may be left out because
something is not on file: without it no campaign email comes either.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import resources
from typing import Any

from core import templates
from core.audit import record_in
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign, Message
from core.domain.findings import ERROR
from core.domain.introduction import INTRODUCTORY
from core.domain.merge_field import EXAMPLES, FIELDS
from core.domain.message_body import message_body
from core.domain.one_line import is_visible, one_line
from core.domain.rendering import check, render
from core.domain.role import CHANGE_ORGANISATION
from core.domain.wording import day_text
from core.errors import MissingField, NotAllowed, TemplateError
from core.mailer import Mail
from core.store import introductory_texts as rows
from core.store.database import reading, writing
from core.store.introductory_texts import TextRow
from core.workbench import Workbench, needs

LANGUAGES = ("en", "es")
_ALLOWED = tuple(
    name
    for name in FIELDS
    if name.startswith(("patient.", "provider.", "clinic.", "practice.")) or name in ("call_back_number", "sign_off")
)


@dataclass(frozen=True)
class Text:
    """One version in one language. Version 0 is the one that comes with Careloop, saved by nobody."""

    language: str
    version: int
    message: Message
    saved_at: datetime | None = None
    saved_by: str = ""


def texts(wb: Workbench) -> dict[str, Text]:
    """The texts that count now, by language."""
    return {language: found[0] for language, found in versions(wb).items()}


def versions(wb: Workbench) -> dict[str, list[Text]]:
    """Every version by language, the newest first; the last one comes with Careloop."""
    found = {language: [Text(language, 0, message)] for language, message in _shipped().items()}
    with reading(wb.engine) as connection:
        for row in rows.versions(connection):
            own = Text(row.language, row.version, Message(row.subject, row.body), row.saved_at, row.saved_by)
            found.setdefault(row.language, []).insert(0, own)
    return found


def messages(wb: Workbench) -> dict[str, Message]:
    """What goes out from now on, by language."""
    return {language: text.message for language, text in texts(wb).items()}


def instead_of(wb: Workbench, campaign: Campaign) -> Campaign:
    """The introductory email in the place of a campaign's: with that campaign's id, from the organisation."""
    return replace(campaign, measures=(), messages=messages(wb), **_sender(wb))


def campaign_of_today(wb: Workbench) -> Campaign:
    """The internal campaign that introductory emails of a day belong to, not kept yet."""
    at, by = wb.now(), wb.user.user_id
    return Campaign(
        campaign_id=secrets.token_hex(8),
        kind=INTRODUCTORY,
        name=f"Introductory emails {day_text(wb.today())}",
        description="Sent by itself to patients who have had no introductory email at their address.",
        channel="email",
        purpose="announcement",
        template_id=INTRODUCTORY,
        status="active",
        start_on=wb.today(),
        messages=messages(wb),
        created_at=at,
        created_by=by,
        changed_at=at,
        changed_by=by,
        activated_at=at,
        activated_by=by,
        **_sender(wb),
    )


def preview(wb: Workbench, language: str = DEFAULT_LANGUAGE, message: Message | None = None) -> Mail:
    """The email as an invented patient would get it, also one that is being edited. Its stop link stops nothing.

    Raises TemplateError for what cannot be rendered.
    """
    campaign = campaign_of_today(wb)
    shown = {**campaign.messages, language: message} if message else campaign.messages
    return templates.invented(wb, replace(campaign, messages=shown), language=language)


def problems(wb: Workbench, message: Message) -> list[str]:
    """Why a text cannot be the introductory email, in sentences; empty when it can."""
    try:
        fields = dict.fromkeys([*check(message.subject), *message_body(message.body).fields])
    except TemplateError as error:
        return [str(error)]
    if not is_visible(one_line(message.subject)):
        return ["The email has no subject. Write one."]
    if not is_visible(message_body(message.body).text):
        return ["The email has no text. Write who will write, why, and how to stop."]
    refused = [name for name in fields if name not in _ALLOWED]
    if refused:
        return [
            f"'{name}' has no place here: this email comes before the patient could say no, so it says nothing about "
            "their care. Take it out."
            for name in refused
        ]
    return [*_left_out(message), *_errors(wb, message)]


@needs(CHANGE_ORGANISATION)
def save(wb: Workbench, language: str, message: Message, *, seen: int) -> Text:
    """Make a text the one that counts; it goes out from the next batch on.

    `seen` is the version that was edited: when somebody else saved meanwhile NotAllowed says so. Raises NotAllowed too
    for a text with `problems` and for whoever may not see all patients.
    """
    _check_may_save(wb)
    was = texts(wb).get(language)
    if was is None:
        raise NotAllowed(f"There is no introductory email in this language. There are {', '.join(LANGUAGES)}.")
    found = problems(wb, message)
    if found:
        raise NotAllowed("The text was not saved. " + " ".join(found))
    clean = Message(one_line(message.subject), message_body(message.body).clean)
    if clean == was.message:
        return was
    row = TextRow(language, seen + 1, clean.subject, clean.body, wb.now(), wb.user.user_id)
    with writing(wb.engine) as connection:
        if was.version != seen or not rows.add(connection, row):
            raise NotAllowed(
                "Somebody else has changed this text meanwhile. Nothing was saved: keep what you wrote, open the page "
                "again and make your changes on the newer text."
            )
        record_in(wb, connection, "introductions.text", language, version=row.version)
    return texts(wb)[language]


def may_save(wb: Workbench) -> bool:
    """Whether this user may change what all patients get."""
    return wb.user.may(CHANGE_ORGANISATION) and wb.user.scope.groups is None and wb.user.scope.providers is None


def _check_may_save(wb: Workbench) -> None:
    if not may_save(wb):
        raise NotAllowed("All patients get this email. Ask somebody who may see all of them to change it.")


def _left_out(message: Message) -> list[str]:
    """Who would get no introductory email, because what the text needs is not on file for everybody."""
    for_everybody = {name: value for name, value in EXAMPLES.items() if not FIELDS[name].may_miss}
    for part, html in ((message.subject, False), (message_body(message.body).clean, True)):
        try:
            if not is_visible(render(part, for_everybody, html=html)):
                return [
                    "For patients of whom little is on file nothing is left of the text. Give its conditions an 'else'."
                ]
        except MissingField as error:
            return [f"Patients without it would get no introductory email, and so no email at all: {error}"]
        except TemplateError as error:
            return [str(error)]
    return []


def _errors(wb: Workbench, message: Message) -> list[str]:
    judged = replace(campaign_of_today(wb), messages={DEFAULT_LANGUAGE: message})
    return [finding.sentence for finding in templates.findings(wb, judged) if finding.level == ERROR]


def _sender(wb: Workbench) -> dict[str, Any]:
    organisation = wb.organisation()
    return {
        "from_email": organisation.from_email,
        "from_name": organisation.from_name,
        "fields": {"call_back_number": organisation.call_back_number, "sign_off": organisation.sign_off},
    }


def _shipped() -> dict[str, Message]:
    """By language: the first line of the file is the subject, the rest the body."""
    found = {}
    for language in LANGUAGES:
        file = resources.files("core.library") / INTRODUCTORY / f"{language}.html"
        subject, _, body = file.read_text("utf-8").partition("\n")
        found[language] = Message(subject.strip(), body.strip())
    assert DEFAULT_LANGUAGE in found
    return found
