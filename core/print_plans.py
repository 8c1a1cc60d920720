"""The plan of a print run: who gets a letter and why others do not, by the rules of every other mode (L2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from core import rules
from core.designs import arms_of
from core.domain.addressee import Person, name_of
from core.domain.campaign import Campaign, goes_out_on
from core.domain.effects.allocation import CONTACT, HOLD_OUT
from core.domain.effects.design import passed_problem
from core.domain.eligibility import (
    COMES_LATER,
    GLYPH,
    TOO_LONG,
    Contact,
    eligibility,
    frequency_cap,
    is_minor,
    missing_field,
)
from core.domain.letter import Letter
from core.domain.message import CANNOT_BE_WRITTEN
from core.domain.organisation import LETTER
from core.domain.print_plan import Candidate, PlannedLetter, digest, letters
from core.errors import MissingField, NotAllowed, TemplateError
from core.frozen_letters import Stationery, stationery
from core.kept_out import turns
from core.letter_form import LetterForm
from core.merge_fields import Fields, fields_for
from core.store import letter_people, print_plan_rows
from core.store.contacts import eligibility_inputs
from core.store.letter_people import Home
from core.workbench import Workbench


@dataclass(frozen=True)
class Plan:
    """letters in their order; reasons by recipient why the others get none; digest of what the labels show."""

    stationery: Stationery
    letters: tuple[PlannedLetter, ...]
    reasons: Mapping[int, str]
    digest: str


def plan(wb: Workbench, connection: Connection, campaign: Campaign) -> Plan:
    """What would be printed of a campaign at this moment. Raises TemplateError, NotAllowed where nothing could be, also
    once those who come later would get theirs with the others."""
    if problem := passed_problem(campaign, wb.organisation(), on=wb.today()):
        raise NotAllowed(problem)
    paper, waiting = stationery(wb, campaign), print_plan_rows.waiting(connection, campaign.campaign_id)
    reasons = _refused(wb, connection, campaign, waiting)
    asked = [row for row in waiting if row.recipient_id not in reasons]
    homes = letter_people.homes(connection, [row.patient_id for row in asked])
    fields = fields_for(wb, [row.patient_id for row in asked], campaign)
    on = judged_on(wb, campaign)
    made = {row.recipient_id: _candidate(row, homes, fields, paper.form, on=on) for row in asked}
    reasons |= {each: found for each, found in made.items() if isinstance(found, str)}
    candidates = [found for found in made.values() if isinstance(found, Candidate)]
    planned, unprintable = _printable(paper, candidates)
    reasons |= unprintable
    return Plan(paper, tuple(planned), reasons, digest(planned, paper.sender))


def is_against_chance(wb: Workbench, connection: Connection, campaign: Campaign, run_id: str) -> bool:
    """Whether somebody is on a letter of a run whom chance holds out or lets wait, since what the campaign comes from
    has drawn its arms after the letters were planned. Asked where nobody else can draw any."""
    on = judged_on(wb, campaign)
    found = turns(wb, connection, campaign, print_plan_rows.arms_on_letters(connection, run_id))
    return any(turn.is_held_out or turn.must_wait(on) for turn in found.values())


def judged_on(wb: Workbench, campaign: Campaign) -> date:
    """The day by which everything about a letter is decided, as pre-flight does: the mail date, or today after it."""
    return max(wb.today(), goes_out_on(campaign, wb.organisation()))


def person_of(home: Home, fields: Fields, *, is_minor: bool) -> Person:
    """A patient as a letter is addressed."""
    name = name_of(home.first, home.last, home.suffix)
    return Person(name, (home.last or "").strip(), str(fields.get("patient.first_name", "")), is_minor)


def _refused(wb: Workbench, connection: Connection, campaign: Campaign, waiting: Sequence[Any]) -> dict[int, str]:
    """Who may not be written to, by recipient the reason."""
    cap, on = frequency_cap(wb.organisation()), judged_on(wb, campaign)
    mailing = replace(campaign.mailing, is_sensitive=rules.is_any_sensitive(wb, campaign.measures))
    contacts = eligibility_inputs(
        connection,
        [row.patient_id for row in waiting],
        channel=LETTER,
        at=wb.now(),
        on=on,
        zone=wb.zone(),
        campaign_id=campaign.campaign_id,
    )
    arms = arms_of(connection, campaign)  # also of a draft of which none are drawn yet
    own = {row.patient_id: arms[row.patient_id].arm if row.patient_id in arms else row.arm for row in waiting}
    everyones = turns(wb, connection, campaign, own)
    found: dict[int, str] = {}
    for row in waiting:
        contact: Contact = contacts[row.patient_id]
        turn = everyones[row.patient_id]
        why = eligibility(contact, mailing, on=on, cap=cap, arm=HOLD_OUT if turn.is_held_out else CONTACT)
        if why:
            found[row.recipient_id] = why.key
        elif turn.must_wait(on):
            found[row.recipient_id] = COMES_LATER
    return found


def _candidate(
    row: Any, homes: Mapping[str, Home], fields: Mapping[str, Fields], form: LetterForm, *, on: date
) -> Candidate | str:
    """What is to be printed for a recipient, or the reason why it cannot be."""
    home, own = homes[row.patient_id], fields[row.patient_id]
    language = form.language(home.language)
    person = person_of(home, own, is_minor=is_minor(home.birth_date, on=on))
    if not person.full_name:
        return missing_field("patient.full_name").key
    try:
        form.body(own, language)
    except MissingField as error:
        return missing_field(error.field).key
    except TemplateError:
        return CANNOT_BE_WRITTEN
    return Candidate(row.recipient_id, person, home.postal, language, form.used(own, language), first=home.first or "")


def _printable(paper: Stationery, candidates: Sequence[Candidate]) -> tuple[list[PlannedLetter], dict[int, str]]:
    """The letters, and by recipient why there is none: a character that no font has, an address that does not fit.

    Those of a household whose letter cannot be printed get one each, as far as those can be: nobody goes without for
    somebody else's name.
    """
    planned = letters(candidates, paper.settings)
    found = _problems(paper, planned)
    if not found:
        return planned, {}
    alone = {each for letter, _ in found for each in letter.recipient_ids}
    apart = letters([each for each in candidates if each.recipient_id in alone], paper.settings, alone=alone)
    refused = {letter.recipient_ids[0]: key for letter, key in _problems(paper, apart)}
    left = [each for each in candidates if each.recipient_id not in refused]
    return letters(left, paper.settings, alone=alone), refused


def _problems(paper: Stationery, planned: Sequence[PlannedLetter]) -> list[tuple[PlannedLetter, str]]:
    judged = [(each, problem_of(letter, paper)) for each, letter in zip(planned, paper.letters(planned), strict=True)]
    return [(each, key) for each, key in judged if key]


def problem_of(letter: Letter, paper: Stationery) -> str:
    """Why a letter cannot be printed, as a reason's key; '' when it can."""
    from core.channels.letter_pdf import addressee_problem
    from core.channels.pdf_fonts import missing_glyphs

    if missing_glyphs("".join((*letter.addressee, letter.greeting, letter.body))):
        return GLYPH
    return TOO_LONG if addressee_problem(letter.addressee, paper.settings.page) else ""
