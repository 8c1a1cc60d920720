"""How well returned mails are read, over a folder of real ones that the project does not hold.

Run with `python tests/benchmarks/bounces.py FOLDER EXPECTED.csv`. The table has a line `file,address,kind` for each
recipient that a mail reports, kind being definitive, temporary or not_a_bounce. Prints one JSON object:
recipient_found (of the expected addresses), definitive_recall (of the addresses that are dead) and
temporary_called_definitive (of those that are not). With `--wrong` each mistake is printed first.
"""

import argparse
import csv
import json
import time
from pathlib import Path

from core.channels.bounces import Bounce, read


def main(folder: Path, table: Path, *, shows_wrong: bool) -> None:
    with table.open(encoding="utf-8", newline="") as lines:
        expected = list(csv.DictReader(lines))
    began = time.perf_counter()
    found = {name: read((folder / name).read_bytes()) for name in {row["file"] for row in expected}}
    seconds = time.perf_counter() - began
    outcomes = [(row, _of(row, found[row["file"]])) for row in expected]
    if shows_wrong:
        for row, bounce in outcomes:
            if bounce is None or (bounce.kind == "definitive") != (row["kind"] == "definitive"):
                print(row, found[row["file"]])
    named = [(row, bounce) for row, bounce in outcomes if row["address"]]
    dead = [bounce for row, bounce in outcomes if row["kind"] == "definitive"]
    alive = [bounce for row, bounce in outcomes if row["kind"] != "definitive"]
    print(
        json.dumps(
            {
                "mails": len(found),
                "recipients": len(expected),
                "recipient_found": _share([bounce is not None for _, bounce in named]),
                "definitive_recall": _share([_is_dead(bounce) for bounce in dead]),
                "temporary_called_definitive": _share([_is_dead(bounce) for bounce in alive]),
                "milliseconds_a_mail": round(1000 * seconds / max(1, len(found)), 2),
            }
        )
    )


def _of(row: dict[str, str], bounces: list[Bounce]) -> Bounce | None:
    """What was read about the expected address; without an expected address, what was read first."""
    wanted = row["address"].lower()
    return next((bounce for bounce in bounces if not wanted or bounce.address == wanted), None)


def _is_dead(bounce: Bounce | None) -> bool:
    return bounce is not None and bounce.kind == "definitive"


def _share(hits: list[bool]) -> str:
    return f"{sum(hits)}/{len(hits)} = {sum(hits) / max(1, len(hits)):.3f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("expected", type=Path)
    parser.add_argument("--wrong", action="store_true", help="print each mistake first")
    asked = parser.parse_args()
    main(asked.folder, asked.expected, shows_wrong=asked.wrong)
