"""Calls of the Twilio sandbox: made, answered or not, and ended."""

import secrets
import time
from collections.abc import Mapping, Sequence

import orjson

from core.channels.twilio_sandbox_exchange import Exchange, is_address
from core.channels.twilio_sandbox_line import Line
from core.channels.twilio_sandbox_magic import CALLS, Refusal, is_number, refuse_magic
from core.channels.twilio_sandbox_store import Call, Condition
from core.channels.twilio_sandbox_voice import speak

_DIALLING, _BEFORE_RINGING, _RINGING = 0.2, 0.3, 1.0  # seconds
_LONGEST_RINGING = 5.0  # of a call that nobody answers, however long it may ring
_UNANSWERED = ("busy", "no-answer", "failed")
_DETECTION = ("Enable", "DetectMessageEnd")
# what machine detection hears, and after how many seconds
_HEARD = {
    ("human", "Enable"): ("human", 0.5),
    ("human", "DetectMessageEnd"): ("human", 0.5),
    ("machine", "Enable"): ("machine_start", 1.0),
    ("machine", "DetectMessageEnd"): ("machine_end_beep", 3.0),
    ("fax", "Enable"): ("fax", 1.0),
    ("fax", "DetectMessageEnd"): ("fax", 1.0),
}


class Calls:
    """The calls under way."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._lines: dict[str, Line] = {}

    def make(self, form: Sequence[tuple[str, str]]) -> Call:
        """Make a call, as POST Calls.json. Raises Refusal with Twilio's error."""
        request = dict(form)
        request["StatusCallbackEvent"] = " ".join(value for name, value in form if name == "StatusCallbackEvent")
        _require(request)
        refuse_magic(CALLS, sender=request["From"], recipient=request["To"])
        _require_numbers(request)
        now, sid = time.time(), "CA" + secrets.token_hex(16)
        asked = orjson.dumps(request).decode()
        call = Call(sid, request["From"], request["To"], "queued", now, now, asked)
        self._exchange.store.add(call)
        line = self._lines[sid] = Line(self._exchange, call, request)
        line.task = self._exchange.spawn(self._run(line))
        return call

    def end(self, sid: str, status: str) -> Call:
        """Hang up (completed), or only if nobody has answered yet (canceled). Raises Refusal when it is over."""
        line = self._under_way(sid)
        if status not in ("canceled", "completed"):
            raise Refusal(20001)
        is_answered = line.call.status == "in-progress"
        if is_answered and status == "canceled":
            raise Refusal(21220)
        self._finish(line, "completed" if is_answered else "canceled")
        return line.call

    def press(self, sid: str, digits: str) -> None:
        """Press keys: now if the call asks for some, or else as soon as it does. Raises Refusal when nobody can."""
        line = self._under_way(sid)
        if not digits or set(digits) - set("0123456789*#"):
            raise Refusal(20001)
        if self._who(line) != "human":
            raise Refusal(21220)
        for key in digits:
            line.keys.put_nowait(key)

    def is_asking(self, sid: str) -> bool:
        """Whether a call waits for keys now."""
        return sid in self._lines and self._lines[sid].is_asking

    def resume(self) -> None:
        """The calls that were under way when the sandbox stopped have failed, and the application is told so."""
        under_way = Condition("status IN ('queued', 'ringing', 'in-progress')", ())
        for call in self._exchange.store.find(Call, [under_way], limit=-1, oldest=True):
            Line(self._exchange, call, orjson.loads(call.request)).finish("failed")

    def _under_way(self, sid: str) -> Line:
        if sid in self._lines:
            return self._lines[sid]
        raise Refusal(20404 if self._exchange.store.get(Call, sid) is None else 21220)

    def _finish(self, line: Line, status: str) -> None:
        del self._lines[line.call.sid]
        if line.task:
            line.task.cancel()
        line.finish(status)

    async def _run(self, line: Line) -> None:
        try:
            status = await self._call(line)
        except Exception:
            line.finish("failed")
            raise
        finally:
            self._lines.pop(line.call.sid, None)
        line.finish(status)

    async def _call(self, line: Line) -> str:
        """How it ended."""
        wait, who = self._exchange.wait, self._who(line)
        await wait(_DIALLING)
        line.dial()
        await wait(_BEFORE_RINGING)
        if who == "failed":
            return who
        line.ring()
        await wait(_ringing(line.request) if who == "no-answer" else _RINGING)
        if who in _UNANSWERED:
            return who
        line.answer()
        await self._detect(line, who)
        await speak(line)
        return "completed"

    def _who(self, line: Line) -> str:
        behaviour = self._exchange.behaviour(CALLS, line.call.recipient)
        return behaviour if behaviour in (*_UNANSWERED, "machine", "fax") else "human"

    async def _detect(self, line: Line, who: str) -> None:
        """Machine detection: before anything is said, or beside it when that was asked for."""
        mode = line.request.get("MachineDetection", "")
        if mode not in _DETECTION:
            return
        heard, seconds = _HEARD.get((who, mode), ("human", 0.5))
        if line.request.get("AsyncAmd", "").lower() == "true":
            self._exchange.spawn(self._detect_beside(line, heard, seconds))
            return
        await self._exchange.wait(seconds)
        line.detect(heard)

    async def _detect_beside(self, line: Line, heard: str, seconds: float) -> None:
        await self._exchange.wait(seconds)
        line.detect(heard)
        url, method = line.request.get("AsyncAmdStatusCallback"), line.request.get("AsyncAmdStatusCallbackMethod")
        if url:
            own = {"CallSid": line.call.sid, "AccountSid": self._exchange.account, "AnsweredBy": heard}
            own["MachineDetectionDuration"] = str(int(seconds * 1000))
            await self._exchange.request(url, own, method=method or "POST")


def _ringing(request: Mapping[str, str]) -> float:
    return min(float(request.get("Timeout") or 60), _LONGEST_RINGING)


def _require(request: Mapping[str, str]) -> None:
    if not request.get("To"):
        raise Refusal(21201)
    if not request.get("From"):
        raise Refusal(21213)
    if not request.get("Twiml") and not is_address(request.get("Url", "")):
        raise Refusal(21205)
    if request.get("StatusCallback") and not is_address(request["StatusCallback"]):
        raise Refusal(21609)
    timeout = request.get("Timeout") or "60"
    if not (timeout.isascii() and timeout.isdigit() and int(timeout) <= 600):
        raise Refusal(20001)


def _require_numbers(request: Mapping[str, str]) -> None:
    if not is_number(request["From"]):
        raise Refusal(21212)
    if not is_number(request["To"]):
        raise Refusal(21211)
