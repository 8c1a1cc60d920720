"""The arms of a campaign in SQL: what decides who is of one household and stratum, and who was put where."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from core.domain.effects.allocation import CONTACT, HOLD_OUT, Allocation, Candidate
from core.domain.merge import MERGED
from core.domain.postal import Postal
from core.store.contacts import batches, postal_of
from core.store.each_row import update_each
from core.store.merges import survivors
from core.store.schema import campaigns, open_gaps, patients, recipients

_EVERYBODY = {"arm": CONTACT, "stratum": "", "household": "", "next_at": None}
_PEOPLE = select(
    patients.c.patient_id,
    patients.c.pcp_id,
    patients.c.household_id,
    patients.c.guarantor_id,
    patients.c.email,
    patients.c.phone_mobile,
    patients.c.phone_home,
    patients.c.address1,
    patients.c.address2,
    patients.c.city,
    patients.c.state,
    patients.c.zip,
)


def candidates(connection: Connection, patient_ids: Collection[str], *, measures: Collection[str]) -> list[Candidate]:
    """These patients as they are allocated, an id that is no more by its survivor.

    measures   of which open gaps are counted; none: of all
    Whoever is not in the records is a household alone.
    """
    now = survivors(connection, patient_ids)
    ids = sorted({now.get(each, each) for each in patient_ids})
    people = {row.patient_id: row for row in _rows(connection, _PEOPLE, patients.c.patient_id, ids)}
    guarantors = {row.guarantor_id for row in people.values()} - {None}
    addresses = {
        row.patient_id: _addresses(row) for row in _rows(connection, _PEOPLE, patients.c.patient_id, guarantors)
    }
    gaps = _gap_counts(connection, ids, frozenset(measures))
    found = []
    for each in ids:
        row = people.get(each)
        keys = _keys(row) | addresses.get(row.guarantor_id, set()) if row is not None else set()
        provider = (row.pcp_id if row is not None else None) or "no provider"
        found.append(Candidate(each, frozenset(keys), provider, gaps.get(each, 0)))
    return found


def people_of(connection: Connection, campaign_id: str) -> list[tuple[int, str]]:
    """recipient_id and the patient's id as it is now, of everybody in a campaign."""
    columns = (recipients.c.recipient_id, recipients.c.patient_id)
    rows = list(
        connection.execute(select(*columns).where(recipients.c.campaign_id == campaign_id).order_by(columns[0]))
    )
    now = survivors(connection, [row.patient_id for row in rows])
    return [(row.recipient_id, now.get(row.patient_id, row.patient_id)) for row in rows]


def drawn(connection: Connection, campaign_id: str) -> dict[str, Allocation]:
    """The arms of a campaign by patient, as the patients' ids are now; of two ids that became one, held out counts."""
    columns = (recipients.c.recipient_id, recipients.c.arm, recipients.c.stratum, recipients.c.household)
    where = recipients.c.campaign_id == campaign_id
    kept = {row.recipient_id: Allocation(*row[1:]) for row in connection.execute(select(*columns).where(where))}
    people = sorted(people_of(connection, campaign_id), key=lambda one: kept[one[0]].arm == HOLD_OUT)
    return {patient_id: kept[recipient_id] for recipient_id, patient_id in people}


def keep(
    connection: Connection,
    campaign_id: str,
    arms: Mapping[str, Allocation],
    *,
    waits: Mapping[str, datetime],
) -> None:
    """Write the arm of everybody in a campaign, by patient, and until when they wait, of those who do. Whoever is in no
    arm, since these were drawn without them, is contacted."""
    everybody = Allocation(CONTACT, "", "")
    rows = []
    for recipient_id, patient_id in people_of(connection, campaign_id):
        one = arms.get(patient_id, everybody)
        known = {"b_arm": one.arm, "b_stratum": one.stratum, "b_home": one.household, "b_next": waits.get(patient_id)}
        rows.append({"b_id": recipient_id, **known})
    update_each(connection, _KEEP, rows)


def is_decided(connection: Connection, campaign_id: str) -> bool:
    """Whether anything was tried or decided about anybody in a campaign; that an id was merged is no such thing."""
    untouched = (recipients.c.state == "waiting") & (recipients.c.attempt_count == 0)
    question = select(recipients.c.recipient_id).where(
        recipients.c.campaign_id == campaign_id, ~untouched, recipients.c.reason != MERGED
    )
    return connection.execute(question.limit(1)).first() is not None


def clear(connection: Connection, campaign_id: str) -> None:
    """Everybody in a campaign is contacted alike again."""
    statement = update(recipients).where(recipients.c.campaign_id == campaign_id)
    connection.execute(statement.values(_EVERYBODY))


def set_allocated(connection: Connection, campaign_id: str, at: datetime | None) -> None:
    """When the arms were drawn. Nothing that an editor holds changes, so the version stays."""
    connection.execute(update(campaigns).where(campaigns.c.campaign_id == campaign_id).values(allocated_at=at))


_KEEP = (
    update(recipients)
    .where(recipients.c.recipient_id == bindparam("b_id"))
    .values(
        arm=bindparam("b_arm"),
        stratum=bindparam("b_stratum"),
        household=bindparam("b_home"),
        next_at=bindparam("b_next"),
    )
)


def _keys(row: Any) -> set[str]:
    """What is shared within a household. Whoever answers for a child is of the child's."""
    own = {f"person {row.patient_id}"}
    own |= {f"person {row.guarantor_id}"} if row.guarantor_id else set()
    own |= {f"household {row.household_id}"} if row.household_id else set()
    return own | _addresses(row)


def _addresses(row: Any) -> set[str]:
    """Telephone numbers, whichever is whose, email and postal address."""
    home = _home_key(postal_of(row))
    numbers = {f"number {number}" for number in (row.phone_mobile, row.phone_home) if number}
    email = {f"email {row.email}"} if row.email else set()
    return numbers | email | ({f"home {home}"} if home else set())


@lru_cache(maxsize=20_000)  # an editor asks again with every change of the draft
def _home_key(home: Postal) -> str:
    return home.key


def _gap_counts(connection: Connection, ids: Collection[str], measures: frozenset[str]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for row in _rows(connection, select(open_gaps.c.patient_id, open_gaps.c.measures), open_gaps.c.patient_id, ids):
        names = set(row.measures.split())
        found[row.patient_id] = len(names & measures if measures else names)
    return found


def _rows(connection: Connection, question: Any, column: Any, ids: Collection[str]) -> list[Any]:
    return [row for some in batches(sorted(ids)) for row in connection.execute(question.where(column.in_(some))).all()]
