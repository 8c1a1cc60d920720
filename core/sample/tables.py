"""The CSV files of a feed, open side by side and written row by row, so that memory stays flat."""

import csv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.feeds.layout import TABLE
from core.sample.rows import ROWS


class Tables:
    """`add(row)` writes a row to the table of its kind; `counts` says how many each has."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.counts = dict.fromkeys(ROWS, 0)
        self._names = {kind: name for name, kind in ROWS.items()}
        self._write = {}
        for name, kind in ROWS.items():
            file = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(TABLE[name].column_names)
            self._write[kind] = writer.writerow

    def add(self, row: tuple[str, ...]) -> None:
        """Write one row."""
        kind = type(row)
        self._write[kind](row)
        self.counts[self._names[kind]] += 1


@contextmanager
def tables(folder: Path) -> Iterator[Tables]:
    """Open every table with its header; close them all at the end, also after an error."""
    with ExitStack() as stack:
        yield Tables(folder, stack)
