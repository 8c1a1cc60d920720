"""Commands for the audit log."""

import sys
from typing import Annotated

import typer

from core.workbench import open_workbench

audit_app = typer.Typer(no_args_is_help=True, help="Who did what, and whether the log is whole.")


@audit_app.command("verify")
def audit_verify(
    noted: Annotated[str, typer.Option(help="POSITION:HASH as an earlier check said it, kept somewhere else.")] = "",
) -> None:
    """Check the chain of the audit log. Ends with 1 when a line was changed, taken out or put in."""
    from core import audit

    found = audit.verify(open_workbench(), noted=noted)
    if found.problem:
        print(f"The audit log is not whole. {found.problem}", file=sys.stderr)
        raise typer.Exit(1)
    print(f"The audit log is whole: {found.count:,} lines. Note elsewhere: {found.head[0]}:{found.head[1]}")
