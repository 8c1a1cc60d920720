"""How fast one worker hands messages over: never more than so many in any second, and hardly less."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from core.pacing import Pacer


class Seconds:
    """A clock that only moves when somebody waits or works."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def handed_over(pacer: Pacer, clock: Seconds, *, count: int, takes: Callable[[int], float]) -> list[float]:
    """When each of `count` messages arrived, which may be at any moment until its answer comes; here at once."""
    arrived = []
    for number in range(count):
        while pause := pacer.wait():
            clock.now += pause
        arrived.append(clock.now)
        clock.now += takes(number)
        pacer.answered()
    return arrived


def most_in_a_second(arrived: list[float]) -> int:
    return max(sum(start <= at < start + 1 for at in arrived) for start in arrived)


@given(per_second=st.integers(1, 50), times=st.lists(st.floats(0, 0.3), min_size=1, max_size=30))
def test_never_more_than_so_many_in_any_second(per_second: int, times: list[float]) -> None:
    clock = Seconds()
    pacer = Pacer(per_second, lambda: (0, 1), clock=clock)

    arrived = handed_over(pacer, clock, count=150, takes=lambda number: times[number % len(times)])

    assert most_in_a_second(arrived) <= per_second


def test_a_hundred_a_second_are_a_hundred_a_second_when_each_takes_some_milliseconds() -> None:
    clock = Seconds()
    pacer = Pacer(100, lambda: (0, 1), clock=clock)

    arrived = handed_over(pacer, clock, count=2000, takes=lambda _number: 0.006)

    assert 0.95 * 100 <= 1999 / (arrived[-1] - arrived[0]) <= 105.3  # the first hundred leave at once
    assert most_in_a_second(arrived) == 100


@given(workers=st.integers(1, 5), per_second=st.integers(1, 12))
def test_several_workers_together_are_never_faster(workers: int, per_second: int) -> None:
    arrived: list[float] = []
    for place in range(min(workers, per_second)):
        clock = Seconds()
        pacer = Pacer(per_second, lambda place=place: (place, workers), clock=clock)  # type: ignore[misc]
        arrived += handed_over(pacer, clock, count=40, takes=lambda _number: 0.001)

    assert most_in_a_second(arrived) <= per_second


def test_where_there_are_more_workers_than_messages_a_second_the_later_ones_wait() -> None:
    clock = Seconds()
    pacer = Pacer(2, lambda: (2, 3), clock=clock)

    for _ in range(20):
        clock.now += pacer.wait()

    assert pacer.wait() > 0


def test_a_worker_that_finds_others_waits_until_they_have_seen_it() -> None:
    clock = Seconds()
    alone, joining = (Pacer(10, lambda count=count: (0, count), clock=clock) for count in (1, 2))  # type: ignore[misc]

    assert alone.wait() == 0 and joining.wait() == 3.0
