"""The files for running as a service: systemd takes the units, all are in the guide, and the backup can be restored."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from core import backups, loads
from core.settings import read_settings
from core.workbench import Workbench
from tests.conftest import ROOT
from tests.feeds import ANN, PATIENT, without_rules, write_feed

FOLDER = ROOT / "docs" / "service"
GUIDE = (ROOT / "docs" / "operation.md").read_text("utf-8")
UNITS = sorted([*FOLDER.glob("*.service"), *FOLDER.glob("*.timer")])
HARDENED = (
    "User=careloop",
    "UMask=0077",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "CapabilityBoundingSet=\n",
)


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_file_is_in_the_guide(path: Path) -> None:
    assert f"(service/{path.name})" in GUIDE


def test_the_guide_names_files_and_variables_that_there_are() -> None:
    for name in re.findall(r"\]\(([^)#]+)\)", GUIDE):
        assert (ROOT / "docs" / name).exists(), name
    known = (ROOT / "core" / "settings.py").read_text("utf-8")
    files = "\n".join(path.read_text("utf-8") for path in FOLDER.iterdir())
    for variable in set(re.findall(r"CARELOOP_[A-Z_]+[A-Z]", GUIDE + files)):
        assert variable.removesuffix("_FILE").removeprefix("CARELOOP_") in known, variable


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_every_service_runs_by_itself_with_few_rights(path: Path) -> None:
    unit = path.read_text("utf-8")
    assert [line for line in HARDENED if line not in unit] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        unit = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", path.read_text("utf-8"))
        (tmp_path / path.name).write_text(unit, "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / path.name) for path in UNITS)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, [line for line in run.stderr.splitlines() if "careloop" in line]) == (0, [])


def test_the_environment_of_the_guide_is_one_that_careloop_takes(tmp_path: Path) -> None:
    lines = (FOLDER / "careloop.env").read_text("utf-8").splitlines()
    environ = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    (tmp_path / "password").write_text("secret\n", "utf-8")
    environ |= {"CARELOOP_HOME": str(tmp_path), "CARELOOP_SMTP_PASSWORD_FILE": str(tmp_path / "password")}
    settings = read_settings(environ)
    assert settings.mails_leave and settings.texts_leave and settings.smtp_password == "secret"


def test_the_nightly_backup_is_one_that_can_be_restored(wb: Workbench, tmp_path: Path) -> None:
    without_rules(wb)
    loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, ANN]))
    kept = tmp_path / "backups"
    kept.mkdir()
    old = kept / "careloop-20200101T000000Z.zip"
    old.touch()
    os.utime(old, (0, 0))
    environ = {**os.environ, "CARELOOP_HOME": str(wb.settings.home)}

    subprocess.run([str(FOLDER / "careloop-backup"), str(kept)], env=environ, check=True)

    (archive,) = kept.iterdir()
    assert archive.stat().st_mode & 0o077 == 0 and (wb.settings.home / "last-backup").exists()
    assert backups.verify(archive).rows > 0
