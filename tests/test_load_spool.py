"""What the store does when memory is short or a home was moved to another machine."""

import json
from pathlib import Path

import polars as pl
import pytest

from core import loads
from core.store.spool import Spool
from core.workbench import Workbench
from tests.feeds import ANN, LAB, PATIENT, write_feed


@pytest.mark.parametrize("memory_bytes", [0, 300, 1_000_000])
def test_rows_come_back_by_shard_in_their_order_from_memory_and_from_files(tmp_path: Path, memory_bytes: int) -> None:
    spool = Spool(tmp_path / "spool", 4, memory_bytes=memory_bytes)
    pieces = [
        pl.DataFrame({"patient_id": [f"P{n % 9}" for n in range(start, start + 20)], "n": range(start, start + 20)})
        for start in (0, 20, 40)
    ]
    for piece in pieces:
        spool.add("labs", piece.with_columns(source=pl.lit("ehr"), nothing=pl.lit(None, pl.String)))

    shards = [pl.concat(found) for number in range(4) if (found := spool.take("labs", number))]

    back = pl.concat(shards)
    assert back.sort("n").select("patient_id", "n").equals(pl.concat(pieces))
    assert back["source"].unique().to_list() == ["ehr"]
    assert back["nothing"].null_count() == 60
    assert all(shard["n"].is_sorted() for shard in shards)
    assert sum(shard["patient_id"].n_unique() for shard in shards) == 9  # nobody is in two shards


def test_a_store_made_where_hashes_differ_takes_the_same_feed_as_nothing_new(wb: Workbench, tmp_path: Path) -> None:
    labs = [LAB, *(f"L{n},P1,4548-4,8.{n},%,final,2026-05-0{n}" for n in range(1, 9))]
    loads.load(wb, write_feed(tmp_path / "one", patients=[PATIENT, ANN], labs=labs))
    generation = loads.current(wb)
    assert generation is not None
    about = generation.folder / "about.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"hashing": "of another machine"}))

    again = loads.load(wb, write_feed(tmp_path / "two", patients=[PATIENT, ANN], labs=labs[:1] + labs[4:]))
    changed = loads.load(wb, write_feed(tmp_path / "three", labs=[LAB, "L9,P1,4548-4,9.1,%,final,2026-06-01"]))

    assert (again.status, changed.status) == ("unchanged", "loaded")
    latest = loads.current(wb)
    assert latest is not None
    assert latest.events().collect()["superseded_at"].null_count() == 9
