"""Whether texts leave at the pace the account has, and never faster, against the stand-in for Twilio.

    python tests/benchmarks/texting.py [--messages 2000] [--per-second 100] [--quick]

The dispatcher, the stand-in and the routes that the stand-in calls back run in three processes on this machine, with
the real Twilio client and a durable row for each text. The stand-in notes when each request arrived.

Prints one JSON object a line: {"name", "value", "unit", "target"}.

    most_in_a_second   the most texts that arrived in any one second; target: the pace (at most)
    of_the_pace        messages a second from the first to the last, as a share of the pace; target: 0.95 (at least)
    delivered          texts of which the call-back has said that they arrived; target: all of them
    cpu_ms_per_text    of the dispatcher's process, its start left out
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import update

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a script finds what lies beside it only

from core.channels import twilio_outbox
from core.channels.twilio_outbox import Access
from core.domain.campaign import Message
from core.domain.user import User
from core.settings import Settings
from core.store import accounts
from core.store import campaigns as campaign_rows
from core.store.database import reading, writing
from core.store.schema import patients
from core.twilio_account import twilio_access
from core.workbench import Workbench, open_workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import ROOT

AT = datetime(2026, 11, 24, 18, tzinfo=UTC)  # a Tuesday noon in Chicago
BODY = "{{ practice.name }}: you may be due for a check-up. Please call {{ call_back_number }}."
_OPEN = """
import json, sys, time, resource
from datetime import datetime
from pathlib import Path
from core.settings import Settings
from core.workbench import open_workbench

home, url, public, twilio, at = sys.argv[1:]
settings = Settings(home=Path(home), database_url=url, public_url=public, twilio_url=twilio)
"""
_STAND_IN = (
    _OPEN
    + """
import signal, threading
from core.twilio_account import start_sandbox
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
sandbox = start_sandbox(settings, port=int(twilio.rsplit(":", 1)[1]))
ended.wait()
sandbox.stop()
"""
)
_ROUTES = (
    _OPEN
    + """
import uvicorn
from starlette.applications import Starlette
from core.web.twilio import routes
wb = open_workbench(settings, user="dispatcher", clock=lambda: datetime.fromisoformat(at))
app = Starlette(routes=routes(lambda: wb.as_user("patient"), lambda: wb))
uvicorn.run(app, host="127.0.0.1", port=int(public.rsplit(":", 1)[1]), log_level="critical", access_log=False)
"""
)
_DISPATCHER = (
    _OPEN
    + """
from core import dispatcher
from core.channels import twilio  # the client's own start is not what is measured
wb = open_workbench(settings, user="dispatcher", clock=lambda: datetime.fromisoformat(at))
before = resource.getrusage(resource.RUSAGE_SELF)
sent = dispatcher.drain(wb, channel="text")
after = resource.getrusage(resource.RUSAGE_SELF)
cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps({"sent": sent, "cpu_s": cpu_s}))
"""
)


def main() -> None:
    """Set up, send, look at what arrived, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--per-second", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="a tenth: whether it runs, not how fast")
    asked = parser.parse_args()
    count = asked.messages // 10 if asked.quick else asked.messages
    with ExitStack() as stack:
        wb = stack.enter_context(_home(count, asked.per_second))
        stack.enter_context(_process(wb, _STAND_IN, wb.settings.twilio_url))
        stack.enter_context(_process(wb, _ROUTES, wb.settings.public_url))
        done = json.loads(_run(wb, _DISPATCHER))
        assert done["sent"] == count, f"{done['sent']} of {count} were handed over"
        delivered = _wait_for_receipts(wb, count)
        arrived = _arrived(wb, count)
    _print("most_in_a_second", _most_in_a_second(arrived), "messages", asked.per_second)
    pace = (count - 1) / (arrived[-1] - arrived[0])
    _print("of_the_pace", round(pace / asked.per_second, 3), "share", 0.95)
    _print("delivered", delivered, "messages", count)
    _print("cpu_ms_per_text", round(1000 * done["cpu_s"] / count, 2), "ms", None)


@contextmanager
def _home(count: int, per_second: int) -> Iterator[Workbench]:
    with tempfile.TemporaryDirectory(prefix="careloop-bench-") as folder:
        home = Path(folder)
        ports = [_free_port() for _ in range(2)]
        settings = Settings(
            home=home,
            database_url=f"sqlite:///{home / 'careloop.db'}",
            public_url=f"http://127.0.0.1:{ports[0]}",
            twilio_url=f"http://127.0.0.1:{ports[1]}",
        )
        wb = open_workbench(settings, clock=lambda: AT)
        accounts.add_user(wb.engine, User("ana", "Ana Lyst"), at=AT, by="command-line")
        accounts.change_organisation(wb.engine, {"texts_per_second": per_second}, at=AT, by="ana")
        wb = replace(wb, user=accounts.user(wb.engine, "ana"))
        add_clinic(wb)
        ids = add_patients(wb, count, state="IL", zip="60601")
        with writing(wb.engine) as connection:
            for number, each in enumerate(ids):
                values = {"phone_mobile": f"+1312{2_000_000 + number}"}
                connection.execute(update(patients).where(patients.c.patient_id == each).values(values))
        add_campaign(wb, ids, channel="text", messages={"en": Message("", BODY)})
        yield wb
        wb.engine.dispose()


@contextmanager
def _process(wb: Workbench, script: str, url: str) -> Iterator[None]:
    child = subprocess.Popen([sys.executable, "-c", script, *_arguments(wb)], cwd=ROOT, env=dict(os.environ))
    try:
        _wait_for(child, int(url.rsplit(":", 1)[1]))
        yield
    finally:
        child.terminate()
        child.wait(20)


def _run(wb: Workbench, script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *_arguments(wb)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.splitlines()[-1]


def _arguments(wb: Workbench) -> list[str]:
    settings = wb.settings
    url = wb.engine.url.render_as_string(hide_password=False)
    return [str(settings.home), url, settings.public_url, settings.twilio_url, AT.isoformat()]


def _wait_for_receipts(wb: Workbench, count: int) -> int:
    deadline = time.monotonic() + 60
    delivered = 0
    while delivered < count and time.monotonic() < deadline:
        time.sleep(0.5)
        with reading(wb.engine) as connection:
            delivered = campaign_rows.state_counts(connection, ["c1"], scope=wb.user.scope)["c1"].get("delivered", 0)
    return delivered


def _arrived(wb: Workbench, count: int) -> list[float]:
    """When each text arrived at the stand-in, in seconds, sorted."""
    found = twilio_access(wb.settings)
    access = Access(found.url, found.account, found.token)
    texts = [one for page in range(-(-count // 500)) for one in twilio_outbox.texts(access, page=page, size=500).texts]
    assert len({one.recipient for one in texts}) == len(texts) == count, "not every patient has got one text"
    return sorted(datetime.fromisoformat(one.at).timestamp() for one in texts)


def _most_in_a_second(arrived: list[float]) -> int:
    most, first = 0, 0
    for last, at in enumerate(arrived):
        while arrived[first] <= at - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait_for(child: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        if child.poll() is not None:
            raise SystemExit("a process of the measurement has ended")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("a process of the measurement does not answer")


def _print(name: str, value: float, unit: str, target: float | None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target}), flush=True)


if __name__ == "__main__":
    main()
