"""Commands for what codes mean."""

from pathlib import Path
from typing import Annotated

import typer

from core.workbench import open_workbench

codes_app = typer.Typer(no_args_is_help=True, help="What codes mean: licensed lists and a feed's own codes.")


@codes_app.command("load")
def codes_load(
    path: Annotated[Path, typer.Argument(help="A code_map.csv, or a folder with value sets and code maps.")],
) -> None:
    """Say what codes mean, by code maps and by value sets under your own licence; then work out care gaps again."""
    from core import code_loads, loads

    wb = open_workbench()
    report, home = code_loads.load_codes(wb, path), wb.settings.home
    print(f"{report.headline} in {home}")
    for line in report.lines:
        print(line)
    if loads.current(wb) is None:
        print(f"Nothing is loaded in {home} yet: the codes count from the first load on.")


@codes_app.command("status")
def codes_status(
    measure: Annotated[str, typer.Option(help="Only this measure, by its id. Default: all that are on.")] = "",
) -> None:
    """Say which codes each measure knows, and which entries it therefore cannot see."""
    from core import codes

    for each in codes.status(open_workbench(), measure_id=measure or None):
        print(f"{each}\n")


@codes_app.command("orphans")
def codes_orphans() -> None:
    """List codes of the feed that are near a list of ours and not in it, most used first."""
    from core import local_codes

    rows = local_codes.orphans(open_workbench())
    for row in rows.iter_rows(named=True):
        print(f"{row['events']:>9,}  {row['system']} {row['code']}  {row['text'] or ''}")
        print(f"           near {row['name']}: {row['why']}")
    if rows.is_empty():
        print("No code of the feed is near a list without being in it.")
