"""`careloop backup`, `restore` and `reconcile` as somebody types them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import ROOT
from tests.restores import lose


def careloop(home: Path, *arguments: str) -> tuple[int, str]:
    environ = {**os.environ, "CARELOOP_HOME": str(home)}
    environ.pop("CARELOOP_DATABASE", None)
    command = [sys.executable, "-m", "core", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.long
def test_a_home_is_backed_up_checked_lost_restored_and_released(wb: Workbench, tmp_path: Path) -> None:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 3))
    home, archive = wb.settings.home, tmp_path / "a.zip"
    lose(wb)

    code, said = careloop(home, "backup", str(archive))
    assert code == 0 and "Written" in said
    assert careloop(home, "backup", "--verify", str(archive)) == (0, said.replace("Written", "Whole"))
    code, said = careloop(home, "backup", str(archive))
    assert code == 2 and "there already" in said
    code, said = careloop(home, "restore", str(archive))
    assert code == 2 and "--replace" in said
    shutil.rmtree(home)
    code, said = careloop(home, "restore", str(archive))
    assert code == 0 and "3 messages wait: 3 emails" in said and "is not here" in said
    code, said = careloop(home, "sending", "status")
    assert code == 1 and "careloop reconcile" in said
    code, said = careloop(home, "reconcile")
    assert code == 0 and "Nothing is sent or printed until it is released" in said
    code, said = careloop(home, "reconcile", "--release", "--reason", "tried it out")
    assert code == 2 and "--since-unknown" in said
    more = ("--since-unknown", "not-sent", "--stops-may-be-missing")
    code, said = careloop(home, "reconcile", "--release", "--reason", "tried it out", *more)
    assert code == 2 and "--people-checked" in said
    code, said = careloop(home, "reconcile", "--release", "--reason", "tried it out", *more, "--people-checked")
    assert code == 0 and "Released: 3 messages wait" in said
    code, said = careloop(home, "sending", "status")
    assert "reconcile" not in said
    assert careloop(home, "reconcile") == (0, "No restored backup waits to be reconciled.\n")


@pytest.mark.long
def test_a_home_in_which_a_restore_was_interrupted_says_so(wb: Workbench, tmp_path: Path) -> None:
    lose(wb)
    (wb.settings.home / "restore-under-way").write_text("1\n")

    for command in (["sending", "status"], ["dispatch", "--once"], ["serve"], ["backup", str(tmp_path)]):
        code, said = careloop(wb.settings.home, *command)
        assert code == 2 and "careloop restore" in said, command
