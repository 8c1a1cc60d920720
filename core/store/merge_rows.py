"""What merge fields are filled from: one row per patient with PCP, clinic, group, next appointment, open gaps and the
remarks on them."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, and_, bindparam, select

from core.domain.remark import Remark
from core.store.contacts import batches
from core.store.schema import groups, locations, open_gaps, patients, providers, remarks


@dataclass(frozen=True)
class MergeRow:
    """One patient as messages may speak of them. None is 'not on file'."""

    patient_id: str
    first: str | None
    last: str | None
    suffix: str | None
    preferred_name: str | None
    language: str | None
    provider: str | None
    clinic: str | None
    clinic_phone: str | None
    clinic_street: str | None
    clinic_city: str | None
    group: str | None
    group_phone: str | None
    appointment_at: datetime | None
    appointment_provider: str | None
    last_visit_on: date | None
    open_gaps: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()  # on open gaps, those that are not removed


def merge_rows(connection: Connection, patient_ids: Collection[str]) -> dict[str, MergeRow]:
    """The rows of those patients that are in the records, read live."""
    found: dict[str, MergeRow] = {}
    made: Callable[..., MergeRow] = MergeRow  # of the question's columns, in their order
    for ids in batches(patient_ids):
        gaps, remarked = _open_gaps(connection, ids)
        for row in connection.execute(_QUESTION, {"ids": ids}).all():
            found[row.patient_id] = made(*row, gaps.get(row.patient_id, ()), tuple(remarked.get(row.patient_id, ())))
    return {patient_id: found[patient_id] for patient_id in patient_ids if patient_id in found}


_NEXT = providers.alias("next_provider")
_QUESTION = (
    select(
        patients.c.patient_id,
        patients.c.first,
        patients.c.last,
        patients.c.suffix,
        patients.c.preferred_name,
        patients.c.language,
        providers.c.display_name.label("provider"),
        locations.c.name.label("clinic"),
        locations.c.phone.label("clinic_phone"),
        locations.c.address1.label("clinic_street"),
        locations.c.city.label("clinic_city"),
        groups.c.name.label("group"),
        groups.c.phone.label("group_phone"),
        patients.c.next_appointment_at.label("appointment_at"),
        _NEXT.c.display_name.label("appointment_provider"),
        patients.c.last_visit_on,
    )
    .select_from(patients)
    .outerjoin(providers, providers.c.provider_id == patients.c.pcp_id)
    .outerjoin(locations, locations.c.location_id == providers.c.location_id)
    .outerjoin(groups, groups.c.group_id == patients.c.group_id)
    .outerjoin(_NEXT, _NEXT.c.provider_id == patients.c.next_appointment_provider_id)
    .where(patients.c.patient_id.in_(bindparam("ids", expanding=True)))
)
_OPEN_GAPS = (
    select(
        open_gaps.c.patient_id,
        open_gaps.c.measures,
        remarks.c.measure_id,
        remarks.c.kind,
        remarks.c.starts_on,
        remarks.c.until,
    )
    .outerjoin(remarks, and_(remarks.c.patient_id == open_gaps.c.patient_id, remarks.c.removed_at.is_(None)))
    .where(open_gaps.c.patient_id.in_(bindparam("ids", expanding=True)))
)


def _open_gaps(connection: Connection, ids: list[str]) -> tuple[dict[str, tuple[str, ...]], dict[str, list[Remark]]]:
    """By patient the open gaps, and the remarks of those who have any: a row for each, or one without."""
    gaps: dict[str, tuple[str, ...]] = {}
    remarked: dict[str, list[Remark]] = defaultdict(list)
    for patient_id, measures, measure_id, *remark in connection.execute(_OPEN_GAPS, {"ids": ids}).all():
        gaps[patient_id] = tuple(measures.split())
        if measure_id is not None:
            remarked[patient_id].append(Remark(measure_id, *remark))
    return gaps, remarked
