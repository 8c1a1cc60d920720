"""The pace at which one worker may hand messages over: never more than so many in any second (S7).

A message counts from when its answer came, so that whatever its way took, the provider has had at most `count`
messages in any second. Workers that share an account share its pace; who they are is asked once a second, and one that
joins waits until the others have seen it. Where there are more workers than messages a second, the later ones wait.
"""

import time
from collections import deque
from collections.abc import Callable

_ASK_AGAIN = 1.0  # seconds
_JOINING = 3.0  # seconds a worker waits when it finds others


class Pacer:
    """At most `per_second` messages in any second over all workers. `place` says which of how many workers this one is,
    counted from 0; `clock` gives seconds and never steps back."""

    def __init__(
        self,
        per_second: int,
        place: Callable[[], tuple[int, int]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.per_second = per_second
        self._place = place
        self._clock = clock
        self._answered: deque[float] = deque(maxlen=per_second)
        self._share = 0  # this worker's messages in any second
        self._asked_at = -_ASK_AGAIN
        self._not_before = 0.0

    def wait(self) -> float:
        """Seconds until the next message may leave; 0 when it may."""
        now = self._clock()
        self._ask(now)
        if not self._share:
            return _ASK_AGAIN
        free_at = self._not_before
        if len(self._answered) >= self._share:
            free_at = max(free_at, self._answered[-self._share] + 1.0)
        return max(0.0, free_at - now)

    def answered(self) -> None:
        """A message was handed over, or refused, just now."""
        self._answered.append(self._clock())

    def _ask(self, now: float) -> None:
        if now - self._asked_at < _ASK_AGAIN:
            return
        is_first = self._asked_at < 0
        place, workers = self._place()
        workers = max(1, workers)
        self._share = self.per_second // workers if workers <= self.per_second else int(place < self.per_second)
        self._asked_at = now
        if is_first and workers > 1:
            self._not_before = now + _JOINING
