"""The people who work here: added, changed, made inactive, and never all of them locked out."""

import threading
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from core import live_checks, sessions, sign_in, users
from core.domain.role import CHANGE_OPT_OUTS, MANAGE_USERS
from core.domain.user import Scope, User
from core.errors import CareloopError, NotAllowed, NotFound
from core.store import accounts, identity_rows
from core.store.database import reading, writing
from core.store.schema import audit
from core.store.schema import users as table
from core.workbench import COMMAND_LINE, Workbench
from tests.at_once import at_once
from tests.clinic import add_clinic
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


def invited(wb: Workbench, user_id: str = "cleo", **changes: object) -> str:
    return users.invite(wb, user_id, "Cleo Clerk", **{"roles": ["opt_out_clerk"], **changes})  # type: ignore[arg-type]


def test_roles_are_kept_and_somebody_of_a_version_without_roles_is_an_administrator(wb: Workbench) -> None:
    users.add(wb, User("cleo", "Cleo Clerk", roles=frozenset({"opt_out_clerk"})))
    users.add(wb, User("olga", "Olga Old"))
    with writing(wb.engine) as connection:
        connection.execute(update(table).where(table.c.user_id == "olga").values(roles=None))

    assert accounts.user(wb.engine, "cleo").roles == {"opt_out_clerk"}
    assert accounts.user(wb.engine, "olga").roles == {"administrator"}


def test_what_a_role_does_not_permit_is_refused_with_whom_to_ask(wb: Workbench) -> None:
    users.add(wb, User("mia", "Mia Manager", roles=frozenset({"manager"})))
    users.add(wb, User("cleo", "Cleo Clerk", roles=frozenset({"opt_out_clerk", "unheard-of"})))

    wb.as_user("cleo").require(CHANGE_OPT_OUTS)
    with pytest.raises(NotAllowed, match=r"may not add or remove opt-outs.*opt-out clerk or administrator"):
        wb.as_user("mia").require(CHANGE_OPT_OUTS)


def test_an_invited_user_is_kept_with_roles_and_scope_and_it_is_recorded(wb: Workbench) -> None:
    password = invited(wb, scope=Scope(groups=frozenset({"g1"})), email="cleo@example.org")

    kept = accounts.user(wb.engine, "cleo")
    assert (kept.name, kept.email, set(kept.roles)) == ("Cleo Clerk", "cleo@example.org", {"opt_out_clerk"})
    assert kept.scope == Scope(groups=frozenset({"g1"}))
    assert len(password) >= 16
    with reading(wb.engine) as connection:
        lines = connection.execute(audit.select().where(audit.c.subject == "cleo").order_by(audit.c.position)).all()
    assert [line.action for line in lines] == ["user.added", "password.given"]
    assert password not in str(lines)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"user_id": "c"}, "2 to 40"),
        ({"user_id": "Cleo Clerk"}, "small letters"),
        ({"user_id": "cleo@example.org"}, "small letters"),
        ({"user_id": "ana"}, "There is a user 'ana' already"),
        ({"email": "not an address"}, "is not one"),
        ({"roles": []}, "Choose a role"),
        ({"roles": ["identified_data"]}, "beside another"),
        ({"roles": ["boss"]}, "no role boss"),
        ({"email": "DUP@example.org"}, "Another user has this email"),
    ],
)
def test_what_cannot_be_a_user_is_refused(wb: Workbench, changes: dict[str, object], why: str) -> None:
    users.add(wb, User("dup", "Dup", email="dup@example.org"))

    with pytest.raises(CareloopError, match=why):
        invited(wb, **changes)  # type: ignore[arg-type]


def test_whoever_is_made_inactive_is_signed_out_everywhere(wb: Workbench) -> None:
    invited(wb)
    token = sessions.begin(wb, "cleo", method="password")
    assert sessions.find(wb, token) is not None

    users.change(wb, "cleo", is_active=False)

    assert sessions.find(wb, token) is None
    with pytest.raises(NotFound):
        wb.as_user("cleo")


def test_a_change_of_roles_or_patients_signs_out_everywhere(wb: Workbench) -> None:
    invited(wb)
    for change in ({"roles": ["manager"]}, {"scope": Scope(groups=frozenset())}):
        token = sessions.begin(wb, "cleo", method="password")
        users.change(wb, "cleo", name="Cleo Another")
        assert sessions.find(wb, token) is not None
        users.change(wb, "cleo", **change)
        assert sessions.find(wb, token) is None


@pytest.mark.parametrize("user_id", ["dispatcher", "command-line", "patient", "visitor"])
def test_what_acts_without_a_person_is_no_user_that_can_be_made_or_let_in(wb: Workbench, user_id: str) -> None:
    with pytest.raises(NotAllowed):
        users.add(wb, User(user_id, "Ann", roles=frozenset({"administrator"})))
    with pytest.raises(NotFound):
        users.reset_password(wb, user_id)
    with pytest.raises(NotFound):
        sessions.begin(wb, user_id, method="openid")


