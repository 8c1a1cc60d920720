"""What Twilio's lists tell after a restore: texts and calls that left since the backup, and replies that came in.

Replies go the usual way (core.incoming_texts), with the moment at which they came, so that a STOP is a STOP and none
counts twice. A text or call that no recipient is known to have got belongs to whoever waits at that number: to the one,
or, when several wait there, perhaps to any of them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from core.audit import record_in
from core.channels.twilio_access import Entry
from core.domain.message import RESTORED
from core.domain.organisation import PHONE, TEXT
from core.domain.role import OPERATE
from core.errors import CareloopError, NotAllowed, SendError
from core.incoming_texts import Incoming, take_all
from core.store import replay_rows as rows
from core.store import replies, restore_rows
from core.store.database import reading, writing
from core.twilio_account import call_channel, text_channel
from core.workbench import Workbench, needs

_MARGIN = timedelta(minutes=5)  # clocks differ
_EVER = datetime(2000, 1, 1, tzinfo=UTC)  # a demo's clock is moved by hand, the stand-in's is not


@dataclass(frozen=True)
class TwilioFound:
    """`sent`: texts and calls since the backup; `found`: recipients who wait no more because of them; `received`: texts
    that came in, and how many were `taken` as new; `strange`: messages to numbers at which nobody waits."""

    sent: int
    found: int
    received: int
    taken: int
    strange: int


@needs(OPERATE)
def ask_twilio(wb: Workbench) -> TwilioFound:
    """Ask for everything since the backup. Raises NotAllowed when nothing waits, CareloopError when Twilio does not
    answer: then it is asked again later, and nothing counts as known."""
    with reading(wb.engine) as connection:
        restored = restore_rows.open_restore(connection)
    if restored is None:
        raise NotAllowed("No restored backup waits to be reconciled.")
    since = _EVER if wb.settings.demo else restored.made_at - _MARGIN
    texts, calls = _asked(wb, TEXT, since), _asked(wb, PHONE, since)
    received = [each for each in texts if each.direction == "inbound"]
    taken = _take(wb, received)
    sent = {
        TEXT: [each for each in texts if each.direction in ("outbound-api", "outbound-call")],
        PHONE: [each for each in calls if each.direction != "inbound"],
    }
    with writing(wb.engine) as connection:
        found = strange = 0
        for channel, entries in sent.items():
            settled, unknown = _settle(wb, connection, channel, entries)
            found, strange = found + settled, strange + unknown
        result = TwilioFound(sum(map(len, sent.values())), found, len(received), taken, strange)
        told = {"sent": result.sent, "found": found, "received": result.received, "taken": taken, "strange": strange}
        latest = restore_rows.open_restore(connection)
        sources = dict(latest.sources if latest else restored.sources) | {"twilio": told | {"at": wb.now().isoformat()}}
        restore_rows.keep_sources(connection, restored.restore_id, sources)
        record_in(wb, connection, "restore.twilio", restored.archive_id, **told)
    return result


def _asked(wb: Workbench, channel: str, since: Any) -> list[Entry]:
    asked = text_channel(wb.settings) if channel == TEXT else call_channel(wb.settings)
    try:
        return asked.made_since(since)
    except SendError as error:
        raise CareloopError(
            f"Twilio does not say what was sent since the backup ({error.reason}). Nothing was changed: see that it "
            "can be reached and that its account is right, then ask again."
        ) from None
    finally:
        asked.close()


def _take(wb: Workbench, received: Sequence[Entry]) -> int:
    """Replies in the order in which they came, each with its moment; returns how many were new."""
    with reading(wb.engine) as connection:
        known = replies.known(connection, {each.provider_id for each in received})
    # The list has the newest first; its moments are whole seconds, so of one second its order says which came first.
    in_order = list(reversed(received))
    in_order.sort(key=lambda each: each.at)
    new = [each for each in in_order if each.provider_id not in known]
    for each in new:
        at = each.at
        take_all(
            replace(wb, clock=lambda at=at: at),  # type: ignore[misc]
            [Incoming(each.provider_id, each.sender, each.to, each.body)],
        )
    return len(new)


def _settle(wb: Workbench, connection: Connection, channel: str, entries: Sequence[Entry]) -> tuple[int, int]:
    """Let nobody wait at whose number a message has come; returns how many, and at how many numbers nobody waits."""
    known = rows.known_provider_ids(connection, {each.provider_id for each in entries})
    by_number: dict[str, list[Entry]] = defaultdict(list)
    for each in entries:
        if each.provider_id not in known:
            by_number[each.to].append(each)
    people = rows.patients_with(connection, by_number)
    waiting: dict[str, list[Any]] = defaultdict(list)
    for one in rows.unsettled(connection, channel):
        waiting[one.patient_id].append(one)
    found = strange = 0
    for number, sent in by_number.items():
        here = [one for patient_id in people.get(number, ()) for one in waiting.get(patient_id, ())]
        strange += not here
        for one in here:
            _change(wb, connection, channel, one, sent[0] if len(here) == len(sent) == 1 else None, number)
            found += 1
    return found, strange


def _change(wb: Workbench, connection: Connection, channel: str, one: Any, entry: Entry | None, number: str) -> None:
    values: dict[str, Any] = {"address": number, "next_at": None, "claimed_by": None}
    if entry is None or channel == PHONE:
        values |= {"state": "unknown", "reason": RESTORED, "finished_at": wb.now()}
    else:
        left = {"handed_over_at": entry.at, "finished_at": entry.at}
        values |= {"state": "handed_over", "reason": "", "message_id": entry.provider_id, **left}
    rows.change(connection, one.recipient_id, **values)
