"""A letter as it would be printed, before it is: previews, a test letter, and what keeps a campaign from printing."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from core import campaigns, templates
from core.audit import record
from core.domain.addressee import Person, addressee
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.eligibility import is_minor, sentence
from core.domain.findings import WARNING, Finding
from core.domain.letter import Letter
from core.domain.merge_field import EXAMPLES, FieldValues
from core.domain.postal import Postal
from core.domain.role import READ_PATIENTS
from core.downloads import Download
from core.errors import CareloopError, NotAllowed, NotFound
from core.frozen_letters import Stationery, stationery
from core.merge_fields import fields_for
from core.print_plans import judged_on, person_of, problem_of
from core.store import letter_people
from core.store.database import reading
from core.store.people import visible_ids
from core.workbench import Workbench, needs

_TEST = {"en": "TEST – NOT TO BE MAILED", "es": "PRUEBA – NO ENVIAR"}
_MANY_PAGES = 2
_EXAMPLE = Person("Ada Example Jr.", "Example", "Ada")
_EXAMPLE_HOME = Postal("12 Shore Road", "Apt 4", "Springfield", "IL", "62701")


@needs(READ_PATIENTS)
def preview(wb: Workbench, draft: Campaign, patient_id: str, *, language: str | None = None) -> bytes:
    """A PDF of the letter as this patient would get it; the campaign need not have been saved.

    `language` instead of the patient's. Raises NotFound for a patient the user may not see, MissingField and
    TemplateError when nothing would be printed, NotAllowed for an address or a sender that no letter can have.
    """
    paper = stationery(wb, draft)
    return _pdf(wb, paper, [_letter(wb, draft, paper, patient_id, language)])


def example(wb: Workbench, draft: Campaign, *, language: str = DEFAULT_LANGUAGE) -> bytes:
    """A PDF of the letter to an invented patient. Raises like `preview`."""
    paper = stationery(wb, draft)
    return _pdf(wb, paper, [_example(wb, draft, paper, language)])


def problems(wb: Workbench, draft: Campaign) -> dict[str, str]:
    """What keeps a draft from being printed, by field; empty when nothing does."""
    return campaigns.problems_of(wb, draft)


@needs(READ_PATIENTS)
def findings(wb: Workbench, draft: Campaign) -> list[Finding]:
    """Errors and warnings of the message, the sender and the settings; also when it takes more than two pages."""
    found = templates.findings(wb, draft)
    try:
        pages = _pages(wb, draft)
    except CareloopError:  # said already
        return found
    if pages > _MANY_PAGES:
        words = f"The letter takes {pages} pages; most people read one or two. Make it shorter."
        found.append(Finding(WARNING, "body", words))
    return found


@needs(READ_PATIENTS)
def test_letter(wb: Workbench, campaign_id: str, patient_id: str) -> Download:
    """A letter to look at, marked as a test (C7): nobody becomes a recipient. Recorded. Raises like `preview`."""
    campaign = campaigns.campaign(wb, campaign_id)
    paper = stationery(wb, campaign)
    letter = _letter(wb, campaign, paper, patient_id, None)
    marked = f"<p><b>{_TEST.get(letter.language, _TEST['en'])}</b></p>{letter.body}"
    content = _pdf(wb, paper, [replace(letter, body=marked)])
    record(wb, "campaign.tested", campaign_id)
    return Download(
        file_id="test",
        kind="test",
        name=f"test-letter-{campaign_id[:6]}.pdf",
        mime="application/pdf",
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        made_at=wb.now(),
        made_by=wb.user.user_id,
        campaign_id=campaign_id,
        content=content,
    )


def _letter(wb: Workbench, draft: Campaign, paper: Stationery, patient_id: str, language: str | None) -> Letter:
    with reading(wb.engine) as connection:
        home = letter_people.homes(connection, visible_ids(connection, [patient_id], wb.user.scope)).get(patient_id)
    fields = fields_for(wb, [patient_id], draft).get(patient_id)
    if home is None or fields is None:
        raise NotFound("This patient is not in the records any more. Choose another one.")
    if home.postal.problem:
        raise NotAllowed(f"This patient would not get a letter: {sentence(home.postal.problem)}.")
    person = person_of(home, fields, is_minor=is_minor(home.birth_date, on=judged_on(wb, draft)))
    letter = _filled(paper, person, home.postal, fields, language or home.language)
    if key := problem_of(letter, paper):
        raise NotAllowed(f"This patient would not get a letter: {sentence(key)}.")
    return letter


def _example(wb: Workbench, draft: Campaign, paper: Stationery, language: str) -> Letter:
    own = templates.own_words(wb.organisation())
    typed = {name: text for name, text in draft.fields.items() if name in EXAMPLES and text}
    return _filled(paper, _EXAMPLE, _EXAMPLE_HOME, EXAMPLES | own | typed, language)


def _filled(paper: Stationery, person: Person, home: Postal, fields: FieldValues, language: str | None) -> Letter:
    form = paper.form
    spoken = form.language(language)
    named = addressee([person], language=spoken)
    greeting = named.greeting if paper.settings.has_greeting else ""
    return Letter(spoken, (named.name, *home.lines), greeting, form.body(fields, spoken))


def _pdf(wb: Workbench, paper: Stationery, letters: Sequence[Letter]) -> bytes:
    from core.channels.letter_pdf import letters_pdf

    return letters_pdf(letters, paper.letterhead, title=paper.title, made_at=wb.now()).content


def _pages(wb: Workbench, draft: Campaign) -> int:
    """How many pages the longest of the languages takes for an invented patient."""
    from core.channels.letter_pdf import letters_pdf

    paper = stationery(wb, draft)
    made = [
        letters_pdf([_example(wb, draft, paper, each)], paper.letterhead, title=paper.title, made_at=wb.now())
        for each in draft.messages
    ]
    return max(each.pages for each in made)
