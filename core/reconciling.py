"""After a restore: what is known of the time since the backup, and the word that lets messages leave again.

Everything is held until then. What ledgers, Twilio and logs of mail servers tell is taken in by core.ledger_replay,
core.reconcile_twilio and core.reconcile_mail; what nobody tells stays a person's decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.audit import record_in
from core.domain.organisation import CHANNELS, EMAIL, LETTER, PHONE, TEXT
from core.domain.role import OPERATE, names
from core.domain.standing import Difference
from core.domain.wording import moment_text
from core.errors import NotAllowed
from core.ledger_replay import Replayed, replay
from core.store import accounts, restore_rows
from core.store import replay_rows as rows
from core.store.database import reading, writing
from core.store.restore_rows import Restored
from core.store.standing_rows import kept_people
from core.workbench import Workbench, needs

MAYBE_SENT, NOT_SENT = "maybe-sent", "not-sent"
_NAMES = {EMAIL: "emails", TEXT: "texts", PHONE: "calls", LETTER: "letters"}
_MOST_SHOWN = 8
_NOTHING = "No restored backup waits to be reconciled."


@dataclass(frozen=True)
class Status:
    """What is known of the time between a backup and its restore.

    waiting      recipients by channel who would get a message once it is released
    unknown_of   channels of which nothing tells what left since the backup
    stops_known  whether the ledgers tell of every opt-out since
    missing      ledgers that were in use at the backup, or since as far as the database before the restore tells, and
                 were not given or are shorter than they were
    looked_at    sentences: what was asked, and how far it goes
    people       who came back otherwise than they were before the restore, or did not; None where people could not be
                 compared
    """

    made_at: datetime
    restored_at: datetime
    waiting: dict[str, int]
    unknown_of: tuple[str, ...]
    stops_known: bool
    missing: tuple[str, ...]
    looked_at: tuple[str, ...] = ()
    people: tuple[Difference, ...] | None = None

    @property
    def unknown_count(self) -> int:
        """How many wait of whom nothing tells whether they have got their message."""
        return sum(self.waiting.get(channel, 0) for channel in self.unknown_of)


def status(wb: Workbench) -> Status | None:
    """How a restored backup stands; None when nothing waits to be reconciled."""
    with reading(wb.engine) as connection:
        restored = restore_rows.open_restore(connection)
        return None if restored is None else _status(wb, restored, rows.waiting(connection))


def lines(wb: Workbench) -> list[str]:
    """The same in sentences, with what to do next."""
    found = status(wb)
    if found is None:
        return [_NOTHING]
    made, restored = (moment_text(at.astimezone(wb.zone())) for at in (found.made_at, found.restored_at))
    total = sum(found.waiting.values())
    by_channel = ", ".join(f"{count:,} {_NAMES[channel]}" for channel, count in sorted(found.waiting.items()))
    said = [
        f"The backup of {made} was restored on {restored}. Nothing is sent or printed until it is released.",
        f"{total:,} messages wait{f': {by_channel}' if total else ''}.",
        *found.looked_at,
    ]
    said += [
        f"The ledger {each} was in use at the backup or since and is not here: give it with --ledger."
        for each in found.missing
    ]
    if found.unknown_of:
        names = ", ".join(_NAMES[channel] for channel in found.unknown_of)
        said.append(
            f"Nothing tells which {names} left after the backup; {found.unknown_count:,} wait. Give ledgers, ask "
            "Twilio (--twilio) or give the mail server's log (--mail-log); else say with the release what shall become "
            "of them (--since-unknown)."
        )
    if not found.stops_known:
        said.append(
            "Opt-outs by link, complaint, key and staff after the backup are not known. Replies to texts are, once "
            "Twilio was asked."
        )
    said += _people(wb, found)
    if found.people is None:
        said.append(
            "The database before the restore was not there to ask which machines have sent: give also the ledger of a "
            "machine that sent for the first time after the backup."
        )
    said.append("Let messages leave again with: careloop reconcile --release --reason 'WHY'")
    return said


def _people(wb: Workbench, found: Status) -> list[str]:
    if found.people is None:
        can_act = [user for user, is_active in accounts.persons(wb.engine) if is_active]
        return [
            "People could not be compared with those of before the restore: whoever was switched off, had other roles "
            "or another password since the backup is as in the backup. Check them ('careloop user'), and say "
            "--people-checked with the release. Switched on are:",
            *(f"  {user.name} ({user.user_id}): {names(user.roles) or 'without a role'}" for user in can_act),
        ]
    if not found.people:
        return ["People are as they were before the restore."]
    return [
        f"{len(found.people):,} people are not as they were before the restore. Look at each, put right what is wrong "
        "('careloop user'), and say --people-checked with the release:",
        *(f"  {each}" for each in found.people),
    ]


@needs(OPERATE)
def take_ledgers(wb: Workbench, folders: Sequence[Path]) -> Replayed:
    """Take in ledgers of other machines, and the home's own again."""
    return replay(wb, [wb.settings.ledger, *folders])


