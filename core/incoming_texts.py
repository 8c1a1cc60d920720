"""Texts that come in: each kept once, and what follows from it done in the same transaction (T6, O8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.address import is_number, phone_text
from core.domain.answering import HELP, START, STOP, Following, Situation, answer_text, following, kind_of
from core.domain.replies import classify
from core.patience import patiently
from core.store import replies as rows
from core.store.database import writing
from core.store.replies import LastText
from core.text_stops import restore_number, stop_number, stopped_numbers
from core.workbench import Workbench

LONGEST_ID = 64
LONGEST_BODY = 1600  # characters: Twilio joins the segments of a text up to here
_LONGEST_NUMBER = 20
_HELP_AGAIN = timedelta(minutes=1)  # two robots must not ask each other for help for ever


@dataclass(frozen=True)
class Incoming:
    """A text as Twilio hands it in. `opt_out_type` is 'STOP', 'START' or 'HELP' when Twilio has dealt with it."""

    provider_id: str
    from_number: str = field(repr=False)
    to_number: str = field(repr=False)
    body: str = field(repr=False)
    opt_out_type: str = ""


@dataclass
class _Known:
    """What is known of the numbers of a batch; changes as its texts are gone through."""

    stopped: set[str]
    helped: set[str]
    last: Mapping[str, LastText]


def take_all(wb: Workbench, texts: Sequence[Incoming]) -> list[str]:
    """Keep texts and do what they say, all or none; returns the answer to each, '' for none.

    A text that was taken before, or stands in the batch twice, changes nothing and is answered nothing.
    """
    return patiently(lambda: _take_all(wb, texts))


def _take_all(wb: Workbench, texts: Sequence[Incoming]) -> list[str]:
    answers = dict.fromkeys(range(len(texts)), "")
    at = wb.now()
    wb = replace(wb.settle(), clock=lambda: at)
    with writing(wb.engine) as connection:
        rows.one_at_a_time(connection)
        new = _new(connection, [_cleaned(text) for text in texts])
        if not new:
            return list(answers.values())
        known = _known(wb, connection, list(new.values()))
        follows = {place: _following(text, known) for place, text in new.items()}
        reply_ids = rows.add(connection, [_row(wb, new[place], follows[place], known) for place in new])
        for place, reply_id in zip(new, reply_ids, strict=True):
            _do(wb, connection, new[place], follows[place], reply_id)
        answers |= _answers(wb, connection, new, follows, known)
    return list(answers.values())


def _cleaned(text: Incoming) -> Incoming:
    """Without what PostgreSQL or UTF-8 cannot keep, and no longer than a text can be."""
    return Incoming(
        text.provider_id,
        _kept(text.from_number)[:_LONGEST_NUMBER],
        _kept(text.to_number)[:_LONGEST_NUMBER],
        _kept(text.body)[:LONGEST_BODY],
        text.opt_out_type,
    )


def _kept(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _new(connection: Connection, texts: Sequence[Incoming]) -> dict[int, Incoming]:
    """Those that were never taken, by their place; of a text that stands there twice the first."""
    seen = rows.known(connection, {text.provider_id for text in texts})
    new: dict[int, Incoming] = {}
    for place, text in enumerate(texts):
        if text.provider_id not in seen:
            seen.add(text.provider_id)
            new[place] = text
    return new


def _known(wb: Workbench, connection: Connection, texts: Sequence[Incoming]) -> _Known:
    numbers = {text.from_number for text in texts if is_number(text.from_number)}
    return _Known(
        stopped_numbers(connection, numbers),
        rows.helped(connection, numbers, since=wb.now() - _HELP_AGAIN),
        rows.last_texts(connection, numbers),
    )


def _following(text: Incoming, known: _Known) -> Following:
    number = text.from_number
    kind = kind_of(classify(text.body), text.body, text.opt_out_type)
    situation = Situation(is_number(number), number in known.stopped, number in known.helped)
    found = following(kind, text.body, text.opt_out_type, situation)
    if found.does == STOP:
        known.stopped.add(number)
    elif found.does == START:
        known.stopped.discard(number)
    if found.answer == HELP:
        known.helped.add(number)
    return found


def _row(wb: Workbench, text: Incoming, follows: Following, known: _Known) -> dict[str, object]:
    last = known.last.get(text.from_number)
    return {
        "provider_id": text.provider_id,
        "from_number": text.from_number,
        "to_number": text.to_number,
        "body": text.body,
        "kind": follows.kind,
        "received_at": wb.now(),
        "recipient_id": last.recipient_id if last else None,
        "answer": follows.answer,
        "status": follows.status,
    }


def _do(wb: Workbench, connection: Connection, text: Incoming, follows: Following, reply_id: int) -> None:
    if follows.does == STOP:
        stop_number(wb, connection, text.from_number, reply=reply_id)
    elif follows.does == START:
        restore_number(wb, connection, text.from_number, reply=reply_id)
    elif follows.answer == HELP:
        record_in(wb, connection, "reply.helped", str(reply_id))


def _answers(
    wb: Workbench, connection: Connection, new: Mapping[int, Incoming], follows: Mapping[int, Following], known: _Known
) -> dict[int, str]:
    """The words of the answers, by place; in the language of the last text to the number, or of its patient."""
    answered = {place: new[place].from_number for place in new if follows[place].answer}
    if not answered:
        return {}
    organisation = wb.organisation()
    on_file = rows.languages(connection, [number for number in answered.values() if number not in known.last])
    found = {}
    for place, number in answered.items():
        last = known.last.get(number)
        fields = last.fields if last else {}
        own = fields.get("help_number") or fields.get("call_back_number")
        call = own or organisation.help_number or organisation.call_back_number
        found[place] = answer_text(
            follows[place].answer,
            language=last.language if last else on_file.get(number),
            practice=organisation.name,
            number=phone_text(call),
        )
    return found
