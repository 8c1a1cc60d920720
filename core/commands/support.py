"""`careloop support`: the support requests of the people who work here."""

from typing import Annotated

import typer

from core.errors import CareloopError
from core.workbench import open_workbench

support_app = typer.Typer(no_args_is_help=True, help="Support requests: list them, read one, resolve it.")
Number = Annotated[str, typer.Argument(metavar="CASE", help="The case number, such as 2026-483920.")]


@support_app.command("list")
def support_list(every: Annotated[bool, typer.Option("--all", help="The resolved ones too.")] = False) -> None:
    """List the cases that wait, the latest first."""
    from core import support

    wb = open_workbench()
    found = support.cases(wb, state="" if every else "open")
    for case in found:
        at = f"{case.opened_at.astimezone(wb.zone()):%Y-%m-%d %H:%M}"
        first = case.synopsis.partition("\n")[0]
        print(f"{case.case_number}  {at}  {case.state:<9} {case.name[:24]:<24} {first[:60]}")
    if not found:
        print("No case waits.")


@support_app.command("show")
def support_show(number: Number) -> None:
    """Print one case."""
    from core import support

    wb = open_workbench()
    case = support.case(wb, number)
    print(f"{case.case_number}  {case.state}")
    print(f"From:        {case.name} <{case.email}>{f', {case.practice}' if case.practice else ''}")
    signed_in = "not signed in" if case.opened_by == "visitor" else f"signed in as {case.opened_by}"
    print(f"Came in:     {case.opened_at.astimezone(wb.zone()):%Y-%m-%d %H:%M}, {signed_in}")
    if case.message_id:
        print(f"Message id:  {case.message_id}")
    print(f"\n{case.synopsis}")
    if case.resolved_at:
        print(f"\nResolved {case.resolved_at.astimezone(wb.zone()):%Y-%m-%d %H:%M} by {case.resolved_by}:")
        print(case.resolution)
    for kind, state in support.mails(wb, number):
        print(f"Mail '{kind}': {state}")


@support_app.command("resolve")
def support_resolve(
    number: Number,
    resolution: Annotated[str, typer.Option(help="What came of it. It goes to who asked by email, word for word.")],
) -> None:
    """Close a case and let the resolution go out."""
    from core import support

    try:
        support.resolve(open_workbench(), number, resolution)
    except support.HoldsPatientInformation as error:
        raise CareloopError(" ".join([str(error), *error.found])) from None
    print(f"Case {number} is resolved. The dispatcher sends the resolution.")
