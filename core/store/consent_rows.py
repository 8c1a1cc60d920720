"""Patients whom an opt-out of their own stops, in SQL: asked from the opt-outs, which are few against patients."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, or_, select

from core.domain.consent_conflict import OWN_SOURCES, types_stopping
from core.domain.correction import FIELDS, Values, values_of
from core.domain.opt_out import OptOut
from core.domain.organisation import CHANNELS
from core.store.contacts import batches
from core.store.schema import opt_outs, patients

_TYPES = sorted({key for channel in CHANNELS for key in types_stopping(channel)})
_CONSENTS = [field for field in FIELDS.values() if field.channel]
_ADDRESSES = (patients.c.email, patients.c.phone_mobile, patients.c.phone_home)
_WISH = [
    opt_outs.c[name]
    for name in (
        "opt_out_id", "patient_id", "address", "type", "starts_on", "until", "reason", "source", "made_at", "made_by",
    )
]  # fmt: skip


def wishes(connection: Connection, *, on: date, patient_ids: Collection[str] | None = None) -> dict[str, list[OptOut]]:
    """The opt-outs in force that are the patient's own or staff's, on the patient or on an address on file; of
    everybody unless patients are given. Those about one health topic or appointments only are left out."""
    counting = [
        opt_outs.c.removed_at.is_(None),
        opt_outs.c.source.in_(OWN_SOURCES),
        opt_outs.c.type.in_(_TYPES),
        opt_outs.c.starts_on <= on,
        or_(opt_outs.c.until.is_(None), opt_outs.c.until >= on),
    ]
    found: dict[str, dict[int, OptOut]] = defaultdict(dict)
    of = patients.c.patient_id.label("of")
    for key in (opt_outs.c.patient_id == patients.c.patient_id, *(opt_outs.c.address == each for each in _ADDRESSES)):
        question = select(of, *_WISH).select_from(opt_outs.join(patients, key)).where(*counting)
        for row in _among(connection, question, patient_ids):
            wish = dict(row._mapping)
            patient_id = wish.pop("of")
            found[patient_id][row.opt_out_id] = OptOut(**wish)
    return {patient_id: list(each.values()) for patient_id, each in found.items()}


def statements(connection: Connection, patient_ids: Collection[str]) -> dict[tuple[str, str], Values]:
    """What is on file of each consent, by patient and key of the field."""
    columns = [patients.c[column] for field in _CONSENTS for column in field.columns]
    question = select(patients.c.patient_id.label("of"), *columns)
    return {
        (row.of, field.key): values_of(field, row._mapping)
        for row in _among(connection, question, patient_ids)
        for field in _CONSENTS
    }


def _among(connection: Connection, question: Any, patient_ids: Collection[str] | None) -> Iterable[Any]:
    if patient_ids is None:
        yield from connection.execute(question)
        return
    for ids in batches(patient_ids):
        yield from connection.execute(question.where(patients.c.patient_id.in_(ids)))
