"""The local user whom the pages act as until there is a sign-in."""

import pytest
from sqlalchemy import update

from core import users
from core.domain.user import Scope, User
from core.errors import NotFound
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


def test_a_local_user_who_was_made_inactive_stays_so(wb: Workbench) -> None:
    users.ensure_local_user(wb)
    with writing(wb.engine) as connection:
        connection.execute(update(table).where(table.c.user_id == wb.settings.user).values(is_active=False))

    users.ensure_local_user(wb)

    with pytest.raises(NotFound):
        wb.as_user(wb.settings.user)
