"""Campaigns: made from a template for selected patients, edited, tested, activated, stopped.

Every change is recorded with who made it. A campaign is seen by who made it and by everybody who may see one of its
patients; it is changed by who made it or may see all of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from core import designs, ledgers, message_tests, readers
from core.allowed import allowed as allowed
from core.allowed import allowed_each as allowed_each
from core.allowed import require
from core.approval_state import is_on, why_held
from core.audit import record_in
from core.campaign_deletion import Deletion as Deletion
from core.campaign_deletion import delete as delete
from core.campaign_deletion import plan_deletion as plan_deletion
from core.campaign_list import Listed as Listed
from core.campaign_list import campaigns as campaigns
from core.domain.campaign import (
    DEFAULT_LANGUAGE,
    EDITABLE,
    Campaign,
    goes_out_on,
    status_after,
)
from core.domain.difference import differences
from core.domain.effects.allocation import A
from core.domain.life_cycle import ACTIVATE, EDIT, INACTIVATE, STOP, TEST
from core.domain.organisation import LETTER
from core.domain.progress import Progress, progress_of, schedule_sentence
from core.domain.role import MAKE_CAMPAIGNS, READ_PATIENTS
from core.domain.wording import day_text, moment_text
from core.draft_problems import cleaned, saving_problems
from core.draft_problems import problems_of as problems_of
from core.errors import Conflict, NotAllowed, NotFound
from core.merge_fields import fields_for
from core.new_campaigns import create as create
from core.pace import measured_pace
from core.printing_lock import stop_printing_in
from core.sending_control import held_sentence
from core.store import accounts, approval_rows
from core.store import campaigns as rows
from core.store.database import reading, writing
from core.workbench import Workbench, needs


def campaign(wb: Workbench, campaign_id: str) -> Campaign:
    """One campaign. Raises NotFound when it does not exist or none of its patients may be seen."""
    with reading(wb.engine) as connection:
        return _visible(wb, connection, campaign_id)


@needs(READ_PATIENTS)
def patients(wb: Workbench, campaign_id: str) -> list[str]:
    """The ids of a campaign's patients whom the user may see, in the order in which they are written to."""
    with reading(wb.engine) as connection:
        _visible(wb, connection, campaign_id)
        return rows.patients_of(connection, campaign_id, user=wb.user)


def progress(wb: Workbench, campaign_id: str) -> Progress:
    """How many recipients in the user's scope have which result; rounded for who may not see patients."""
    with reading(wb.engine) as connection:
        _visible(wb, connection, campaign_id)
        counts = rows.state_counts(connection, [campaign_id], scope=wb.user.scope)[campaign_id]
        held = rows.held_out(connection, [campaign_id], scope=wb.user.scope)
        found = progress_of(counts, held_out=held[campaign_id])
    return found.rough() if readers.is_rough(wb) else found


def may_change(wb: Workbench, campaign_id: str) -> bool:
    """Whether this user may do with the campaign what concerns all of it: may make campaigns, and made this one or sees
    all of its patients. What may be done to it now says `allowed`."""
    if not wb.user.may(MAKE_CAMPAIGNS):
        return False
    with reading(wb.engine) as connection:
        return rows.may_change(connection, wb.user, campaign_id)


def schedule(wb: Workbench, shown: Campaign, *, is_passed_on: bool = False) -> str:
    """When the campaign goes out and is done, why it waits, or when it ended. For who may not see patients, and in a
    file that others read, by rounded counts and without how many come later."""
    return _schedule(wb, shown, held=_unapproved(wb, shown), is_rough=readers.is_rough(wb, is_passed_on=is_passed_on))


def schedule_if_active(wb: Workbench, draft: Campaign) -> str:
    """When the campaign would go out, and be done, if it were activated now."""
    if draft.channel == LETTER:
        return schedule(wb, draft)
    if goes_out_on(draft, wb.organisation()) < wb.today():
        return f"The start date, {day_text(draft.start_on)}, has passed: choose a new one to activate it"
    return _schedule(wb, replace(draft, status="active"), is_rough=readers.is_rough(wb))


def _schedule(wb: Workbench, shown: Campaign, *, held: str = "", is_rough: bool) -> str:
    if shown.channel == LETTER:
        return schedule_sentence(shown, wb.organisation(), at=wb.now())
    found = progress(wb, shown.campaign_id)
    waiting_count = (found.rough() if is_rough and not found.is_rough else found).waiting_count
    return schedule_sentence(
        shown,
        wb.organisation(),
        at=wb.now(),
        held=held_sentence(wb, shown.channel) or held,
        waiting_count=waiting_count,
        per_minute=measured_pace(wb, shown.channel),
        later=None if is_rough else designs.later(wb, shown, waiting_count=waiting_count),
    )


