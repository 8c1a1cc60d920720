"""A restore takes the files and tables that a backup has and no others, and refuses before anything is touched."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import backups, demo, loads, restoring
from core.domain.user import User
from core.errors import CareloopError, NotAllowed
from core.settings import Settings
from core.store import accounts, half_restored
from core.workbench import Workbench, open_workbench
from tests.clinic import add_clinic, add_patients
from tests.conftest import ROOT, Clock
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)
from tests.restores import Rows, back_up, lose, reopened, restore_in_place, rewritten

pytestmark = pytest.mark.long


def state(home: Path) -> dict[str, bytes]:
    """Every file of the home except what SQLite and locks leave."""
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and "careloop.db" not in path.name and path.suffix != ".lock"
    }


def refused(wb: Workbench, archive: Path, match: str) -> str:
    """The refusal of an archive, after which the home is what it was."""
    lose(wb)
    before = state(wb.settings.home)
    with pytest.raises(CareloopError, match=match) as found:
        restoring.restore(wb.settings, archive, replace=True)
    assert state(wb.settings.home) == before
    assert not half_restored.is_half(wb.settings.home)
    assert not list(wb.settings.home.glob("*before-restore*"))
    again = open_workbench(wb.settings)
    assert accounts.is_known(again.engine, "after")
    lose(again)
    return str(found.value)


def made_in(wb: Workbench, out: Path) -> tuple[Workbench, Path]:
    """A home and its backup, and somebody who came after it."""
    add_clinic(wb)
    add_patients(wb, 3)
    archive = back_up(wb, out)
    accounts.add_user(wb.engine, User("after", "After"), at=wb.now(), by="ana")
    return wb, archive


@pytest.fixture
def made(wb: Workbench, tmp_path: Path) -> tuple[Workbench, Path]:
    return made_in(wb, tmp_path / "a.zip")


@pytest.mark.parametrize(
    "name",
    [
        "careloop.db", "restore.lock", "restore-under-way", "audit-heads", "last-sent", "last-backup", ".hidden",
        "ledger/id", "ledger/2026-11.jsonl", "clinical/x.parquet", "clinical/other/about.json", "conformance/a.txt",
        "conformance/../secret.key", "conformance/a/b.parquet", "a\\b", "/etc/passwd", "../x", "", "secret.key/x",
        "conformance/.parquet", "conformance/a\n.parquet",
    ],
)  # fmt: skip
def test_a_file_that_no_backup_has_is_refused(made: tuple[Workbench, Path], tmp_path: Path, name: str) -> None:
    wb, archive = made
    false = rewritten(archive, tmp_path / "b.zip", files={name: b"x"})

    with pytest.raises(CareloopError):
        backups.verify(false)
    refused(wb, false, "no backup has")


def test_a_backup_of_a_demo_makes_no_other_home_a_demo_unless_somebody_says_so(
    wb: Workbench, tmp_path: Path, clock: Clock
) -> None:
    archive = back_up(wb, tmp_path / "a.zip")
    accounts.add_user(wb.engine, User("after", "After"), at=wb.now(), by="ana")
    false = rewritten(archive, tmp_path / "b.zip", files={"demo": b"x"})

    refused(wb, false, "--demo")
    with pytest.raises(NotAllowed, match="--demo"):
        restoring.restore(Settings(tmp_path / "new", f"sqlite:///{tmp_path / 'new'}/careloop.db"), false)
    lose(wb)
    restoring.restore(wb.settings, false, replace=True, may_be_demo=True, clock=clock)

    assert (wb.settings.home / demo.MARKER).exists()


Change = Callable[[dict[str, Any]], object]
FALSE_MANIFESTS: dict[str, Change] = {
    "a table twice": lambda told: told["tables"].append(told["tables"][0]),
    "without the audit log": lambda told: told.update(tables=[t for t in told["tables"] if t["name"] != "audit"]),
    "a table missing": lambda told: told.update(tables=[t for t in told["tables"] if t["name"] != "patients"]),
    "a strange kind": lambda told: told["tables"][0]["columns"][0].__setitem__(1, "pickle"),
    "a strange column": lambda told: told["tables"][0]["columns"][0].__setitem__(0, 'x"; DROP TABLE users; --'),
    "an unknown column": lambda told: told["tables"][0]["columns"][0].__setitem__(0, "no_such_column"),
    "columns as a text": lambda told: told["tables"][0].update(columns="abc"),
    "rows as a text": lambda told: told["tables"][0].update(rows="many"),
    "tables as a text": lambda told: told.update(tables="abc"),
    "files as a list": lambda told: told.update(files=["demo"]),
    "a size as a text": lambda told: told["files"]["secret.key"].update(size="32"),
    "a version that never was": lambda told: told.update(version="0000"),
    "a version in words": lambda told: told.update(version="0001; x"),
    "a name that is a sentence": lambda told: told.update(archive_id="x" * 400),
    "ledgers as a text": lambda told: told.update(ledgers="abc"),
    "a moment without a zone": lambda told: told.update(made_at="2026-11-24T12:00:00"),
    "a generation out of the home": lambda told: told.update(generation="../.."),
    "a format in words": lambda told: told.update(format="1"),
}


@pytest.mark.parametrize("what", FALSE_MANIFESTS)
def test_a_manifest_that_says_what_none_says_is_refused(
    made: tuple[Workbench, Path], tmp_path: Path, what: str
) -> None:
    wb, archive = made

    said = refused(wb, rewritten(archive, tmp_path / "b.zip", manifest=FALSE_MANIFESTS[what]), "othing was changed")

    assert "INSERT" not in said


@pytest.mark.parametrize("name", ["strange", "sessions", "alembic_version", "sqlite_master", "../x"])
def test_a_table_that_no_backup_has_is_refused(made: tuple[Workbench, Path], tmp_path: Path, name: str) -> None:
    wb, archive = made

    refused(wb, rewritten(archive, tmp_path / "b.zip", tables={name: b'["x"]\n'}), "no backup has")


def twice(rows: Rows) -> None:
    rows.append(rows[0])


def missing(rows: Rows) -> None:
    rows[0]["last_name"] = None
    del rows[0]["patient_id"]


@pytest.mark.parametrize("change", [twice, missing])
def test_rows_that_do_not_fit_are_refused_without_a_word_of_theirs_and_nothing_is_touched(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    change: Callable[[Rows], None],
) -> None:
    wb, archive = made_in(bench, tmp_path / "a.zip")

    said = refused(wb, rewritten(archive, tmp_path / "b.zip", rows={"patients": change}), "table patients")

    assert "INSERT" not in said and "p1" not in said


def test_a_line_without_an_end_is_refused_in_little_memory(made: tuple[Workbench, Path], tmp_path: Path) -> None:
    wb, archive = made
    false = rewritten(archive, tmp_path / "b.zip", tables={"patients": b"0" * (160 << 20) + b"\n"})
    lose(wb)
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from core import backups; from core.errors import CareloopError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: backups.verify(Path(sys.argv[1]))\n"
        "except CareloopError as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )

    done = subprocess.run([sys.executable, "-c", script, str(false)], cwd=ROOT, capture_output=True, text=True)

    said, more = done.stdout.splitlines()
    assert "the table patients" in said
    assert int(more) < 120_000, "kilobytes"


def test_a_row_that_could_not_come_back_is_not_backed_up(
    wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.store import archive_names

    monkeypatch.setattr(archive_names, "LONGEST", 20)

    with pytest.raises(CareloopError, match="larger than"):
        back_up(wb, tmp_path / "a.zip")

    assert not list(tmp_path.glob("*.zip*"))


def test_everything_that_a_full_home_backs_up_has_a_name_that_a_restore_takes(
    wb: Workbench, tmp_path: Path, clock: Clock
) -> None:
    from core.sample import write_sample

    write_sample(tmp_path / "feed", patients=60, seed=1, as_of=wb.today())
    loads.load(wb, tmp_path / "feed")
    (wb.settings.home / "conformance").mkdir(exist_ok=True)
    (wb.settings.home / "conformance" / "CMS122-2026.parquet").write_bytes(b"x")

    done = restore_in_place(wb, back_up(wb, tmp_path / "a.zip"), clock)

    assert done.files > 8
    again = reopened(wb.settings, clock)
    assert loads.current(again) is not None
    lose(again)
