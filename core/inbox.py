"""The inbox: what patients have answered to texts, whom it may concern, and what staff decide about it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.answering import DONE, NEW, UNSURE
from core.domain.eligibility import ADULT_AGE
from core.domain.reply import Reply, ReplyPage
from core.domain.role import ANSWER_REPLIES, CHANGE_OPT_OUTS, READ_PATIENTS
from core.domain.wording import digits
from core.errors import NotAllowed, NotFound
from core.incoming_texts import LONGEST_BODY, LONGEST_ID, Incoming, take_all
from core.store import people as people_rows
from core.store import replies as taking
from core.store import reply_rows as rows
from core.store.database import reading, writing
from core.store.reply_rows import Seen, Wanted
from core.text_stops import BY_READING, stop_number, stopped_numbers, take_back_stop
from core.workbench import Workbench, needs

__all__ = [
    "LONGEST_BODY", "LONGEST_ID", "Incoming", "Reply", "ReplyPage", "decide", "mark_done", "mark_new", "of_patient",
    "replies", "take_all", "waiting_count",
]  # fmt: skip

PAGE_SIZE = 20
STOPPED, NOT_STOPPED = "stopped", "not_stopped"
_PHONE = re.compile(r"[0-9 ().+-]*[0-9][0-9 ().+-]*")  # what may be a part of a number
_NOT_SEEN = "There is no such reply among those you may see. Go back to the list and choose again."
_DECIDED = "Somebody has decided about this reply already. Open the list again to see what was decided."


@needs(READ_PATIENTS)
def replies(
    wb: Workbench,
    *,
    status: str | None = None,
    is_unsure: bool | None = None,
    search: str = "",
    page: int = 0,
    size: int = PAGE_SIZE,
) -> ReplyPage:
    """Replies, newest first, `size` on a page (pages count from 0), with the patients of their numbers.

    `status` is 'new' or 'done', `is_unsure` chooses those that may be a wish to stop, or the others. `search` finds a
    part of the text, of a patient's name or of the number. Who sees only some patients sees only the replies from
    their numbers; from unknown numbers only who sees everybody.
    """
    words = " ".join(search.split())
    number = digits(words) if _PHONE.fullmatch(words) else ""
    wanted = Wanted(status, is_unsure, words, number)
    with reading(wb.engine) as connection:
        found = rows.find(connection, wanted, _seen(wb), skip=page * size, limit=size)
        return ReplyPage(_with_people(wb, connection, found), rows.count(connection, wanted, _seen(wb)))


def waiting_count(wb: Workbench) -> int:
    """How many replies wait for a person, among those that the user may see."""
    with reading(wb.engine) as connection:
        return rows.count(connection, Wanted(status=NEW), _seen(wb))


@needs(READ_PATIENTS)
def of_patient(wb: Workbench, patient_id: str) -> list[Reply]:
    """The replies from the numbers to which this patient's texts go, newest first. Raises NotFound for a patient the
    user may not see."""
    with reading(wb.engine) as connection:
        if not people_rows.visible_ids(connection, [patient_id], wb.user.scope):
            raise NotFound("This patient is not in the records, or outside what you may see.")
        numbers = rows.numbers_of(connection, patient_id, _seen(wb))
        return _with_people(wb, connection, rows.of_numbers(connection, numbers))


@needs(ANSWER_REPLIES)
def decide(wb: Workbench, reply_id: int, *, stop: bool) -> bool:
    """Say whether an unsure reply is a wish to stop; if so, all texts to its number stop, for good and at once.

    Returns whether that stopped them, which it does not when they were stopped already. Nothing is answered. Raises
    NotFound for a reply the user may not see, NotAllowed when somebody has decided before.
    """
    with writing(wb.engine) as connection:
        reply = _held(wb, connection, [reply_id])[0]
        if reply.kind != UNSURE or reply.status != NEW:
            raise NotAllowed(_DECIDED)
        at = wb.now()
        is_new = stop and stop_number(
            replace(wb, clock=lambda: at), connection, reply.from_number, reason=BY_READING, reply=reply_id
        )
        decision = STOPPED if stop else NOT_STOPPED
        rows.decide(connection, [reply_id], status=DONE, decision=decision, at=at, by=wb.user.user_id)
        record_in(wb, connection, "reply.decided", str(reply_id), stop=stop)
    return is_new


@needs(ANSWER_REPLIES)
def mark_done(wb: Workbench, reply_ids: Collection[int]) -> int:
    """Say that these replies were dealt with; returns how many waited. Of unsure ones it must be decided instead."""
    with writing(wb.engine) as connection:
        waiting = [reply for reply in _held(wb, connection, reply_ids) if reply.status == NEW]
        if any(reply.kind == UNSURE for reply in waiting):
            raise NotAllowed("First say whether this reply is a wish to stop.")
        _mark(wb, connection, [reply.reply_id for reply in waiting], is_done=True)
    return len(waiting)


@needs(ANSWER_REPLIES)
def mark_new(wb: Workbench, reply_ids: Collection[int]) -> int:
    """Take back what a person said of these replies, a stop included; returns how many wait again.

    What was done by itself, such as a STOP, is not taken back. Whoever reads replies may stop texts, since a patient's
    wish must not wait; to let them go on again needs the permission CHANGE_OPT_OUTS, else NotAllowed is raised.
    """
    with writing(wb.engine) as connection:
        decided = [reply for reply in _held(wb, connection, reply_ids) if reply.decided_at is not None]
        for reply in decided:
            if reply.decision == STOPPED and reply.decided_at is not None:
                wb.require(CHANGE_OPT_OUTS)
                take_back_stop(wb, connection, reply.from_number, at=reply.decided_at, reply=reply.reply_id)
        _mark(wb, connection, [reply.reply_id for reply in decided], is_done=False)
    return len(decided)


def _mark(wb: Workbench, connection: Connection, reply_ids: Sequence[int], *, is_done: bool) -> None:
    at, by = (wb.now(), wb.user.user_id) if is_done else (None, None)
    rows.decide(connection, reply_ids, status=DONE if is_done else NEW, decision="", at=at, by=by)
    for reply_id in reply_ids:
        record_in(wb, connection, "reply.done" if is_done else "reply.reopened", str(reply_id))


def _held(wb: Workbench, connection: Connection, reply_ids: Collection[int]) -> list[Reply]:
    """These replies, while nobody else takes texts or decides. Raises NotFound when one may not be seen."""
    taking.one_at_a_time(connection)
    found = rows.by_ids(connection, reply_ids, _seen(wb))
    if len(found) != len(set(reply_ids)):
        raise NotFound(_NOT_SEEN)
    return found


def _with_people(wb: Workbench, connection: Connection, found: Sequence[Reply]) -> list[Reply]:
    numbers = {reply.from_number for reply in found}
    ids = rows.patient_ids(connection, numbers, _seen(wb))
    people = people_rows.people(connection, {each for those in ids.values() for each in those}, wb.user.scope)
    stopped = stopped_numbers(connection, numbers)
    return [
        replace(
            reply,
            people=tuple(people[each] for each in ids.get(reply.from_number, ()) if each in people),
            is_stopped=reply.from_number in stopped,
        )
        for reply in found
    ]


def _seen(wb: Workbench) -> Seen:
    today = wb.today()
    day = min(today.day, 28) if today.month == 2 else today.day  # 29 February has no day in most other years
    return Seen(wb.user.scope, date(today.year - ADULT_AGE, today.month, day))
