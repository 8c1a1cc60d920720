"""What is said and asked within an answered call of the Twilio sandbox: TwiML, run as by a patient who listens."""

import asyncio
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import urljoin
from xml.etree.ElementTree import Element  # nosec B405 # the classes only: defusedxml reads

from core.channels.twilio_sandbox_line import Line
from core.channels.twilio_sandbox_magic import CALLS
from core.channels.twilio_sandbox_twiml import document, words

_MOST_VERBS = 50  # in a call, so that documents that lead to each other end
_A_WORD, _LONGEST_SAYING = 0.3, 2.0  # seconds
_PLAYING, _TALKING = 1.0, 1.0
_LONGEST_PAUSE = 10.0
_KEYS_TIMEOUT = "5"
_UNANSWERED = ("busy", "no-answer", "failed")


class _Over(Exception):
    """The call ends here."""


async def speak(line: Line) -> None:
    """Fetch what is to be said, and go through it until it ends or hangs up."""
    try:
        await _Script(line).run()
    except _Over:
        pass
    finally:
        line.is_asking = False


class _Script:
    """One run. `_url` is where the current document came from; relative addresses are read from there."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._exchange = line.exchange
        self._url = ""
        self._left = _MOST_VERBS
        self._verbs = {
            "Say": self._say,
            "Pause": self._pause,
            "Play": self._play,
            "Gather": self._gather,
            "Dial": self._dial,
            "Redirect": self._redirect,
            "Hangup": self._hang_up,
            "Reject": self._hang_up,
        }

    async def run(self) -> None:
        request = self._line.request
        following: Element | None
        if request.get("Twiml"):
            following = self._read(request["Twiml"])
        else:
            following = await self._fetch(request["Url"], request.get("Method", "POST"))
        while following is not None:
            following = await self._go_through(following)

    async def _go_through(self, root: Element) -> Element | None:
        """The document that takes over, if one does."""
        for verb in root:
            following = await self._do(verb)
            if following is not None:
                return following
        return None

    async def _do(self, verb: Element) -> Element | None:
        self._left -= 1
        if self._left < 0:
            self._fail(f"More than {_MOST_VERBS} verbs in one call")
        if verb.tag in self._verbs:
            return await self._verbs[verb.tag](verb)
        self._line.note(verb.tag, "The sandbox does not know this verb and went on.")
        return None

    async def _say(self, verb: Element) -> None:
        text = words(verb)
        self._line.note("Say", text, language=verb.get("language", ""))
        await self._listen(min(_LONGEST_SAYING, _A_WORD * len(text.split())))

    async def _pause(self, verb: Element) -> None:
        length = _number(verb.get("length"), 1)
        self._line.note("Pause", f"{length:g}")
        await self._listen(min(length, _LONGEST_PAUSE))

    async def _play(self, verb: Element) -> None:
        self._line.note("Play", words(verb) or verb.get("digits", ""))
        await self._listen(_PLAYING)

    async def _gather(self, verb: Element) -> Element | None:
        """Keys that were pressed before count, so that somebody who knows the menu need not wait."""
        self._line.is_asking = True
        self._line.note("Gather", outcome="asked")
        for prompt in verb:
            if prompt.tag in ("Say", "Pause", "Play"):
                await self._do(prompt)
        digits, finished = await self._keys(verb)
        self._line.is_asking = False
        if not digits and not finished and verb.get("actionOnEmptyResult", "").lower() != "true":
            self._line.note("Gather", outcome="no key")
            return None
        self._line.note("Gather", digits, outcome="pressed")
        return await self._act(verb, {"Digits": digits, "FinishedOnKey": finished, "msg": "Gather End"})

    async def _keys(self, verb: Element) -> tuple[str, str]:
        """The keys that were pressed, and the one that ended it if one did."""
        most, ending = int(_number(verb.get("numDigits"), 0)), verb.get("finishOnKey", "#")
        patience = self._exchange.real(_number(verb.get("timeout"), float(_KEYS_TIMEOUT)))
        digits = ""
        while not most or len(digits) < most:
            try:
                async with asyncio.timeout(patience):
                    key = await self._line.keys.get()
            except TimeoutError:
                break
            if key in ending:
                return digits, key
            digits += key
        return digits, ""

    async def _dial(self, verb: Element) -> Element | None:
        """The other end answers, unless its number was told otherwise."""
        numbers = [words(child) for child in verb if child.tag == "Number"] or [words(verb)]
        behaviour = self._exchange.behaviour(CALLS, numbers[0])
        outcome = behaviour if behaviour in _UNANSWERED else "connected"
        self._line.note("Dial", numbers[0], outcome=outcome)
        await self._listen(_TALKING)
        if verb.get("action") is None:
            return None
        is_connected = outcome == "connected"
        told = {"DialCallStatus": "completed" if is_connected else outcome, "DialBridged": str(is_connected).lower()}
        return await self._act(verb, told | ({"DialCallDuration": "1"} if is_connected else {}))

    async def _redirect(self, verb: Element) -> Element:
        self._line.note("Redirect")
        return await self._fetch(urljoin(self._url, words(verb)), verb.get("method", "POST"))

    async def _hang_up(self, verb: Element) -> None:
        self._line.note(verb.tag)
        raise _Over

    async def _act(self, verb: Element, told: Mapping[str, str]) -> Element:
        """Go to a verb's action, which is the current document when none is named."""
        return await self._fetch(urljoin(self._url, verb.get("action", "")), verb.get("method", "POST"), told)

    async def _fetch(self, url: str, method: str, told: Mapping[str, str] | None = None) -> Element:
        answer = await self._exchange.request(url, self._line.told() | dict(told or {}), method=method.upper())
        if not answer.is_good:
            self._fail(f"The application did not say what comes next (HTTP {answer.status})" if answer.status else "")
        self._url = url
        return self._read(answer.body)

    def _read(self, text: str) -> Element:
        root = document(text)
        if root is None or root.tag != "Response":
            self._fail("The application's answer is not TwiML")
        return root

    async def _listen(self, seconds: float) -> None:
        """Let time pass, unless the patient has already pressed a key."""
        if self._line.keys.empty():
            await self._exchange.wait(seconds)

    def _fail(self, reason: str) -> NoReturn:
        self._line.note("Error", reason or "The application did not answer")
        raise _Over


def _number(text: str | None, default: float) -> float:
    try:
        return max(0.0, float(text)) if text else default
    except ValueError:
        return default
