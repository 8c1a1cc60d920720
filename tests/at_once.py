"""Many threads that do the same at the same moment."""

import threading
from collections import Counter
from collections.abc import Callable


def at_once(number: int, do: Callable[[int], object]) -> Counter[str]:
    """How many of so many threads, which all begin at the same moment, came to which end."""
    ends: Counter[str] = Counter()
    start = threading.Barrier(number)

    def one(which: int) -> None:
        start.wait()
        try:
            do(which)
            ends["done"] += 1
        except Exception as error:  # counted, whatever it is
            ends[type(error).__name__] += 1

    threads = [threading.Thread(target=one, args=(which,)) for which in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
