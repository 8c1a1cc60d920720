"""Texts of the Twilio sandbox: taken, sent on through their states, and answered by patients."""

import secrets
import time
from collections.abc import Mapping

from core.channels.twilio_sandbox_answers import API_VERSION, delivery_error, segments
from core.channels.twilio_sandbox_exchange import Exchange, is_address
from core.channels.twilio_sandbox_magic import (
    HELP_WORDS,
    START_WORDS,
    STOP_WORDS,
    TEXTS,
    Refusal,
    is_number,
    is_sender,
    refuse_magic,
)
from core.channels.twilio_sandbox_store import Condition, Store, Text
from core.channels.twilio_sandbox_twiml import messages_in

LONGEST = 1600  # letters
# state, and the seconds until it after the one before
_STATES = (("queued", 0.0), ("sending", 0.2), ("sent", 0.3), ("delivered", 1.0))
_STOPPED = "You have stopped these messages and will get no more of them. Reply START to get them again."
_STARTED = "You will get these messages again. Reply STOP to stop them, or HELP for help."
_HELP = "Reply STOP to stop these messages. Message and data rates may apply."


def take(exchange: Exchange, form: Mapping[str, str]) -> Text:
    """Take a text to be sent, as POST Messages.json. Raises Refusal with Twilio's error."""
    recipient, service = form.get("To", ""), form.get("MessagingServiceSid", "")
    sender = form.get("From", "") or (exchange.number if service else "")
    _require(form, sender=sender, recipient=recipient)
    refuse_magic(TEXTS, sender=sender, recipient=recipient)
    if not is_sender(sender):
        raise Refusal(21212)
    if not is_number(recipient):
        raise Refusal(21211)
    if sender == recipient:
        raise Refusal(21266)
    if exchange.store.is_blocked(recipient, sender):
        raise Refusal(21610)
    return _send(
        exchange,
        sender=sender,
        recipient=recipient,
        body=form["Body"],
        callback=form.get("StatusCallback", ""),
        service=service or None,
    )


async def reply(exchange: Exchange, *, patient: str, number: str, body: str) -> tuple[Text, int]:
    """A text from a patient: kept, and told to the application. Also the application's HTTP status, 0 for none.

    The words that stop and start messages are heeded here, as Twilio does by default, before the application hears.
    """
    now = time.time()
    text = Text(_new_sid(), "inbound", patient, number, body, "received", now, now, sent=now)
    exchange.store.add(text)
    _heed(exchange, text)
    if not exchange.webhooks:
        return text, 0
    answer = await exchange.request(f"{exchange.webhooks}/text", _incoming(exchange, text))
    if answer.is_good and not exchange.store.is_blocked(patient, number):
        for words in messages_in(answer.body):
            _send(exchange, sender=number, recipient=patient, body=words[:LONGEST], direction="outbound-reply")
    return text, answer.status


def resume(exchange: Exchange) -> None:
    """Go on with the texts that were under way when the sandbox stopped."""
    under_way = Condition("status IN ('accepted', 'queued', 'sending', 'sent')", ())
    for text in exchange.store.find(Text, [under_way], limit=-1, oldest=True):
        exchange.spawn(_send_on(exchange, text))


def _require(form: Mapping[str, str], *, sender: str, recipient: str) -> None:
    body, period = form.get("Body", ""), form.get("ValidityPeriod", "1")
    if not recipient:
        raise Refusal(21604)
    if not sender:
        raise Refusal(21603)
    if not body:
        raise Refusal(21602)
    if len(body) > LONGEST:
        raise Refusal(21617)
    if form.get("StatusCallback") and not is_address(form["StatusCallback"]):
        raise Refusal(21609)
    if not (period.isascii() and period.isdigit() and 1 <= int(period) <= 36_000):
        raise Refusal(21624)


def _send(
    exchange: Exchange,
    *,
    sender: str,
    recipient: str,
    body: str,
    direction: str = "outbound-api",
    callback: str = "",
    service: str | None = None,
) -> Text:
    now, status = time.time(), "accepted" if service else "queued"
    text = Text(_new_sid(), direction, sender, recipient, body, status, now, now, callback=callback, service=service)
    exchange.store.add(text)
    exchange.spawn(_send_on(exchange, text))
    return text


async def _send_on(exchange: Exchange, text: Text) -> None:
    """The states that follow the one a text has, each told to the sender."""
    behaviour = exchange.behaviour(TEXTS, text.recipient)
    names = [name for name, _ in _STATES]
    first = names.index(text.status) + 1 if text.status in names else 0
    for status, seconds in _STATES[first:]:
        await exchange.wait(seconds)
        error = None
        if status == "delivered" and behaviour.startswith("undelivered:"):
            status, error = "undelivered", int(behaviour.removeprefix("undelivered:"))
        text = _change(exchange.store, text, status=status, error=error)
        if text.callback:
            exchange.spawn(exchange.request(text.callback, _outcome(exchange, text)))


def _change(store: Store, text: Text, *, status: str, error: int | None) -> Text:
    now = time.time()
    sent = now if status == "sent" else text.sent
    return store.change(Text, text.sid, status=status, error=error, updated=now, sent=sent)


def _outcome(exchange: Exchange, text: Text) -> dict[str, str]:
    """What the sender is told of a state."""
    told = _of_a_text(exchange, text) | {"MessageStatus": text.status, "SmsStatus": text.status}
    if text.service:
        told["MessagingServiceSid"] = text.service
    if text.error:
        told |= {"ErrorCode": str(text.error), "ErrorMessage": delivery_error(text.error) or ""}
    if text.status in ("delivered", "undelivered"):
        told["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime(text.updated))
    return told


def _incoming(exchange: Exchange, text: Text) -> dict[str, str]:
    """What the application is told of a patient's text."""
    own = {"SmsMessageSid": text.sid, "SmsStatus": "received", "Body": text.body, "NumMedia": "0"}
    country = "US" if text.sender.startswith("+1") else ""
    places = {f"{end}{what}": "" for end in ("From", "To") for what in ("City", "State", "Zip")}
    countries = {"FromCountry": country, "ToCountry": "US", "NumSegments": str(segments(text.body))}
    return _of_a_text(exchange, text) | own | places | countries


def _of_a_text(exchange: Exchange, text: Text) -> dict[str, str]:
    return {
        "MessageSid": text.sid,
        "SmsSid": text.sid,
        "AccountSid": exchange.account,
        "From": text.sender,
        "To": text.recipient,
        "ApiVersion": API_VERSION,
    }


def _heed(exchange: Exchange, text: Text) -> None:
    """Stop, start or explain the messages of a number, when the text is one of the words for that and nothing else."""
    word, patient, number = text.body.strip().upper(), text.sender, text.recipient
    answer = ""
    if word in STOP_WORDS:
        exchange.store.block(patient, number)
        answer = _STOPPED
    elif word in START_WORDS and exchange.store.unblock(patient, number):
        answer = _STARTED
    elif word in HELP_WORDS:
        answer = _HELP
    if answer:
        _send(exchange, sender=number, recipient=patient, body=answer, direction="outbound-reply")


def _new_sid() -> str:
    return "SM" + secrets.token_hex(16)
