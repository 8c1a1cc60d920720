"""Requests that arrive together are done together: one transaction, and so one wait for the disk, for all of them.

A database that keeps things for good takes some milliseconds for each transaction, whatever is in it. While one is
under way the next requests gather, and the one after takes them all.
"""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MOST = 200  # in one transaction: others wait for it
GATHERING = 0.02  # seconds in which others may join: nobody notices, and each transaction costs less
LONGEST_QUEUE = 20_000  # a minute at the fastest: whoever comes then is told to try again


class TooBusy(Exception):
    """More wait than can be answered before those who asked have gone."""


@dataclass(frozen=True)
class _Asked(Generic[Item, Answer]):
    """One item and who waits for its answer, in which event loop."""

    item: Item
    future: "asyncio.Future[Answer]"
    loop: asyncio.AbstractEventLoop


class Together(Generic[Item, Answer]):
    """Gathers items of any event loop and lets one thread do them.

    `work` takes some items and returns an answer for each, in their order; it raises when it has done none of them.
    Then they are done one by one, so that one that cannot be done never takes the others along.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Answer]], *, most: int = MOST) -> None:
        self._work = work
        self._most = most
        self._lock = threading.Lock()
        self._waiting: list[_Asked[Item, Answer]] = []
        self._is_running = False
        self._thread: ThreadPoolExecutor | None = None

    async def answer(self, item: Item) -> Answer:
        """The answer of `work` for this item, when it is done. Raises what `work` raised for it, or TooBusy."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        asked = _Asked(item, future, loop)
        with self._lock:
            if len(self._waiting) >= LONGEST_QUEUE:
                raise TooBusy
            self._waiting.append(asked)
            if not self._is_running:
                self._start()
        return await future

    def _start(self) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="together")
        self._thread.submit(self._run)
        self._is_running = True

    def _run(self) -> None:
        """Until nobody waits. In the thread."""
        time.sleep(GATHERING)
        while batch := self._next():
            outcomes = self._done([asked.item for asked in batch])
            _tell(list(zip(batch, outcomes, strict=True)))
            if len(batch) < self._most:
                time.sleep(GATHERING)

    def _next(self) -> list[_Asked[Item, Answer]]:
        with self._lock:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            self._is_running = bool(batch)
        return batch

    def _done(self, items: Sequence[Item]) -> list[Answer | Exception]:
        try:
            answers = list(self._work(items))
            if len(answers) != len(items):
                raise RuntimeError("there must be one answer for each item")
        except Exception as error:  # whoever asked gets it
            return [error] if len(items) == 1 else [self._done([item])[0] for item in items]
        return [*answers]


def _tell(outcomes: Sequence[tuple[_Asked[Any, Any], Any]]) -> None:
    """Wake each event loop once, for all who wait in it."""
    by_loop = defaultdict(list)
    for asked, outcome in outcomes:
        by_loop[asked.loop].append((asked.future, outcome))
    for loop, those in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, those)
        except RuntimeError:  # the loop has ended, and with it whoever asked
            continue


def _resolve(outcomes: "Sequence[tuple[asyncio.Future[Any], Any]]") -> None:
    for future, outcome in outcomes:
        if future.done():  # whoever asked has gone
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
