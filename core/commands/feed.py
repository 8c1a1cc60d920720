"""Commands for the quality of the feed and the feed gate."""

from typing import Annotated

import typer

from core.workbench import open_workbench

feed_app = typer.Typer(
    no_args_is_help=True, help="How good the feed is, and the gate that keeps bad data from sending."
)


@feed_app.command("status")
def feed_status() -> None:
    """Say whether the feed gate is open, which feeds are late or failed, and how each table of the last loads is."""
    from core import feed_gate, feed_quality, lateness, watching

    wb = open_workbench()
    for line in feed_gate.lines(wb):
        print(line)
    for alarm in lateness.alarms(wb):
        print(f"- {alarm.sentence}")
    for failed in [each for each in watching.arrivals(wb, limit=50) if each.state == "failed"]:
        print(f"- {failed.name}: {failed.reason}")
    shown = feed_quality.table(wb)
    widths = [max([len(name), *(len(_cell(value)) for value in shown[name])]) for name in shown.columns]
    for row in [shown.columns, *shown.iter_rows()] if shown.height else []:
        print("  ".join(f"{_cell(value):<{width}}" for value, width in zip(row, widths, strict=True)).rstrip())


@feed_app.command("release")
def feed_release(
    reason: Annotated[str, typer.Option(help="Why it is right to send by this data. Kept with your release.")],
) -> None:
    """Open the feed gate despite the problems it is closed for, until the feed has others."""
    from core import feed_gate

    wb = open_workbench()
    print(f"{feed_gate.waiting_count(wb):,} messages wait.")
    feed_gate.release(wb, reason=reason)
    for line in feed_gate.lines(wb):
        print(line)


@feed_app.command("end-source")
def feed_end_source(
    source: Annotated[str, typer.Argument(help="Its name, as 'careloop feed status' shows it.")],
) -> None:
    """Say that a source sends no more: nothing is expected of it until it sends again."""
    from core import feed_gate

    wb = open_workbench()
    feed_gate.end_source(wb, source)
    for line in feed_gate.lines(wb):
        print(line)


def _cell(value: object) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
