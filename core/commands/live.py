"""`careloop live`: the check list of going live, and the step itself."""

from typing import Annotated, Literal

import typer

from core.domain.wording import moment_text
from core.workbench import Workbench, open_workbench

_MARKS = {"ok": "ok     ", "wrong": "WRONG  ", "unknown": "look   "}


def live(
    confirm: Annotated[str, typer.Option(help="Go live: the organisation's name, as it stands in the settings.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for whoever reads it later. Kept with your name.")] = "",
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Back to a sandbox: nothing leaves any more.")] = False,
    test: Annotated[
        Literal["smtp", "twilio"] | None, typer.Option(help="Connect to an account without sending.")
    ] = None,
    looked_at: Annotated[
        Literal["windows", "policy"] | None, typer.Option(help="Say that you have looked at it.")
    ] = None,
) -> None:
    """Whether this home is a sandbox or live, and what must be right before it goes live. Ends with 1 when a check is
    wrong. With --confirm messages leave for patients from then on."""
    from core import going_live

    wb = open_workbench()
    if test:
        for step in going_live.try_account(wb, test).steps:
            print(f"{'ok     ' if step.is_good else 'WRONG  '}{step.words} {step.advice}".rstrip())
    elif looked_at:
        going_live.confirm_looked_at(wb, looked_at)
    elif sandbox:
        going_live.back_to_sandbox(wb, reason=reason)
    elif confirm:
        going_live.go_live(wb, confirm=confirm, reason=reason)
    _say_mode(wb)
    found = going_live.checklist(wb)
    for check in found:
        print(f"{_MARKS[check.state]}{check.title}: {check.sentence} {check.what_to_do}".rstrip())
        for fact in check.facts:
            print(f"       - {' '.join(fact.split())}")
    if any(check.state == "wrong" for check in found):
        raise typer.Exit(1)


def _say_mode(wb: Workbench) -> None:
    from core import going_live

    now = going_live.mode(wb)
    since = f" since {moment_text(now.at.astimezone(wb.zone()))}, by {now.by}: {now.reason}" if now.at else ""
    print(f"This home is {'live' if now.is_live else 'a sandbox'}{since}")
