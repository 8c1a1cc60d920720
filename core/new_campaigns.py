"""A new campaign: made from a template or another campaign, for the patients who were chosen, or not made at all."""

import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from core import rules, templates
from core.audit import record_in
from core.domain.campaign import NAME_LENGTH, Campaign
from core.domain.campaign_start import free_name, measures_for
from core.domain.effects.allocation import HOLD_OUT
from core.domain.effects.design import EVERYONE, fitted, keeps_out
from core.domain.introduction import INTRODUCTORY, free_from
from core.domain.life_cycle import COPY, RULES
from core.domain.organisation import EMAIL, LETTER, PHONE, TEXT, Organisation
from core.domain.role import MAKE_CAMPAIGNS
from core.domain.wording import day_text
from core.domain.work_list import WorkList
from core.errors import NotAllowed, NotFound, TooMany
from core.kept_out import KeptOut, of_source
from core.modes import require_mode
from core.store import campaigns as rows
from core.store import introductions, merges
from core.store.database import reading, writing
from core.store.people import visible_ids
from core.workbench import Workbench, needs

# Nobody has written to these. What kept the others from being sent is looked at anew, and said anew if it holds.
NOT_CONTACTED = ("stopped", "not_sent")
# A copy has a design of its own.
_FOR_EVERYBODY: dict[str, Any] = {
    "design": EVERYONE,
    "holdout_share": 0,
    "delay_weeks": 0,
    "variant": {},
    "allocated_at": None,
}
# Who cannot be in a follow-up, continuing '3 of them ...'.
_LEFT_OUT = {
    "waiting": "still wait in this campaign",
    "claimed": "still wait in this campaign",
    "printed": "have a letter here that is printed and not marked as mailed",
    "unknown": "may have got the message already: decide about them first",
    HOLD_OUT: "were chosen at random not to be contacted",
}


@dataclass(frozen=True)
class CopyPlan:
    """What a copy of a campaign would be.

    patient_ids   whom it would be for, in the order of the campaign
    left_out      how many of those asked for cannot be in it, by the reason
    start_on      tomorrow, or the first whole day on which nobody waits any more after an introductory email (E4)
    """

    name: str
    patient_ids: tuple[str, ...]
    left_out: Mapping[str, int]
    start_on: date
    waits_for_introduction: bool = False


@needs(MAKE_CAMPAIGNS)
def create(
    wb: Workbench,
    *,
    template_id: str,
    patient_ids: Sequence[str],
    work_list: WorkList | None = None,
    name: str | None = None,
) -> str:
    """Make an inactive campaign from a template with exactly these patients; returns its id.

    Name, purpose, measures, protocols and texts come prefilled; it starts tomorrow. Raises TooMany above the
    organisation's limit and NotFound when a patient may not be seen: nothing is created then.
    """
    ids = list(dict.fromkeys(patient_ids))
    _check_size(wb, ids)
    template = templates.template(template_id)
    require_mode(wb, template.channel)
    with writing(wb.engine) as connection:
        missing = len(ids) - len(visible_ids(connection, ids, wb.user.scope))
        if missing:
            raise NotFound(f"{missing:,} of the selected patients are not in the records any more. Run the list again.")
        proposed = name or template.proposed_name(wb.today())
        campaign = _new(wb, template, name=_free_name(connection, proposed), work_list=work_list)
        rows.add(connection, campaign, patient_ids=ids)
        record_in(wb, connection, "campaign.created", campaign.campaign_id, template=template_id, recipients=len(ids))
    return campaign.campaign_id


@needs(MAKE_CAMPAIGNS)
def plan_copy(wb: Workbench, campaign_id: str, patient_ids: Collection[str] | None = None) -> CopyPlan:
    """What `copy` would make. Raises NotFound for a campaign or patients the user may not see, and NotAllowed for a
    replacement of a campaign that still goes on."""
    with reading(wb.engine) as connection:
        source = rows.seen(connection, wb.user, campaign_id)
        if source.kind == INTRODUCTORY:
            raise NotAllowed("Introductory emails go out by themselves. Start a campaign in the Library instead.")
        states = rows.states_of(connection, campaign_id, user=wb.user)
        chosen = _replaced(source, states) if patient_ids is None else set(patient_ids)
        chosen -= merges.survivors(connection, chosen).keys()  # the survivor's own row says what was received
        if not chosen <= states.keys():
            raise NotFound("Some of these patients are not among those of the campaign that you may see.")
        why = _left_out(states, of_source(wb, connection, source, states), on=wb.today())
        ids = tuple(each for each in states if each in chosen and each not in why)
        ending = " – copy" if patient_ids is None else " – follow-up"
        name = _free_name(connection, source.name.removesuffix(ending)[: NAME_LENGTH - len(ending) - 5] + ending)
        introduced_at = introductions.latest_at(connection, ids) if source.channel == EMAIL else None  # T5
    tomorrow = wb.today() + timedelta(days=1)
    start_on = max(tomorrow, _free_on(wb, introduced_at) if introduced_at else tomorrow)
    left_out = Counter(why[each] for each in chosen if each in why)
    return CopyPlan(name, ids, left_out, start_on, start_on > tomorrow)


