"""What a load asks a person: where a feed says something new against staff, or yes after a patient's stop.

All of it in the transaction that publishes the load, so that a load that fails asks nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection

from core.audit import record_in
from core.domain.consent_conflict import CONSENT_OF, Statement, contradicted, stopping
from core.domain.correction import FIELDS, LAYOUT_NAMES, NEWER, Values, values_of, verdict
from core.domain.opt_out import OptOut
from core.overlays import Overlay
from core.store import consent_rows
from core.store import correction_rows as rows
from core.store.clinical import Generation
from core.store.correction_rows import CONSENT, CORRECTION, MOOT, ConflictRow
from core.workbench import Workbench

_LAYOUT = {name: layout for layout, name in LAYOUT_NAMES.items()}
Consents = dict[tuple[str, str], Values]


def ask_about_corrections(wb: Workbench, connection: Connection, overlay: Overlay) -> None:
    """Ask where the feed says something new against a correction; ask no more where it no longer does."""
    asked = _asked_once(wb, connection)
    for patient_id, feed in overlay.feed.items():
        for correction in overlay.corrections[patient_id]:
            said = values_of(FIELDS[correction.field], feed)
            before = asked.get((patient_id, correction.field))
            is_newer = verdict(correction, said) == NEWER
            if before is None and is_newer:
                _ask(wb, connection, patient_id, CORRECTION, correction.field, said)
            elif before is not None and not is_newer:
                rows.decide(connection, before.conflict_id, MOOT, at=wb.now(), by=wb.user.user_id)
            elif before is not None and before.details != said:
                rows.change_conflict(connection, before.conflict_id, said, at=wb.now())


def _asked_once(wb: Workbench, connection: Connection) -> dict[tuple[str, str], ConflictRow]:
    """What is asked about corrections by patient and field; of several about one field only the last stays."""
    asked: dict[tuple[str, str], ConflictRow] = {}
    for row in rows.open_conflicts(connection, kind=CORRECTION):
        before = asked.get((row.patient_id, row.field))
        if before is not None:
            rows.decide(connection, before.conflict_id, MOOT, at=wb.now(), by=wb.user.user_id)
        asked[row.patient_id, row.field] = row
    return asked


def consents_before(wb: Workbench, connection: Connection) -> Consents:
    """What was on file of the consents of those who have stopped something, before a load writes patients."""
    stopped = consent_rows.wishes(connection, on=wb.today())
    return consent_rows.statements(connection, list(stopped)) if stopped else {}


def ask_about_consents(
    wb: Workbench, connection: Connection, generation: Generation, *, overlay: Overlay, before: Consents
) -> None:
    """Ask where the feed says yes after the patient or staff said stop. The opt-out stays until somebody decides."""
    stopped = consent_rows.wishes(connection, on=wb.today())
    asked = _asked(rows.consent_conflicts(connection))
    said = _consents(generation, list(stopped))
    _ask_no_more(wb, connection, [row for each in asked.values() for row in each], said)
    for (patient_id, key), (values, received_at) in said.items():
        corrected = any(each.field == key for each in overlay.corrections.get(patient_id, []))
        is_news = not corrected and before.get((patient_id, key)) != values
        statement = Statement(values[FIELDS[key].says[0]], _day(values), received_at, is_news=is_news)
        own = stopping(stopped[patient_id], channel=FIELDS[key].channel, on=wb.today())
        against = contradicted(statement, own)
        if against and not _was_asked(asked.get((patient_id, key), []), values, against):
            _ask(wb, connection, patient_id, CONSENT, key, values)


def _consents(generation: Generation, patient_ids: Sequence[str]) -> dict[tuple[str, str], tuple[Values, datetime]]:
    """What the feed says of the consents of these patients, by patient and field, with when it came."""
    if not patient_ids:
        return {}
    fields = [FIELDS[key] for key in CONSENT_OF.values()]
    columns = {column: _LAYOUT.get(column, column) for field in fields for column in field.columns}
    wanted = pl.Series("patient_id", patient_ids, pl.String)
    found: dict[tuple[str, str], tuple[Values, datetime]] = {}
    for shard in generation.shards():
        patients = generation.table("patients", shard).filter(pl.col("patient_id").is_in(wanted.implode()))
        selected = patients.select(
            "patient_id", "received_at", **{name: pl.col(each) for name, each in columns.items()}
        )
        for row in selected.collect().iter_rows(named=True):
            for field in fields:
                found[row["patient_id"], field.key] = (values_of(field, row), row["received_at"])
    return found


def _asked(conflict_rows: Sequence[ConflictRow]) -> dict[tuple[str, str], list[ConflictRow]]:
    found: dict[tuple[str, str], list[ConflictRow]] = {}
    for row in conflict_rows:
        found.setdefault((row.patient_id, row.field), []).append(row)
    return found


def _was_asked(asked: Sequence[ConflictRow], values: Values, against: Sequence[OptOut]) -> bool:
    """Whether one waits, or this statement was decided about since the patient stopped last."""
    last = max((each.made_at for each in against if each.made_at), default=None)
    return any(not row.decision or (row.details == values and (last is None or row.found_at >= last)) for row in asked)


def _ask_no_more(
    wb: Workbench,
    connection: Connection,
    asked: Sequence[ConflictRow],
    said: Mapping[tuple[str, str], tuple[Values, datetime]],
) -> None:
    """The opt-out was removed meanwhile, or the feed does not say yes any more."""
    for row in asked:
        values = said.get((row.patient_id, row.field))
        if not row.decision and (values is None or values[0][FIELDS[row.field].says[0]] != "yes"):
            rows.decide(connection, row.conflict_id, MOOT, at=wb.now(), by=wb.user.user_id)


def _ask(
    wb: Workbench, connection: Connection, patient_id: str, kind: str, field: str, said: Mapping[str, Any]
) -> None:
    rows.add_conflict(connection, patient_id=patient_id, kind=kind, field=field, details=said, at=wb.now())
    record_in(wb, connection, "feed_conflict.found", patient_id, kind=kind, field=field)


def _day(values: Values) -> date | None:
    text = values.get("text_consent_on")
    return date.fromisoformat(text) if text else None
