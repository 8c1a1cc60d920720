"""A home in which everything is right for going live: what leaves goes to a mail server of the test on this machine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from core import going_live, loads, sign_in
from core.domain.user import User
from core.store import accounts
from core.workbench import Workbench
from tests.clinic import add_clinic
from tests.feeds import without_rules, write_feed

# 'internal' is a domain that no address outside a network can have, and no area of the US has the code 299.
ORGANISATION = {
    "name": "Lakeside Health",
    "postal_address": "1 Lake Street, Lakeside, IL 60000",
    "call_back_number": "+12992345678",
    "from_email": "care@lakeside.internal",
}
PERSON = "patient_id,first,last,birth_date,sex,status,email"


def ready(wb: Workbench, folder: Path, *, port: int, is_tested: bool = True, **changes: Any) -> Workbench:
    """The workbench of a home that may go live; `changes` are of its settings."""
    organisation(wb, **ORGANISATION)
    add_clinic(wb)
    boss = User("bo", "Bo Boss", email="bo@lakeside.internal")
    accounts.add_user(wb.engine, boss, at=wb.now(), by="ana")
    sign_in.give_password(wb, "bo")
    without_rules(wb)
    feed = write_feed(folder, patients=[PERSON, "f1,Fay,Real,1960-05-01,F,active,fay@patients.internal"])
    loads.load(wb, feed)
    url = "https://careloop.lakeside.internal"
    changes = {"smtp_port": port, "keeps_mails": False, "public_url": url, **changes}
    found = replace(wb, settings=replace(wb.settings, **changes)).as_user("bo")
    if is_tested:
        going_live.try_account(found, "smtp")
    database = wb.settings.home / "careloop.db"
    if database.exists():
        database.chmod(0o600)
    return found


def live(wb: Workbench, folder: Path, *, port: int, **changes: Any) -> Workbench:
    """The same after it went live."""
    found = ready(wb, folder, port=port, **changes)
    going_live.go_live(found, confirm="Lakeside Health", reason="The practice has tried it out.")
    return found


def organisation(wb: Workbench, **changes: Any) -> None:
    """Change settings of the organisation."""
    accounts.change_organisation(wb.engine, changes, at=wb.now(), by="ana")
