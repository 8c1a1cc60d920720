"""What texts and calls of the Twilio sandbox share: the account, its clock and rate, and signed requests."""

import asyncio
import base64
import hmac
import ipaddress
import logging
import math
import secrets
import string
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import aiohttp
from yarl import URL

from core.channels.twilio_sandbox_magic import CALLS, TO, Refusal, happens
from core.channels.twilio_sandbox_store import Store

_log = logging.getLogger(__name__)
_AT_ONCE = 20  # requests to the application
_TIMEOUT = aiohttp.ClientTimeout(total=15)  # as Twilio's
_KEPT = 4.0  # seconds that an idle connection is used again: less than web servers keep theirs
_LARGEST = 65_536  # bytes of an answer that are read
_COMMIT_EVERY = 0.2
_BEAT = 0.05  # seconds
_PLAIN = string.punctuation  # of an address: stays as it is, also what is already quoted


@dataclass(frozen=True)
class Answer:
    """What the application answered; status 0 when it did not."""

    status: int
    body: str = ""

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


class Exchange:
    """The telephone exchange of the sandbox. `speed` divides every delay; `started` opens what belongs to the loop."""

    def __init__(
        self,
        store: Store,
        *,
        account: str,
        token: str,
        number: str,
        webhooks: str = "",
        service: str = "",
        status: str = "active",
        speed: float = 1.0,
        limit_per_second: int | None = None,
    ) -> None:
        self.store = store
        self.account = account
        self.token = token
        self.number = number
        self.webhooks = webhooks.rstrip("/")
        self.service = service
        self.status = status  # of the account
        self._speed = speed
        self._limit = limit_per_second
        self._arrivals: deque[float] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._session: aiohttp.ClientSession | None = None
        self._has_warned = False

    async def started(self) -> None:
        """To be called in the loop, before anything else."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_AT_ONCE, keepalive_timeout=_KEPT),
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self.spawn(self._commit())

    async def stopped(self) -> None:
        """End what is under way; it stays as it is in the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()
        self.store.close()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something beside; a failure of it is logged by its kind alone, since its words may hold a number."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def wait(self, seconds: float) -> None:
        """Until the next beat after that time: many that wake together cost a fifth less than alone."""
        loop = asyncio.get_running_loop()
        beat = _BEAT / self._speed
        due = math.ceil((loop.time() + seconds / self._speed) / beat) * beat
        await asyncio.sleep(due - loop.time())

    def seconds(self, real: float) -> float:
        """How long a stretch of real time is on the sandbox's clock."""
        return real * self._speed

    def real(self, seconds: float) -> float:
        """How long a stretch of the sandbox's clock takes in real time."""
        return seconds / self._speed

    def admit(self) -> None:
        """Count a request that creates something. Raises Refusal over the limit of a second."""
        now = time.monotonic()
        while self._arrivals and self._arrivals[0] <= now - 1:
            self._arrivals.popleft()
        if self._limit is not None and len(self._arrivals) >= self._limit:
            raise Refusal(20429, retry_after=1)
        self._arrivals.append(now)

    def behaviour(self, kind: str, number: str) -> str:
        """How a number behaves: as it was told, or else as MAGIC says; '' for as usual."""
        told = self.store.behaviour(number)
        if told and (kind == CALLS) != told.startswith("undelivered:"):
            return told
        what = happens(kind, TO, number)
        return what if isinstance(what, str) else ""

    def may_call(self, url: str) -> bool:
        """Nothing leaves the machine: only loopback addresses and the application's own are requested."""
        if not is_address(url):
            return False
        host = urlsplit(url).hostname or ""
        return _is_loopback(host) or host == urlsplit(self.webhooks).hostname

    async def request(self, url: str, params: Mapping[str, str], *, method: str = "POST") -> Answer:
        """A signed request to the application, tried once more after a second when nothing listens or it hangs up."""
        if not self.may_call(url):
            self._warn()
            return Answer(0)
        if not url.isascii():
            url = quote(url, safe=_PLAIN)
        if method == "GET":
            url, params = _with_query(url, params), {}
        headers = {"X-Twilio-Signature": sign(self.token, url, params), "User-Agent": "TwilioProxy/1.1"}
        headers["I-Twilio-Idempotency-Token"] = secrets.token_hex(16)  # the same when it is tried again
        body = urlencode(params).encode() if params else b""
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        for is_last in (False, True):
            try:
                return await self._request(method, URL(url, encoded=True), body, headers)
            except TimeoutError:
                return Answer(0)
            except (aiohttp.ClientError, OSError):
                if not is_last:
                    await self.wait(1)
        return Answer(0)

    async def _request(self, method: str, url: URL, body: bytes, headers: Mapping[str, str]) -> Answer:
        assert self._session is not None
        async with (
            self._places,
            self._session.request(method, url, data=body or None, headers=headers, allow_redirects=False) as response,
        ):
            return Answer(response.status, await _body(response))

    def _warn(self) -> None:
        """Say once that the application hears nothing; its address may hold a patient's id, so it is not said."""
        if not self._has_warned:
            self._has_warned = True
            _log.warning("The Twilio sandbox tells nothing to an address that is not on this machine.")

    async def _commit(self) -> None:
        while True:
            await asyncio.sleep(_COMMIT_EVERY)
            self.store.commit()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            _log.error("Something of the Twilio sandbox failed: %s", type(problem).__name__)


def sign(token: str, url: str, params: Mapping[str, str]) -> str:
    """Twilio's signature of a request: the URL and the sorted parameters, keyed with the token."""
    signed = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def is_address(url: str) -> bool:
    """A URL that may be called back."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
    except ValueError:
        return False


async def _body(response: aiohttp.ClientResponse) -> str:
    """As much of it as anybody may need."""
    content = bytearray()
    if response.content_length != 0:
        async for part in response.content.iter_any():
            content += part
            if len(content) > _LARGEST:
                break
    return content.decode("utf-8", "replace")


def _with_query(url: str, params: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *params.items()])
    return parts._replace(query=query).geturl()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