@needs(OPERATE)
def release(
    wb: Workbench,
    *,
    reason: str,
    since_unknown: str | None = None,
    stops_may_be_missing: bool = False,
    people_checked: bool = False,
) -> dict[str, int]:
    """Let messages leave again; returns counts: `given_up` may have got theirs and wait no more, `waiting` still do.

    since_unknown         where nothing tells what left since the backup: 'maybe-sent' makes whoever waits 'unknown',
                          'not-sent' is a person's word that nothing left
    stops_may_be_missing  a person accepts that opt-outs since the backup are not known
    people_checked        a person has looked at who came back otherwise than before, and put right what was wrong
    Raises NotAllowed without a reason, and as long as one of these is to be decided and is not.
    """
    words = " ".join(reason.split())
    if not words:
        raise NotAllowed("A release needs a reason, for whoever asks later why messages were let go.")
    if since_unknown not in (None, MAYBE_SENT, NOT_SENT):
        raise NotAllowed(f"There is no '{since_unknown}'. Choose {MAYBE_SENT} or {NOT_SENT}.")
    with writing(wb.engine) as connection:
        restored = restore_rows.open_restore(connection)
        if restored is None:
            raise NotAllowed(_NOTHING)
        found = _status(wb, restored, rows.waiting(connection))
        _require_decided(found, since_unknown, stops_may_be_missing)
        _require_checked(found, people_checked)
        given_up = 0
        if found.unknown_of and since_unknown == MAYBE_SENT:
            given_up = rows.give_up(connection, found.unknown_of, at=wb.now())
        counts = {"given_up": given_up, "waiting": sum(rows.waiting(connection).values())}
        told = counts | {
            "since_unknown": since_unknown or "",
            "stops_known": found.stops_known,
            "people_differ": None if found.people is None else len(found.people),
            "people_checked": people_checked,
        }
        restore_rows.release(connection, at=wb.now(), by=wb.user.user_id, reason=words[:200], counts=told)
        record_in(wb, connection, "restore.released", restored.archive_id, reason=words[:200], **told)
    return counts


def _require_decided(found: Status, since_unknown: str | None, stops_may_be_missing: bool) -> None:
    if found.unknown_count and since_unknown is None:
        names = ", ".join(_NAMES[channel] for channel in found.unknown_of)
        raise NotAllowed(
            f"Nothing tells which {names} left after the backup, and {found.unknown_count:,} wait. Say with "
            f"--since-unknown {MAYBE_SENT} that they may have left (they are not sent again by themselves), or with "
            f"--since-unknown {NOT_SENT} that nothing left."
        )
    if not found.stops_known and not stops_may_be_missing:
        raise NotAllowed(
            "Opt-outs made after the backup are not known: somebody who said stop since may be written to. Give the "
            "ledgers of all machines with --ledger, enter again what staff remember, or say --stops-may-be-missing."
        )


def _require_checked(found: Status, people_checked: bool) -> None:
    if people_checked or found.people == ():
        return
    if found.people is None:
        raise NotAllowed(
            "People could not be compared with those of before the restore: whoever was switched off since the backup "
            "may be on. Look at them with 'careloop reconcile', put right what is wrong, and say --people-checked."
        )
    shown = [f"{each.name} ({each.user_id})" for each in found.people[:_MOST_SHOWN]]
    more = f" and {len(found.people) - _MOST_SHOWN:,} others" if len(found.people) > _MOST_SHOWN else ""
    raise NotAllowed(
        f"{', '.join(shown)}{more} came back otherwise than before the restore. 'careloop reconcile' says in what. Put "
        "right what is wrong, and say --people-checked."
    )


def _status(wb: Workbench, restored: Restored, waiting: dict[str, int]) -> Status:
    told = restored.sources.get("ledgers", {})
    missing = tuple(each for each in restored.ledgers if not told.get(each, {}).get("is_whole"))
    is_covered = bool(restored.ledgers) and not missing
    asked = {TEXT, PHONE} if restored.sources.get("twilio") else set()
    asked |= {EMAIL} if restored.sources.get("mail_logs") else set()
    unknown_of = () if is_covered else tuple(each for each in (*CHANNELS, LETTER) if each not in asked)
    people = kept_people(restored.sources)
    return Status(
        restored.made_at,
        restored.restored_at,
        waiting,
        unknown_of,
        is_covered,
        missing,
        tuple(_looked_at(wb, restored)),
        None if people is None else tuple(people),
    )


def _looked_at(wb: Workbench, restored: Restored) -> list[str]:
    said = _log_found(restored.sources.get("audit"))
    for ledger_id, about in restored.sources.get("ledgers", {}).items():
        until = about.get("until")
        reaches = moment_text(datetime.fromisoformat(until).astimezone(wb.zone())) if until else "nothing"
        said.append(f"The ledger {ledger_id} of {about['host']} was taken in; its last sign of life is {reaches}.")
    twilio = restored.sources.get("twilio")
    if twilio:
        said.append(
            f"Twilio was asked: {twilio['sent']:,} texts and calls since the backup, {twilio['found']:,} recipients "
            f"found among them; {twilio['received']:,} texts came in, {twilio['taken']:,} of them new."
        )
    said += [
        f"A mail log was read: {each['found']:,} recipients found, {each['strange']:,} mails of campaigns that the "
        "backup does not have."
        for each in restored.sources.get("mail_logs", [])
    ]
    return said


def _log_found(log: Mapping[str, Any] | None) -> list[str]:
    if log is None:
        return []
    beyond = f" {log['beyond']:,} noted heads are of lines after its last one and lie aside." if log["beyond"] else ""
    if log["problem"]:
        return [
            f"The audit log is not whole. {log['problem']} Somebody changed it in the archive or before, or the "
            f"archive is of another home. Keep the archive and what was put aside, and ask who had them.{beyond}"
        ]
    if not log["compared"]:
        return [
            f"The audit log of {log['lines']:,} lines fits together. Nothing was noted here to compare it with: "
            f"compare it with what you have noted elsewhere (careloop audit verify --noted).{beyond}"
        ]
    return [
        f"The audit log of {log['lines']:,} lines is whole, as it was noted here {log['compared']:,} times.{beyond}"
    ]
