"""Clinics as letters come from them, in SQL."""

from sqlalchemy import Connection, select

from core.domain.organisation import ReturnAddress
from core.domain.postal import Postal
from core.store.schema import locations


def clinics(connection: Connection) -> list[ReturnAddress]:
    """The clinics of the feed whose address a letter can come back to, by name."""
    columns = (locations.c.address1, locations.c.city, locations.c.state, locations.c.zip)
    question = select(locations.c.location_id, locations.c.name, *columns).order_by(locations.c.name)
    found = []
    for row in connection.execute(question):
        home = Postal(row.address1, None, row.city, row.state, row.zip)
        if not home.problem:
            found.append(ReturnAddress(f"clinic:{row.location_id}", row.name, (row.name, *home.lines)))
    return found
