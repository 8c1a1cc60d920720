"""Support cases and the mails about them, in SQL. One worker claims a mail before it leaves, so that it leaves once."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from core.domain.support import OPEN, Case
from core.domain.user import Scope
from core.store.schema import patients, support_cases, support_mails
from core.store.scope import in_scope

_PIECE = 100  # conditions in one question
_OPENING = 0x737570706F7274  # the number of the lock under which cases are opened
_LAST = "\U0010ffff"
_COLUMNS = [support_cases.c[name] for name in Case.__dataclass_fields__]


def one_at_a_time(connection: Connection) -> None:
    """Until the end of the transaction no other case is opened: what is counted holds, and a number that is free stays
    so. On SQLite writers wait for each other anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_OPENING)))


def add(connection: Connection, case: Case, *, client_key: str, email_key: str) -> None:
    """Keep a new case."""
    values = {name: getattr(case, name) for name in Case.__dataclass_fields__}
    connection.execute(insert(support_cases).values(**values, client_key=client_key, email_key=email_key))


def case(connection: Connection, case_number: str) -> Case | None:
    """One case; None for a number that was never given."""
    row = connection.execute(select(*_COLUMNS).where(support_cases.c.case_number == case_number)).one_or_none()
    return Case(**row._mapping) if row else None


def cases(connection: Connection, *, state: str = "", limit: int) -> list[Case]:
    """The latest cases, of one state or all."""
    question = select(*_COLUMNS).order_by(support_cases.c.opened_at.desc(), support_cases.c.case_number).limit(limit)
    if state:
        question = question.where(support_cases.c.state == state)
    return [Case(**row._mapping) for row in connection.execute(question)]


def resolve(connection: Connection, case_number: str, **values: Any) -> bool:
    """Resolve an open case; False when it is not open."""
    ours = (support_cases.c.case_number == case_number) & (support_cases.c.state == OPEN)
    return connection.execute(update(support_cases).where(ours).values(values)).rowcount == 1


def opened_since(connection: Connection, since: datetime, *, client_key: str, email_key: str) -> tuple[int, int, int]:
    """How many cases were opened since: by this client, with this email address, by anybody."""
    recent = support_cases.c.opened_at > since
    count = select(func.count()).select_from(support_cases).where(recent)
    by_client = connection.scalar(count.where(support_cases.c.client_key == client_key))
    by_email = connection.scalar(count.where(support_cases.c.email_key == email_key))
    return by_client or 0, by_email or 0, connection.scalar(count) or 0


def due(connection: Connection, *, at: datetime) -> bool:
    """Whether a mail is to be sent."""
    return connection.execute(select(support_mails.c.mail_id).where(_is_due(at)).limit(1)).first() is not None


def add_mail(connection: Connection, case_number: str, kind: str, *, at: datetime) -> None:
    """A mail that is due at once."""
    values = {"case_number": case_number, "kind": kind, "state": "due", "tries": 0, "due_at": at}
    connection.execute(insert(support_mails).values(values))


def take(connection: Connection, *, at: datetime) -> Row[Any] | None:
    """Claim a mail that is due: mail_id, case_number, kind and tries; None when there is none."""
    found = connection.scalar(
        select(support_mails.c.mail_id).where(_is_due(at)).order_by(support_mails.c.due_at).limit(1)
    )
    if found is None:
        return None
    claim = update(support_mails).where(support_mails.c.mail_id == found, _is_due(at))
    if connection.execute(claim.values(state="sending", tries=support_mails.c.tries + 1)).rowcount != 1:
        return None
    return connection.execute(select(support_mails).where(support_mails.c.mail_id == found)).one()


def change_mail(connection: Connection, mail_id: int, **values: Any) -> None:
    """Keep what became of a mail."""
    connection.execute(update(support_mails).where(support_mails.c.mail_id == mail_id).values(values))


def mails(connection: Connection, case_number: str) -> list[tuple[str, str]]:
    """The kinds of mails about a case and what became of each, the first one first."""
    question = select(support_mails.c.kind, support_mails.c.state).where(support_mails.c.case_number == case_number)
    return [(row.kind, row.state) for row in connection.execute(question.order_by(support_mails.c.mail_id))]


def last_names(connection: Connection, tokens: Collection[str], scope: Scope) -> set[str]:
    """Which of these folded words begin the last name of a patient within the scope."""
    name, found = patients.c.sort_name, set()
    for token in tokens:
        begins = or_(*((name >= f"{token}{mark}") & (name < f"{token}{mark}{_LAST}") for mark in ("\t", " ")))
        if connection.execute(select(patients.c.patient_id).where(begins, in_scope(scope)).limit(1)).first():
            found.add(token)
    return found


def named(connection: Connection, names: Collection[tuple[str, str]], scope: Scope) -> set[tuple[str, str]]:
    """Which of these pairs of a folded last and first name are a patient's within the scope. A first name of one letter
    is an initial; one that is followed by others is enough."""
    name, found = patients.c.sort_name, set()
    for last, first in names:
        ends = [""] if len(first) == 1 else ["\t", " "]
        begins = or_(
            name == f"{last}\t{first}",
            *((name >= f"{last}\t{first}{end}") & (name < f"{last}\t{first}{end}{_LAST}") for end in ends),
        )
        if connection.execute(select(patients.c.patient_id).where(begins, in_scope(scope)).limit(1)).first():
            found.add((last, first))
    return found


def records(connection: Connection, tokens: Collection[str], scope: Scope) -> set[str]:
    """Which of these words are the id or record number of a patient within the scope."""
    found: set[str] = set()
    for piece in (list(tokens)[start : start + _PIECE] for start in range(0, len(tokens), _PIECE)):
        is_one = or_(patients.c.patient_id.in_(piece), patients.c.mrn.in_(piece))
        for row in connection.execute(select(patients.c.patient_id, patients.c.mrn).where(is_one, in_scope(scope))):
            found |= {row.patient_id, row.mrn} & set(piece)
    return found


def _is_due(at: datetime) -> Any:
    return (support_mails.c.state == "due") & (support_mails.c.due_at <= at)
