"""The local user whom the pages act as until there is a sign-in."""

import pytest
from sqlalchemy import update

from core import users
from core.domain.role import CHANGE_OPT_OUTS
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import audit
from core.store.schema import users as table
from core.workbench import Workbench


def test_a_new_home_gets_its_local_user_who_sees_everybody_and_it_is_recorded(wb: Workbench) -> None:
    users.ensure_local_user(wb)

    person = accounts.user(wb.engine, wb.settings.user)
    assert (person.name, person.scope) == ("Analyst", Scope())
    with reading(wb.engine) as connection:
        [line] = connection.execute(audit.select().where(audit.c.action == "user.added")).all()
    assert (line.subject, line.user_id) == ("analyst", "ana")


def test_a_local_user_with_a_scope_keeps_it(wb: Workbench) -> None:
    limited = User(wb.settings.user, "Lena Limited", scope=Scope(groups=frozenset({"G1"})))
    users.add(wb, limited)

    users.ensure_local_user(wb)

    assert accounts.user(wb.engine, wb.settings.user) == limited


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


def test_a_local_user_who_was_made_inactive_stays_so(wb: Workbench) -> None:
    users.ensure_local_user(wb)
    with writing(wb.engine) as connection:
        connection.execute(update(table).where(table.c.user_id == wb.settings.user).values(is_active=False))

    users.ensure_local_user(wb)

    with pytest.raises(NotFound):
        wb.as_user(wb.settings.user)
