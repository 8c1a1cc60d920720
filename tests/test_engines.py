"""Care gaps evaluated from files: whatever machine does it, the rows are the same."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from core import care_gaps, engines, loads
from core.errors import CareloopError
from core.sample import write_sample
from core.store.clinical import ClinicalStore
from core.workbench import Workbench

TODAY = date(2026, 11, 24)
pytestmark = pytest.mark.long  # starts a scheduler and its workers


@pytest.fixture
def clinic(wb: Workbench, tmp_path: Path) -> Workbench:
    """An invented population in several shards."""
    write_sample(tmp_path / "feed", patients=60, seed=7, as_of=TODAY)
    small = replace(wb, clinical=ClinicalStore(tmp_path / "clinical", shard_bytes=40_000))
    loads.load(small, tmp_path / "feed")
    generation = loads.current(small)
    assert generation is not None
    assert len(generation.shards()) > 2
    return small


@pytest.fixture(scope="module")
def cluster(free_tcp_port_factory: Callable[[], int]) -> Iterator[str]:
    """A Dask scheduler and two workers on this machine, each a process of its own."""
    pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    address = f"127.0.0.1:{free_tcp_port_factory()}"
    host, port = address.split(":")
    here = ["--host", host, "--dashboard-address", "127.0.0.1:0", "--no-dashboard"]
    started = [_dask("scheduler", *here, "--port", port), _dask("worker", f"tcp://{address}", *here, "--nworkers", "2")]
    try:
        yield f"dask://{address}"
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)


def _dask(*arguments: str) -> "subprocess.Popen[bytes]":
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", "dask", *arguments], stdout=quiet, stderr=quiet)


def test_a_cluster_finds_the_same_rows_in_the_same_order(clinic: Workbench, cluster: str) -> None:
    for day in (TODAY, date(2024, 3, 1)):
        here = pl.concat(list(_evaluated(clinic, day, engines.LOCAL)))
        there = pl.concat(list(_evaluated(clinic, day, cluster)))
        assert there.equals(here)


def test_what_was_evaluated_at_load_is_what_the_files_say(clinic: Workbench, cluster: str) -> None:
    key = ["patient_id", "measure_id"]

    stored = care_gaps.gaps(clinic).sort(key).collect()
    anew = care_gaps.gaps(clinic, engine=cluster).sort(key).collect()

    assert stored.height > 1000
    assert anew.equals(stored)


def test_progress_is_told_for_every_shard(clinic: Workbench) -> None:
    told: list[float] = []

    care_gaps.gaps(clinic, as_of=date(2025, 1, 1), progress=told.append)

    generation = loads.current(clinic)
    assert generation is not None
    assert len(told) == len(generation.shards())
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("spark://example", "There is no engine 'spark://example'. There are 'local' and 'dask://HOST:PORT'."),
        ("dask://127.0.0.1:9", "No Dask scheduler answers at dask://127.0.0.1:9."),
    ],
)
def test_an_engine_that_is_not_there_is_refused(
    clinic: Workbench, engine: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_CONNECT_SECONDS", 1)

    with pytest.raises(CareloopError) as refused:
        care_gaps.gaps(clinic, engine=engine)

    assert said in str(refused.value)


def test_a_worker_that_does_not_see_the_data_is_named_with_what_to_do(clinic: Workbench, cluster: str) -> None:
    generation = loads.current(clinic)
    assert generation is not None
    elsewhere = replace(generation, folder=generation.folder.with_name("elsewhere"))

    with engines._client(cluster) as client:
        job = client.submit(engines.shard_gaps, elsewhere, 0, [], as_of=TODAY, pure=False)
        with pytest.raises(CareloopError, match="does not see the clinical data"):
            engines._result(job, cluster)


def _evaluated(wb: Workbench, day: date, engine: str) -> Iterator[pl.DataFrame]:
    generation = loads.current(wb)
    assert generation is not None
    rules = list(loads.today(wb).rules.measures.values())
    return engines.evaluated(generation, rules, as_of=day, engine=engine)
