"""The command line `careloop`. Each command reads its arguments and calls one public function."""

import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from core import private_files, unexpected
from core.commands import backups
from core.commands.addresses import address_app
from core.commands.audit import audit_app
from core.commands.check import check
from core.commands.codes import codes_app
from core.commands.feed import feed_app
from core.commands.forms import form_app, logo_app
from core.commands.live import live
from core.commands.sending import sending_app
from core.commands.support import support_app
from core.commands.users import user_app
from core.errors import CareloopError
from core.settings import Settings, read_settings
from core.workbench import DISPATCHER, Workbench, open_workbench

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(codes_app, name="codes")
app.add_typer(feed_app, name="feed")
app.add_typer(sending_app, name="sending")
app.add_typer(form_app, name="form")
app.add_typer(logo_app, name="logo")
app.add_typer(address_app, name="address")
app.add_typer(user_app, name="user")
app.add_typer(audit_app, name="audit")
backups.add_to(app)
app.command()(check)
app.command()(live)
app.add_typer(support_app, name="support")

Port = Annotated[int | None, typer.Option(help="Port of the pages. Default: CARELOOP_PORT or 8501.")]


def main() -> None:
    """Run a command. What a person can put right is shown as it is; of a mistake of ours its number and place, never
    a traceback, whose words could be a patient's."""
    private_files.keep_private()
    unexpected.keep_values_out()
    try:
        app()
    except CareloopError as error:
        print(f"careloop: {error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        print(f"careloop: {unexpected.sentence(error)}\n{unexpected.summary(error)}", file=sys.stderr)
        sys.exit(1)


def _settings(port: int | None = None, **changes: str) -> Settings:
    environ = {**os.environ, **changes, **({"CARELOOP_PORT": str(port)} if port else {})}
    return read_settings(environ)


def _open(user: str = "command-line") -> Workbench:
    return open_workbench(_settings(), user=user)


def _progress() -> Callable[[str, float], None]:
    """A progress line that overwrites itself on a terminal and prints one line per step elsewhere."""
    shown: dict[str, str] = {}

    def show(step: str, share: float) -> None:
        if sys.stderr.isatty():
            bar = "█" * int(share * 24)
            print(f"\r  {step[:44]:<44} {bar:<24} {share:4.0%}", end="\n" if share >= 1 else "", file=sys.stderr)
        elif shown.get("step") != step:
            shown["step"] = step
            print(f"  {step}", file=sys.stderr, flush=True)

    return show


@app.command()
def sample(
    out: Annotated[Path, typer.Argument(help="Folder to write the tables to.")],
    patients: Annotated[int, typer.Option(help="How many patients.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
    as_of: Annotated[str, typer.Option(help="The day the data ends (YYYY-MM-DD). Default: today.")] = "",
    after: Annotated[
        Path | None, typer.Option("--next", help="Instead: what follows this sample, which this home has loaded.")
    ] = None,
) -> None:
    """Write an invented population as CSV tables.

    With --next the same people some weeks later: who was contacted by a campaign of this home has closed care gaps more
    often, by known rates. What is true stands in NAME-answer.csv beside the folder.
    """
    from core.sample import write_sample

    if after is not None:
        from core import next_feed

        answer = next_feed.write(_open(), after, out, as_of=_day(as_of), seed=seed)
        closed = answer["closed_on"].count()
        print(f"{answer.height:,} care gaps were open, {closed:,} of them are closed since. Written to {out}")
        return
    counts = write_sample(out, patients=patients, seed=seed, as_of=_day(as_of), progress=_progress())
    for table, rows in counts.items():
        print(f"{table:<18}{rows:>10,}")
    print(f"Written to {out}, with the seed {seed}")


@app.command()
def load(
    folder: Annotated[Path, typer.Argument(help="Folder with the files of a feed.")],
    format: Annotated[str, typer.Option(help="auto, careloop, synthea or fhir.")] = "auto",
    watch: Annotated[
        bool, typer.Option("--watch", help="Load each feed that arrives in FOLDER, until stopped.")
    ] = False,
    quiet: Annotated[float, typer.Option(help="With --watch: seconds without a change until a feed is complete.")] = 60,
    every: Annotated[float, typer.Option(help="With --watch: seconds between two looks.")] = 5,
) -> None:
    """Load a feed: CSV tables, Synthea's CSV tables, or FHIR R4 bundles or NDJSON.

    With --watch each sub-folder of FOLDER is a feed; without sub-folders the files in FOLDER are one, such as a nightly
    one that replaces the last. A feed is loaded once, when a file _DONE, .done, done or _SUCCESS is in it (or NAME.done
    beside it), or when nothing in it has changed for --quiet seconds. One that fails is tried again when its files
    change. Nothing in FOLDER is changed. Packed files (zip, gz) are not unpacked.
    """
    from core import feed_gate, loads

    wb = _open()
    if watch:
        _watch(wb, folder, format=format, quiet=quiet, every=every)
        return
    print(loads.load(wb, folder, format=format, progress=_progress()))
    print(*feed_gate.lines(wb), sep="\n")
    print(f"The data is kept in {wb.settings.home}")


def _watch(wb: Workbench, folder: Path, *, format: str, quiet: float, every: float) -> None:
    from core import feed_gate, watching
    from core.stopping import stop_on_signals

    stop = threading.Event()
    stop_on_signals(stop)

    def told(taken: watching.Taken) -> None:
        print(f"{taken.name}: {taken.state}", taken.words, *feed_gate.lines(wb), sep="\n", flush=True)

    print(f"Watching {folder}", flush=True)
    watching.watch(wb, folder, quiet=quiet, every=every, format=format, stop=stop, told=told)


@app.command()
def gaps(
    out: Annotated[Path, typer.Option(help="File to write: .parquet or .csv.")],
    as_of: Annotated[str, typer.Option(help="The day to decide for (YYYY-MM-DD). Default: today.")] = "",
    year: Annotated[int | None, typer.Option(help="Instead of a day: what this measurement year counts.")] = None,
    known_at: Annotated[str, typer.Option(help="By what was known at the end of that day (YYYY-MM-DD).")] = "",
    engine: Annotated[str, typer.Option(help="Where to evaluate: local, or dask://HOST:PORT.")] = "local",
) -> None:
    """Write one row per patient and measure: the state, the dates and the values looked at."""
    from core import care_gaps

    wb = _open()
    if as_of and year is not None:
        raise CareloopError("Ask for a day with --as-of or for a measurement year with --year, not for both.")
    day = _day(as_of) if as_of else wb.today()
    report = _progress()
    rows = care_gaps.write_gaps(
        wb,
        out,
        as_of=day,
        year=year,
        known_at=care_gaps.end_of(wb, _day(known_at)) if known_at else None,
        engine=engine,
        progress=lambda share: report("Evaluating", share),
    )
    print(f"{rows:,} rows of the data in {wb.settings.home} written to {out}")


@app.command()
def conformance(
    decks: Annotated[
        list[Path], typer.Argument(help="Folders of decks: deck.json, patients, value_sets, expected.csv.")
    ],
    out: Annotated[Path | None, typer.Option(help="Also write one row per case and group: .csv or .parquet.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the results in the home, for the Measures page.")] = False,
) -> None:
    """Run official test patients and compare the populations they must fall in. Ends with 1 when one is wrong,
    with 2 when a deck cannot be used; the others are run all the same.

    Value sets that a deck does not bring are those of `careloop codes load`."""
    from core import conformance as decks_run

    if out is not None:
        decks_run.require_writable(out)
    settings, results, unusable_count = _settings(), [], 0
    known = decks_run.codes_of(open_workbench(settings)) if settings.home.exists() else None
    for result in decks_run.run_decks(decks, known=known):
        if isinstance(result, decks_run.UnusableDeck):
            print(f"careloop: {result}", file=sys.stderr)
            unusable_count += 1
            continue
        print(result, flush=True)
        for line in result.lines:
            print(f"  {line}", flush=True)
        results.append(result)
    if out is not None:
        print(f"{decks_run.write_cases(results, out):,} rows written to {out}")
    if keep and results:
        wb = _open()
        decks_run.keep(wb, results)
        print(f"Kept in {wb.settings.home}")
    if unusable_count:
        raise typer.Exit(2)
    if any(result.right_count < result.cases.height for result in results):
        raise typer.Exit(1)


@app.command()
def dispatch(once: Annotated[bool, typer.Option("--once", help="Send what is due now, then end.")] = False) -> None:
    """Send what is due, within the windows. Runs until it is stopped."""
    from core import dispatcher, sending_control

    wb = _open(DISPATCHER)
    sent = dispatcher.run(wb, once=once)
    if once:
        print(f"{sent:,} messages handed over")
        for hold in sending_control.holds(wb):
            print(hold.sentence, file=sys.stderr)


@app.command()
def collect() -> None:
    """Take in the mails that came back to the mailbox of CARELOOP_MAILBOX, as a dispatcher does every minute."""
    from core import bounces

    found = bounces.collect(_open(DISPATCHER))
    kinds = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in sorted(found.by_what.items()))
    print(f"{found.mails:,} mails read{f' ({kinds})' if kinds else ''}; {found.matched:,} about messages of ours")


@app.command()
def serve(port: Port = None) -> None:
    """Run the pages, the dispatcher and the local mail server until stopped."""
    from core import serving, users

    settings = _settings(port)
    wb = open_workbench(settings)
    is_new = not users.can_anybody_sign_in(wb)
    wb.engine.dispose()

    def ready(address: str) -> None:
        print(f"Careloop is at {address}", flush=True)
        if is_new:
            print(
                "Nobody can sign in yet. Make the first account: careloop user add NAME --role administrator",
                flush=True,
            )

    serving.serve(settings, ready=ready)


@app.command()
def demo(
    patients: Annotated[int, typer.Option(help="How many invented patients.")] = 20_000,
    port: Port = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the demo's home away first.")] = False,
) -> None:
    """Make an invented population as of today, load it, and start everything in a sandbox."""
    from core import demo as demos
    from core import serving

    begun = time.monotonic()
    home = os.environ.get("CARELOOP_HOME") or str(Path("careloop-data") / "demo")
    settings = _settings(port, CARELOOP_HOME=home)
    serving.require_ports(demos.settings_of(settings))
    settings = demos.make(settings, patients=patients, fresh=fresh, progress=_progress())

    def ready(address: str) -> None:
        print(
            f"\nThe Careloop demo is at {address}   (ready after {time.monotonic() - begun:.0f} s, Ctrl+C ends it)",
            flush=True,
        )

    serving.serve(settings, ready=ready)


def _day(text: str) -> date:
    if not text:
        return _open().today()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CareloopError("A day is written YYYY-MM-DD, for example 2026-11-24.") from None
    if not 1900 <= day.year <= 2199:
        raise CareloopError("The day must lie between 1900-01-01 and 2199-12-31.")
    return day


if __name__ == "__main__":
    main()
