"""How fast and how cheaply mails leave, each merged and with durable rows of its own, against django-post-office.

    python tests/benchmarks/sending.py [--db sqlite|postgresql] [--messages 20000] [--quick] [--folder KEPT]

Both sides send the same mails to the same smtp-sink of Postfix on 127.0.0.1, each in a process of its own, by turns;
figures are the medians of three rounds. The peer is django-post-office 3.12.0 on Django 5.2.19 (see django_peer.py): an
outbox with a row for each email, sent by its command `send_queued_mail`, on an SQLite file like ours. Before, a small
round is kept by the sink and compared: the same subjects must have come to the same recipients. Neither Postfix nor
Django are installed: they are unpacked into a temporary folder, or into --folder, which keeps them for the next run.
When they cannot be had that is said, and the exit code is 2.

Prints one JSON object a line: {"name", "value", "unit", "target"}.

    messages_per_second, vs_django_post_office   of our dispatcher, from its first question to its last commit; the
                                     ratio to the peer's (SQLite only). django_post_office_cpu_ms: what a message costs
                                     the peer's process, its start left out
    vs_smtp_source                   ... to smtp-source, which sends mails of the same size and keeps nothing
    cpu_ms_per_message               of the dispatcher's process; start and imports, as an empty campaign, taken off
    smtplib_cpu_ms, cpu_vs_smtplib   what a mail of the same size costs smtplib alone, over one kept connection, with
                                     no rows and nothing to fill in; the ratio of ours to it. The target of 0.35 ms was
                                     set where smtplib alone needed 0.14 ms, so the ratio's is 2.5: a machine on which
                                     each wait for a reply costs more makes both dearer
    peak_mb                          the most memory of the dispatcher's process
    peak_mb_1m, peak_1m_vs_20k       ... when it sends some thousands of a campaign with a million recipients
    claim_finish_100_ms              claim 100 recipients, write their attempts, commit; write their outcomes, commit:
                                     in a campaign with a million recipients of whom half are done
    progress_ms                      the counts by state of that campaign
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import String, case, cast, insert, literal, null, select
from sqlalchemy import text as sql_text

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a script finds what lies beside it only

from core.domain.campaign import Message
from core.domain.user import Scope, User
from core.mailer import mailer
from core.sending import LEASE
from core.settings import Settings
from core.store import accounts
from core.store import campaigns as campaign_rows
from core.store import messages as message_rows
from core.store.database import UtcDateTime, reading, writing
from core.store.messages import Begun, Claimed, Ended
from core.store.schema import open_gaps, patients, recipients
from core.verdicts import verdict
from core.workbench import Workbench, open_workbench
from tests import postgres
from tests.benchmarks import mail_tools
from tests.benchmarks.mail_tools import Missing, Postfix
from tests.clinic import MAMMOGRAM, add_campaign, add_clinic
from tests.conftest import ROOT

AT = datetime(2026, 11, 24, 18, tzinfo=UTC)  # a Tuesday noon in Chicago
ROUNDS, CLAIMS = 3, 30
MANY, OF_MANY = 1_000_000, 5_000
CHECKED = 200  # mails of the small round whose subjects and recipients are compared
PEER = Path(__file__).with_name("django_peer.py")
MESSAGE = Message(
    "{{ patient.first_name }}, it is time for a check-up",
    "<p>Dear {{ patient.first_name }} {{ patient.last_name }},</p>"
    "<p>our records show that a mammogram is due. It takes about twenty minutes and is free of charge. "
    "{{ provider.name }} and the team of {{ practice.name }} recommend it every two years.</p>"
    "<ul><li>Call us at {{ practice.phone }} to make an appointment.</li>"
    "<li>Tell us when you have had one elsewhere, and we correct our records.</li></ul>"
    "<p>We look forward to hearing from you.</p>",
)

# Nothing is imported here that a dispatcher does not need: its memory and processor time are measured.
_CHILD = """
import json, resource, sys, time
from datetime import datetime
from pathlib import Path
from core import dispatcher
from core.settings import Settings
from core.workbench import open_workbench

