"""Commands for whether messages may leave."""

from typing import Annotated

import typer

from core.workbench import open_workbench

sending_app = typer.Typer(no_args_is_help=True, help="Whether messages may leave, and the switch that stops them all.")


@sending_app.command("status")
def sending_status() -> None:
    """Whether messages may leave, and if not, why. Ends with 1 when something holds them back."""
    from core import dispatcher, sending_control

    wb = open_workbench()
    found = sending_control.holds(wb)
    seen = dispatcher.last_seen(wb)
    print(f"Dispatcher last seen: {f'{seen.astimezone(wb.zone()):%Y-%m-%d %H:%M}' if seen else 'none is running'}")
    print(*(hold.sentence for hold in found) if found else ("Nothing holds sending back.",), sep="\n")
    if found:
        raise typer.Exit(1)


@sending_app.command("pause")
def sending_pause(reason: Annotated[str, typer.Option(help="Why, for whoever reads it later.")]) -> None:
    """Let nothing leave, in any campaign, from the next message on."""
    from core import sending_control

    print(f"All sending is paused: {sending_control.pause_all(open_workbench(), reason=reason).reason}")


@sending_app.command("resume")
def sending_resume() -> None:
    """Let messages leave again, and try an account again that was paused because it failed."""
    from core import sending_control

    wb = open_workbench()
    was_paused = sending_control.resume_all(wb)
    sending_control.try_account_again(wb)
    print("Messages may leave again." if was_paused else "Nobody had paused sending.")
