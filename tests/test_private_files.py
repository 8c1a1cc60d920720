"""Whatever the command line writes is for the account that runs it alone, also where others usually may read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def run(home: Path, *arguments: str) -> None:
    command = f'umask 022; exec "{sys.executable}" -m core "$@"'
    subprocess.run(
        ["bash", "-c", command, "-", *arguments],
        cwd=ROOT,
        env={**os.environ, "CARELOOP_HOME": str(home)},
        check=True,
        capture_output=True,
    )


@pytest.mark.long
def test_no_file_that_the_command_line_writes_can_be_read_by_others(tmp_path: Path) -> None:
    home, feed, out = tmp_path / "home", tmp_path / "feed", tmp_path / "out"
    out.mkdir()
    home.mkdir(mode=0o755)  # by somebody who did not think of it

    run(home, "sample", str(feed), "--patients", "40")
    run(home, "load", str(feed))
    run(home, "user", "add", "ana", "--role", "analyst")
    run(home, "gaps", "--out", str(out / "gaps.csv"))
    run(home, "backup", str(out))

    found = [path for folder in (home, feed, out) for path in folder.rglob("*")]
    open_to_others = [str(path.relative_to(tmp_path)) for path in found if path.lstat().st_mode & 0o077]
    assert len(found) > 30 and {"gaps.csv", "careloop.db"} <= {path.name for path in found}
    assert open_to_others == []


@pytest.mark.parametrize("before", ["000", "002", "022", "027", "077", "177"])
def test_a_stricter_umask_stays(before: str, tmp_path: Path) -> None:
    program = "import os; from core.private_files import keep_private; keep_private(); print(oct(os.umask(0)))"
    ended = subprocess.run(
        ["bash", "-c", f'umask {before}; exec "{sys.executable}" -c "{program}"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(ended.stdout, 8) == int(before, 8) | 0o077
