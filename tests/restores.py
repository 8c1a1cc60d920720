"""A home that is backed up, goes on, is lost and comes back, for tests of restores."""

import gzip
import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from core import backups, dispatcher, restoring
from core.restoring import Restoration
from core.settings import Settings
from core.workbench import Workbench, open_workbench
from tests.conftest import Clock
from tests.mail_servers import Recorder


def back_up(wb: Workbench, out: Path) -> Path:
    """A backup of now."""
    return backups.backup(wb.as_user("command-line"), out).path


def lose(wb: Workbench) -> Workbench:
    """Nobody has the database open any more."""
    wb.engine.dispose()
    return wb


def restore_in_place(wb: Workbench, archive: Path, clock: Clock, ledgers: Sequence[Path] = ()) -> Restoration:
    """Take the backup back into the same home, which has its ledger."""
    lose(wb)
    return restoring.restore(wb.settings, archive, replace=True, ledgers=ledgers, clock=clock)


def restore_elsewhere(
    wb: Workbench, archive: Path, home: Path, clock: Clock, *, url: str = "", ledgers: Sequence[Path] = ()
) -> Workbench:
    """Take it back on another machine, to which at most the ledgers were saved."""
    lose(wb)
    settings = replace(wb.settings, home=home, database_url=url or f"sqlite:///{home}/careloop.db")
    restoring.restore(settings, archive, ledgers=ledgers, clock=clock)
    return reopened(settings, clock)


def reopened(settings: Settings, clock: Clock) -> Workbench:
    """The workbench of 'ana' after a restore."""
    return open_workbench(settings, clock=clock).as_user("ana")


def operator(wb: Workbench) -> Workbench:
    """Who restores and reconciles."""
    return wb.as_user("command-line")


def send_some(wb: Workbench, count: int | None = None, *, channel: str = "email") -> int:
    """What a dispatcher sends before it is asked to end."""
    return dispatcher.drain(wb, channel=channel, limit=count)


def mailed(server: Recorder) -> Counter[str]:
    """How many mails each address got."""
    return Counter(address for address, _ in server.mails)


def saved_ledger(wb: Workbench, to: Path) -> Path:
    """A copy of the ledger, as another disk has it."""
    shutil.copytree(wb.settings.ledger, to)
    return to


Rows = list[dict[str, Any]]


def rewritten(
    archive: Path,
    out: Path,
    *,
    rows: Mapping[str, Callable[[Rows], None]] | None = None,
    tables: Mapping[str, bytes] | None = None,
    files: Mapping[str, bytes] | None = None,
    manifest: Callable[[dict[str, Any]], object] | None = None,
) -> Path:
    """A copy of an archive by somebody who changes it and puts all check sums right.

    rows      changes of the rows of tables, each row by column
    tables    whole contents of tables, in place of what there is or beside it
    files     files of the home, beside those there are
    manifest  what is changed in the manifest at last
    """
    with zipfile.ZipFile(archive) as old:
        members = {name: old.read(name) for name in old.namelist()}
    told = json.loads(members.pop("manifest.json"))
    shapes = {each["name"]: each for each in told["tables"]}
    contents = dict(tables or {})
    for name, change in (rows or {}).items():
        columns = [column for column, _, _ in shapes[name]["columns"]]
        lines = gzip.decompress(members[f"tables/{name}.jsonl.gz"]).splitlines()
        found = [dict(zip(columns, json.loads(line), strict=True)) for line in lines]
        change(found)
        contents[name] = b"".join(json.dumps(list(row.values())).encode() + b"\n" for row in found)
    for name, content in contents.items():
        if name not in shapes:
            shapes[name] = {"name": name, "columns": [["a", "text", True]]}
            told["tables"].append(shapes[name])
        shapes[name] |= {"rows": content.count(b"\n"), "sha256": sha256(content).hexdigest()}
        members[f"tables/{name}.jsonl.gz"] = gzip.compress(content, 1)
    for name, content in (files or {}).items():
        told["files"][name] = {"size": len(content), "sha256": sha256(content).hexdigest()}
        members[f"files/{name}"] = content
    if manifest:
        manifest(told)
    with zipfile.ZipFile(out, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
        new.writestr("manifest.json", json.dumps(told))
    return out
