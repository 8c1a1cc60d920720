"""What becomes of printed letters: mailed on a day, or come back (R1).

A letter that came back ends letters to its address, or to that person there when the reason is about the person, until
the address on file changes. docs/decisions/letters.md
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.campaign import Campaign
from core.domain.communication import CAME_BACK, NOT_COME_BACK
from core.domain.mailing import RETURN_REASONS as RETURN_REASONS
from core.domain.mailing import is_of_address
from core.domain.organisation import LETTER
from core.domain.postal import is_one_home
from core.domain.role import MAKE_CAMPAIGNS
from core.domain.wording import day_text
from core.errors import NotAllowed, NotFound
from core.store import address_states, communications, download_rows, mailing_rows, merges, print_plan_rows, print_rows
from core.store import campaigns as campaign_rows
from core.store.contacts import dead_for
from core.store.database import writing
from core.store.mailing_rows import Letter
from core.workbench import Workbench, needs


@needs(MAKE_CAMPAIGNS)
def mark_mailed(
    wb: Workbench,
    campaign_id: str,
    *,
    on: date,
    patient_ids: Collection[str] | None = None,
    file_id: str | None = None,
) -> int:
    """Record that letters were mailed on a day: all printed ones, those of a file, or those of some patients.

    Returns for how many patients that is new. Whoever stands on one letter is mailed together. Raises NotAllowed for a
    day to come or before the letters were made, NotFound for patients the user may not see.
    """
    with writing(wb.engine) as connection:
        campaign = _campaign(wb, connection, campaign_id)
        _check_day(wb, campaign, on)
        run = print_rows.latest(connection, campaign_id)
        ids = _chosen(wb, connection, campaign_id, patient_ids, file_id)
        if run is not None and patient_ids is not None:
            ids = sorted(print_plan_rows.on_same_letters(connection, run.run_id, ids) | set(ids))
        count = mailing_rows.mark_mailed(connection, ids, at=_moment(wb, on))
        record_in(wb, connection, "letters.mailed", campaign_id, patients=count, on=on.isoformat())
    return count


@needs(MAKE_CAMPAIGNS)
def take_back_mailed(wb: Workbench, campaign_id: str, *, patient_ids: Collection[str]) -> int:
    """Undo `mark_mailed` where it was a mistake: the letters are printed and wait to be mailed; returns for how many
    patients. Those that came back were mailed and stay so. Raises NotAllowed, NotFound like `mark_mailed`."""
    with writing(wb.engine) as connection:
        _campaign(wb, connection, campaign_id)
        letters = _together(connection, campaign_id, _of(wb, connection, campaign_id, patient_ids))
        count = mailing_rows.take_back_mailed(connection, [each.recipient_id for each in letters])
        record_in(wb, connection, "letters.not_mailed", campaign_id, patients=count)
    return count


@needs(MAKE_CAMPAIGNS)
def mark_returned(wb: Workbench, campaign_id: str, *, patient_ids: Collection[str], reason: str, on: date) -> int:
    """Record that letters came back on a day, with a key of RETURN_REASONS; returns for how many patients.

    Whoever stands on one letter gets it back together. No more letters go to that address, or to that patient there,
    until it changes. Raises NotAllowed like `mark_mailed`, NotFound for patients the user may not see.
    """
    if reason not in RETURN_REASONS:
        raise NotAllowed("Choose why the letters came back: " + "; ".join(RETURN_REASONS.values()) + ".")
    with writing(wb.engine) as connection:
        campaign = _campaign(wb, connection, campaign_id)
        _check_day(wb, campaign, on)
        letters = _together(connection, campaign_id, _of(wb, connection, campaign_id, patient_ids))
        _check_order(wb, letters, on)
        mailed_at = _moment(wb, max(_made_on(wb, campaign), min(on, campaign.start_on)))
        back = [
            each for each in letters if mailing_rows.mark_returned(connection, each, reason=reason, mailed_at=mailed_at)
        ]
        for each in back:
            _heard(wb, connection, each, CAME_BACK, at=_moment(wb, on), reason=reason)
            for address in _dead(each, reason):
                address_states.mark_dead(connection, address, channel=LETTER, reason=reason, at=wb.now())
        record_in(wb, connection, "letters.returned", campaign_id, patients=len(back), reason=reason, on=on.isoformat())
    return len(back)


@needs(MAKE_CAMPAIGNS)
def take_back_returned(wb: Workbench, campaign_id: str, *, patient_ids: Collection[str]) -> int:
    """Undo `mark_returned` where it was a mistake: the letters count as mailed, and others go to the address again;
    returns for how many patients."""
    with writing(wb.engine) as connection:
        _campaign(wb, connection, campaign_id)
        letters = [each for each in _of(wb, connection, campaign_id, patient_ids) if each.reason in RETURN_REASONS]
        letters = [each for each in _together(connection, campaign_id, letters) if each.reason in RETURN_REASONS]
        undone = [each for each in letters if mailing_rows.take_back(connection, each)]
        for each in undone:
            _heard(wb, connection, each, NOT_COME_BACK, at=wb.now())
            _revive(connection, each)
        record_in(wb, connection, "letters.not_returned", campaign_id, patients=len(undone))
    return len(undone)


def _campaign(wb: Workbench, connection: Connection, campaign_id: str) -> Campaign:
    campaign = campaign_rows.seen(connection, wb.user, campaign_id)
    if campaign.channel != LETTER or campaign.status != "completed":
        raise NotAllowed("Only letters that are made can be mailed or come back. Create the letters first.")
    return campaign


def _check_day(wb: Workbench, campaign: Campaign, on: date) -> None:
    made = _made_on(wb, campaign)
    if not made <= on <= wb.today():
        raise NotAllowed(
            f"The letters were made on {day_text(made)}: choose a day from then to today, {day_text(wb.today())}."
        )


def _made_on(wb: Workbench, campaign: Campaign) -> date:
    return (campaign.finished_at or campaign.changed_at).astimezone(wb.zone()).date()


def _check_order(wb: Workbench, letters: Sequence[Letter], on: date) -> None:
    mailed = [each.mailed_at.astimezone(wb.zone()).date() for each in letters if each.mailed_at]
    if mailed and on < max(mailed):
        raise NotAllowed(
            f"Letters cannot come back before they were mailed, on {day_text(max(mailed))}: choose a later day."
        )


def _moment(wb: Workbench, on: date) -> datetime:
    """Noon of the organisation's day: only the day is known."""
    return datetime.combine(on, time(12), wb.zone())


