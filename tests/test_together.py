"""Requests that arrive together are done together, and none takes another along."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from core.web import together
from core.web.together import Together, TooBusy


class Work:
    """Doubles numbers; refuses everything that comes together with a negative one. Waits until it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.may_go_on.wait(10)
        self.batches.append(list(items))
        if any(item < 0 for item in items):
            raise ValueError("negative")
        return [2 * item for item in items]


async def asked(doing: Together[int, int], numbers: Sequence[int]) -> list[int | BaseException]:
    return await asyncio.gather(*(doing.answer(number) for number in numbers), return_exceptions=True)


def test_what_arrives_while_others_are_done_is_done_in_one_go_and_each_gets_its_own_answer() -> None:
    work = Work()
    work.may_go_on.clear()
    doing = Together(work, most=40)

    async def hundred() -> list[int | BaseException]:
        asyncio.get_running_loop().call_later(0.2, work.may_go_on.set)
        return await asked(doing, range(100))

    assert asyncio.run(hundred()) == [2 * number for number in range(100)]
    assert len(work.batches) <= 4 and max(map(len, work.batches)) == 40


def test_one_that_cannot_be_done_never_takes_the_others_along() -> None:
    work = Work()
    work.may_go_on.clear()

    async def with_a_bad_one() -> list[int | BaseException]:
        asyncio.get_running_loop().call_later(0.2, work.may_go_on.set)
        return await asked(Together(work), [1, 2, -3, 4])

    answers = asyncio.run(with_a_bad_one())

    assert answers[:2] == [2, 4] and answers[3] == 8
    assert isinstance(answers[2], ValueError)


def test_it_serves_one_event_loop_after_the_other_and_several_at_once() -> None:
    doing = Together(Work())
    found = [asyncio.run(asked(doing, [1, 2])) for _ in range(2)]
    loops = [threading.Thread(target=lambda: found.append(asyncio.run(asked(doing, [1, 2])))) for _ in range(4)]

    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join()

    assert found == [[2, 4]] * 6


def test_who_has_gone_is_done_all_the_same_and_disturbs_nobody() -> None:
    work = Work()
    doing = Together(work)

    async def leaves() -> list[int | BaseException]:
        work.may_go_on.clear()
        waiting = asyncio.ensure_future(doing.answer(1))
        await asyncio.sleep(0.05)
        waiting.cancel()
        work.may_go_on.set()
        return await asked(doing, [2])

    assert asyncio.run(leaves()) == [4]
    assert [1] in work.batches


def test_what_outlives_its_event_loop_is_done_and_the_next_loop_served() -> None:
    work = Work()
    doing = Together(work)
    work.may_go_on.clear()

    async def gives_up() -> None:
        await asyncio.wait_for(doing.answer(1), 0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(gives_up())
    work.may_go_on.set()

    assert asyncio.run(asked(doing, [2])) == [4]
    assert [1] in work.batches


def test_a_queue_that_is_too_long_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "LONGEST_QUEUE", 3)
    work = Work()
    work.may_go_on.clear()

    async def many() -> list[int | BaseException]:
        asyncio.get_running_loop().call_later(0.2, work.may_go_on.set)
        return await asked(Together(work, most=1), range(8))

    answers = asyncio.run(many())

    assert any(isinstance(answer, TooBusy) for answer in answers)
    assert [answer for answer in answers if isinstance(answer, int)][:3] == [0, 2, 4]