def test_the_last_one_who_can_sign_in_and_manage_users_stays(wb: Workbench) -> None:
    command_line = wb.as_user(COMMAND_LINE)
    invited(command_line, "root", roles=["administrator"])
    invited(command_line, "cleo")

    for changes in ({"roles": ["manager"]}, {"is_active": False}):
        with pytest.raises(NotAllowed, match="Nobody would be left"):
            users.change(command_line, "root", **changes)
    users.change(command_line, "cleo", roles=["administrator"])
    users.change(command_line, "root", is_active=False)

    assert [one.is_active for one in users.persons(command_line) if one.user.user_id == "root"] == [False]


def test_two_administrators_made_inactive_at_the_same_moment_leave_one(
    bench: Workbench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for each in ("root", "ruth"):
        invited(bench, each, roles=["administrator"])
    both, check = threading.Barrier(2), users._check_somebody_is_left

    def check_when_both_are_there(*args: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)
        check(*args)

    monkeypatch.setattr(users, "_check_somebody_is_left", check_when_both_are_there)

    ends = at_once(2, lambda which: users.change(bench, ("root", "ruth")[which], is_active=False))

    assert ends == {"done": 1, "NotAllowed": 1}
    assert [one.is_active for one in users.persons(bench) if one.user.user_id in ("root", "ruth")].count(True) == 1


def test_without_local_accounts_a_password_is_no_way_in_and_none_is_given(wb: Workbench) -> None:
    command_line = wb.as_user(COMMAND_LINE)
    invited(command_line, "root", roles=["administrator"], email="root@clinic.org")
    invited(command_line, "ruth", roles=["administrator"], email="ruth@clinic.org")
    at_provider: dict[str, Any] = {"local_accounts": False, "oidc_issuer": "https://id.example.org"}
    here = replace(command_line, settings=replace(wb.settings, **at_provider))
    with writing(wb.engine) as connection:
        identity_rows.link(connection, "root", issuer="https://id.example.org", subject="1", at=wb.now())
        identity_rows.link(connection, "ruth", issuer="https://elsewhere.example.org", subject="2", at=wb.now())

    assert [one.user.user_id for one in users.persons(here) if one.has_way_in] == ["root"]
    assert "1 with an email address" in next(
        each.sentence for each in live_checks.all_checks(here) if each.key == "administrators"
    )
    with pytest.raises(NotAllowed, match="Nobody would be left"):
        users.change(here, "root", is_active=False)
    assert invited(here) == ""
    with pytest.raises(NotAllowed, match="Passwords do not count here"):
        users.reset_password(here, "cleo")


@pytest.mark.parametrize("role", ["analyst", "approver", "manager", "opt_out_clerk", "data_scientist"])
def test_only_administrators_manage_users(wb: Workbench, role: str) -> None:
    users.add(wb, User("sam", "Sam", roles=frozenset({role})))
    sam = wb.as_user("sam")
    assert not sam.user.may(MANAGE_USERS)

    for call in (
        lambda: users.persons(sam),
        lambda: users.add(sam, User("x", "X")),
        lambda: invited(sam, "y"),
        lambda: users.change(sam, "sam", roles=["administrator"]),
        lambda: users.reset_password(sam, "ana"),
        lambda: users.end_sessions(sam),
        lambda: users.scopes(sam),
    ):
        with pytest.raises(NotAllowed, match="administrator"):
            call()


def test_a_new_home_says_that_nobody_can_sign_in_yet(wb: Workbench) -> None:
    assert not users.can_anybody_sign_in(wb)

    invited(wb)

    assert users.can_anybody_sign_in(wb)


def test_a_session_of_everybody_can_be_ended_at_once(wb: Workbench) -> None:
    tokens = [sessions.begin(wb, invited(wb, name) and name, method="password") for name in ("cleo", "dora")]

    assert users.end_sessions(wb) == 2

    assert [sessions.find(wb, token) for token in tokens] == [None, None]


def test_known_passwords_are_for_demos_only(wb: Workbench) -> None:
    with pytest.raises(NotAllowed, match="demo"):
        sign_in.set_known_password(wb, "ana", "x")


def test_nobody_is_limited_to_a_group_or_provider_that_does_not_exist(wb: Workbench) -> None:
    invited(wb, "early", scope=Scope(groups=frozenset({"typed-before-the-first-feed"})))
    add_clinic(wb)

    for scope in (Scope(groups=frozenset({"g1", "g9"})), Scope(providers=frozenset({"dr9"}))):
        with pytest.raises(NotFound, match=r"dr9|g9"):
            invited(wb, scope=scope)
        with pytest.raises(NotFound, match=r"dr9|g9"):
            users.change(wb, "early", scope=scope)
    users.change(wb, "early", scope=Scope(groups=frozenset({"typed-before-the-first-feed", "g1"})))
    invited(wb, scope=Scope(frozenset({"g1"}), frozenset({"dr1"})))
