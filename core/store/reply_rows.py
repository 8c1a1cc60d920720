"""Questions about replies in SQL, within what a user may see, and a person's word about them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Join,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    update,
)

from core.domain.reply import Reply
from core.domain.user import Scope
from core.store.contacts import batches
from core.store.schema import campaigns, patients, recipients, replies, users
from core.store.scope import in_scope, is_limited

_GUARANTOR = patients.alias("guarantor")
_COLUMNS = (
    replies.c.reply_id,
    replies.c.from_number,
    replies.c.body,
    replies.c.kind,
    replies.c.received_at,
    replies.c.answer,
    replies.c.status,
    replies.c.decision,
    replies.c.decided_at,
    func.coalesce(users.c.name, replies.c.decided_by).label("decided_by"),
    case((campaigns.c.deleted_at.is_(None), campaigns.c.campaign_id)).label("campaign_id"),
    campaigns.c.name.label("campaign_name"),
)
_JOINED = (
    replies.outerjoin(recipients, recipients.c.recipient_id == replies.c.recipient_id)
    .outerjoin(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
    .outerjoin(users, users.c.user_id == replies.c.decided_by)
)


@dataclass(frozen=True)
class Seen:
    """Whose replies a user may see. Born after `minors_since`: a minor, whose texts go to the guarantor's number."""

    scope: Scope
    minors_since: date


@dataclass(frozen=True)
class Wanted:
    """Which replies: of a status, unsure ones or the others, and with something in text, number or name."""

    status: str | None = None
    is_unsure: bool | None = None
    search: str = ""
    digits: str = ""
    number: str | None = None


def find(connection: Connection, wanted: Wanted, seen: Seen, *, skip: int, limit: int) -> list[Reply]:
    """The replies, newest first."""
    question = select(*_COLUMNS).select_from(_JOINED).where(_which(wanted, seen))
    question = question.order_by(replies.c.reply_id.desc()).offset(skip).limit(limit)
    return [Reply(**row._mapping) for row in connection.execute(question)]


def count(connection: Connection, wanted: Wanted, seen: Seen) -> int:
    """How many there are."""
    return connection.scalar(select(func.count()).select_from(replies).where(_which(wanted, seen))) or 0


def of_numbers(connection: Connection, numbers: Collection[str]) -> list[Reply]:
    """All replies from these numbers, newest first."""
    question = select(*_COLUMNS).select_from(_JOINED).where(replies.c.from_number.in_(numbers))
    return [Reply(**row._mapping) for row in connection.execute(question.order_by(replies.c.reply_id.desc()))]


def by_ids(connection: Connection, reply_ids: Collection[int], seen: Seen) -> list[Reply]:
    """Those of these ids that the user may see, held until the transaction ends."""
    found = []
    for ids in batches([str(reply_id) for reply_id in reply_ids]):
        question = select(*_COLUMNS).select_from(_JOINED).with_for_update(of=replies)
        question = question.where(replies.c.reply_id.in_([int(each) for each in ids]), _is_seen(seen))
        found += [Reply(**row._mapping) for row in connection.execute(question)]
    return found


def patient_ids(connection: Connection, numbers: Collection[str], seen: Seen) -> dict[str, list[str]]:
    """Which patients' texts go to each number: whose mobile it is, and minors whose guarantor's it is."""
    found: dict[str, list[str]] = defaultdict(list)
    own = select(patients.c.phone_mobile.label("number"), patients.c.patient_id)
    through = select(_GUARANTOR.c.phone_mobile.label("number"), patients.c.patient_id).select_from(_guaranteed())
    for question, mobile in ((own, patients), (through.where(_is_minor(seen)), _GUARANTOR)):
        question = question.where(mobile.c.phone_mobile.in_(numbers), in_scope(seen.scope))
        for row in connection.execute(question.order_by(patients.c.last, patients.c.first, patients.c.patient_id)):
            if row.patient_id not in found[row.number]:
                found[row.number].append(row.patient_id)
    return found


def numbers_of(connection: Connection, patient_id: str, seen: Seen) -> set[str]:
    """The numbers from which a patient, or a minor's guarantor, may answer a text."""
    own = select(patients.c.phone_mobile).where(patients.c.patient_id == patient_id)
    through = select(_GUARANTOR.c.phone_mobile).select_from(_guaranteed())
    through = through.where(patients.c.patient_id == patient_id, _is_minor(seen))
    return {number for question in (own, through) for number in connection.scalars(question) if number}


def decide(
    connection: Connection,
    reply_ids: Collection[int],
    *,
    status: str,
    decision: str,
    at: datetime | None,
    by: str | None,
) -> None:
    """Write what a person has decided; nobody, when it is taken back."""
    statement = update(replies).where(replies.c.reply_id.in_(reply_ids))
    connection.execute(statement.values(status=status, decision=decision, decided_at=at, decided_by=by))


def _which(wanted: Wanted, seen: Seen) -> ColumnElement[bool]:
    parts = [_is_seen(seen)]
    if wanted.status is not None:
        parts.append(replies.c.status == wanted.status)
    if wanted.is_unsure is not None:
        parts.append(replies.c.kind == "unsure" if wanted.is_unsure else replies.c.kind != "unsure")
    if wanted.search:
        parts.append(_has(wanted, seen))
    return and_(*parts)


def _has(wanted: Wanted, seen: Seen) -> ColumnElement[bool]:
    """The words in the text, in a patient's name, or the digits in the number."""
    name = func.coalesce(patients.c.first, "") + " " + func.coalesce(patients.c.last, "")
    named: Select[tuple[str | None]] = select(patients.c.phone_mobile).where(
        name.icontains(wanted.search, autoescape=True), in_scope(seen.scope)
    )
    ways = [replies.c.body.icontains(wanted.search, autoescape=True), replies.c.from_number.in_(named)]
    return or_(*ways, replies.c.from_number.contains(wanted.digits) if wanted.digits else literal(False))


def _is_seen(seen: Seen) -> ColumnElement[bool]:
    """Who is limited sees what came from the numbers of patients within the scope, and of unknown numbers nothing."""
    if not is_limited(seen.scope):
        return true()
    own = exists().where(patients.c.phone_mobile == replies.c.from_number, in_scope(seen.scope))
    through = (
        select(1)
        .select_from(_guaranteed())
        .where(_GUARANTOR.c.phone_mobile == replies.c.from_number, _is_minor(seen), in_scope(seen.scope))
    )
    return or_(own, through.correlate(replies).exists())


def _guaranteed() -> Join:
    """Patients with their guarantors."""
    return patients.join(_GUARANTOR, _GUARANTOR.c.patient_id == patients.c.guarantor_id)


def _is_minor(seen: Seen) -> ColumnElement[bool]:
    return patients.c.birth_date > seen.minors_since