def _heard(wb: Workbench, connection: Connection, letter: Letter, kind: str, *, at: datetime, reason: str = "") -> None:
    """Keep in the letter's history what staff said of it, and who."""
    details = {"by": wb.user.user_id, **({"reason": reason} if reason else {})}
    communications.add_event(
        connection, letter.recipient_id, kind=kind, source_key=None, at=at, received_at=wb.now(), details=details
    )


def _chosen(
    wb: Workbench, connection: Connection, campaign_id: str, patient_ids: Collection[str] | None, file_id: str | None
) -> list[int]:
    if patient_ids is not None:
        return [each.recipient_id for each in _of(wb, connection, campaign_id, patient_ids)]
    if not campaign_rows.may_change(connection, wb.user, campaign_id):
        raise NotAllowed("The campaign has patients you may not see, and somebody else made it. Ask its author.")
    if file_id is None:
        return [each.recipient_id for each in mailing_rows.letters(connection, campaign_id)]
    file = download_rows.one(connection, file_id)
    if file is None or file.campaign_id != campaign_id or file.run_id is None:
        raise NotFound("There is no such file of this campaign.")
    return print_plan_rows.recipients_of(connection, file.run_id, first=file.first, count=file.count)


def _of(wb: Workbench, connection: Connection, campaign_id: str, patient_ids: Collection[str]) -> list[Letter]:
    """The letters of some patients."""
    wanted = set(patient_ids)
    if wanted - merges.visible(connection, wanted, wb.user.scope):
        raise NotFound("Some of these patients are not among those you may see.")
    return mailing_rows.letters(connection, campaign_id, wanted)


def _together(connection: Connection, campaign_id: str, letters: Sequence[Letter]) -> list[Letter]:
    """These and those on the same sheet of paper."""
    run = print_rows.latest(connection, campaign_id)
    own = [each.recipient_id for each in letters]
    same = print_plan_rows.on_same_letters(connection, run.run_id, own) if run else set()
    if same <= set(own):
        return list(letters)
    return [each for each in mailing_rows.letters(connection, campaign_id) if each.recipient_id in same | set(own)]


def _dead(letter: Letter, reason: str) -> list[str]:
    """What no more letters go to."""
    if not letter.address:
        return []
    is_for_all = is_of_address(reason) and is_one_home(letter.address)
    return [letter.address if is_for_all else dead_for(letter.patient_id, letter.address)]


def _revive(connection: Connection, letter: Letter) -> None:
    """Letters go there again, unless others came back from there too."""
    if not letter.address:
        return
    of_address = [reason for reason in RETURN_REASONS if is_of_address(reason)]
    if not mailing_rows.is_returned_from(connection, letter.address, RETURN_REASONS, patient_id=letter.patient_id):
        address_states.revive(connection, dead_for(letter.patient_id, letter.address), channel=LETTER)
    if not mailing_rows.is_returned_from(connection, letter.address, of_address):
        address_states.revive(connection, letter.address, channel=LETTER)