@needs(MAKE_CAMPAIGNS)
def save(
    wb: Workbench, campaign_id: str, changes: Mapping[str, Any], *, version: int, opened: Campaign | None = None
) -> Campaign:
    """Keep changes to fields of EDITABLE and return the campaign as it is now.

    `version` is that of the campaign the changes were made on, and `opened` that campaign if the caller still has it:
    when somebody else saved meanwhile, Conflict says who and what differs, and nothing is kept. Raises NotAllowed when
    the status, the day or the user forbids it (C8), or when something required is missing or cannot be rendered. What
    only keeps a campaign from being active (`problems_of`) may be put right later.

    An edit ends an approval. Where the organisation asks for one, an active campaign that is edited becomes inactive.
    """
    unknown = changes.keys() - set(EDITABLE)
    if unknown:
        raise ValueError(f"not editable: {', '.join(sorted(unknown))}")
    was = campaign(wb, campaign_id)
    require(wb, EDIT, was)
    if was.version != version:
        raise conflict(wb, was, changes=changes, opened=opened)
    draft = cleaned(replace(was, **changes))
    is_edited = any(getattr(draft, name) != getattr(was, name) for name in EDITABLE)
    if is_edited:
        draft = replace(draft, edited_at=wb.now(), edited_by=wb.user.user_id)
    is_taken_back = is_edited and was.status == "active" and is_on(wb)
    if is_taken_back:
        draft = _inactive(draft)
    check_all = problems_of if draft.status == "active" else saving_problems
    _raise_if("saved", check_all(wb, draft, was=was))
    details = {"fields": sorted(changes)} | ({"inactivated": True} if is_taken_back else {})
    kept = _keep(wb, draft, version=version, action="campaign.saved", opened=opened, edited=is_edited, details=details)
    if is_taken_back:
        ledgers.campaign_changed(wb, kept)
    return kept


def activate(
    wb: Workbench, campaign_id: str, *, version: int | None = None, opened: Campaign | None = None
) -> Campaign:
    """Let the campaign go out in the next window from its start date (C6, C8, C11).

    Raises NotAllowed, also without the approval that the organisation asks for, and Conflict like `save`.
    """
    was = campaign(wb, campaign_id)
    require(wb, ACTIVATE, was)
    _raise_if_changed(wb, was, version, opened)
    _raise_if("activated", problems_of(wb, was, was=was))
    active = replace(was, status=status_after("activate", was), activated_at=wb.now(), activated_by=wb.user.user_id)
    return _keep(wb, active, version=was.version, action="campaign.activated", opened=opened)


def inactivate(
    wb: Workbench, campaign_id: str, *, version: int | None = None, opened: Campaign | None = None
) -> Campaign:
    """Take an active campaign back, until midnight before its day (C8). Raises NotAllowed afterwards."""
    was = campaign(wb, campaign_id)
    require(wb, INACTIVATE, was)
    _raise_if_changed(wb, was, version, opened)
    status_after("inactivate", was)
    kept = _keep(wb, _inactive(was), version=was.version, action="campaign.inactivated", opened=opened)
    ledgers.campaign_changed(wb, kept)
    return kept


def stop(wb: Workbench, campaign_id: str, *, version: int | None = None, opened: Campaign | None = None) -> int:
    """Cancel the campaign for good; returns how many patients will not be contacted any more (C9).

    Those already contacted stay in the report. A message that is being handed over just now may still leave. Raises
    NotAllowed for who may neither activate nor has made this draft, and Conflict like `save` when `version` is given.
    """
    was = campaign(wb, campaign_id)
    require(wb, STOP, was)
    _raise_if_changed(wb, was, version, opened)
    stopped = replace(was, status=status_after("stop", was), finished_at=wb.now())
    with writing(wb.engine) as connection:
        _change(wb, connection, stopped, version=was.version, opened=opened)
        designs.undo(connection, stopped)
        count = rows.stop_waiting(connection, campaign_id, at=wb.now())
        stop_printing_in(wb, connection, campaign_id)
        approval_rows.set_asked(connection, campaign_id, None)
        record_in(wb, connection, "campaign.stopped", campaign_id, not_contacted=count)
        ledgers.campaign_changed(wb, stopped)
    return count


