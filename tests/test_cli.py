"""The command line: each command on real folders, and what a process of its own has to show."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from core import loads, work_lists
from core.__main__ import main
from core.domain.work_list import WorkList
from core.measures import measures
from core.sample import write_sample
from core.settings import read_settings
from core.workbench import open_workbench
from tests.code_lists import CPT, RETINAL, SNOMED, UNUSED, value_set, write_json
from tests.conftest import ROOT
from tests.feeds import ANN, PATIENT, write_feed

pytestmark = pytest.mark.long

AS_OF = date(2026, 11, 2)


@dataclass(frozen=True)
class Run:
    """How a command ended and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def careloop(home: Path, *arguments: str | Path, **environ: str) -> Run:
    """Run the command to its end in this process, as one of its own would run it. ('dispatch' would keep its handlers
    of signals here.)"""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(os, "environ", environment(home, environ))
        patch.setattr(sys, "argv", ["careloop", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Run(code, out.getvalue(), err.getvalue())


def process(home: Path, *arguments: str | Path, **environ: str) -> Run:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    run = subprocess.run(
        command, cwd=ROOT, env=environment(home, environ), capture_output=True, text=True, check=False, timeout=120
    )
    return Run(run.returncode, run.stdout, run.stderr)


def environment(home: Path, more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CARELOOP_")}
    return {**kept, "CARELOOP_HOME": str(home), "PYTHONWARNINGS": "error", **more}


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "feed"
    write_sample(folder, patients=60, seed=5, as_of=AS_OF)
    return folder


@pytest.fixture(scope="module")
def loaded(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the feed and its codes in it, loaded by the command line."""
    home = tmp_path_factory.mktemp("cli-home")
    assert careloop(home, "codes", "load", feed / "code_map.csv").returncode == 0
    assert careloop(home, "load", feed).returncode == 0
    return home


def fails(run: Run, *words: str) -> None:
    assert run.returncode == 2
    assert run.stderr.startswith("careloop: ")
    assert "Traceback" not in run.stderr + run.stdout
    for word in words:
        assert word in run.stderr


def test_the_same_seed_writes_the_same_sample(home: Path, tmp_path: Path) -> None:
    arguments = ("--patients", "30", "--seed", "7", "--as-of", "2026-11-02")

    first = careloop(home, "sample", tmp_path / "one", *arguments)
    second = careloop(home, "sample", tmp_path / "two", *arguments)

    assert first.returncode == second.returncode == 0
    assert any(line.split() == ["patients", "30"] for line in first.stdout.splitlines())
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_feed_is_loaded_once_and_known_the_second_time(feed: Path, home: Path) -> None:
    first = process(home, "load", feed)
    second = process(home, "load", feed)

    assert first.returncode == second.returncode == 0
    assert first.stdout.startswith("Loaded a feed of the format careloop from sample.")
    assert "patients.csv" in first.stdout
    assert second.stdout.startswith("Nothing new")
    assert all(run.stdout.endswith(f"The data is kept in {home}\n") for run in (first, second))
    assert "Reading the files" in first.stderr
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(home)}))
    assert [row.status for row in loads.history(wb)] == ["unchanged", "loaded"]
    assert {row.loaded_by for row in loads.history(wb)} == {"command-line"}
    assert 0 < work_lists.run(wb, WorkList()).count <= 60
    wb.engine.dispose()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_care_gaps_are_written_for_a_day(loaded: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"gaps.{kind}"

    run = careloop(loaded, "gaps", "--as-of", "2026-11-02", "--out", out)

    rows = pl.read_csv(out) if kind == "csv" else pl.read_parquet(out)
    assert (run.returncode, run.stdout) == (0, f"{rows.height:,} rows of the data in {loaded} written to {out}\n")
    on_count = sum(measure.is_on for measure in measures().values())
    assert rows.group_by("patient_id").len()["len"].unique().to_list() == [on_count]
    assert not rows.filter(pl.col("state").cast(pl.String) == "overdue").is_empty()


def test_codes_loaded_before_any_feed_are_counted_and_it_is_said_that_nothing_is_there(feed: Path, home: Path) -> None:
    run = careloop(home, "codes", "load", feed / "code_map.csv")

    lines = len((feed / "code_map.csv").read_text("utf-8").splitlines()) - 1
    nothing = f"Nothing is loaded in {home} yet: the codes count from the first load on."
    assert (run.returncode, run.stdout) == (0, f"{lines} codes mapped in {home}\n{nothing}\n")


def test_gaps_by_what_was_known_before_the_feed_hold_nothing_of_it(loaded: Path, tmp_path: Path) -> None:
    now, then = tmp_path / "now.parquet", tmp_path / "then.parquet"

    runs = [
        careloop(loaded, "gaps", "--as-of", "2026-11-02", "--out", now, "--known-at", "2030-01-01"),
        careloop(loaded, "gaps", "--as-of", "2026-11-02", "--out", then, "--known-at", "2000-01-01"),
    ]

    assert [run.returncode for run in runs] == [0, 0]
    found, before = (pl.read_parquet(path) for path in (now, then))
    assert found.height == before.height
    assert found["last_on"].drop_nulls().len() > 0
    assert before["last_on"].drop_nulls().is_empty()


def test_gaps_of_a_measurement_year_are_those_of_its_last_day(loaded: Path, tmp_path: Path) -> None:
    out = tmp_path / "year.csv"

    run = careloop(loaded, "gaps", "--year", "2025", "--out", out)
    both = careloop(loaded, "gaps", "--year", "2025", "--as-of", "2025-11-02", "--out", tmp_path / "both.csv")

    assert run.returncode == 0
    assert set(pl.read_csv(out)["as_of"]) == {"2025-12-31", "2025-06-30"}
    assert (both.returncode, both.stderr.strip()) == (
        2,
        "careloop: Ask for a day with --as-of or for a measurement year with --year, not for both.",
    )


def test_one_code_is_one_code_and_the_home_it_counts_in_is_named(loaded: Path, feed: Path, tmp_path: Path) -> None:
    one = tmp_path / "one.csv"
    one.write_text("\n".join((feed / "code_map.csv").read_text("utf-8").splitlines()[:2]) + "\n", "utf-8")

    run = careloop(loaded, "codes", "load", one)

    nothing = "Nothing new: this was known already. Nothing was changed."
    assert (run.returncode, run.stdout) == (0, f"1 code mapped in {loaded}\n{nothing}\n")


def test_a_folder_of_lists_is_loaded_and_it_is_said_what_is_missing(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    write_json(folder / "retinal.json", value_set(RETINAL, (SNOMED, "999000001"), (CPT, "00001")))
    write_json(folder / "other.json", value_set(UNUSED, (SNOMED, "999000009")))

    first, second = careloop(home, "codes", "load", folder), careloop(home, "codes", "load", folder)

    assert (first.returncode, second.returncode) == (0, 0)
    said = f"2 codes of 1 value set for 1 concept: CPT 1, SNOMED 1 in {home}\n"
    assert first.stdout.startswith(f"{said}1 value set no concept uses: Invented {UNUSED[-6:]} ({UNUSED})\n")
    assert "concepts are not loaded: Diabetes, " in first.stdout
    assert second.stdout.startswith(f"{said}Nothing new: this was known already. Nothing was changed.\n")

    status = careloop(home, "codes", "status", "--measure", "dm-eye")
    assert status.returncode == 0
    assert "  Retinal exam: CPT 1 loaded, SNOMED 1 loaded\n" in status.stdout
    assert "  ! Diabetes: SNOMED CT list is not loaded: an entry with only such a code is not seen.\n" in status.stdout


def test_orphan_codes_are_listed_with_the_nearest_concept(home: Path, tmp_path: Path) -> None:
    header = "procedure_id,patient_id,code_system,code,text,status,performed_on"
    lines = [header, "X1,P1,CPT,00001,Screening mammogram,completed,2026-05-01"]
    assert "No code of the feed is near a list" in careloop(home, "codes", "orphans").stdout
    assert careloop(home, "load", write_feed(tmp_path / "f", patients=[PATIENT, ANN], procedures=lines)).returncode == 0

    run = careloop(home, "codes", "orphans")

    assert run.stdout == (
        "        1  CPT 00001  Screening mammogram\n"
        "           near Mammogram: It says ‘screening’ and ‘mammogram’. Other codes of it are listed.\n"
    )


def test_dispatch_once_ends_when_nothing_is_due(loaded: Path) -> None:
    run = process(loaded, "dispatch", "--once")

    assert (run.returncode, run.stdout) == (0, "0 messages handed over\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("load", "no-such-folder"), ("no-such-folder",)),
        (("gaps", "--out", "gaps.xls"), ("gaps.xls", ".parquet or .csv")),
        (("gaps", "--out", "gaps.csv", "--as-of", "tomorrow"), ("YYYY-MM-DD",)),
        (("gaps", "--out", "gaps.csv"), ("Nothing was loaded yet",)),
        (("codes", "load", "no-map.csv"), ("no-map.csv",)),
        (("codes", "status", "--measure", "nothing"), ("There is no measure 'nothing'",)),
        (("sample", "out", "--patients", "0"), ("at least one patient",)),
        (("sample", "out", "--as-of", "2026-13-01"), ("YYYY-MM-DD",)),
    ],
)
def test_what_a_person_can_put_right_is_told_without_a_traceback(
    home: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    fails(careloop(home, *arguments), *words)


def test_a_process_that_is_told_wrong_ends_with_2_and_without_a_traceback(home: Path) -> None:
    fails(process(home, "load", "no-such-folder"), "no-such-folder")
    fails(process(home, "dispatch", "--once", CARELOOP_HOST="0.0.0.0"), "CARELOOP_HOST")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("CARELOOP_HOST", "0.0.0.0"),
        ("CARELOOP_SMTP", "mail.example.org:0"),
        ("CARELOOP_PORT", "99999"),
        ("CARELOOP_PUBLIC_URL", "ftp://127.0.0.1"),
    ],
)
def test_a_wrong_setting_is_named_by_every_command(home: Path, setting: str, value: str) -> None:
    fails(careloop(home, "dispatch", "--once", **{setting: value}), setting)


def test_the_setting_that_says_who_acts_on_the_pages_changes_no_command(home: Path) -> None:
    assert process(home, "dispatch", "--once", CARELOOP_USER="nobody-but-this-is-made").returncode == 0


def test_a_file_that_cannot_be_read_names_itself_and_never_its_values(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "patients.csv").write_bytes(b"patient_id,last,birth_date\n1,Secretname\xff\xfe,1970-01-01\n")
    (folder / "groups.csv").write_text("group,label\n1,Lakeside\n", "utf-8")

    run = careloop(home, "load", folder)

    assert "Traceback" not in run.stderr
    assert "Secretname" not in run.stderr + run.stdout
    assert run.returncode in (0, 2)


def test_help_names_every_command(home: Path) -> None:
    run = process(home, "--help")

    assert run.returncode == 0
    for command in ("sample", "load", "codes", "gaps", "dispatch", "serve", "demo"):
        assert command in run.stdout
    assert not home.exists()


@pytest.mark.long
def test_the_state_of_the_feed_is_told_and_the_gate_released_from_the_command_line(home: Path, tmp_path: Path) -> None:
    for name, count in (("ten", 10), ("two", 2)):
        people = [f"P{number},Ann,Example,1960-05-01,F,active" for number in range(count)]
        feed = write_feed(tmp_path / name, manifest={"source_system": "ehr", "full": True}, patients=[PATIENT, *people])
        assert careloop(home, "load", feed).returncode == 0

    status = careloop(home, "feed", "status").stdout
    dispatch = process(home, "dispatch", "--once").stderr
    released = careloop(home, "feed", "release", "--reason", "We closed a clinic.")

    assert status.startswith("The feed gate is closed since ") and "✕ 80.0% too few" in status
    assert "The table patients of ehr has 2 rows; the last good load had 10. It may lose at most 20%." in dispatch
    assert released.stdout.startswith("0 messages wait.\nThe feed gate is open.\n- Released: The table patients of ehr")
    assert "Released by command-line on" in released.stdout and "We closed a clinic." in released.stdout
    fails(careloop(home, "feed", "release", "--reason", "Again."), "nothing to release")
    assert careloop(home, "feed", "end-source", "ehr").stdout == "The feed gate is open.\n"


@pytest.mark.parametrize("option", ["--as-of", "--known-at"])
@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9999-12-31"])
def test_a_day_outside_the_calendar_of_care_gaps_is_refused(
    loaded: Path, tmp_path: Path, option: str, day: str
) -> None:
    run = careloop(loaded, "gaps", option, day, "--out", tmp_path / "gaps.csv")

    assert (run.returncode, run.stderr) == (2, "careloop: The day must lie between 1900-01-01 and 2199-12-31.\n")
