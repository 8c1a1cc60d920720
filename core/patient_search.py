"""Finding a patient by a name or a telephone number, or parts of them (F1)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from core import loads
from core.audit import record
from core.domain import search_query
from core.domain.calendar_months import window_start
from core.domain.person import Person
from core.domain.role import READ_PATIENTS
from core.store import patient_search as store
from core.store import people as rows
from core.store.database import reading
from core.workbench import Workbench, needs

MOST = 100
CONTACTED_DAYS, CONFIRMED_MONTHS = 90, 24


@dataclass(frozen=True)
class Found:
    """What a search found.

    people     at most MOST, by last, first and middle name
    is_more    whether there are more; then the text should say more
    others     how many match who were not contacted lately, at most MOST + 1; 0 when everybody was looked at, and where
               there is more among those who were
    problem    why nobody was looked for, for the person who typed; else empty
    """

    people: tuple[Person, ...] = ()
    is_more: bool = False
    others: int = 0
    problem: str = ""


@needs(READ_PATIENTS)
def find(wb: Workbench, text: str, *, everybody: bool = False) -> Found:
    """The patients whom each word of the text is about, within the user's scope: the beginning of a name, in any order
    and spelling of accents, or a part of the home or mobile number, however written.

    Only those who were sent something or called in the last 90 days, also in vain (by us, or a reminder of an
    appointment; by the organisation's days, as the Communications tab counts), or have a confirmed
    appointment in the last two years or ahead, unless `everybody` is asked for. Patients who have died, are inactive or
    were made for tests are among them: `Person.status` says so.
    """
    words = search_query.read(text)
    if not search_query.leads(words):
        return Found(problem=search_query.TOO_SHORT if text.strip() else "")
    loads.make_searchable(wb)
    lately = None if everybody else _lately(wb.settle())
    with reading(wb.engine) as connection:
        ids, others = store.found(connection, words, wb.user.scope, limit=MOST + 1, lately=lately)
        people = rows.people(connection, ids[:MOST], wb.user.scope)
    return Found(tuple(people[each] for each in ids[:MOST] if each in people), len(ids) > MOST, others)


@needs(READ_PATIENTS)
def record_shown(wb: Workbench, found: Found, *, everybody: bool) -> None:
    """A line in the audit log for a search whose result was shown: who, never what was typed."""
    ids = [person.patient_id for person in found.people]
    record(wb, "patient.searched", people=len(ids), everybody=everybody, patients=ids)


def _lately(wb: Workbench) -> store.Lately:
    today = wb.today()
    first = today - timedelta(days=CONTACTED_DAYS)
    return store.Lately(
        confirmed_on=window_start(today, months=CONFIRMED_MONTHS),
        reminded_on=first,
        contacted_at=datetime.combine(first, time.min, tzinfo=wb.zone()),
    )
