"""Where letters come from and come back to: the organisation's own addresses and those of its clinics (L1)."""

import secrets
from collections.abc import Sequence

from sqlalchemy import Connection

from core.domain.campaign import Campaign
from core.domain.letter import settings
from core.domain.one_line import is_visible, one_line
from core.domain.organisation import Organisation
from core.domain.organisation import ReturnAddress as ReturnAddress
from core.domain.role import CHANGE_ORGANISATION
from core.errors import NotAllowed, NotFound
from core.organisation_settings import change_in
from core.store import letter_places, setting_rows
from core.store.database import reading, writing
from core.workbench import Workbench, needs

OWN = "organisation"
_MOST_LINES, _LONGEST, _MOST = 6, 80, 50


def return_addresses(wb: Workbench) -> dict[str, ReturnAddress]:
    """By key every address to choose from: those of the settings, the organisation's own, the feed's clinics."""
    organisation = wb.organisation()
    found = {each.key: each for each in (*organisation.return_addresses, *_own(organisation))}
    with reading(wb.engine) as connection:
        clinics = letter_places.clinics(connection)
    return found | {each.key: each for each in clinics}


def chosen(wb: Workbench, campaign: Campaign) -> ReturnAddress | None:
    """The one of a letter campaign, the first of all where none was chosen; None when there is none (any more)."""
    known, key = return_addresses(wb), settings(campaign.fields).sender
    return known.get(key) if key else next(iter(known.values()), None)


@needs(CHANGE_ORGANISATION)
def add(wb: Workbench, name: str, lines: Sequence[str]) -> ReturnAddress:
    """Keep one more, the sender's name as the first of its lines. Raises NotAllowed."""
    tidy = tuple(one_line(line) for line in lines if is_visible(line))
    if not is_visible(name) or not 2 <= len(tidy) <= _MOST_LINES or max(map(len, (name, *tidy))) > _LONGEST:
        raise NotAllowed(
            f"A return address needs a name for the list and two to {_MOST_LINES} lines of at most {_LONGEST} "
            "characters: the sender, the street, the town."
        )
    made = ReturnAddress(secrets.token_hex(4), one_line(name), tidy)
    with writing(wb.engine) as connection:
        if len(_known(connection)) >= _MOST:
            raise NotAllowed(f"There are {_MOST} return addresses already. Remove one that is no longer used.")
        _keep(wb, connection, (*_known(connection), made), "return_address.added", made.key)
    return made


@needs(CHANGE_ORGANISATION)
def remove(wb: Workbench, key: str) -> None:
    """Take one of the settings away. Raises NotFound, NotAllowed."""
    with writing(wb.engine) as connection:
        known = _known(connection)
        if key not in {each.key for each in known}:
            raise NotFound("There is no such return address in the settings. Those of clinics come with the feed.")
        _keep(wb, connection, tuple(each for each in known if each.key != key), "return_address.removed", key)


def _known(connection: Connection) -> tuple[ReturnAddress, ...]:
    """Those of the settings; nobody else changes them until the transaction ends."""
    setting_rows.lock(connection)
    known: tuple[ReturnAddress, ...] = setting_rows.values(connection)["return_addresses"]
    return known


def _keep(wb: Workbench, connection: Connection, addresses: tuple[ReturnAddress, ...], action: str, key: str) -> None:
    change_in(wb, connection, {"return_addresses": addresses}, action=action, subject=key)


def _own(organisation: Organisation) -> list[ReturnAddress]:
    """The postal address of the settings, street and town in lines of their own."""
    text = organisation.postal_address.strip()
    if not text:
        return []
    street, _, town = text.partition("\n" if "\n" in text else ",")
    rest = [one_line(line) for line in town.splitlines() if is_visible(line)]
    return [ReturnAddress(OWN, organisation.name, (organisation.name, one_line(street), *rest))]
