"""`careloop check`: whether everything is in order, as the page Settings shows it."""

import sys
from typing import Annotated

import typer

from core.errors import CareloopError
from core.workbench import open_workbench

_MARKS = {"ok": "  ", "note": "* ", "warning": "! ", "wrong": "x "}
_KEY = "* not as in a new home   ! look at it before messages leave   x does not work"


def check(
    accounts: Annotated[bool, typer.Option("--accounts", help="Test the mail server, mailbox and Twilio now.")] = False,
) -> None:
    """Say whether everything is in order: settings, accounts, feed, disk, database, dispatcher. Nothing is sent.

    Ends with 1 when something does not work.
    """
    from core import check as checks

    try:
        found = checks.rows(open_workbench(), test_accounts=accounts)
    except CareloopError as error:
        print(f"x {error}")
        sys.exit(1)
    section = ""
    for row in found:
        if row.section != section:
            section = row.section
            print(f"\n{section}")
        print(f"{_MARKS[row.state]}{row.label}: {row.words}")
        for reason in row.reasons:
            print(f"    - {reason}")
        if row.advice:
            print(f"    {row.advice}")
    counts = {state: sum(row.state == state for row in found) for state in checks.STATES}
    print(f"\n{_KEY}\n{counts['wrong']} wrong, {counts['warning']} to look at")
    if not checks.is_in_order(found):
        sys.exit(1)
