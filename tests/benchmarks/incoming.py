"""Texts that come in faster than a database can commit them one by one: every one must be kept before it is answered.

    python tests/benchmarks/incoming.py [--rate 300] [--seconds 10] [--database URL]

Starts the pages as `careloop serve` does, on 127.0.0.1, and posts signed texts at a steady rate whether or not those
before were answered, as Twilio would. Prints one JSON object a line: {"name", "value", "unit", "target"}. How long one
takes is counted from when it was due. The peer is Twilio's own patience: it gives up after 15 s. One commit is measured
beside it, on the same disk: one for each text would take that times the texts.
"""

import argparse
import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import func, select

from core.serving import environment, pages_command
from core.settings import Settings
from core.store.database import reading
from core.store.schema import opt_outs, replies
from core.workbench import Workbench, open_workbench
from tests.benchmarks.mail_tools import free_port
from tests.clinic import add_clinic, add_patients
from tests.texts import form, signed

WORDS = ("STOP", "Please stop texting me", "HELP", "Yes", *(f"Can I come on day {day}?" for day in range(1, 17)))
NUMBERS = 2000


@dataclass(frozen=True)
class Answered:
    """One text: its status and the milliseconds from when it was due to its answer."""

    status: int
    milliseconds: float


def main() -> None:
    """Start the server, send the texts and print the results."""
    parser = argparse.ArgumentParser(prog="incoming.py")
    parser.add_argument("--rate", type=int, default=300, help="texts a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--database", help="its address; SQLite in a temporary folder otherwise")
    arguments = parser.parse_args()
    count = arguments.rate * arguments.seconds
    with tempfile.TemporaryDirectory(prefix="careloop-bench-") as folder:
        wb = _clinic(Path(folder), arguments.database)
        requests = [signed(wb, _form(number)) for number in range(count)]
        with _server(wb.settings):
            before = _kept(wb)
            answered = asyncio.run(_send(wb, requests, rate=arguments.rate))
        took = sorted(each.milliseconds for each in answered)
        _print("stored", _kept(wb) - before, "texts", count)
        _print("answered_200", sum(each.status == 200 for each in answered), "texts", count)
        _print("slowest_ms", round(took[-1], 1), "ms", 15_000)
        _print("p95_ms", round(took[int(0.95 * count) - 1], 1), "ms", None)
        _print("median_ms", round(median(took), 1), "ms", None)
        _print("stopped_numbers", _stopped(wb), "numbers", len({_sender(n) for n in range(count) if n % 20 < 2}))
        _print("sqlite_commit_ms", round(_commit(Path(folder)), 2), "ms", None)
        wb.engine.dispose()


def _clinic(folder: Path, database: str | None) -> Workbench:
    port = free_port()
    home = folder / "home"
    settings = Settings(
        home=home,
        database_url=database or f"sqlite:///{home / 'careloop.db'}",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
    )
    wb = open_workbench(settings)
    add_clinic(wb)
    for number in range(NUMBERS):
        if number % 10 == 0:
            add_patients(wb, 1, start=number, phone_mobile=_sender(number))
    return wb


def _sender(number: int) -> str:
    return f"+1555{number % NUMBERS:07d}"


def _form(number: int) -> dict[str, str]:
    return form(number, WORDS[number % len(WORDS)], sender=_sender(number))


@contextmanager
def _server(settings: Settings) -> Iterator[None]:
    environ = environment(settings)
    server = subprocess.Popen(pages_command(settings), cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not _answers(f"{settings.public_url}/health"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the server did not start")
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(20)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


async def _send(wb: Workbench, requests: Sequence[tuple[bytes, dict[str, str]]], *, rate: int) -> list[Answered]:
    address = f"{wb.settings.public_url}/twilio/text"
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=60)
    ) as session:
        begin = time.perf_counter() + 0.2

        async def post(due: float, body: bytes, headers: dict[str, str]) -> Answered:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            try:
                async with session.post(address, data=body, headers=headers) as answer:
                    await answer.read()
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError):
                status = 0
            return Answered(status, 1000 * (time.perf_counter() - due))

        return await asyncio.gather(*(post(begin + number / rate, *request) for number, request in enumerate(requests)))


def _kept(wb: Workbench) -> int:
    with reading(wb.engine) as connection:
        return connection.scalar(select(func.count()).select_from(replies)) or 0


def _stopped(wb: Workbench) -> int:
    with reading(wb.engine) as connection:
        return connection.scalar(select(func.count(func.distinct(opt_outs.c.address)))) or 0


def _commit(folder: Path) -> float:
    """The milliseconds that SQLite takes here to keep one row for good, once begun."""
    connection = sqlite3.connect(folder / "commit.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE kept (body TEXT)")
    took = []
    for _ in range(200):
        began = time.perf_counter()
        connection.execute("INSERT INTO kept VALUES ('Can I come on day 1?')")
        took.append(1000 * (time.perf_counter() - began))
    connection.close()
    return median(took)


def _print(name: str, value: float, unit: str, target: float | None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target}), flush=True)


if __name__ == "__main__":
    main()
