"""Whether anybody gets a second mail, or none, when dispatchers are killed again and again.

    python tests/benchmarks/crash.py --db sqlite|postgresql [--kills 20] [--recipients 20000] [--dispatchers 1]

Dispatchers run as processes of their own and are killed with SIGKILL at moments drawn at random; a mail server that
records every mail is the witness. Prints one JSON object a line: {"name", "value", "unit", "target"}. `sent_twice`
counts mails beyond a recipient's first, `lost` recipients whose state says that a mail left or never will while the
witness has none, or the other way round; `unknown` those of whom nobody knows.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a script finds what lies beside it only

from core import dispatcher
from core.domain.user import User
from core.settings import Settings
from core.store import accounts
from core.workbench import Workbench, open_workbench
from tests import postgres
from tests.clinic import add_campaign, add_clinic, add_patients, states
from tests.conftest import Clock
from tests.dispatchers import start
from tests.mail_servers import Recorder, recording

AT = datetime(2026, 11, 24, 18, tzinfo=UTC)  # a Tuesday noon in Chicago


def main() -> None:
    """Kill, look, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--recipients", type=int, default=20_000)
    parser.add_argument("--dispatchers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    with _workbench(asked.db) as (wb, server, clock):
        ids = add_patients(wb, asked.recipients)
        add_campaign(wb, ids)
        kills = _kill(wb, server, asked)
        dispatcher.drain(wb)
        clock.forward(minutes=11)
        dispatcher.drain(wb)
        _print_result(wb, server, kills=kills)


def _kill(wb: Workbench, server: Recorder, asked: argparse.Namespace) -> int:
    """Kill a dispatcher after a number of mails drawn at random, again and again; returns how often."""
    moments = random.Random(asked.seed)
    per_kill = max(2, 2 * asked.recipients // (asked.kills + 1))
    children = [start(wb) for _ in range(asked.dispatchers)]
    kills = 0
    while kills < asked.kills:
        mails = len(server.mails) + moments.randrange(per_kill)
        while len(server.mails) < min(mails, asked.recipients):
            time.sleep(0.001)
        time.sleep(moments.random() * 0.02)
        victim = kills % asked.dispatchers
        children[victim].kill()
        children[victim].wait()
        kills += 1
        children[victim] = start(wb)
    for child in children:
        child.kill()
        child.wait()
    return kills + len(children)


def _print_result(wb: Workbench, server: Recorder, *, kills: int) -> None:
    delivered = Counter(address.partition("@")[0] for address, _ in server.mails)
    ended = {patient: state for patient, (state, _) in states(wb).items()}
    known = {patient: state for patient, state in ended.items() if state != "unknown"}
    wrong = [patient for patient, state in known.items() if (state == "handed_over") != (patient in delivered)]
    _print("recipients", len(ended), None)
    _print("delivered", len(delivered), None)
    _print("sent_twice", sum(count - 1 for count in delivered.values()), 0)
    _print("lost", len(wrong), 0)
    _print("unknown", len(ended) - len(known), kills)


@contextmanager
def _workbench(db: str) -> Iterator[tuple[Workbench, Recorder, Clock]]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="careloop-crash-")))
        server = stack.enter_context(recording())
        url = f"sqlite:///{home / 'careloop.db'}"
        if db == "postgresql":
            url = stack.enter_context(postgres.database(stack.enter_context(postgres.server())))
        clock = Clock(AT)
        settings = Settings(home=home, database_url=url, smtp_port=server.port)
        wb = open_workbench(settings, clock=clock)
        accounts.add_user(wb.engine, User("ana", "Ana Lyst"), at=clock(), by="command-line")
        wb = replace(wb.as_user("ana"), clock=clock)
        add_clinic(wb)
        yield wb, server, clock
        wb.engine.dispose()


def _print(name: str, value: int, target: int | None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": "recipients", "target": target}), flush=True)


if __name__ == "__main__":
    main()
