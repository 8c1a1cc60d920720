"""Correcting contact data and recording consents: kept with date and who, and stronger than an older word of the feed.

What is corrected counts at once for everything that is not sent yet. Questions that a later feed raises are decided
with `conflicts` and `settle`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.consent_conflict import stopping
from core.domain.correction import FIELDS, MOBILE, NUMBER, Correction, Field, Values, in_effect, is_newer_no, values_of
from core.domain.kept_text import kept_text
from core.domain.role import CORRECT_CONTACT, READ_PATIENTS
from core.domain.typed_contact import checked
from core.errors import CareloopError, NotAllowed, NotFound
from core.feed_conflicts import LONGEST_NOTE as LONGEST_NOTE
from core.feed_conflicts import Conflict as Conflict
from core.feed_conflicts import close_of
from core.feed_conflicts import conflicts as conflicts
from core.feed_conflicts import settle as settle
from core.feed_conflicts import waiting_count as waiting_count
from core.opt_out_keys import key_again
from core.overlays import feed_row, lay_over
from core.store import consent_rows, feed_rows
from core.store import correction_rows as rows
from core.store.database import reading, writing
from core.store.people import visible_ids
from core.workbench import Workbench, needs

LONGEST_REASON = 500
_NO_PATIENT = "There is no such patient among those you may see. Go back to the list and choose again."


@dataclass(frozen=True)
class OnFile:
    """What counts of one field of a patient: `values` by the field's columns, where they come from (`correction`, or
    the feed when that is None), and what the feed says. With `is_stopped` the feed's newer no to a channel counts,
    until somebody has decided between it and the correction."""

    field: Field
    values: Values
    feed: Values
    correction: Correction | None = None
    is_stopped: bool = False


@needs(CORRECT_CONTACT)
def correct(wb: Workbench, patient_id: str, field: str, values: Mapping[str, str | None], reason: str = "") -> int:
    """Keep what staff say of a field of a patient; returns the number of the correction.

    field    a key of core.domain.correction.FIELDS
    values   texts by the field's columns (dates as ISO texts), normalised as a feed's are; nothing in them means that
             what is on file is not the patient's
    Raises CareloopError for a value that cannot be used or is on file already, NotAllowed without the permission and
    for a consent against an opt-out in force, NotFound for a patient the user may not see.
    """
    reason = kept_text(reason)
    if len(reason) > LONGEST_REASON:
        raise CareloopError(f"The reason has {len(reason)} characters; at most {LONGEST_REASON} fit.")
    with writing(wb.engine) as connection:
        feed_rows.publish_alone(connection)
        feed = _feed(wb, connection, patient_id)
        standing = rows.standing(connection, [patient_id]).get(patient_id, [])
        on_file = in_effect(feed, standing)
        said = checked(field, values, today=wb.today(), number=on_file[MOBILE])
        before = next((each for each in standing if each.field == field), None)
        _require_news(field, said, on_file, before)
        _require_no_opt_out(wb, connection, patient_id, field, said)
        known = [values_of(FIELDS[field], feed), *(before.feed_values if before else ())]
        if before is not None:
            rows.end(connection, before.correction_id, how="replaced", at=wb.now(), by=wb.user.user_id)
            close_of(wb, connection, patient_id, field)
        correction_id = rows.add(
            connection,
            patient_id=patient_id,
            field=field,
            values=said,
            feed_values=known,
            reason=reason,
            at=wb.now(),
            by=wb.user.user_id,
        )
        lay_over(connection, patient_id, feed)
        key_again(wb, connection, patient_id)
        record_in(wb, connection, "contact.corrected", patient_id, correction=correction_id, field=field)
    return correction_id


@needs(CORRECT_CONTACT)
def withdraw(wb: Workbench, patient_id: str, field: str) -> None:
    """Take a correction back: what the feed says counts again. It stays in the history. Raises NotAllowed where the
    field was not corrected."""
    with writing(wb.engine) as connection:
        feed_rows.publish_alone(connection)
        feed = _feed(wb, connection, patient_id)
        standing = rows.standing(connection, [patient_id]).get(patient_id, [])
        correction = next((each for each in standing if each.field == field), None)
        if correction is None:
            raise NotAllowed("This is what the feed says; there is no correction to withdraw.")
        rows.end(connection, correction.correction_id, how="withdrawn", at=wb.now(), by=wb.user.user_id)
        close_of(wb, connection, patient_id, field)
        lay_over(connection, patient_id, feed)
        key_again(wb, connection, patient_id)
        details = {"correction": correction.correction_id, "field": field}
        record_in(wb, connection, "contact.correction_withdrawn", patient_id, **details)


@needs(READ_PATIENTS)
def of_patient(wb: Workbench, patient_id: str) -> list[Correction]:
    """All corrections of a patient, also those that ended, the newest first."""
    with reading(wb.engine) as connection:
        _require_visible(wb, connection, patient_id)
        return rows.of_patient(connection, patient_id)


@needs(READ_PATIENTS)
def on_file(wb: Workbench, patient_id: str) -> dict[str, OnFile]:
    """What counts of every field of a patient, by the keys of FIELDS, and where it comes from."""
    with reading(wb.engine) as connection:
        feed = _feed(wb, connection, patient_id)
        standing = rows.standing(connection, [patient_id]).get(patient_id, [])
    counting = in_effect(feed, standing)
    by_field = {each.field: each for each in standing}
    return {
        key: OnFile(
            field,
            values_of(field, counting),
            values_of(field, feed),
            (correction := by_field.get(key)),
            is_stopped=correction is not None and is_newer_no(correction, feed),
        )
        for key, field in FIELDS.items()
    }


def _feed(wb: Workbench, connection: Connection, patient_id: str) -> dict[str, object]:
    _require_visible(wb, connection, patient_id)
    feed = feed_row(wb, connection, patient_id)
    if feed is None:
        raise NotFound(_NO_PATIENT)
    return feed


def _require_visible(wb: Workbench, connection: Connection, patient_id: str) -> None:
    if not visible_ids(connection, [patient_id], wb.user.scope):
        raise NotFound(_NO_PATIENT)


def _require_news(field: str, said: Values, on_file: Mapping[str, object], before: Correction | None) -> None:
    """A consent for another number than before is news, whatever it says."""
    is_same = values_of(FIELDS[field], on_file) == {name: each for name, each in said.items() if name != NUMBER}
    is_moved = before is not None and before.values.get(NUMBER) != said.get(NUMBER)
    if is_same and not is_moved:
        raise CareloopError("This is on file already. Nothing was changed.")


def _require_no_opt_out(wb: Workbench, connection: Connection, patient_id: str, field: str, said: Values) -> None:
    channel = FIELDS[field].channel
    if not channel or said[FIELDS[field].says[0]] != "yes":
        return
    wishes = consent_rows.wishes(connection, on=wb.today(), patient_ids=[patient_id])
    stopped = stopping(wishes.get(patient_id, []), channel=channel, on=wb.today())
    if stopped:
        raise NotAllowed(
            f"An opt-out is in force ({stopped[0].name}), which a consent does not lift. If the patient wants messages "
            "again, the opt-out has to be removed first, under Opt-Out Settings, by somebody who may."
        )
