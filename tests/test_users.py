"""The people who work here: added, changed, made inactive, and never all of them locked out."""

import pytest
from sqlalchemy import update

from core import sessions, sign_in, users
from core.domain.role import CHANGE_OPT_OUTS, MANAGE_USERS
from core.domain.user import Scope, User
from core.errors import CareloopError, NotAllowed, NotFound
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import audit
from core.store.schema import users as table
from core.workbench import COMMAND_LINE, Workbench
from tests.clinic import add_clinic


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


def test_a_change_of_roles_counts_in_sessions_that_are_open(wb: Workbench) -> None:
    invited(wb)
    token = sessions.begin(wb, "cleo", method="password")

    users.change(wb, "cleo", roles=["manager"], scope=Scope(groups=frozenset()))

    session = sessions.find(wb, token)
    assert session is not None
    assert (set(session.user.roles), session.user.scope) == ({"manager"}, Scope(groups=frozenset()))


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
