"""A no that was said under an id which is another patient's now: it holds for the survivor, as an opt-out.

It is added once: what staff take back stays so, however often the old row comes again (docs/decisions/merges.md).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.correction import FIELDS
from core.domain.opt_out import ALL_TEXT, DO_NOT_CALL, FEED, HEALTH_EMAIL, OptOut
from core.domain.wish import addresses_used
from core.store import address_owners, feed_opt_out_rows
from core.store.merged_people import consents_of
from core.workbench import Workbench

REASON = "Said no under an earlier id"
_TYPES = {"text": ALL_TEXT, "email": HEALTH_EMAIL, "phone": DO_NOT_CALL}
_COLUMNS = {field.channel: field.says[0] for field in FIELDS.values() if field.channel}
_LONGEST_ID = 90


@dataclass(frozen=True)
class No:
    """What was said of one channel under a merged id; `patient_id` is the survivor's."""

    merged_id: str
    patient_id: str
    channel: str

    @property
    def key(self) -> str:
        """Of its opt-out."""
        is_short = len(self.merged_id) <= _LONGEST_ID and not set("#~") & set(self.merged_id)
        name = self.merged_id if is_short else sha256(self.merged_id.encode()).hexdigest()
        return f"merge:{name}:{self.channel}"

    @property
    def wish_id(self) -> str:
        """The same for all rows of its opt-out."""
        return sha256(self.key.encode()).hexdigest()[:32]


def said(
    on_file: Mapping[str, Mapping[str, Any]], fresh: Mapping[str, Mapping[str, Any]], survivors: Mapping[str, str]
) -> list[No]:
    """Every no under a merged id.

    on_file   rows of the table `patients` of ids that are merged now, with what staff corrected
    fresh     rows that the feed holds of merged ids, by the same columns; a yes there is later than what is on file
    """
    return [
        No(merged_id, survivors[merged_id], channel)
        for merged_id in sorted(survivors.keys() & (on_file.keys() | fresh.keys()))
        for channel, column in _COLUMNS.items()
        if (fresh.get(merged_id, {}).get(column) or on_file.get(merged_id, {}).get(column)) == "no"
    ]


def wanted(connection: Connection, nos: Iterable[No]) -> list[No]:
    """Those that need an opt-out: the survivor does not say no on file, and none was ever added."""
    nos = list(nos)
    consents = consents_of(connection, {no.patient_id for no in nos})
    nos = [no for no in nos if consents.get(no.patient_id, {}).get(_COLUMNS[no.channel]) != "no"]
    present = feed_opt_out_rows.present(connection, [no.key for no in nos])
    return [no for no in nos if no.key not in present]


def add(wb: Workbench, connection: Connection, nos: Iterable[No]) -> int:
    """Add their opt-outs, where they are wanted; returns how many. After the patients were written and the merged ids
    are no patients any more: they count for the addresses as well that nobody else has."""
    new = wanted(connection, nos)
    if not new:
        return 0
    addresses = address_owners.addresses(connection, {no.patient_id for no in new})
    everything = {each for have in addresses.values() for each in have.values()}
    owners = address_owners.owners(connection, everything, on=wb.today())
    rows: dict[str, OptOut] = {}
    for no in new:
        own = {
            name: each
            for name, each in addresses.get(no.patient_id, {}).items()
            if not owners.get(each, set()) - {no.patient_id}
        }
        rows |= dict(_rows(wb, no, own))
    feed_opt_out_rows.add(connection, rows, at=wb.now(), by=wb.user.user_id)
    record_in(wb, connection, "opt_outs.merged", "", opt_outs=len(new), source=FEED)
    return len(new)


def _rows(wb: Workbench, no: No, own: Mapping[str, str]) -> Iterator[tuple[str, OptOut]]:
    type_key = _TYPES[no.channel]
    whole = OptOut(
        type=type_key,
        starts_on=wb.today(),
        patient_id=no.patient_id,
        reason=REASON,
        source=FEED,
        wish_id=no.wish_id,
    )
    yield no.key, whole
    for address, name in {own[name]: name for name in addresses_used(type_key) if name in own}.items():
        yield f"{no.key}#{name}", replace(whole, address=address)
