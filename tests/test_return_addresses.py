"""Return addresses: kept, listed and taken away, and refused when no envelope could carry them."""

from dataclasses import replace

import pytest

from core import return_addresses
from core.domain.user import User
from core.errors import NotAllowed, NotFound
from core.store.database import reading
from core.store.schema import audit
from core.workbench import Workbench
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_cli import careloop

LINES = ("Example Health Group", "100 Example Street", "Springfield, IL 62701")


def test_an_address_is_kept_listed_first_and_taken_away(bench: Workbench) -> None:  # noqa: F811
    before = return_addresses.return_addresses(bench)

    made = return_addresses.add(bench, "Main office", [LINES[0], " ", f"  {LINES[1]} ", LINES[2]])

    assert made.lines == LINES
    assert return_addresses.return_addresses(bench) == {made.key: made, **before}
    return_addresses.remove(bench, made.key)
    assert return_addresses.return_addresses(bench) == before
    with reading(bench.engine) as connection:
        actions = [row.action for row in connection.execute(audit.select().order_by(audit.c.audit_id))]
    assert actions[-2:] == ["return_address.added", "return_address.removed"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [("", LINES), ("Office", ()), ("Office", LINES[:1]), ("Office", ("x",) * 7), ("Office", ("x" * 81, "y"))],
    ids=["no name", "no lines", "no street", "too many lines", "too long a line"],
)
def test_what_no_envelope_could_carry_is_refused(wb: Workbench, name: str, lines: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowed, match="needs a name for the list and two to 6 lines"):
        return_addresses.add(wb, name, lines)


def test_one_that_is_not_of_the_settings_cannot_be_taken_away(wb: Workbench) -> None:
    with pytest.raises(NotFound, match="Those of clinics come with the feed"):
        return_addresses.remove(wb, return_addresses.OWN)


def test_who_may_not_change_the_organisation_keeps_none(wb: Workbench) -> None:
    limited = User("ana", "Ana Reyes", roles=frozenset({"analyst"}))
    with pytest.raises(NotAllowed):
        return_addresses.add(replace(wb, user=limited), "Office", LINES)


def test_the_command_line_keeps_return_addresses(wb: Workbench) -> None:
    home = wb.settings.home
    added = careloop(home, "address", "add", *LINES)
    assert added.returncode == 0 and "100 Example Street" in added.stdout
    key = added.stdout.split()[0]
    assert key in careloop(home, "address", "list").stdout
    assert careloop(home, "address", "remove", key).returncode == 0
    assert careloop(home, "address", "remove", key).returncode == 2
