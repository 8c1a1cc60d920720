"""A dispatcher that is killed while it prints: no half file, and the next one goes on with what is missing."""

import hashlib
import random
import time
from datetime import timedelta

import pytest

from core import downloads, print_runs, printing
from core.errors import NotFound
from core.store import download_rows, print_rows
from core.store.database import reading, writing
from core.workbench import Workbench
from tests.conftest import Clock
from tests.dispatchers import start, wait_until
from tests.letters import add_people, ask, clinic_that_prints, letter_campaign, make, run_of, states, words_of
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)


@pytest.mark.long
def test_a_killed_dispatcher_leaves_no_half_file_and_nobody_without_or_with_two_letters(
    bench: Workbench,  # noqa: F811
    clock: Clock,
) -> None:
    clinic_that_prints(bench)
    ids = add_people(bench, [{"language": "es" if number % 3 == 0 else "en"} for number in range(1000)])
    campaign = letter_campaign(
        bench, ids, body="<p>{{ patient.full_name }}: {{ call_back_number }}</p>" + "<p>Text</p>" * 40
    )
    run_id = ask(bench, campaign)
    for files in (1, 3):
        child = start(bench)
        wait_until(lambda files=files: _file_count(bench, run_id) >= files)  # type: ignore[misc]
        child.kill()
        child.wait()
        clock.at += print_rows.LEASE + timedelta(seconds=1)
    assert downloads.files(bench) == [] or run_of(bench, campaign).state == "ready"
    make(bench)
    run = run_of(bench, campaign)
    assert (run.state, run.letter_count, len(run.files)) == ("ready", 1000, 6)
    names = []
    for each in run.files[:5]:
        kept = downloads.content(bench, each.file_id)
        assert hashlib.sha256(kept.content).hexdigest() == each.digest and len(kept.content) == each.size
        names += [page for page in words_of(kept.content) if "Dear" in page or "Hola" in page]
    assert len(names) == 1000
    with reading(bench.engine) as connection:
        planned = list(print_rows.letters(connection, run_id))
    for page, letter in zip(names, planned, strict=True):
        assert letter.addressee[0] in page and letter.addressee[1] in page
    assert {state for state, _ in states(bench, campaign).values()} == {"printed"}


@pytest.mark.long
def test_a_dispatcher_prints_beside_sending_and_a_second_one_shares(bench: Workbench) -> None:  # noqa: F811
    clinic_that_prints(bench)
    made = [letter_campaign(bench, [each]) for each in add_people(bench, [{} for _ in range(12)])]
    for each in made:
        ask(bench, each)
    children = [start(bench), start(bench)]
    try:
        wait_until(lambda: all(run_of(bench, each).state == "ready" for each in made))
    finally:
        for child in children:
            child.terminate()
            assert child.wait(30) == 0
    assert len(downloads.files(bench)) == 24


def test_files_of_a_run_that_is_not_ready_cannot_be_fetched(wb: Workbench) -> None:
    clinic_that_prints(wb)
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    run_id = ask(wb, campaign)
    with writing(wb.engine) as connection:
        run = print_rows.take(connection, worker="w", at=wb.now())
    assert run is not None
    first = next(printing._missing(wb, run))
    printing._keep(wb, run, first, "w")
    assert _file_count(wb, run_id) == 1
    assert downloads.files(wb) == [] and run_of(wb, campaign).files == ()
    assert 0 < run_of(wb, campaign).share < 1
    with pytest.raises(NotFound):
        with reading(wb.engine) as connection:
            (file,) = download_rows.of_run(connection, run_id)
        downloads.content(wb, file.file_id)


def _file_count(wb: Workbench, run_id: str) -> int:
    with reading(wb.engine) as connection:
        return len(download_rows.of_run(connection, run_id))


@pytest.mark.long
def test_killed_at_any_moment_by_twos_the_pages_are_the_same_as_made_in_peace(
    bench: Workbench,  # noqa: F811
    clock: Clock,
) -> None:
    clinic_that_prints(bench)
    ids = add_people(bench, [{"language": "es" if number % 3 == 0 else "en"} for number in range(450)])
    campaign = letter_campaign(bench, ids, body="<p>{{ patient.full_name }}: {{ call_back_number }}</p>")
    run_id, moments = ask(bench, campaign), random.Random(7)
    for _ in range(2):  # three that die before a file is whole are taken for a fault of the run
        children = [start(bench), start(bench)]
        wait_until(lambda: _is_held(bench, run_id, clock))
        time.sleep(0.5 + moments.random() * 2)
        for child in children:
            child.kill()
            child.wait()
        clock.at += print_rows.LEASE + timedelta(seconds=1)
    make(bench)
    run = run_of(bench, campaign)
    assert (run.run_id, run.state, [each.kind for each in run.files]) == (run_id, "ready", ["letters"] * 3 + ["labels"])
    assert [each.pages for each in run.files[:3]] == [200, 200, 50]
    first = [downloads.content(bench, each.file_id).content for each in run.files]
    for each in run.files:
        downloads.delete(bench, each.file_id)
    print_runs.make_again(bench, run_id)
    make(bench)
    assert [downloads.content(bench, each.file_id).content for each in run_of(bench, campaign).files] == first


def _is_held(wb: Workbench, run_id: str, clock: Clock) -> bool:
    """Whether a worker that is alive has the run, or has done with it."""
    with reading(wb.engine) as connection:
        run = print_rows.run(connection, run_id)
    assert run is not None
    return not run.is_open or (run.lease_until is not None and run.lease_until > clock.at)
