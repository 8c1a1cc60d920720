"""`careloop address`: the return addresses that stand on letters and labels."""

from typing import Annotated

import typer

from core.workbench import open_workbench

address_app = typer.Typer(no_args_is_help=True, help="Return addresses of letters and labels.")


@address_app.command("add")
def address_add(
    lines: Annotated[list[str], typer.Argument(help="The sender, the street and the town, each in quotes.")],
    name: Annotated[str, typer.Option(help="What the list of addresses calls it; else the sender.")] = "",
) -> None:
    """Keep an address from which letters can come."""
    from core import return_addresses

    added = return_addresses.add(open_workbench(), name or lines[0], lines)
    print(f"{added.key}  {added.name}: {', '.join(added.lines)}")


@address_app.command("list")
def address_list() -> None:
    """List all of them: those added here, the organisation's own, and those of the feed's clinics."""
    from core import return_addresses

    known = return_addresses.return_addresses(open_workbench())
    for key, each in known.items():
        print(f"{key}  {each.name}: {', '.join(each.lines)}")
    if not known:
        print("There is no return address. Add one with 'careloop address add SENDER STREET TOWN'.")


@address_app.command("remove")
def address_remove(key: Annotated[str, typer.Argument(help="As 'careloop address list' shows it.")]) -> None:
    """Take away one that was added here. Letters that are made keep theirs."""
    from core import return_addresses

    return_addresses.remove(open_workbench(), key)
    print("The return address is removed.")
