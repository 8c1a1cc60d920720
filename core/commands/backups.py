"""`careloop backup`, `careloop restore` and `careloop reconcile`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from core.errors import CareloopError
from core.settings import read_settings
from core.workbench import open_workbench

Ledgers = Annotated[
    list[Path] | None, typer.Option("--ledger", help="The folder 'ledger' of a machine that has sent; may be repeated.")
]


def add_to(app: typer.Typer) -> None:
    """Make the commands part of the command line."""
    app.command()(backup)
    app.command()(restore)
    app.command()(reconcile)


def backup(
    out: Annotated[Path | None, typer.Argument(help="File to write, or a folder to put it in.")] = None,
    verify: Annotated[Path | None, typer.Option(help="Instead: read this archive and compare its check sums.")] = None,
) -> None:
    """Write everything into one archive, while everything runs. It holds patients' data and the home's secret key."""
    from core import backups

    if (out is None) == (verify is None):
        raise CareloopError("Say where the backup goes, or with --verify which archive to check.")
    if verify is not None:
        print(f"Whole: {backups.verify(verify)}")
        return
    assert out is not None
    print(f"Written: {backups.backup(open_workbench(), out, progress=_progress)}")


def restore(
    archive: Annotated[Path, typer.Argument(help="An archive made by 'careloop backup'.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where data is: it is put aside, not deleted.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="The backup is one of a demo, and the home becomes a demo.")
    ] = False,
    ledger: Ledgers = None,
) -> None:
    """Put the state of an archive into the home and database. Nothing is sent until 'careloop reconcile --release'.

    Ends with 1 when everything came back but the audit log is not whole.
    """
    from core import reconciling, restoring

    settings = read_settings(os.environ)
    done = restoring.restore(
        settings, archive, replace=replace, may_be_demo=demo, ledgers=ledger or [], progress=_progress
    )
    print(f"Restored into {settings.home}: {done.rows:,} rows and {done.files:,} files.")
    if done.aside:
        print(f"What was there lies in {done.aside}; an old database beside the new one.")
    _say(done.replayed)
    print(*reconciling.lines(open_workbench(settings)), sep="\n")
    if done.audit.problem:
        print(f"The audit log is not whole. {done.audit.problem}", file=sys.stderr)
        raise typer.Exit(1)


def reconcile(
    ledger: Ledgers = None,
    twilio: Annotated[bool, typer.Option("--twilio", help="Ask Twilio what was sent and received since.")] = False,
    mail_log: Annotated[
        list[Path] | None,
        typer.Option(help="A mail server's log, or a folder of mails, that covers the time since; may be repeated."),
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="Let messages leave again.")] = False,
    reason: Annotated[str, typer.Option(help="Why it is right to let them leave. Kept with the release.")] = "",
    since_unknown: Annotated[
        str | None, typer.Option(help="Where nothing tells what left since: maybe-sent or not-sent.")
    ] = None,
    stops_may_be_missing: Annotated[
        bool, typer.Option("--stops-may-be-missing", help="Accept that opt-outs since are not known.")
    ] = False,
    people_checked: Annotated[
        bool, typer.Option("--people-checked", help="You have looked at who came back otherwise than before.")
    ] = False,
) -> None:
    """After a restore: say what is known of the time since the backup, ask for more, and let messages leave again."""
    from core import reconcile_mail, reconcile_twilio, reconciling

    wb = open_workbench()
    if ledger:
        _say(reconciling.take_ledgers(wb, ledger))
    if mail_log:
        mails = reconcile_mail.read_mail_logs(wb, mail_log)
        print(f"Mail logs: {mails.found:,} recipients found; {mails.strange:,} mails of recipients that are not here")
    if twilio:
        asked = reconcile_twilio.ask_twilio(wb)
        print(f"Twilio: {asked.sent:,} sent, {asked.found:,} recipients found; {asked.taken:,} replies taken in")
    if not release:
        print(*reconciling.lines(wb), sep="\n")
        return
    counts = reconciling.release(
        wb,
        reason=reason,
        since_unknown=since_unknown,
        stops_may_be_missing=stops_may_be_missing,
        people_checked=people_checked,
    )
    if counts["given_up"]:
        print(f"{counts['given_up']:,} may have got their message and are 'unknown' now")
    print(f"Released: {counts['waiting']:,} messages wait for their windows")


def _say(found: object) -> None:
    from core.ledger_replay import Replayed

    assert isinstance(found, Replayed)
    print(
        f"From the ledgers: {found.handed_over:,} messages had left, {found.unknown:,} may have, {found.tried:,} had "
        f"failed, {found.waiting_again:,} had not left; {found.opt_outs:,} opt-outs made or taken back, "
        f"contact data of {found.corrections:,} patients corrected; "
        f"{found.campaigns:,} campaigns made and {found.changed:,} stopped or taken back since the backup."
    )
    if found.unreadable:
        print(f"{found.unreadable:,} lines of the ledgers were cut off.", file=sys.stderr)


def _progress(step: str, share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r  {step[:44]:<44} {share:4.0%}", end="\n" if share >= 1 else "", file=sys.stderr)