@needs(MAKE_CAMPAIGNS)
def send_test(
    wb: Workbench,
    campaign_id: str,
    to: str,
    *,
    patient_id: str | None = None,
    changes: Mapping[str, Any] | None = None,
    version: int | None = None,
    opened: Campaign | None = None,
    language: str = DEFAULT_LANGUAGE,
    arm: str = A,
) -> Campaign:
    """Send the message to an address or number, filled in for one of the campaign's patients (the first unless named).

    `changes` are saved first, like with `save`; `arm` B sends version B. The status stays as it is, nobody becomes a
    recipient, the stop link in a mail stops nothing, and the address is not kept. Raises NotAllowed where
    core.message_tests does, and then nothing is saved; TemplateError when the message needs a field that this patient
    does not have.
    """
    tested = campaign(wb, campaign_id)
    require(wb, TEST, tested)
    sender = (changes or {}).get("from_email", tested.from_email)
    address = message_tests.address(wb, replace(tested, from_email=sender), to)
    if changes:
        tested = save(wb, campaign_id, changes, version=version or tested.version, opened=opened)
    shown = patients(wb, campaign_id)
    chosen = patient_id or next(iter(shown), "")
    fields = fields_for(wb, {chosen} & set(shown), tested)
    if chosen not in fields:
        raise NotFound("The test needs a patient of this campaign to fill the message in. Choose another patient.")
    message_tests.send(wb, tested.version_for(arm), address, fields[chosen], language=language)
    return tested


def _raise_if(done: str, found: Mapping[str, str]) -> None:
    if found:
        raise NotAllowed(f"The campaign cannot be {done} yet. " + " ".join(found.values()))


def _unapproved(wb: Workbench, shown: Campaign) -> str:
    if shown.status != "active" or not is_on(wb):
        return ""
    with reading(wb.engine) as connection:
        return why_held(wb, connection, shown)


def _visible(wb: Workbench, connection: Connection, campaign_id: str) -> Campaign:
    return rows.seen(connection, wb.user, campaign_id)


def conflict(
    wb: Workbench, now: Campaign, *, changes: Mapping[str, Any] | None = None, opened: Campaign | None = None
) -> Conflict:
    """That `now` is not what the user opened: who changed it when, and what differs from `changes` to `opened`."""
    mine = replace(opened or now, **(changes or {}))
    by = accounts.user_name(wb.engine, now.changed_by)
    when = moment_text(now.changed_at.astimezone(wb.zone()))
    text = (
        f"The campaign '{now.name}' was changed by {by} meanwhile, on {when}. Nothing of yours was saved: look at what "
        "differs, and do it again on the newer version."
    )
    return Conflict(text, by=by, at=now.changed_at, differences=differences(mine, now, opened))


def _raise_if_changed(wb: Workbench, was: Campaign, version: int | None, opened: Campaign | None) -> None:
    if version is not None and version != was.version:
        raise conflict(wb, was, opened=opened)


def _inactive(campaign: Campaign) -> Campaign:
    return replace(campaign, status="inactive", activated_at=None, activated_by=None)


def _keep(
    wb: Workbench,
    changed: Campaign,
    *,
    version: int,
    action: str,
    opened: Campaign | None,
    edited: bool = False,
    details: Mapping[str, Any] | None = None,
) -> Campaign:
    with writing(wb.engine) as connection:
        _change(wb, connection, changed, version=version, opened=opened)
        if edited:
            approval_rows.void(connection, changed.campaign_id, at=wb.now(), by=wb.user.user_id)
            approval_rows.add_editor(connection, changed.campaign_id, at=wb.now(), by=wb.user.user_id)
        if changed.status == "active":
            approval_rows.set_asked(connection, changed.campaign_id, None)
            designs.draw(wb, connection, changed)
        else:
            designs.undo(connection, changed)
        record_in(wb, connection, action, changed.campaign_id, **(details or {}))
        return rows.campaign(connection, changed.campaign_id)


def _change(wb: Workbench, connection: Connection, changed: Campaign, *, version: int, opened: Campaign | None) -> None:
    stamped = replace(changed, changed_at=wb.now(), changed_by=wb.user.user_id)
    if not rows.change(connection, stamped, version=version):
        now = rows.seen(connection, wb.user, changed.campaign_id)
        raise conflict(wb, now, opened=opened, changes={name: getattr(changed, name) for name in EDITABLE})
