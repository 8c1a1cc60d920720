"""What ledgers tell of the time since a backup, in SQL: rows put to the state they had, or made again."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from core.domain.message import RESTORED
from core.store.contacts import batches
from core.store.database import UtcDateTime
from core.store.schema import attempts, campaigns, corrections, merges, opt_outs, patients, recipients

_REMOVAL = ("removed_at", "removed_by", "removed_how", "removed_note")
_SAME = ("source", "type", "protocol", "patient_id", "address", "starts_on", "until", "made_at")


def campaign_row(connection: Connection, campaign_id: str) -> Any:
    """A campaign's id, channel, status and sender; None when there is none."""
    columns = (campaigns.c.campaign_id, campaigns.c.channel, campaigns.c.status, campaigns.c.from_email)
    return connection.execute(select(*columns).where(campaigns.c.campaign_id == campaign_id)).one_or_none()


def make_campaign(connection: Connection, told: Mapping[str, Any], *, status: str, at: datetime) -> None:
    """A campaign that was made after the backup, as the ledger has it."""
    row = _read(campaigns, told) | {"status": status, "finished_at": at}
    taken = select(campaigns.c.campaign_id).where(campaigns.c.name_key == row["name_key"])
    if connection.scalar(taken):
        row["name"] = f"{row['name']} ({row['campaign_id']})"
        row["name_key"] = row["name"].casefold()
    connection.execute(insert(campaigns).values(row))


def change_campaign(connection: Connection, campaign_id: str, status: str, *, at: datetime) -> bool:
    """Stopped, or taken back, after the backup; False when it is so already or was finished."""
    before = ("active", "inactive") if status == "stopped" else ("active",)
    values: dict[str, Any] = {"status": status, "version": campaigns.c.version + 1}
    values |= {"finished_at": at} if status == "stopped" else {"activated_at": None, "activated_by": None}
    statement = update(campaigns).where(campaigns.c.campaign_id == campaign_id, campaigns.c.status.in_(before))
    return connection.execute(statement.values(values)).rowcount == 1


def recipients_of(connection: Connection, campaign_id: str) -> list[Any]:
    """Who is in a campaign, with the state."""
    columns = [recipients.c[name] for name in ("recipient_id", "patient_id", "state", "reason", "attempt_count")]
    return list(connection.execute(select(*columns).where(recipients.c.campaign_id == campaign_id)))


def attempts_of(connection: Connection, recipient_ids: Collection[int]) -> dict[int, dict[int, str | None]]:
    """The outcome of each attempt that the database knows, by recipient and number."""
    found: dict[int, dict[int, str | None]] = defaultdict(dict)
    columns = (attempts.c.recipient_id, attempts.c.number, attempts.c.outcome)
    for ids in batches(recipient_ids):
        for recipient_id, number, outcome in connection.execute(
            select(*columns).where(attempts.c.recipient_id.in_(ids))
        ):
            found[recipient_id][number] = outcome
    return found


def make_recipient(connection: Connection, recipient_id: int, campaign_id: str, patient_id: str) -> int:
    """A recipient who was added after the backup, under the number that stands in the stop link, if it is free."""
    row: dict[str, Any] = {"campaign_id": campaign_id, "patient_id": patient_id, "state": "waiting"}
    if connection.scalar(select(recipients.c.recipient_id).where(recipients.c.recipient_id == recipient_id)) is None:
        row["recipient_id"] = recipient_id
    made = connection.scalar(insert(recipients).values(row).returning(recipients.c.recipient_id))
    assert made is not None
    return int(made)


def keep_attempt(connection: Connection, recipient_id: int, number: int, *, is_known: bool, **values: Any) -> None:
    """An attempt that was made after the backup, or one whose end the backup does not know."""
    if is_known:
        this = (attempts.c.recipient_id == recipient_id) & (attempts.c.number == number)
        del values["started_at"]
        connection.execute(update(attempts).where(this).values(values))
    else:
        row = {"recipient_id": recipient_id, "number": number, "worker": "ledger", **values}
        connection.execute(insert(attempts).values(row))


