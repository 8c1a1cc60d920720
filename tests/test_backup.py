"""Backups hold everything as of one moment, are whole or not there, and say so when they are damaged."""

import stat
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from core import backups, restoring
from core.errors import CareloopError, NotAllowed
from core.settings import Settings
from core.store.database import reading, writing
from core.store.dump import shapes
from core.store.schema import campaigns, logos, metadata, organisation_settings, recipients, restores
from core.workbench import Workbench, open_workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import Clock
from tests.postgres import bench, database, postgres_folder  # noqa: F401 (fixtures)


def rows(wb: Workbench) -> dict[str, list[Any]]:
    """Every row of every table that a backup holds, without what a restore adds."""
    found = {}
    with reading(wb.engine) as connection:
        for shape in shapes():
            table = metadata.tables[shape.name]
            question = select(table).order_by(*table.primary_key.columns)
            if table is campaigns:
                question = question.where(campaigns.c.kind != "restore")
            if table is recipients:
                question = question.where(recipients.c.patient_id != "")
            if table is not restores and shape.name != "audit":
                found[shape.name] = [tuple(row) for row in connection.execute(question)]
    return found


def fill(wb: Workbench) -> None:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 30, first="Zoë", mrn='"\n\\'))
    with writing(wb.engine) as connection:
        at = {"added_at": wb.now(), "added_by": "ana"}
        connection.execute(insert(logos).values(logo_id="l", name="L", kind="png", content=b"\0\xff\x80", **at))
        for key, value in (("null", None), ("text", "x"), ("deep", {"a": [1, 2.5, None, True]})):
            changed = {"changed_at": wb.now(), "changed_by": "ana"}
            connection.execute(insert(organisation_settings).values(key=key, value=value, **changed))


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_what_is_restored_is_what_was_backed_up_on_either_database(
    bench: Workbench,  # noqa: F811
    to: str,
    tmp_path: Path,
    postgres_folder: str,  # noqa: F811
    clock: Clock,
) -> None:
    fill(bench)
    before, out = rows(bench), tmp_path / "a.zip"

    backups.backup(bench.as_user("command-line"), out)
    with database(postgres_folder) as url:
        home = tmp_path / "other"
        url = url if to == "postgresql" else f"sqlite:///{home}/careloop.db"
        settings = Settings(home=home, database_url=url)
        restoring.restore(settings, out, clock=clock)
        wb = open_workbench(settings, clock=clock)
        after = rows(wb)
        wb.engine.dispose()

    assert sum(map(len, before.values())) > 60
    for name in before:
        assert after[name] == before[name], name


def test_only_its_owner_may_read_a_backup_and_it_is_never_written_over(wb: Workbench, tmp_path: Path) -> None:
    fill(wb)
    made = backups.backup(wb.as_user("command-line"), tmp_path)

    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert made.path.parent == tmp_path
    with pytest.raises(NotAllowed, match="there already"):
        backups.backup(wb.as_user("command-line"), made.path)
    assert backups.verify(made.path) == made
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
@pytest.mark.parametrize(
    "name", ["tables/patients.jsonl.gz", "tables/opt_outs.jsonl.gz", "files/secret.key", "manifest.json"]
)
def test_a_backup_with_a_byte_changed_in_anything_it_holds_is_refused(
    wb: Workbench, tmp_path: Path, name: str, share: float
) -> None:
    fill(wb)
    made = backups.backup(wb.as_user("command-line"), tmp_path)
    with zipfile.ZipFile(made.path) as archive:
        held = archive.read(name)
    content = bytearray(made.path.read_bytes())
    content[content.index(held) + (int(len(held) * share) if len(held) > 40 else len(held) - 1)] ^= 0x55
    made.path.write_bytes(content)

    with pytest.raises(CareloopError):
        backups.verify(made.path)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_backup_that_was_cut_off_is_refused(wb: Workbench, tmp_path: Path, share: float) -> None:
    fill(wb)
    made = backups.backup(wb.as_user("command-line"), tmp_path)
    content = made.path.read_bytes()
    made.path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(CareloopError, match="no whole backup"):
        restoring.restore(replace(wb.settings, home=tmp_path / "new"), made.path)
    assert not (tmp_path / "new").exists()


def test_a_backup_holds_no_paths_out_of_the_home(wb: Workbench, tmp_path: Path) -> None:
    fill(wb)
    made = backups.backup(wb.as_user("command-line"), tmp_path)
    with zipfile.ZipFile(made.path) as old, zipfile.ZipFile(tmp_path / "b.zip", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                content = content.replace(b'"files": {', b'"files": {"../x": {"size": 0, "sha256": ""},', 1)
            new.writestr(name, content)

    with pytest.raises(CareloopError, match="no whole backup"):
        backups.verify(tmp_path / "b.zip")
