"""Where a feed contradicts what staff or a patient have said: seen and decided on the Data page.

What is asked is found at a load (core.feed_questions).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.consent_conflict import is_wider, stopping
from core.domain.correction import FIELDS, LAYOUT_NAMES, Correction, Field, Values, is_newer_no, values_of
from core.domain.kept_text import kept_text
from core.domain.opt_out import OptOut
from core.domain.person import Person
from core.domain.role import CHANGE_OPT_OUTS, READ_PATIENTS, SETTLE_CONFLICTS
from core.domain.wish import of_other
from core.errors import NotAllowed, NotFound
from core.opt_out_keys import key_again
from core.overlays import feed_row, lay_over
from core.store import consent_rows, feed_rows
from core.store import correction_rows as rows
from core.store import opt_outs as opt_out_rows
from core.store.correction_rows import CONSENT, CORRECTION, FEED, KEPT, MOOT, ConflictRow
from core.store.database import reading, writing
from core.store.people import people
from core.store.scope import is_limited
from core.workbench import Workbench, needs

_LAYOUT = {name: layout for layout, name in LAYOUT_NAMES.items()}
LONGEST_NOTE = 500
_GONE = "This question is not open any more: somebody has decided, or a later feed has. Open the page again."


@dataclass(frozen=True)
class Conflict:
    """One question, for screens alone: it holds contact data.

    feed         the feed's values, by the field's columns
    correction   what staff said, of kind 'correction'
    opt_outs     what the patient or staff have stopped, of kind 'consent'; of what others have stopped who share the
                 address only that they did
    """

    conflict_id: int
    person: Person
    kind: str
    field: Field
    feed: Values
    found_at: datetime
    correction: Correction | None = None
    opt_outs: tuple[OptOut, ...] = ()

    @property
    def is_wider(self) -> bool:
        """Whether an opt-out stops more than this channel, so that a consent to it lifts nothing."""
        return is_wider(self.opt_outs)

    @property
    def is_of_others(self) -> bool:
        """Whether somebody else who has the address has stopped the channel: that stays, whatever this patient says."""
        return any(each.is_of_other for each in self.opt_outs)

    @property
    def is_stopped(self) -> bool:
        """Whether the feed's newer no to a channel counts until somebody decides, although staff recorded otherwise."""
        return self.correction is not None and is_newer_no(self.correction, self.feed)


@needs(READ_PATIENTS)
def conflicts(wb: Workbench) -> list[Conflict]:
    """The questions that wait for a decision, among the patients the user may see; the oldest first."""
    with reading(wb.engine) as connection:
        found = rows.conflicts_in_scope(connection, wb.user.scope)
        ids = list(dict.fromkeys(row.patient_id for row in found))
        persons = people(connection, ids, wb.user.scope)
        standing = rows.standing(connection, ids)
        wishes = _wishes_of(wb, connection, found)
    shown = (_shown(row, persons.get(row.patient_id), standing, wishes, on=wb.today()) for row in found)
    return [conflict for conflict in shown if conflict is not None]


def waiting_count(wb: Workbench) -> int:
    """How many questions wait, among the patients the user may see."""
    with reading(wb.engine) as connection:
        found = rows.conflicts_in_scope(connection, wb.user.scope)
        standing = rows.standing(connection, [row.patient_id for row in found if row.kind == CORRECTION])
        wishes = _wishes_of(wb, connection, found)
    return sum(_is_open(row, standing, wishes, on=wb.today()) for row in found)


def settle(wb: Workbench, conflict_id: int, decision: str, *, note: str = "") -> None:
    """Decide one question: 'kept' (ours, or the opt-out, stays) or 'feed' (its value is taken; the patient agreed
    again, which removes the opt-outs and needs a `note` of when and how).

    Raises NotAllowed without that or the permission, for a question that is decided, or where an opt-out stops more
    than the channel that was agreed to or is another patient's, with whom the address is shared; NotFound for what the
    user may not see.
    """
    wb.require(SETTLE_CONFLICTS)
    if decision not in (KEPT, FEED):
        raise NotAllowed("Decide either to keep what we have or to take what the feed says.")
    with writing(wb.engine) as connection:
        feed_rows.publish_alone(connection)
        row = rows.conflict(connection, conflict_id)
        if row is None or not people(connection, [row.patient_id], wb.user.scope):
            raise NotFound("There is no such question among the patients you may see. Open the Data page again.")
        if not rows.decide(connection, conflict_id, decision, at=wb.now(), by=wb.user.user_id):
            raise NotAllowed(_GONE)
        if row.kind == CORRECTION:
            _settle_correction(wb, connection, row, decision)
        elif decision == FEED:
            _agreed_again(wb, connection, row, note=kept_text(note))
        record_in(wb, connection, "feed_conflict.settled", str(conflict_id), decision=decision, field=row.field)


