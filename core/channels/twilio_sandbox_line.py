"""The line of one call of the Twilio sandbox: its state, what was said and pressed, and who is told of it."""

import asyncio
import math
import time
from collections.abc import Mapping
from typing import Any

import orjson

from core.channels.twilio_sandbox_answers import API_VERSION, iso, moment
from core.channels.twilio_sandbox_exchange import Exchange
from core.channels.twilio_sandbox_store import Call


class Line:
    """A call under way. `request` is what the application asked for; `keys` wait until somebody asks for them."""

    def __init__(self, exchange: Exchange, call: Call, request: Mapping[str, str]) -> None:
        self.exchange = exchange
        self.call = call
        self.request = request
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.is_asking = False
        self.task: asyncio.Task[Any] | None = None
        self._answered_at: float | None = None
        self._told = 0
        self._transcript: list[dict[str, str]] = []

    def ring(self) -> None:
        now = time.time()
        self._change(status="ringing", started=now)
        self._tell("ringing")

    def dial(self) -> None:
        self._tell("initiated", status="initiated")

    def answer(self) -> None:
        self._answered_at = time.time()
        self._change(status="in-progress")
        self._tell("answered")

    def detect(self, who: str) -> None:
        """Who answered, as machine detection heard it."""
        self._change(answered_by=who)

    def finish(self, status: str) -> None:
        """The call is over. Only a completed one has an end and a duration, as Twilio's description says."""
        now = time.time()
        if status == "completed" and self._answered_at is not None:
            duration = max(1, math.ceil(self.exchange.seconds(now - self._answered_at)))
            self._change(status=status, ended=now, duration=duration)
        else:
            self._change(status=status)
        self._tell("completed", **self._length())

    def note(self, verb: str, text: str = "", *, language: str = "", outcome: str = "") -> None:
        """Add to what was said and done."""
        at = iso(time.time()) or ""
        self._transcript.append({"at": at, "verb": verb, "text": text, "language": language, "outcome": outcome})
        self._change(transcript=orjson.dumps(self._transcript).decode())

    def told(self) -> dict[str, str]:
        """What every request about this call says."""
        answered_by = {"AnsweredBy": self.call.answered_by} if self.call.answered_by else {}
        return {
            "CallSid": self.call.sid,
            "AccountSid": self.exchange.account,
            "From": self.call.sender,
            "To": self.call.recipient,
            "Caller": self.call.sender,
            "Called": self.call.recipient,
            "CallStatus": self.call.status,
            "Direction": "outbound-api",
            "ApiVersion": API_VERSION,
            **answered_by,
        }

    def _length(self) -> dict[str, str]:
        seconds = self.call.duration or 0
        return {"CallDuration": str(seconds), "Duration": str(math.ceil(seconds / 60))}

    def _change(self, **values: Any) -> None:
        self.call = self.exchange.store.change(Call, self.call.sid, updated=time.time(), **values)

    def _tell(self, event: str, *, status: str = "", **more: str) -> None:
        """Post an event that was asked for. Events are numbered, because the requests may overtake each other."""
        url, events = self.request.get("StatusCallback"), self.request.get("StatusCallbackEvent") or "completed"
        if not url or event not in events.split():
            return
        own = {"CallStatus": status or self.call.status, "SequenceNumber": str(self._told)}
        own |= {"CallbackSource": "call-progress-events", "Timestamp": moment(time.time()) or ""}
        self._told += 1
        method = self.request.get("StatusCallbackMethod", "POST")
        self.exchange.spawn(self.exchange.request(url, self.told() | own | more, method=method))
