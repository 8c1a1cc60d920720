"""Remarks on a patient's care gaps: an order is placed, the patient refused, it is documented elsewhere ...

They stop outreach about the gap while they count and never change a measure. Only staff add and remove them, no feed.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from core import rules
from core.audit import record_in
from core.domain.remark import KINDS, Remark, checked_comment, last_day
from core.domain.role import READ_PATIENTS, REMARK
from core.errors import NotAllowed, NotFound
from core.store import remarks as rows
from core.store.database import reading, writing
from core.store.people import visible_ids
from core.workbench import Workbench, needs


@needs(REMARK)
def add(
    wb: Workbench,
    patient_id: str,
    measure_id: str,
    kind: str,
    *,
    until: date | None = None,
    days: int | None = None,
    is_endless: bool = False,
    comment: str = "",
) -> int:
    """Remark on a care gap from today on; returns the remark's id. One that says the same is not added again.

    `kind` is one of core.domain.remark.KINDS. It counts through `until`, or today and the next `days` - 1, or until it
    is removed (`is_endless`), else as long as its kind does. Raises NotAllowed without the permission or for what does
    not fit together, NotFound for a patient the user may not see and a measure that is not on.
    """
    if kind not in KINDS:
        raise NotAllowed("There is no such kind of remark. Choose one of the list.")
    today = wb.today()
    remark = Remark(
        measure_id,
        kind,
        starts_on=today,
        until=last_day(kind, on=today, until=until, days=days, is_endless=is_endless),
        patient_id=patient_id,
        comment=checked_comment(kind, comment),
    )
    if measure_id not in rules.in_force(wb).measures:
        raise NotFound("There is no such measure that is on. Choose one of the patient's care gaps.")
    with writing(wb.engine) as connection:
        _require_visible(wb, connection, [patient_id])
        present = rows.same(connection, remark)
        if present is not None:
            return present
        remark_id = rows.add(connection, remark, at=wb.now(), by=wb.user.user_id)
        record_in(wb, connection, "remark.added", str(remark_id), measure=measure_id, kind=kind)
    return remark_id


@needs(REMARK)
def remove(wb: Workbench, remark_ids: Collection[int]) -> int:
    """Let remarks count no more from now on; returns how many. They stay on record. Raises NotAllowed without the
    permission, NotFound for what the user may not see."""
    with writing(wb.engine) as connection:
        _require_visible(wb, connection, [remark.patient_id for remark in rows.by_ids(connection, remark_ids)])
        removed = rows.remove(connection, remark_ids, at=wb.now(), by=wb.user.user_id)
        for remark_id in removed:
            record_in(wb, connection, "remark.removed", str(remark_id))
    return len(removed)


@needs(REMARK)
def put_back(wb: Workbench, remark_id: int) -> None:
    """Undo a removal, on the day it was made. Later the patient may have been contacted meanwhile, so then it is
    NotAllowed: a new remark says so. Raises NotFound for what does not exist or the user may not see."""
    with writing(wb.engine) as connection:
        found = rows.by_ids(connection, [remark_id])
        if not found:
            raise NotFound("There is no such remark any more.")
        _require_visible(wb, connection, [found[0].patient_id])
        removed_on = _dated(wb, found)[0].removed_on
        if removed_on is not None and removed_on != wb.today():
            raise NotAllowed("The remark was removed on an earlier day. Add a new one instead.")
        if rows.put_back(connection, remark_id):
            record_in(wb, connection, "remark.put_back", str(remark_id))


@needs(READ_PATIENTS)
def of_patient(wb: Workbench, patient_id: str, *, measure_id: str | None = None) -> list[Remark]:
    """Every remark on a patient's care gaps, or on one of them, newest first: past and removed ones as well
    (core.domain.remark.in_force tells which count). Raises NotFound for a patient the user may not see."""
    with reading(wb.engine) as connection:
        _require_visible(wb, connection, [patient_id])
        found = rows.of_patient(connection, patient_id, measure_id)
    return _dated(wb, found)


def _dated(wb: Workbench, found: list[Remark]) -> list[Remark]:
    """With the organisation's day of each removal."""
    if not any(remark.removed_at for remark in found):
        return found
    zone = wb.zone()
    return [
        replace(each, removed_on=each.removed_at.astimezone(zone).date()) if each.removed_at else each for each in found
    ]


def _require_visible(wb: Workbench, connection: Connection, patient_ids: Collection[str]) -> None:
    ids = set(patient_ids)
    if ids - visible_ids(connection, list(ids), wb.user.scope):
        raise NotFound("This patient is not in the records, or outside what you may see.")