def close_of(wb: Workbench, connection: Connection, patient_id: str, field: str) -> None:
    """A correction ends otherwise: what was asked about it is asked no more. In the caller's transaction."""
    for row in rows.open_conflicts(connection, kind=CORRECTION, patient_ids=[patient_id]):
        if row.field == field:
            rows.decide(connection, row.conflict_id, MOOT, at=wb.now(), by=wb.user.user_id)


# ---- deciding ------------------------------------------------------------------------------------------------------
def _settle_correction(wb: Workbench, connection: Connection, row: ConflictRow, decision: str) -> None:
    correction = _correction_of(row, rows.standing(connection, [row.patient_id]))
    feed = feed_row(wb, connection, row.patient_id) or {}
    if correction is None or values_of(FIELDS[row.field], feed) != row.details:
        raise NotAllowed(_GONE)
    if decision == KEPT:
        rows.remember(connection, correction, row.details)
        lay_over(connection, row.patient_id, feed)  # a newer 'no' to a channel has counted meanwhile
        return
    rows.end(connection, correction.correction_id, how=FEED, at=wb.now(), by=wb.user.user_id)
    lay_over(connection, row.patient_id, feed)
    key_again(wb, connection, row.patient_id)


def _agreed_again(wb: Workbench, connection: Connection, row: ConflictRow, *, note: str) -> None:
    wb.require(CHANGE_OPT_OUTS)
    if not 0 < len(note) <= LONGEST_NOTE:
        raise NotAllowed(f"Note when and how the patient agreed again, in at most {LONGEST_NOTE} characters.")
    wishes = consent_rows.wishes(connection, on=wb.today(), patient_ids=[row.patient_id])
    stopped = stopping(wishes.get(row.patient_id, []), channel=FIELDS[row.field].channel, on=wb.today())
    if is_wider(stopped):
        raise NotAllowed(
            "A Global opt-out stops emails, texts and calls; a consent to one of them does not lift it. Ask the "
            "patient what is wanted now, and change it under Opt-Out Settings of the patient."
        )
    if any(each.patient_id not in (None, row.patient_id) for each in stopped):
        raise NotAllowed(
            "Somebody else who has the same address has stopped this too, and did not agree again; so nothing can be "
            "sent there. Keep the opt-out, or ask that patient and take it back under their Opt-Out Settings."
        )
    if any(each.patient_id is None for each in stopped) and is_limited(wb.user.scope):
        raise NotAllowed("The opt-out is on an address that others may share. Ask somebody who sees all patients.")
    for each in stopped:
        assert each.opt_out_id is not None
        removed = opt_out_rows.remove_wish(
            connection, each.opt_out_id, at=wb.now(), by=wb.user.user_id, how="agreed", note=note
        )
        if removed:  # not a further row of a wish that is gone already
            record_in(wb, connection, "opt_out.removed", str(removed[0]), type=each.type, conflict=row.conflict_id)


# ---- showing -------------------------------------------------------------------------------------------------------
_Standing = Mapping[str, list[Correction]]
_Wishes = Mapping[str, list[OptOut]]


def _wishes_of(wb: Workbench, connection: Connection, found: Sequence[ConflictRow]) -> _Wishes:
    ids = {row.patient_id for row in found if row.kind == CONSENT}
    return consent_rows.wishes(connection, on=wb.today(), patient_ids=ids) if ids else {}


def _correction_of(row: ConflictRow, standing: _Standing) -> Correction | None:
    return next((each for each in standing.get(row.patient_id, []) if each.field == row.field), None)


def _stopping(row: ConflictRow, wishes: _Wishes, on: date) -> list[OptOut]:
    return stopping(wishes.get(row.patient_id, []), channel=FIELDS[row.field].channel, on=on)


def _is_open(row: ConflictRow, standing: _Standing, wishes: _Wishes, *, on: date) -> bool:
    """Not when the opt-out is gone or has run out since: there is nothing left to decide."""
    if row.kind == CORRECTION:
        return _correction_of(row, standing) is not None
    return bool(_stopping(row, wishes, on))


def _shown(
    row: ConflictRow, person: Person | None, standing: _Standing, wishes: _Wishes, *, on: date
) -> Conflict | None:
    if person is None or not _is_open(row, standing, wishes, on=on):
        return None
    common = (row.conflict_id, person, row.kind, FIELDS[row.field], row.details, row.found_at)
    if row.kind == CORRECTION:
        return Conflict(*common, correction=_correction_of(row, standing))
    return Conflict(*common, opt_outs=tuple(_told(each, row.patient_id) for each in _stopping(row, wishes, on)))


def _told(opt_out: OptOut, patient_id: str) -> OptOut:
    is_own = opt_out.patient_id in (None, patient_id)
    return opt_out if is_own else of_other(opt_out, opt_out.reaches)
