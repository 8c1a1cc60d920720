"""The journal of a sending worker: what the next one reads after a kill at any moment."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.store import journal
from core.store.journal import Journal, left_behind, start


def abandoned(folder: Path, *steps: tuple[str, int, int]) -> Path:
    """The file of a worker that was killed after these steps."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "w.journal"
    book = Journal(path, "host:1 w")
    for step, recipient_id, value in steps:
        if step == "begin":
            book.begin(recipient_id, value)
        else:
            book.end(value)
    os.close(book._file)
    return path


@pytest.mark.parametrize(
    ("steps", "replies"),
    [
        ((), {}),
        ((("begin", 7, 1),), {(7, 1): None}),
        ((("begin", 7, 1), ("end", 7, 250)), {(7, 1): 250}),
        ((("begin", 7, 1), ("end", 7, 451), ("begin", 8, 2)), {(7, 1): 451, (8, 2): None}),
        ((("end", 7, 550),), {}),
    ],
)
def test_a_journal_that_was_left_behind_says_how_far_each_message_got(
    tmp_path: Path, steps: tuple[tuple[str, int, int], ...], replies: dict[tuple[int, int], int | None]
) -> None:
    path = abandoned(tmp_path, *steps)

    found = list(left_behind(tmp_path))

    assert [(left.worker, dict(left.replies)) for left in found] == [("host:1 w", replies)]
    assert not path.exists()


def test_the_journal_of_a_living_worker_is_left_alone(tmp_path: Path) -> None:
    book = start(tmp_path, "w")
    book.begin(1, 1)

    assert list(left_behind(tmp_path)) == []

    book.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_worker_abandons_is_there_for_the_next(tmp_path: Path) -> None:
    book = start(tmp_path, "w")
    book.begin(1, 1)
    book.abandon()

    assert [dict(left.replies) for left in left_behind(tmp_path)] == [{(1, 1): None}]


def test_a_journal_stays_when_its_reader_breaks(tmp_path: Path) -> None:
    path = abandoned(tmp_path, ("begin", 7, 1))
    reading = left_behind(tmp_path)
    next(reading)

    reading.close()

    assert path.exists()


def test_what_is_in_the_database_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "j"
    path = abandoned(folder)
    path.unlink()
    book = Journal(path, "w")
    book.begin(7, 1)
    book.end(250)
    book.clear()
    book.begin(8, 1)
    os.close(book._file)

    assert [dict(left.replies) for left in left_behind(folder)] == [{(8, 1): None}]


def test_a_journal_of_another_machine_or_from_before_a_restart_proves_nothing_and_goes_after_a_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = abandoned(tmp_path, ("begin", 7, 1), ("end", 7, 250))
    monkeypatch.setattr(journal, "_boot_id", lambda: "another")

    assert list(left_behind(tmp_path)) == []
    assert path.exists()

    os.utime(path, (0, 0))
    assert list(left_behind(tmp_path)) == []
    assert not path.exists()


def test_a_journal_that_takes_no_more_says_so_before_anything_leaves(tmp_path: Path) -> None:
    book = start(tmp_path, "w")
    os.close(book._file)
    book._file = os.open("/dev/full", os.O_RDWR)

    with pytest.raises(OSError, match="No space left"):
        book.begin(1, 1)
    book.close()


@given(cut=st.integers(0, 200), noise=st.binary(max_size=40))
def test_a_journal_that_was_cut_off_or_spoilt_can_still_be_read(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes
) -> None:
    folder = tmp_path_factory.mktemp("j")
    path = abandoned(folder, *((step, n, 1 if step == "begin" else 250) for n in range(5) for step in ("begin", "end")))
    content = path.read_bytes()
    path.write_bytes(content[: max(0, len(content) - cut)] + noise)

    found = list(left_behind(folder))

    whole = {(n, 1): 250 for n in range(5)}
    replies = [reply for left in found for reply in left.replies.items()]
    assert all(whole.get(key) == code or code is None or key not in whole for key, code in replies)
