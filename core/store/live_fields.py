"""Fields of work lists that change between loads, read from the database at each run."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select, true

from core.domain.opt_out import OptOut
from core.store.contacts import BATCH, batches
from core.store.remarks import counting
from core.store.schema import opt_outs, patients, recipients, remarks

_FEW = 4 * BATCH  # up to here patients are asked for by their ids, else everybody's rows are read at once


def last_contacts(connection: Connection, patient_ids: Collection[str]) -> dict[str, datetime]:
    """When the last message to each of the patients left; those never written to are missing. May hold others."""
    when = func.max(recipients.c.handed_over_at).label("at")
    found: dict[str, datetime] = {}
    for among in _among(recipients.c.patient_id, patient_ids):
        question = select(recipients.c.patient_id, when).where(recipients.c.handed_over_at.is_not(None), among)
        for row in connection.execute(question.group_by(recipients.c.patient_id)):
            found[row.patient_id] = row.at
    return found


def opt_out_names(connection: Connection, patient_ids: Collection[str], *, on: date) -> dict[str, list[str]]:
    """Names of the opt-outs that count on that day, made by the patient or for one of the patient's addresses,
    sorted. Patients without one are missing. May hold others."""
    counting = [
        opt_outs.c.removed_at.is_(None),
        opt_outs.c.starts_on <= on,
        or_(opt_outs.c.until.is_(None), opt_outs.c.until >= on),
    ]
    found: dict[str, set[str]] = defaultdict(set)
    columns = (opt_outs.c.type, opt_outs.c.protocol, opt_outs.c.starts_on)
    for among in _among(opt_outs.c.patient_id, patient_ids):
        for row in connection.execute(select(opt_outs.c.patient_id, *columns).where(*counting, among)):
            if row.patient_id is not None:
                found[row.patient_id].add(OptOut(row.type, row.starts_on, protocol=row.protocol).name)
    for address in (patients.c.email, patients.c.phone_mobile, patients.c.phone_home):
        for among in _among(patients.c.patient_id, patient_ids):
            question = select(patients.c.patient_id, *columns).join(opt_outs, opt_outs.c.address == address)
            for row in connection.execute(question.where(*counting, among)):
                found[row.patient_id].add(OptOut(row.type, row.starts_on, protocol=row.protocol).name)
    return {patient_id: sorted(names) for patient_id, names in found.items()}


def remarks_in_force(
    connection: Connection, patient_ids: Collection[str], *, on: date
) -> dict[str, list[tuple[str, str]]]:
    """Kind and measure of the remarks that count on that day, by patient. May hold other patients."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for among in _among(remarks.c.patient_id, patient_ids):
        question = select(remarks.c.patient_id, remarks.c.kind, remarks.c.measure_id).where(*counting(on), among)
        for row in connection.execute(question):
            found[row.patient_id].append((row.kind, row.measure_id))
    return found


def _among(column: ColumnElement[str], patient_ids: Collection[str]) -> Iterator[ColumnElement[bool]]:
    if len(patient_ids) > _FEW:
        yield true()
    else:
        for ids in batches(patient_ids):
            yield column.in_(ids)
