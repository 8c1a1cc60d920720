"""A restore brings the audit log back; whether anybody wrote it anew shows against what the home had noted before."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core import audit, reconciling
from core.domain.audit_line import BEGINNING, AuditLine, line_hash
from core.restoring import Restoration
from core.workbench import Workbench
from tests.conftest import Clock
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)
from tests.restores import Rows, back_up, lose, operator, reopened, restore_in_place, rewritten
from tests.test_audit import filled
from tests.test_backup_cli import careloop

pytestmark = pytest.mark.long


def forged(rows: Rows) -> None:
    """Another user at the third line, and every hash computed anew."""
    rows[2]["user_id"] = "eve"
    before = BEGINNING
    for row in rows:
        at = datetime.fromisoformat(row["at"]).astimezone(UTC)
        details = json.loads(row["details"])
        line = AuditLine(row["position"], at, row["user_id"], row["action"], row["subject"], details)
        before = row["hash"] = line_hash(before, line)


def changed(rows: Rows) -> None:
    rows[2]["user_id"] = "eve"


def cut(rows: Rows) -> None:
    del rows[1]


def last_line(wb: Workbench, action: str) -> AuditLine:
    return audit.lines(wb, audit.Search(action=action), limit=1)[0]


def noted_and_backed_up(wb: Workbench, out: Path) -> Path:
    """Five lines, the head noted, and a backup."""
    filled(wb)
    audit.note_head(wb, always=True)
    return back_up(wb, out)


def restored(wb: Workbench, archive: Path, clock: Clock) -> tuple[Restoration, Workbench]:
    clock.forward(minutes=5)
    done = restore_in_place(wb, archive, clock)
    return done, reopened(wb.settings, clock)


@pytest.mark.parametrize(("change", "words"), [(forged, "written anew"), (changed, "was changed"), (cut, "is missing")])
def test_a_log_that_was_rewritten_in_the_archive_is_said_by_the_restore_and_shows_ever_after(
    bench_by_day: Workbench,  # noqa: F811
    tmp_path: Path,
    clock: Clock,
    change: Callable[[Rows], None],
    words: str,
) -> None:
    archive = noted_and_backed_up(bench_by_day, tmp_path / "a.zip")
    false = rewritten(archive, tmp_path / "b.zip", rows={"audit": change})

    done, wb = restored(bench_by_day, false, clock)

    assert words in done.audit.problem
    assert words in audit.verify(wb).problem
    assert last_line(wb, "backup.restored").details["audit"] == "broken"
    assert any(words in line for line in reconciling.lines(wb))
    lose(wb)


def test_a_log_that_is_what_was_noted_is_whole_after_the_restore(
    bench_by_day: Workbench,  # noqa: F811
    tmp_path: Path,
    clock: Clock,
) -> None:
    archive = noted_and_backed_up(bench_by_day, tmp_path / "a.zip")
    filled(bench_by_day)
    audit.note_head(bench_by_day, always=True)

    done, wb = restored(bench_by_day, archive, clock)

    assert (done.audit.problem, done.audit.compared, done.audit.beyond) == ("", 1, 1)
    filled(wb, 8)
    assert not audit.verify(wb).problem
    assert last_line(wb, "backup.restored").details["audit"] == "whole"
    (aside,) = wb.settings.home.glob("before-restore-*/audit-heads")
    assert len([line for line in aside.read_text().splitlines() if line[0].isdecimal()]) == 2
    lose(wb)


def test_after_the_wrong_backup_was_restored_the_right_one_is_compared_with_what_was_noted_before_both(
    bench_by_day: Workbench,  # noqa: F811
    tmp_path: Path,
    clock: Clock,
) -> None:
    early = back_up(bench_by_day, tmp_path / "early.zip")
    right = noted_and_backed_up(bench_by_day, tmp_path / "right.zip")
    _, wb = restored(bench_by_day, early, clock)
    filled(wb, 4)
    audit.note_head(wb, always=True)

    done, wb = restored(wb, right, clock)

    assert (done.audit.problem, done.audit.compared) == ("", 1)
    false = rewritten(right, tmp_path / "false.zip", rows={"audit": forged})
    _, wb = restored(wb, early, clock)
    done, wb = restored(wb, false, clock)
    assert "written anew" in done.audit.problem
    lose(wb)


def test_a_forged_archive_that_says_it_is_younger_does_not_pass_after_an_older_one(
    wb: Workbench, tmp_path: Path, clock: Clock
) -> None:
    early = back_up(wb, tmp_path / "early.zip")
    right = noted_and_backed_up(wb, tmp_path / "right.zip")
    later = (clock() + timedelta(minutes=6)).isoformat()
    false = rewritten(
        right, tmp_path / "b.zip", rows={"audit": forged}, manifest=lambda told: told.update(made_at=later)
    )
    _, wb = restored(wb, early, clock)

    done, wb = restored(wb, false, clock)

    assert "written anew" in done.audit.problem
    lose(wb)


def test_where_nothing_was_noted_a_chain_that_holds_is_said_to_be_compared_with_nothing(
    wb: Workbench, tmp_path: Path, clock: Clock
) -> None:
    filled(wb)
    archive = back_up(wb, tmp_path / "a.zip")

    done, wb = restored(wb, archive, clock)

    assert (done.audit.problem, done.audit.compared) == ("", 0)
    assert any("Nothing was noted here" in line for line in reconciling.lines(operator(wb)))
    lose(wb)


def test_the_command_ends_with_1_and_says_why_when_the_log_was_rewritten(wb: Workbench, tmp_path: Path) -> None:
    archive = noted_and_backed_up(wb, tmp_path / "a.zip")
    false = rewritten(archive, tmp_path / "b.zip", rows={"audit": forged})
    lose(wb)

    code, said = careloop(wb.settings.home, "restore", "--replace", str(false))

    assert code == 1 and "The audit log is not whole. Line " in said and "Restored into" in said
    code, said = careloop(wb.settings.home, "audit", "verify")
    assert code == 1 and "written anew" in said