home, url, port, at, limit = sys.argv[1:]
now = datetime.fromisoformat(at)
settings = Settings(home=Path(home), database_url=url, smtp_port=int(port))
wb = open_workbench(settings, user="dispatcher", clock=lambda: now)
begun = time.monotonic()
sent = dispatcher.drain(wb, limit=int(limit) or None)
wall_s = time.monotonic() - begun
used = resource.getrusage(resource.RUSAGE_SELF)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # ru_maxrss begins at the parent's
found = {"wall_s": wall_s, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": int(peak.split()[1]) / 1024, "sent": sent}
print(json.dumps(found))
"""


_SMTPLIB = """
import json, resource, smtplib, socket, sys

port, count, size = map(int, sys.argv[1:])
mail = b"Subject: a check-up\\r\\n\\r\\n" + b"x" * 76 + b"\\r\\n"
mail += (b"x" * 76 + b"\\r\\n") * ((size - len(mail)) // 78)
server = smtplib.SMTP("127.0.0.1", port)
server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
server.ehlo()
before = resource.getrusage(resource.RUSAGE_SELF)
for number in range(count):
    server.sendmail("a@example.org", [f"p{number}@example.org"], mail)
after = resource.getrusage(resource.RUSAGE_SELF)
server.quit()
print(json.dumps({"cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}))
"""


@dataclass(frozen=True)
class Bench:
    """Where the measurement works: a folder for homes, the tools, and how to get a database."""

    folder: Path
    postfix: Postfix
    django: Path | None  # packages; None when the peer is left out
    database: Callable[[Path], Any]  # from a home to a context manager that gives the database's address
    messages: int
    rounds: int
    many: int


def main() -> None:
    """Get the tools, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--quick", action="store_true", help="one round of a tenth: whether it runs, not how fast")
    parser.add_argument("--folder", type=Path, help="keep the tools here and use them again")
    asked = parser.parse_args()
    try:
        with ExitStack() as stack:
            _measure(_bench(stack, asked))
    except Missing as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def _bench(stack: ExitStack, asked: argparse.Namespace) -> Bench:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="careloop-bench-")))
    folder.chmod(0o755)  # smtp-sink becomes another user
    tools = (asked.folder or folder / "tools").resolve()
    shares = 10 if asked.quick else 1
    database: Callable[[Path], Any] = _sqlite
    if asked.db == "postgresql":
        server = stack.enter_context(postgres.server())
        database = lambda home: postgres.database(server)  # noqa: E731
    return Bench(
        folder=folder,
        postfix=mail_tools.postfix(tools),
        django=mail_tools.django(tools) if asked.db == "sqlite" else None,
        database=database,
        messages=asked.messages // shares,
        rounds=1 if asked.quick else ROUNDS,
        many=MANY // shares,
    )


def _measure(bench: Bench) -> None:
    size = _check_mails(bench)
    usual = _usual(bench, size)
    _large(bench, usual)


def _check_mails(bench: Bench) -> int:
    """A small round: what has arrived from both sides is the same. Returns the size of one of our mails."""
    count = min(CHECKED, bench.messages)
    kept = bench.folder / "ours"
    kept.mkdir()
    with mail_tools.sink(bench.postfix, keep_in=kept) as port, _campaign(bench, count) as wb:
        _ours(wb, port)
        queue = _queued(bench, wb, count) if bench.django else None
    ours = mail_tools.kept_mails(kept)
    assert len(set(ours)) == len(ours) == count, f"{len(ours)} mails of {count} have arrived"
    if queue:
        others = bench.folder / "theirs"
        others.mkdir()
        with mail_tools.sink(bench.postfix, keep_in=others) as port:
            _theirs(bench, queue, port, count)
        assert mail_tools.kept_mails(others) == ours, "the two sides have sent different mails"
    return mail_tools.mean_size(kept)


def _usual(bench: Bench, size: int) -> dict[str, float]:
    """A campaign of the usual size: rounds by turns. Returns the medians of our dispatcher's figures."""
    with mail_tools.sink(bench.postfix) as port:
        with _campaign(bench, bench.messages) as wb:
            queue = _queued(bench, wb, bench.messages) if bench.django else None
        found = [_round(bench, queue, port, size) for _ in range(bench.rounds)]
    parts = ("ours", "theirs", "source", "empty", "smtplib")
    ours, theirs, source, empty, bare = ([one[part] for one in found] for part in parts)
    cpu = [one["cpu_s"] - idle["cpu_s"] for one, idle in zip(ours, empty, strict=True)]
    _print("messages_per_second", round(bench.messages / median(one["wall_s"] for one in ours)), "messages/s", None)
    if queue:
        peer_cpu = median(one["cpu_s"] for one in theirs)
        _print("vs_django_post_office", _times_faster(ours, theirs), "x", 2)
        _print("django_post_office_cpu_ms", round(1000 * peer_cpu / bench.messages, 3), "ms", None)
    _print("vs_smtp_source", _times_faster(ours, source), "x", None)
    _print("cpu_ms_per_message", round(1000 * median(cpu) / bench.messages, 3), "ms", 0.35)
    _print("smtplib_cpu_ms", round(1000 * median(one["cpu_s"] for one in bare) / bench.messages, 3), "ms", None)
    ratio = median(used / one["cpu_s"] for used, one in zip(cpu, bare, strict=True))
    _print("cpu_vs_smtplib", round(ratio, 2), "x", 2.5)
    peak = median(one["peak_mb"] for one in ours)
    _print("peak_mb", round(peak, 1), "MB", 110)
    return {"peak_mb": peak}


def _times_faster(ours: list[dict[str, float]], others: list[dict[str, float]]) -> float:
    return round(median(other["wall_s"] / one["wall_s"] for one, other in zip(ours, others, strict=True)), 2)


def _round(bench: Bench, queue: Path | None, port: int, size: int) -> dict[str, dict[str, float]]:
    with _campaign(bench, 0) as wb:
        empty = _ours(wb, port)
    with _campaign(bench, bench.messages) as wb:
        ours = _ours(wb, port)
        done = _states(wb).get("handed_over", 0)
        assert done == ours["sent"] == bench.messages, f"{done} of {bench.messages} were handed over"
    theirs = _theirs(bench, queue, port, bench.messages) if queue else {}
    bare = _answer([sys.executable, "-c", _SMTPLIB, str(port), str(bench.messages), str(size)], dict(os.environ))
    source = mail_tools.source_seconds(bench.postfix, port, messages=bench.messages, size=size)
    return {"empty": empty, "ours": ours, "theirs": theirs, "smtplib": bare, "source": {"wall_s": source}}


def _large(bench: Bench, usual: dict[str, float]) -> None:
    """A campaign with a million recipients, half of them done."""
    with _campaign(bench, bench.many, done=bench.many // 2) as wb:
        with mail_tools.sink(bench.postfix) as port:
            found = _ours(wb, port, limit=min(OF_MANY, bench.many // 4))
        _print("peak_mb_1m", round(found["peak_mb"], 1), "MB", None)
        _print("peak_1m_vs_20k", round(found["peak_mb"] / usual["peak_mb"], 2), "x", 1.1)
        _print("messages_per_second_1m", round(found["sent"] / found["wall_s"]), "messages/s", None)
        turns = [_timed(lambda: _claim_and_finish(wb)) for _ in range(CLAIMS)]
        _print("claim_finish_100_ms", round(median(turns), 1), "ms", 25)
        counts = [_timed(lambda: _states(wb)) for _ in range(5)]
        _print("progress_ms", round(median(counts), 1), "ms", 300)


def _states(wb: Workbench) -> dict[str, int]:
    """How many recipients are in each state."""
    with reading(wb.engine) as connection:
        return campaign_rows.state_counts(connection, ["c1"], scope=Scope())["c1"]


def _claim_and_finish(wb: Workbench) -> None:
    """What the database does for 100 messages, without deciding about, filling in and sending them."""
    at, worker = wb.now(), "bench"
    with writing(wb.engine) as connection:
        claimed = message_rows.claim(connection, "c1", worker=worker, at=at, lease=LEASE, limit=100)
        begun = [_begun(one) for one in claimed]
        message_rows.begin(connection, begun, worker=worker, at=at)
    assert len(claimed) == 100
    follows = verdict(wb.organisation(), "email", "accepted", reason="", number=1, at=at, message="campaign")
    ended = [Ended(one.recipient_id, one.number, "accepted", "250", "2.0.0 Ok", at, follows) for one in claimed]
    with writing(wb.engine) as connection:
        message_rows.end(connection, ended, worker=worker)


def _begun(one: Claimed) -> Begun:
    return Begun(one, f"{one.patient_id}@example.org", "en", f"<c1.{one.recipient_id}@example.org>")


# ---- the two sides ---------------------------------------------------------------------------------------------------
def _ours(wb: Workbench, port: int, *, limit: int = 0) -> dict[str, float]:
    """What a dispatcher in a process of its own needed."""
    url = wb.engine.url.render_as_string(hide_password=False)
    wb.engine.dispose()
    arguments = [str(wb.settings.home), url, str(port), AT.isoformat(), str(limit)]
    return _answer([sys.executable, "-c", _CHILD, *arguments], dict(os.environ))


def _theirs(bench: Bench, queue: Path, port: int, count: int) -> dict[str, float]:
    """What django-post-office needed for the mails queued in a copy of that file."""
    database = bench.folder / "django-sending.db"
    database.write_bytes(queue.read_bytes())
    found = _answer([sys.executable, str(PEER), "send", str(database), str(port)], _django_environment(bench))
    for path in bench.folder.glob("django-sending.db*"):
        path.unlink()
    assert found["sent"] == count, f"django-post-office has sent {found['sent']} of {count}"
    return found


def _queued(bench: Bench, wb: Workbench, count: int) -> Path:
    """A database of django-post-office with the same mails, made from what our own mailer says to a patient."""
    database, told = bench.folder / f"django-{count}.db", bench.folder / f"mails-{count}.json"
    told.write_text(json.dumps(_told(wb, count)), "utf-8")
    command = [sys.executable, str(PEER), "queue", str(database), str(told)]
    subprocess.run(command, env=_django_environment(bench), check=True)
    return database


def _told(wb: Workbench, count: int) -> dict[str, Any]:
    with reading(wb.engine) as connection:
        campaign = campaign_rows.campaign(connection, "c1")
    fields = {
        "patient.first_name": "FIRSTNAME",
        "patient.last_name": "LASTNAME",
        "provider.name": "PROVIDERNAME",
        "practice.name": "PRACTICENAME",
        "practice.phone": "PRACTICEPHONE",
    }
    form = mailer(wb, campaign)
    ready = form.mail(fields)
    parts = {"subject": ready.subject, "content": ready.text, "html_content": ready.html}
    for name, text in parts.items():
        for word in fields.values():
            text = text.replace(word, f"{{{{ {word.lower()} }}}}")
        parts[name] = text.replace(form.stop_url(None), "{{ stop_url }}")
    return {
        "template": parts,
        "sender": f"{campaign.from_name} <{campaign.from_email}>",
        "mails": [
            {
                "to": f"p{number}@example.org",
                "headers": {"List-Unsubscribe": f"<{form.stop_url(number)}>", "Auto-Submitted": "auto-generated"},
                "context": {
                    "firstname": f"Ada{number}",
                    "lastname": "Example",
                    "providername": "Dr. 1 Sample",
                    "practicename": "Group 1",
                    "practicephone": "(312) 555-0100",
                    "stop_url": form.stop_url(number),
                },
            }
            for number in range(1, count + 1)
        ],
    }


def _django_environment(bench: Bench) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(bench.django)}


def _answer(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


# ---- homes with many recipients --------------------------------------------------------------------------------------
@contextmanager
def _campaign(bench: Bench, count: int, *, done: int = 0) -> Iterator[Workbench]:
    """A home of its own with `count` recipients in one campaign, the first `done` of them handed over."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=bench.folder)))
        url = stack.enter_context(bench.database(home))
        wb = open_workbench(Settings(home=home, database_url=url), clock=lambda: AT)
        accounts.add_user(wb.engine, User("ana", "Ana Lyst"), at=AT, by="command-line")
        wb = wb.as_user("ana")
        add_clinic(wb)
        add_campaign(wb, [], messages={"en": MESSAGE})
        _fill(wb, count, done=done)
        yield wb
        wb.engine.dispose()


@contextmanager
def _sqlite(home: Path) -> Iterator[str]:
    yield f"sqlite:///{home / 'careloop.db'}"


def _fill(wb: Workbench, count: int, *, done: int) -> None:
    """Patients, their gaps and recipients, made by the database itself."""
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < count))
    text, is_done = cast(numbers.c.n, String), numbers.c.n <= done
    patient_id = literal("p").concat(text)
    person = {
        patients.c.patient_id: patient_id,
        patients.c.first: literal("Ada").concat(text),
        patients.c.last: literal("Example"),
        patients.c.birth_date: literal(date(1966, 5, 4)),
        patients.c.sex: literal("F"),
        patients.c.language: literal("en"),
        patients.c.email: patient_id.concat("@example.org"),
        patients.c.status: literal("active"),
        patients.c.group_id: literal("g1"),
        patients.c.pcp_id: literal("dr1"),
    }
    at = case((is_done, literal(AT, UtcDateTime())), else_=null())
    recipient = {
        recipients.c.campaign_id: literal("c1"),
        recipients.c.patient_id: patient_id,
        recipients.c.state: case((is_done, literal("handed_over")), else_=literal("waiting")),
        recipients.c.attempt_count: case((is_done, literal(1)), else_=literal(0)),
        recipients.c.handed_over_at: at,
        recipients.c.finished_at: at,
    }
    gap = {open_gaps.c.patient_id: patient_id, open_gaps.c.measures: literal(MAMMOGRAM)}
    with writing(wb.engine) as connection:
        for values in (person, gap, recipient) if count else ():
            table, columns = next(iter(values)).table, list[Any](values.values())
            statement = insert(table).from_select(list(values), select(*columns).select_from(numbers))
            connection.execute(statement)
        if wb.engine.dialect.name == "postgresql":  # which does so by itself within a minute
            connection.execute(sql_text("ANALYZE"))


def _timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    begun = time.monotonic()
    work()
    return 1000 * (time.monotonic() - begun)


def _print(name: str, value: float, unit: str, target: float | None) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target}), flush=True)


if __name__ == "__main__":
    main()
