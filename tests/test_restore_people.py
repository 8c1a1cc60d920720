"""A restore brings people back as they were: who differs from before is said, and nobody who was switched off is on."""

from pathlib import Path

import pytest
from sqlalchemy import insert, update

from core import reconciling, restoring, sign_in, users
from core.domain.user import Scope, User
from core.errors import NotAllowed
from core.store.database import reading, writing
from core.store.schema import identities
from core.store.schema import users as table
from core.store.session_rows import credential
from core.workbench import Workbench
from tests.clinic import add_clinic
from tests.conftest import Clock
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)
from tests.restores import Rows, back_up, lose, operator, reopened, restore_elsewhere, restore_in_place, rewritten
from tests.test_backup_cli import careloop

pytestmark = pytest.mark.long

ANALYST = frozenset({"analyst"})


def differing(wb: Workbench) -> dict[str, str]:
    """Who differs, by id, and in what."""
    found = reconciling.status(wb)
    assert found is not None and found.people is not None
    return {each.user_id: " ".join(each.what) for each in found.people}


def active(wb: Workbench) -> set[str]:
    return {each.user.user_id for each in users.persons(operator(wb)) if each.is_active}


@pytest.fixture
def group(bench_by_day: Workbench) -> Workbench:  # noqa: F811
    """Five people before the backup."""
    add_clinic(bench_by_day)
    for name in ("Bea", "Cy", "Dee", "Eli"):
        users.invite(operator(bench_by_day), name.lower() + ".x", name, roles=ANALYST)
    return bench_by_day


def test_whoever_was_switched_off_stays_off_and_that_is_said(group: Workbench, tmp_path: Path, clock: Clock) -> None:
    archive = back_up(group, tmp_path)
    users.change(operator(group), "bea.x", is_active=False)

    restore_in_place(group, archive, clock)
    wb = reopened(group.settings, clock)

    assert active(wb) == {"ana", "cy.x", "dee.x", "eli.x"}
    assert set(differing(wb)) == {"bea.x"} and "stays off" in differing(wb)["bea.x"]
    assert any("Bea (bea.x)" in line for line in reconciling.lines(wb))
    lose(wb)


def test_each_thing_that_differs_is_said_of_whoever_it_is(group: Workbench, tmp_path: Path, clock: Clock) -> None:
    people = operator(group)
    users.change(people, "eli.x", is_active=False)
    archive = back_up(group, tmp_path)
    users.change(people, "bea.x", roles={"manager"})
    users.change(people, "cy.x", scope=Scope(groups=frozenset({"g1"})))
    sign_in.give_password(people, "dee.x")
    users.change(people, "eli.x", is_active=True)
    users.invite(people, "fay.x", "Fay", roles=ANALYST)
    with writing(group.engine) as connection:
        row = {"issuer": "https://id.example.org", "subject": "1", "user_id": "ana", "linked_at": group.now()}
        connection.execute(insert(identities).values(row))

    restore_in_place(group, archive, clock)
    wb = reopened(group.settings, clock)

    found = differing(wb)
    assert set(found) == {"ana", "bea.x", "cy.x", "dee.x", "eli.x", "fay.x"}
    assert "Analyst" in found["bea.x"] and "Manager" in found["bea.x"]
    assert "groups or PCPs" in found["cy.x"]
    assert "password" in found["dee.x"]
    assert "switched off in the backup" in found["eli.x"]
    assert "not in the backup" in found["fay.x"]
    assert "linked" in found["ana"]
    lose(wb)


def test_somebody_whom_the_home_never_had_is_said_to_be_unknown(group: Workbench, tmp_path: Path, clock: Clock) -> None:
    def add(rows: Rows) -> None:
        rows.append(next(row for row in rows if row["user_id"] == "bea.x") | {"user_id": "eve.x", "name": "Eve"})

    archive = rewritten(back_up(group, tmp_path), tmp_path / "b.zip", rows={"users": add})

    restore_in_place(group, archive, clock)
    wb = reopened(group.settings, clock)

    assert set(differing(wb)) == {"eve.x"} and "not here before" in differing(wb)["eve.x"]
    lose(wb)


def test_system_users_may_what_the_program_says_and_nobody_signs_in_as_one(
    group: Workbench, tmp_path: Path, clock: Clock
) -> None:
    def raise_visitor(rows: Rows) -> None:
        for row in rows:
            if row["user_id"] == "visitor":
                row |= {"roles": '["administrator"]', "kind": "person"}

    def add_way_in(rows: Rows) -> None:
        rows.append(rows[0] | {"user_id": "visitor"})

    changes = {"users": raise_visitor, "credentials": add_way_in}
    archive = rewritten(back_up(group, tmp_path), tmp_path / "b.zip", rows=changes)

    wb = restore_elsewhere(group, archive, tmp_path / "new", clock)

    assert wb.as_user("visitor").user == User("visitor", "Somebody not signed in", kind="system", roles=frozenset())
    with reading(wb.engine) as connection:
        assert credential(connection, "visitor") is None
    lose(wb)