def _left_out(states: Mapping[str, str], kept: KeptOut, *, on: date) -> dict[str, str]:
    """By patient why they cannot be in a copy or follow-up, of those who cannot: what chance decided comes first."""
    found = {each: _LEFT_OUT[state] for each, state in states.items() if state in _LEFT_OUT}
    later = {each: first for each, first in kept.later_on.items() if on < first}
    found |= {
        each: f"were chosen at random to be contacted only from {day_text(first)}" for each, first in later.items()
    }
    return found | dict.fromkeys(kept.held_out, _LEFT_OUT[HOLD_OUT])


def _nobody(what: str, planned: CopyPlan) -> str:
    reasons = "; ".join(f"{number:,} left out: they {why}" for why, number in planned.left_out.items())
    because = f": {reasons}" if reasons else ""
    return f"Nobody would be in the {what}{because}. Choose patients by their result in the campaign's report."


@needs(MAKE_CAMPAIGNS)
def copy(
    wb: Workbench, campaign_id: str, *, patient_ids: Collection[str] | None = None, name: str | None = None
) -> str:
    """Make an inactive campaign with the content of another; returns its id.

    patient_ids   of the other campaign's patients (R2); None: those of a stopped or finished one who were not
                  contacted (C9), which are 'stopped' and 'not sent'
    Whoever still waits there, may have got its message, or was held out of it, of a sister, or of what it is itself a
    copy of, is left out, and so is who comes later there until that day: `plan_copy` says how many.
    Raises NotFound for patients the user may not see, NotAllowed when nobody is left.
    """
    planned = plan_copy(wb, campaign_id, patient_ids)
    if not planned.patient_ids:
        raise NotAllowed(_nobody("copy", planned))
    _check_size(wb, list(planned.patient_ids))
    with writing(wb.engine) as connection:
        source = rows.seen(connection, wb.user, campaign_id)
        require_mode(wb, source.channel)
        at, by, count = wb.now(), wb.user.user_id, len(planned.patient_ids)
        made = replace(
            source,
            campaign_id=secrets.token_hex(8),
            name=_free_name(connection, (name or "").strip() or planned.name),
            status="inactive",
            start_on=planned.start_on,
            work_list={**source.work_list, "copied_from": campaign_id},
            family_id=None,
            created_at=at,
            created_by=by,
            changed_at=at,
            changed_by=by,
            activated_at=None,
            activated_by=None,
            finished_at=None,
            edited_at=None,
            edited_by=None,
            version=1,
            **_FOR_EVERYBODY,
            seed=_seed(),
        )
        rows.add(connection, made, patient_ids=planned.patient_ids)
        record_in(wb, connection, "campaign.copied", made.campaign_id, source=campaign_id, recipients=count)
    return made.campaign_id


@needs(MAKE_CAMPAIGNS)
def follow_by(
    wb: Workbench, campaign_id: str, template_id: str, *, patient_ids: Collection[str], name: str | None = None
) -> str:
    """Make an inactive campaign from a template, such as one of another mode, for patients of a campaign (R2): about
    the same measures and protocols. Returns its id; leaves out and raises as `copy` does."""
    planned, template = plan_copy(wb, campaign_id, patient_ids), templates.template(template_id)
    if not planned.patient_ids:
        raise NotAllowed(_nobody("follow-up", planned))
    _check_size(wb, list(planned.patient_ids))
    require_mode(wb, template.channel)
    count = len(planned.patient_ids)
    with writing(wb.engine) as connection:
        source = rows.seen(connection, wb.user, campaign_id)
        proposed = (name or "").strip() or template.proposed_name(wb.today())
        made = _new(wb, template, name=_free_name(connection, proposed), work_list=None)
        made = replace(
            made,
            purpose=source.purpose,
            measures=source.measures,
            protocols=source.protocols,
            start_on=planned.start_on if template.channel == EMAIL else made.start_on,
            work_list={**source.work_list, "copied_from": campaign_id},
        )
        rows.add(connection, made, patient_ids=planned.patient_ids)
        record_in(wb, connection, "campaign.copied", made.campaign_id, source=campaign_id, recipients=count)
    return made.campaign_id


@needs(MAKE_CAMPAIGNS)
def also_by(wb: Workbench, campaign_id: str, template_id: str) -> str:
    """Make an inactive sister campaign of another mode with the same patients (C16); returns its id.

    The frequency cap counts the two as one message, and none of them counts for the other. Raises NotAllowed when the
    campaign has a sister of that mode, or is of that mode itself; NotFound for a campaign the user may not see.
    """
    template = templates.template(template_id)
    require_mode(wb, template.channel)
    with writing(wb.engine) as connection:
        source = rows.seen(connection, wb.user, campaign_id)
        if source.kind == INTRODUCTORY:
            raise NotAllowed("Introductory emails go out by themselves. Start a campaign in the Library instead.")
        present = rows.family(connection, source)
        if template.channel in {one.channel for one in present}:
            raise NotAllowed(f"These patients have a campaign by {template.channel} already: open it in Campaigns.")
        ids = list(rows.states_of(connection, campaign_id, user=wb.user))
        name = _free_name(connection, template.proposed_name(wb.today()))
        made = _new(wb, template, name=name, work_list=None)
        family_id = source.family_id or campaign_id
        made = replace(
            made,
            family_id=family_id,
            purpose=source.purpose,
            measures=source.measures,
            protocols=source.protocols,
            start_on=max(source.start_on, made.start_on),
            work_list={**source.work_list, "also_by": campaign_id},
        )
        with_arms = [one for one in rows.family(connection, source, with_deleted=True) if one.allocated_at]
        made = replace(made, **_design_of(made, [*with_arms, *present], wb.organisation()))
        rows.join_family(connection, campaign_id, family_id)
        rows.add(connection, made, patient_ids=ids)
        record_in(wb, connection, "campaign.also_by", made.campaign_id, source=campaign_id, recipients=len(ids))
    return made.campaign_id


