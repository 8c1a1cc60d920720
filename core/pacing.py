"""The pace at which one worker may hand messages over: never more than so many in any second (S7).

A message counts from when its answer came, so that whatever its way took, the provider has had at most `count`
messages in any second. Workers that share an account share its pace; how many there are is asked once a second, and one
that joins waits until the others have seen it.
"""

import time
from collections import deque
from collections.abc import Callable

_ASK_AGAIN = 1.0  # seconds
_JOINING = 3.0  # seconds a worker waits when it finds others


class Pacer:
    """At most `per_second` messages in any second over all workers. `worker_count` says how many send now, this one
    included; `clock` gives seconds and never steps back."""

    def __init__(
        self, per_second: int, worker_count: Callable[[], int], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_second = per_second
        self._worker_count = worker_count
        self._clock = clock
        self._answered: deque[float] = deque(maxlen=per_second)
        self._workers = 0
        self._asked_at = -_ASK_AGAIN
        self._not_before = 0.0

    def wait(self) -> float:
        """Seconds until the next message may leave; 0 when it may."""
        now = self._clock()
        self._ask(now)
        free_at = self._not_before
        if len(self._answered) == self.per_second:
            free_at = max(free_at, self._answered[0] + self._workers)  # a share of the second, as a longer second
        return max(0.0, free_at - now)

    def answered(self) -> None:
        """A message was handed over, or refused, just now."""
        self._answered.append(self._clock())

    def _ask(self, now: float) -> None:
        if now - self._asked_at < _ASK_AGAIN:
            return
        first = self._workers == 0
        self._workers = max(1, self._worker_count())
        self._asked_at = now
        if first and self._workers > 1:
            self._not_before = now + _JOINING