def test_nothing_is_released_before_somebody_has_seen_who_differs(
    group: Workbench, tmp_path: Path, clock: Clock
) -> None:
    archive = back_up(group, tmp_path)
    users.change(operator(group), "bea.x", is_active=False)
    restore_in_place(group, archive, clock)
    wb = reopened(group.settings, clock)

    with pytest.raises(NotAllowed, match="--people-checked"):
        reconciling.release(operator(wb), reason="whole", stops_may_be_missing=True, since_unknown="not-sent")
    reconciling.release(
        operator(wb), reason="whole", stops_may_be_missing=True, since_unknown="not-sent", people_checked=True
    )

    assert reconciling.status(wb) is None
    lose(wb)


def test_where_people_are_as_they_were_nothing_is_asked(group: Workbench, tmp_path: Path, clock: Clock) -> None:
    archive = back_up(group, tmp_path)
    restore_in_place(group, archive, clock)
    wb = reopened(group.settings, clock)

    assert differing(wb) == {}
    reconciling.release(operator(wb), reason="whole", stops_may_be_missing=True, since_unknown="not-sent")
    lose(wb)


def test_where_nothing_of_before_can_be_read_that_is_said_with_everybody_who_can_act(
    group: Workbench, tmp_path: Path, clock: Clock
) -> None:
    archive = back_up(group, tmp_path)
    users.change(operator(group), "bea.x", is_active=False)

    wb = restore_elsewhere(group, archive, tmp_path / "new", clock)

    said = "\n".join(reconciling.lines(wb))
    assert "People could not be compared" in said and "Bea (bea.x): Analyst" in said
    with pytest.raises(NotAllowed, match="--people-checked"):
        reconciling.release(operator(wb), reason="x", stops_may_be_missing=True, since_unknown="not-sent")
    lose(wb)


def test_a_home_whose_database_is_damaged_can_be_restored_and_says_that_people_were_not_compared(
    wb: Workbench, tmp_path: Path, clock: Clock
) -> None:
    archive = back_up(wb, tmp_path)
    lose(wb)
    path = wb.settings.home / "careloop.db"
    path.write_bytes(b"no database" * 1000)

    with pytest.raises(NotAllowed, match="--replace"):
        restoring.restore(wb.settings, archive, clock=clock)
    restore_in_place(wb, archive, clock)

    again = reopened(wb.settings, clock)
    found = reconciling.status(again)
    assert found is not None and found.people is None
    (aside,) = wb.settings.home.glob("careloop.db.before-restore-*")
    assert aside.read_bytes().startswith(b"no database")
    lose(again)


def test_a_second_restore_before_the_release_still_says_what_differs_from_before_the_first(
    group: Workbench, tmp_path: Path, clock: Clock
) -> None:
    archive = back_up(group, tmp_path)
    users.change(operator(group), "bea.x", is_active=False)
    users.change(operator(group), "cy.x", roles={"manager"})

    for _ in range(2):
        clock.forward(minutes=1)
        restore_in_place(group, archive, clock)
    wb = reopened(group.settings, clock)

    assert set(differing(wb)) == {"bea.x", "cy.x"}
    assert "bea.x" not in active(wb)
    lose(wb)


@pytest.mark.parametrize("place", ["_swap", "_complete", "settle"])
def test_a_restore_that_was_interrupted_and_repeated_still_says_who_differs(
    group: Workbench, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    archive = back_up(group, tmp_path)
    users.change(operator(group), "bea.x", is_active=False)

    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patched, pytest.raises(OSError):
        patched.setattr(restoring, place, broken)
        restore_in_place(group, archive, clock)
    restore_in_place(group, archive, clock)

    wb = reopened(group.settings, clock)
    assert set(differing(wb)) == {"bea.x"} and "bea.x" not in active(wb)
    lose(wb)


def test_a_sqlite_file_that_was_put_aside_by_an_interrupted_restore_is_the_one_compared_with(
    wb: Workbench, tmp_path: Path, clock: Clock
) -> None:
    users.invite(operator(wb), "bea.x", "Bea", roles=ANALYST)
    archive = back_up(wb, tmp_path)
    with writing(wb.engine) as connection:
        connection.execute(update(table).where(table.c.user_id == "bea.x").values(is_active=False))
    lose(wb)
    path = wb.settings.home / "careloop.db"
    path.rename(path.with_name("careloop.db.before-restore-20261124T180000000000"))
    (wb.settings.home / "restore-under-way").write_text("1\n")

    restoring.restore(wb.settings, archive, clock=clock)

    again = reopened(wb.settings, clock)
    assert set(differing(again)) == {"bea.x"}
    lose(again)


def test_the_commands_say_who_differs(wb: Workbench, tmp_path: Path) -> None:
    users.invite(operator(wb), "bea.x", "Bea", roles=ANALYST)
    archive = back_up(wb, tmp_path)
    users.change(operator(wb), "bea.x", is_active=False)
    lose(wb)

    code, said = careloop(wb.settings.home, "restore", "--replace", str(archive))

    assert code == 0 and "Bea (bea.x)" in said and "--people-checked" in said
    given = ("--release", "--reason", "x", "--since-unknown", "not-sent", "--stops-may-be-missing")
    code, said = careloop(wb.settings.home, "reconcile", *given)
    assert code == 2 and "Bea (bea.x)" in said
    code, said = careloop(wb.settings.home, "reconcile", *given, "--people-checked")
    assert code == 0 and "Released" in said