def _design_of(made: Campaign, family: Sequence[Campaign], organisation: Organisation) -> dict[str, Any]:
    """The design of a sister: whoever is not contacted by one mode, or later, is not by another either."""
    lead = next(filter(keeps_out, family), None)
    return fitted(made, lead, organisation) if lead is not None else {}


def sister_templates(wb: Workbench, campaign: Campaign) -> list[templates.Template]:
    """The templates of modes by which no campaign for these patients was made yet."""
    with reading(wb.engine) as connection:
        taken = {one.channel for one in rows.family(connection, campaign)}
    return [one for one in templates.offered(wb) if one.channel not in taken]


def sisters(wb: Workbench, campaign: Campaign) -> list[Campaign]:
    """The campaigns of other modes with the same patients, as far as the user may see them."""
    with reading(wb.engine) as connection:
        found = rows.family(connection, campaign)
        return [
            one
            for one in found
            if one.campaign_id != campaign.campaign_id and rows.is_visible(connection, wb.user, one.campaign_id)
        ]


def may_be_replaced(campaign: Campaign) -> bool:
    """Whether the campaign is stopped or finished, so that a replacement can be made of it (C9). Introductory emails
    need none: whoever has had none gets it the next day."""
    return campaign.kind != INTRODUCTORY and campaign.status in RULES[COPY].days


def _replaced(source: Campaign, states: Mapping[str, str]) -> set[str]:
    """Whom a replacement is for."""
    if not may_be_replaced(source):
        raise NotAllowed(f"The campaign '{source.name}' still goes on: a copy replaces a stopped or finished one.")
    return {each for each, state in states.items() if state in NOT_CONTACTED}


def _free_on(wb: Workbench, introduced_at: datetime) -> date:
    """The first whole day on which a campaign email may follow."""
    return free_from(introduced_at).astimezone(wb.zone()).date() + timedelta(days=1)


def _free_name(connection: Connection, proposed: str) -> str:
    return free_name(proposed, rows.names(connection, starting_with=proposed))


def _new(wb: Workbench, template: templates.Template, *, name: str, work_list: WorkList | None) -> Campaign:
    organisation, at, by = wb.organisation(), wb.now(), wb.user.user_id
    names = {measure_id: measure.name for measure_id, measure in rules.in_force(wb).measures.items()}
    return Campaign(
        campaign_id=secrets.token_hex(8),
        name=name,
        description="",
        channel=template.channel,
        purpose=template.purpose,
        template_id=template.template_id,
        status="inactive",
        start_on=wb.today() + timedelta(days=1),
        messages={key: each for key, each in template.messages.items() if key in organisation.languages},
        from_email="" if template.channel == LETTER else organisation.from_email,
        from_name="" if template.channel == LETTER else organisation.from_name,
        fields=_fields(template.channel, organisation),
        measures=measures_for(template.measures, work_list, names=names),
        protocols=template.protocols,
        work_list={"definition": work_list.to_json() if work_list else None},
        created_at=at,
        created_by=by,
        changed_at=at,
        changed_by=by,
        seed=_seed(),
    )


def _seed() -> int:
    """From which the arms of a campaign are drawn, should it have any."""
    return secrets.randbits(62)


def _fields(channel: str, organisation: Organisation) -> dict[str, str]:
    """What the author may fill in, as far as the organisation has said it."""
    number = organisation.call_back_number
    if channel == TEXT:
        return {"call_back_number": number, "help_number": organisation.help_number or number}
    if channel == PHONE:
        return {"call_back_number": number, "caller_id": organisation.caller_id}
    if channel == LETTER:
        return {"call_back_number": number, "sign_off": organisation.sign_off, "page": "letter", "greeting": "yes"}
    return {"call_back_number": number, "sign_off": organisation.sign_off}


def _check_size(wb: Workbench, ids: list[str]) -> None:
    limit = wb.organisation().campaign_limit
    if not ids:
        raise NotAllowed("No patients are selected. Select at least one in the work list.")
    if len(ids) > limit:
        raise TooMany(
            f"{len(ids):,} patients are selected and a campaign has at most {limit:,}: {len(ids) - limit:,} too many. "
            "Narrow the list with another filter, or select fewer patients. Nothing was created.",
            count=len(ids),
            limit=limit,
        )