def drop_attempt(connection: Connection, recipient_id: int, number: int) -> None:
    """An attempt before which it was given up."""
    connection.execute(delete(attempts).where(attempts.c.recipient_id == recipient_id, attempts.c.number == number))


def change(connection: Connection, recipient_id: int, **values: Any) -> None:
    """Put a recipient to the state it had."""
    connection.execute(update(recipients).where(recipients.c.recipient_id == recipient_id).values(values))


def merged_ids(connection: Connection) -> dict[str, str]:
    """Whose the ids are that were merged."""
    rows = connection.execute(select(merges.c.merged_id, merges.c.patient_id))
    return {row.merged_id: row.patient_id for row in rows}


def addresses(connection: Connection, patient_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Every address on file of these patients."""
    columns = (patients.c.email, patients.c.phone_mobile, patients.c.phone_home, patients.c.phone_work)
    found: dict[str, tuple[str, ...]] = {}
    for ids in batches(patient_ids):
        for row in connection.execute(select(patients.c.patient_id, *columns).where(patients.c.patient_id.in_(ids))):
            found[row.patient_id] = tuple(each for each in row[1:] if each)
    return found


def keep_opt_outs(connection: Connection, told: Iterable[Mapping[str, Any]]) -> int:
    """Opt-outs as they were made or removed since the backup, in the order of the lines; returns how many are news.

    Rows that say the same, made at one moment (a STOP, a START and a STOP that came together), are told apart by their
    numbers in the lines: while the last word about any of them is that it stands, one stands.
    """
    last: dict[tuple[Any, ...], dict[int, dict[str, Any]]] = defaultdict(dict)
    for each in told:
        row = _read(opt_outs, each)
        last[tuple(row[name] for name in _SAME)][row.pop("opt_out_id")] = row
    return sum(_keep_alike(connection, key, list(rows.values())) for key, rows in last.items())


def _keep_alike(connection: Connection, key: tuple[Any, ...], told: Sequence[dict[str, Any]]) -> bool:
    same = [opt_outs.c[name].is_not_distinct_from(value) for name, value in zip(_SAME, key, strict=True)]
    found = connection.execute(select(opt_outs.c.opt_out_id, opt_outs.c.removed_at).where(*same)).all()
    standing = next((row for row in told if row["removed_at"] is None), None)
    if any(each.removed_at is None for each in found):
        if standing is not None:
            return False
        removal = {name: told[-1][name] for name in _REMOVAL}
        connection.execute(update(opt_outs).where(*same, opt_outs.c.removed_at.is_(None)).values(removal))
        return True
    if found and standing is None:
        return False
    row = standing or told[-1]
    if row["source_key"] and _has_key(connection, row["source"], row["source_key"]):
        row = row | {"source_key": None}
    connection.execute(insert(opt_outs).values(row))
    return True


def keep_corrections(connection: Connection, told: Iterable[Mapping[str, Any]]) -> set[str]:
    """Corrections as they were made or ended since the backup; returns whose contact data that changes. One that is
    made ends the one before it."""
    changed: set[str] = set()
    for each in told:
        row = _read(corrections, each)
        del row["correction_id"]
        same = [corrections.c[name] == row[name] for name in ("patient_id", "field", "made_at")]
        found = connection.execute(select(corrections.c.correction_id, corrections.c.ended_at).where(*same)).first()
        if found is None:
            if row["ended_at"] is None:
                before = [corrections.c[name] == row[name] for name in ("patient_id", "field")]
                replaced = {"ended_at": row["made_at"], "ended_by": row["made_by"], "ended_how": "replaced"}
                statement = update(corrections).where(*before, corrections.c.ended_at.is_(None))
                connection.execute(statement.values(replaced))
            connection.execute(insert(corrections).values(row))
        elif found.ended_at is None and row["ended_at"] is not None:
            ended = {name: row[name] for name in ("ended_at", "ended_by", "ended_how")}
            this = corrections.c.correction_id == found.correction_id
            connection.execute(update(corrections).where(this).values(ended))
        else:
            continue
        changed.add(row["patient_id"])
    return changed


def waiting(connection: Connection) -> dict[str, int]:
    """How many recipients of campaigns that are not over wait, by channel; calls that are ringing among them."""
    question = (
        select(campaigns.c.channel, func.count())
        .join(recipients, recipients.c.campaign_id == campaigns.c.campaign_id)
        .where(_MAY_GO)
        .group_by(campaigns.c.channel)
    )
    return {row[0]: row[1] for row in connection.execute(question)}


def give_up(connection: Connection, channels: Collection[str], *, at: datetime) -> int:
    """Those who wait by these channels may have got their message: unknown, never sent again by itself."""
    concerned = (
        select(recipients.c.recipient_id)
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(_MAY_GO, campaigns.c.channel.in_(channels))
    )
    statement = update(recipients).where(recipients.c.recipient_id.in_(concerned))
    values = {"state": "unknown", "reason": RESTORED, "next_at": None, "claimed_by": None, "finished_at": at}
    return connection.execute(statement.values(values)).rowcount


_MAY_GO = campaigns.c.status.in_(("active", "inactive")) & or_(
    recipients.c.state == "waiting", recipients.c.state == "calling"
)


def unsettled(connection: Connection, channel: str) -> list[Any]:
    """Those of a channel who wait, or of whom the backup does not know whether their message left."""
    question = (
        select(
            recipients.c.recipient_id,
            recipients.c.campaign_id,
            recipients.c.patient_id,
            recipients.c.state,
            campaigns.c.from_email,
        )
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(
            campaigns.c.channel == channel,
            or_(_MAY_GO, (recipients.c.state == "unknown") & (recipients.c.reason == RESTORED)),
        )
    )
    return list(connection.execute(question))


def known_recipients(connection: Connection, names: Collection[tuple[str, int]]) -> int:
    """How many of these campaigns and recipients are here."""
    found = 0
    wanted = set(names)
    for ids in batches({recipient_id for _, recipient_id in names}):
        question = select(recipients.c.campaign_id, recipients.c.recipient_id).where(recipients.c.recipient_id.in_(ids))
        found += sum((row.campaign_id, row.recipient_id) in wanted for row in connection.execute(question))
    return found


def patients_with(connection: Connection, numbers: Collection[str]) -> dict[str, set[str]]:
    """The patients that have these numbers, by number."""
    found: dict[str, set[str]] = defaultdict(set)
    for some in batches(numbers):
        for column in (patients.c.phone_mobile, patients.c.phone_home, patients.c.phone_work):
            question = select(column, patients.c.patient_id).where(column.in_(some))
            for number, patient_id in connection.execute(question):
                found[number].add(patient_id)
    return found


def known_provider_ids(connection: Connection, provider_ids: Collection[str]) -> set[str]:
    """Those of the provider's messages that recipients have."""
    found: set[str] = set()
    for some in batches(provider_ids):
        found |= set(connection.scalars(select(recipients.c.message_id).where(recipients.c.message_id.in_(some))))
    return found


def _has_key(connection: Connection, source: str, key: str) -> bool:
    question = select(opt_outs.c.opt_out_id).where(opt_outs.c.source == source, opt_outs.c.source_key == key)
    return connection.scalar(question) is not None


def _read(table: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the ledger with moments and days as such; columns that it is older than are left out."""
    row: dict[str, Any] = {}
    for column in table.c:
        if column.name not in told:
            continue
        value = told[column.name]
        if isinstance(value, str) and isinstance(column.type, UtcDateTime):
            value = datetime.fromisoformat(value)
        elif isinstance(value, str) and column.type.python_type is date:
            value = date.fromisoformat(value)
        row[column.name] = value
    return row
