"""The addresses that opt-outs of a patient count for beside the patient's id, so that they last under another id."""

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.opt_out import FEED, STAFF, OptOut
from core.domain.wish import addresses_used, collapsed
from core.store import address_owners
from core.store import opt_outs as rows
from core.workbench import Workbench


def key_again(wb: Workbench, connection: Connection, patient_id: str) -> int:
    """What staff or a feed have stopped for the patient counts for the addresses on file now as well, where nobody else
    has them; returns how many wishes got one. In the caller's transaction, after an address has changed or two ids
    became one. A STOP of a number alone does not follow the patient (O8).
    """
    free = _free_addresses(wb, connection, patient_id)
    own = [each for each in rows.of_patient(connection, patient_id, addresses=[]) if _follows(wb, each, patient_id)]
    count = 0
    for wish in collapsed(own):
        wanted = [free[name] for name in addresses_used(wish.type) if name in free]
        more = [address for address in dict.fromkeys(wanted) if address not in wish.reaches]
        rows.count_for_too(connection, wish, more)
        count += bool(more)
    if count:
        record_in(wb, connection, "opt_out.followed", patient_id, opt_outs=count)
    return count


def _free_addresses(wb: Workbench, connection: Connection, patient_id: str) -> dict[str, str]:
    have = address_owners.addresses(connection, [patient_id]).get(patient_id, {})
    owners = address_owners.owners(connection, set(have.values()), on=wb.today())
    return {name: address for name, address in have.items() if not owners.get(address, set()) - {patient_id}}


def _follows(wb: Workbench, opt_out: OptOut, patient_id: str) -> bool:
    is_over = opt_out.until is not None and opt_out.until < wb.today()
    return opt_out.patient_id == patient_id and opt_out.source in (STAFF, FEED) and not is_over
