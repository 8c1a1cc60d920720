"""What staff corrected under an id that is merged, beside what the survivor has: which of it counts from now on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.domain.correction import FIELDS, Correction, in_effect
from core.store import correction_rows as rows

_REPLACED = "replaced"


def settle(
    connection: Connection, names: Mapping[str, str], own: Mapping[str, Mapping[str, Any]], *, at: datetime, by: str
) -> None:
    """End those that do not count. What is left, and those that have ended, become the survivors' afterwards.

    names   survivor by merged id; own: what feeds say of the survivors, by columns of `patients`
    A no always counts. Else what the survivor has stays, and only where it has nothing does the merged id's fill in;
    of two that say nothing else, the newer.
    """
    coming = [each for those in rows.standing(connection, list(names)).values() for each in those]
    if not coming:
        return
    counting = rows.standing(connection, {names[each.patient_id] for each in coming})
    for each in sorted(coming, key=lambda correction: correction.correction_id):
        patient_id = names[each.patient_id]
        standing = counting.setdefault(patient_id, [])
        before = next((other for other in standing if other.field == each.field), None)
        if not _counts(each, before, in_effect(own.get(patient_id, {}), standing)):
            rows.end(connection, each.correction_id, how=_REPLACED, at=at, by=by)
            continue
        if before is not None:
            rows.end(connection, before.correction_id, how=_REPLACED, at=at, by=by)
            standing.remove(before)
        standing.append(each)


def _counts(coming: Correction, before: Correction | None, now: Mapping[str, Any]) -> bool:
    """Whether a correction that comes with a merge counts, beside what the survivor has now."""
    says = FIELDS[coming.field].says
    if FIELDS[coming.field].channel and coming.values.get(says[0]) == "no":
        return before is None or before.values.get(says[0]) != "no"
    if any(now.get(column) for column in says):
        return False
    return before is None or before.correction_id < coming.correction_id
