"""What the data repair list must know beside the panel, in SQL: few rows each."""

from datetime import datetime

import polars as pl
from sqlalchemy import Connection, func, select

from core.domain.correction import ADDRESS
from core.store.schema import address_states, corrections, locations, patients, providers

_STATES = {"channel": pl.String, "address": pl.String, "reason": pl.String}
_ADDRESSES = ("patient_id", *ADDRESS)


def dead_addresses(connection: Connection) -> pl.DataFrame:
    """channel, address and reason of where nothing arrives."""
    question = select(address_states.c.channel, address_states.c.address, address_states.c.reason)
    rows = connection.execute(question.where(address_states.c.state == "bounced"))
    return pl.DataFrame([tuple(row) for row in rows], schema=_STATES, orient="row")


def dead_version(connection: Connection) -> tuple[int, datetime | None]:
    """Changes whenever an address dies or lives again."""
    row = connection.execute(select(func.count(), func.max(address_states.c.since)).select_from(address_states)).one()
    return row[0], row[1]


def corrected_addresses(connection: Connection) -> pl.DataFrame:
    """patient_id and postal address of the patients whose address staff have corrected."""
    corrected = select(corrections.c.patient_id).where(
        corrections.c.ended_at.is_(None), corrections.c.field == "address"
    )
    question = select(*(patients.c[name] for name in _ADDRESSES)).where(patients.c.patient_id.in_(corrected))
    rows = [tuple(row) for row in connection.execute(question)]
    return pl.DataFrame(rows, schema=dict.fromkeys(_ADDRESSES, pl.String), orient="row")


def clinics(connection: Connection) -> dict[str, str]:
    """The name of the clinic of each provider who has one, by provider."""
    question = select(providers.c.provider_id, locations.c.name).join(
        locations, locations.c.location_id == providers.c.location_id
    )
    return {row.provider_id: row.name for row in connection.execute(question)}
