"""Reading delimited files: separators, encodings, quotes, and the true line of every record."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.feeds.csv_file import CUT_OFF, LINE, LOST, TOO_MANY, blocks, open_csv

WANTED = ("a", "b")


@pytest.mark.parametrize("separator", [",", "|", ";", "\t"])
def test_the_separator_is_found_by_the_header(tmp_path: Path, separator: str) -> None:
    text = separator.join(["b", "other", "A"]) + "\n" + separator.join(["2", "x", "1"]) + "\n"

    assert _read(tmp_path, text.encode()) == [(2, "1", "2")]


@pytest.mark.parametrize(
    "encoded", ["a,b\né,2\n".encode(), b"\xef\xbb\xbf" + "a,b\né,2\n".encode(), "a,b\né,2\n".encode("cp1252")]
)
def test_utf8_with_and_without_mark_and_windows_1252_are_read(tmp_path: Path, encoded: bytes) -> None:
    assert _read(tmp_path, encoded) == [(2, "é", "2")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(tmp_path: Path, line_end: str) -> None:
    assert _read(tmp_path, line_end.join(["a,b", "1,2", "", "3,4", ""]).encode()) == [(2, "1", "2"), (4, "3", "4")]


def test_a_record_has_its_true_line_after_a_quoted_line_break(tmp_path: Path) -> None:
    assert _read(tmp_path, b'a,b\n1,"two\nlines"\n3,4\n') == [(2, "1", "two\nlines"), (4, "3", "4")]


def test_a_quote_inside_a_value_is_a_character(tmp_path: Path) -> None:
    assert _read(tmp_path, b"a|b\n5'11\"|x\n6'1\"|y\n") == [(2, "5'11\"", "x"), (3, "6'1\"", "y")]


def test_doubled_quotes_are_one(tmp_path: Path) -> None:
    assert _read(tmp_path, b'a,b\n"say ""hi""",2\n') == [(2, 'say "hi"', "2")]


def test_a_row_with_too_many_values_is_broken_and_others_are_kept(tmp_path: Path) -> None:
    path = _write(tmp_path, b"a,b\n1,2,3\n4,5\n6,7,\n")

    (block,) = blocks(open_csv(path, WANTED), WANTED)

    assert block.broken == ((2, TOO_MANY),)
    assert block.rows.select(LINE, "a").rows() == [(3, "4"), (4, "6")]


@pytest.mark.parametrize(
    ("content", "kept", "broken"),
    [
        (b"a,b\n1,2\n3", [(2, "1", "2")], ((3, CUT_OFF),)),
        (b"a,b\r\n1,2\r\n3", [(2, "1", "2")], ((3, CUT_OFF),)),
        (b'a,b\n1,"x\ny"\n"3"', [(2, "1", "x\ny")], ((4, CUT_OFF),)),
        (b"a,b\n1,2\n3\n", [(2, "1", "2"), (3, "3", None)], ()),  # a writer that leaves out what is empty at the end
        (b"a,b\n1,2\n3,4", [(2, "1", "2"), (3, "3", "4")], ()),
        (b"a,b\n1,2\n3,", [(2, "1", "2"), (3, "3", None)], ()),
        (b"a,b\n1,2\n  ", [(2, "1", "2"), (3, "  ", None)], ()),
        (b'a,b\n1,2\n"3, and","4"', [(2, "1", "2"), (3, "3, and", "4")], ()),
    ],
)
def test_a_last_row_within_which_the_file_ends_is_broken(
    tmp_path: Path, content: bytes, kept: list[tuple[int, str, str | None]], broken: tuple[tuple[int, str], ...]
) -> None:
    (block,) = blocks(open_csv(_write(tmp_path, content), WANTED), WANTED)

    assert block.broken == broken
    assert block.rows.select(LINE, "a", "b").rows() == kept


