"""Logos of the organisation and its clinics: kept in the database, and the one that its emails and forms show."""

import secrets
from collections.abc import Collection

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.one_line import is_visible, one_line
from core.domain.role import CHANGE_ORGANISATION
from core.errors import NotAllowed, NotFound
from core.organisation_settings import change_in
from core.store import logos as rows
from core.store import setting_rows
from core.store.database import reading, writing
from core.store.logos import Logo as Logo
from core.workbench import Workbench, needs

KINDS = ("png", "jpeg", "svg")
_LONGEST_NAME = 120
_MOST = 50


@needs(CHANGE_ORGANISATION)
def add(wb: Workbench, name: str, content: bytes) -> Logo:
    """Keep a logo under a name that no other one has. `content` is a file of at most 2 MB, PNG, JPEG or SVG by what it
    holds; it is made safe and, if larger, at most 1,200 pixels wide.

    Raises DataError, with the reason, for whatever cannot be a logo, NotAllowed for a name that does not do and for who
    may not change the organisation.
    """
    from core.channels.pictures import read_picture

    picture = read_picture(content)
    logo = Logo(secrets.token_hex(8), one_line(name), picture.kind, wb.now(), wb.user.user_id, picture.content)
    with writing(wb.engine) as connection:
        _check_name(logo.name, [other.name for other in rows.every(connection)])
        rows.add(connection, logo)
        record_in(wb, connection, "logo.added", logo.logo_id, kind=logo.kind, bytes=len(logo.content))
    return logo


def logos(wb: Workbench) -> list[Logo]:
    """All logos, the first one added first, without their pictures."""
    with reading(wb.engine) as connection:
        return rows.every(connection)


def logo(wb: Workbench, logo_id: str) -> Logo:
    """One with its picture. Raises NotFound."""
    with reading(wb.engine) as connection:
        found = rows.one(connection, logo_id)
    if found is None:
        raise NotFound("There is no such logo any more. Choose another one.")
    return found


@needs(CHANGE_ORGANISATION)
def choose(wb: Workbench, logo_id: str) -> None:
    """Make a logo the organisation's. Raises NotFound, NotAllowed."""
    with writing(wb.engine) as connection:
        if rows.one(connection, logo_id) is None:
            raise NotFound("There is no such logo any more. Choose another one.")
        change_in(wb, connection, {"logo": logo_id}, action="logo.chosen", subject=logo_id)


@needs(CHANGE_ORGANISATION)
def remove(wb: Workbench, logo_id: str) -> None:
    """Throw a logo away. If it was the organisation's, the first of the others is from then on. Raises NotFound,
    NotAllowed."""
    with writing(wb.engine) as connection:
        if rows.one(connection, logo_id) is None:
            raise NotFound("There is no such logo any more.")
        rows.remove(connection, logo_id)
        setting_rows.lock(connection)
        changes = {"logo": ""} if setting_rows.values(connection)["logo"] == logo_id else {}
        change_in(wb, connection, changes, action="logo.removed", subject=logo_id)


def organisation_logo(wb: Workbench, kinds: Collection[str] = KINDS) -> Logo | None:
    """The logo that the organisation has chosen, else the first one; of these kinds only. None when there is none.

    Mail programs do not show SVG, so emails ask for the others.
    """
    with reading(wb.engine) as connection:
        logo_id = shown_id(wb, connection, kinds)
        return rows.one(connection, logo_id) if logo_id else None


def shown_id(wb: Workbench, connection: Connection, kinds: Collection[str] = KINDS, *, own: str = "") -> str:
    """The id of that logo, or of `own` where it is still there; '' when there is none. No picture changes under its
    id."""
    possible = [one.logo_id for one in rows.every(connection) if one.kind in kinds]
    return next((each for each in (own, wb.organisation().logo, *possible) if each in possible), "")


def _check_name(name: str, others: list[str]) -> None:
    if not is_visible(name):
        raise NotAllowed("The logo has no name. Give it one, such as the name of the clinic.")
    if len(name) > _LONGEST_NAME:
        raise NotAllowed(f"The name has {len(name)} characters; at most {_LONGEST_NAME} are possible.")
    if name.casefold() in {other.casefold() for other in others}:
        raise NotAllowed("Another logo has this name. Give this one another name, or remove the other one first.")
    if len(others) >= _MOST:
        raise NotAllowed(f"There are {_MOST} logos already. Remove one that is no longer used.")
