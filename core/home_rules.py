"""What is wrong with a home, judged alike by `careloop check` and before it goes live: who else can look into it, and
which settings are still those that no patient should see."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core import private_files
from core.domain.address import is_email, is_us_number, phone_link
from core.domain.invented import is_invented_email, is_invented_number
from core.domain.organisation import Organisation
from core.settings import Settings
from core.store.secret import key_file
from core.workbench import Workbench


def home_problem(settings: Settings) -> str:
    """Whether others can look into the home: a sentence with what to run, empty when nobody can."""
    return private_files.problem(settings.home)


def key_problem(settings: Settings) -> str:
    """The same of the secret key; a home in which nothing was signed yet has none."""
    path = key_file(settings.home)
    return private_files.problem(path) if path.exists() else ""


def database_problem(wb: Workbench) -> str:
    """The same of the database's file; a server of databases has its own accounts."""
    path = Path(wb.engine.url.database or "")
    return private_files.problem(path) if wb.engine.dialect.name == "sqlite" and path.is_file() else ""


def secret_problems(settings: Settings) -> list[str]:
    """Of the home, the secret key and the secrets that are set (core.credentials)."""
    credentials = [each.problem for each in settings.credentials]
    return [each for each in (home_problem(settings), key_problem(settings), *credentials) if each]


def unset(values: Mapping[str, Any]) -> dict[str, str]:
    """Of the organisation's settings by key, which still are as in a new home, empty, or an address or number that
    nobody can have, and why."""
    found = dict(_invented(values))
    if values["name"].strip() in ("", Organisation().name):
        found["name"] = "The organisation has the name that every new home has."
    if not values["postal_address"].strip():
        found["postal_address"] = "There is none, and US rules ask for one in every email."
    number = phone_link(values["call_back_number"])
    if not is_us_number(number) or is_invented_number(number):
        found["call_back_number"] = "This is no number that anybody can call."
    if not is_email(values["from_email"]) or is_invented_email(values["from_email"]):
        found["from_email"] = "This is no address that anybody can have."
    return found


def _invented(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if not isinstance(value, str):
            continue
        if is_email(value.strip()) and is_invented_email(value):
            yield key, "This is no address that anybody can have."
        elif phone_link(value) and is_invented_number(value):
            yield key, "This is a number that nobody has."