QUOTE = "a quote opens here and is not closed where its value ends"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('a,b\n1,"two\n3,4\n5,6\n', 2),
        ('a,b\n1,2\n3,4\n"5,6\n7,8\n9,10', 4),
        ('a,b\n1,"two\n3,4\n5,"six\n7,8\n', 2),
        ('a,b\n1,"two\nlines"\n3,"four\n5,6\n', 4),
        ('a,b\n"one\nmore","two\n3,4\n', 3),
        ('a,b\n1,"two\nlines" and more\n3,4\n', 2),
        ('a,b\r\n1,2\r\n3,"four\r\n5,6\r\n', 3),
        ('a,b\n1,2\n3,"four', 3),
        ('a,b\n1,"two ""or"" three\n3,4\n', 2),
        ('a,b\n1,"' + "x" * (1 << 24) + "\n3,4\n", 2),
    ],
)
def test_a_quote_that_nothing_closes_is_refused_with_its_line(tmp_path: Path, content: str, line: int) -> None:
    with pytest.raises(DataError, match=f"table.csv, line {line}: {QUOTE}"):
        _read(tmp_path, content.encode())


@pytest.mark.parametrize("size", [8, 16, 64])
def test_a_quote_that_nothing_closes_is_refused_wherever_the_file_is_cut(tmp_path: Path, size: int) -> None:
    path = _write(tmp_path, b"a,b\n" + b"1,2\n" * 20 + b'3,"four\n' + b"5,6\n" * 20)

    with pytest.raises(DataError, match=f"line 22: {QUOTE}"):
        list(blocks(open_csv(path, WANTED), WANTED, block_bytes=size))


def test_a_quote_in_the_middle_of_a_value_swallows_nothing(tmp_path: Path) -> None:
    content = b'a,b\n1,5" pipe\n"2" or 3,4\n5,"six"\n'

    assert _read(tmp_path, content) == [(2, "1", '5" pipe'), (3, "2 or 3", "4"), (4, "5", "six")]


def test_a_line_of_zero_bytes_is_broken_and_others_are_kept(tmp_path: Path) -> None:
    path = _write(tmp_path, b"a,b\n1,2\n" + b"\x00" * 40 + b"\n3,4\n5,6\x00\n" + b"\x00" * 8)

    (block,) = blocks(open_csv(path, WANTED), WANTED)

    assert block.broken == ((3, LOST), (6, LOST))
    assert _rows(block.rows) == [(2, "1", "2"), (4, "3", "4"), (5, "5", "6")]


def test_blank_lines_of_utf_16_without_a_mark_are_not_lost_lines(tmp_path: Path) -> None:
    path = _write(tmp_path, "a,b\r\n1,2\r\n\r\n3,4\r\n".encode("utf-16-le"))

    (block,) = blocks(open_csv(path, WANTED), WANTED)

    assert (block.broken, _rows(block.rows)) == ((), [(2, "1", "2"), (4, "3", "4")])


def test_a_row_that_is_too_short_has_empty_values(tmp_path: Path) -> None:
    assert _read(tmp_path, b"a,b\n1\n2,3\n") == [(2, "1", None), (3, "2", "3")]


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "no header"), (b"a,b,A\n1,2,3\n", "column a is there twice"), ("a,b\n".encode("utf-16"), "UTF-16")],
)
def test_a_file_without_a_usable_header_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(DataError, match=what):
        open_csv(_write(tmp_path, content), WANTED)


_VALUES = st.text(alphabet=st.sampled_from('ab", \n|;x'), max_size=6)


@given(st.lists(st.tuples(_VALUES, _VALUES), min_size=1, max_size=12), st.integers(1, 40))
def test_what_a_writer_wrote_is_read_however_the_file_is_cut(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], size: int
) -> None:
    text = "a,b\n" + "".join(",".join('"' + value.replace('"', '""') + '"' for value in row) + "\n" for row in rows)
    path = _write(tmp_path_factory.mktemp("csv"), text.encode())

    found = [row for block in blocks(open_csv(path, WANTED), WANTED, block_bytes=size) for row in _rows(block.rows)]

    assert [(a or "", b or "") for _, a, b in found] == rows
    assert [line for line, _, _ in found] == _first_lines(rows)


def _first_lines(rows: list[tuple[str, str]]) -> list[int]:
    lines, line = [], 2
    for row in rows:
        lines.append(line)
        line += 1 + sum(value.count("\n") for value in row)
    return lines


def _read(tmp_path: Path, content: bytes) -> list[tuple[int, str | None, str | None]]:
    path = _write(tmp_path, content)
    return [row for block in blocks(open_csv(path, WANTED), WANTED) for row in _rows(block.rows)]


def _rows(rows: pl.DataFrame) -> list[Any]:
    return rows.select(LINE, "a", "b").rows()


def _write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    return path
