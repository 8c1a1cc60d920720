"""What `careloop serve` keeps running: pages that answer, a dispatcher that comes back, and nothing left behind."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core import dispatcher
from core.errors import SettingsError
from core.serving import environment, serve
from core.settings import Settings, read_settings
from tests.browser import Server, free_ports, running
from tests.conftest import ROOT

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("serving") / "home", "serve") as started:
        yield started


def wait_until(is_true: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def children(process_id: int) -> dict[str, int]:
    """The processes that this one started: 'dispatch' and 'streamlit', and their numbers."""
    found: dict[str, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue  # it ended while we looked
        name = next((name for name in ("streamlit", "dispatch") if name in words), None)
        if int(parent) == process_id and name:
            found[name] = int(folder.name)
    return found


def is_alive(process_id: int) -> bool:
    try:
        return "Z" not in (Path("/proc") / str(process_id) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def get(address: str) -> tuple[int, str, dict[str, str]]:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


def started(home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """`careloop serve` with settings that make it end at once."""
    settings = {**os.environ, "CARELOOP_HOME": str(home), **environ}
    command = [sys.executable, "-m", "core", "serve"]
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=60)


def test_the_server_is_well_and_says_so(server: Server) -> None:
    status, body, headers = get(f"{server.address}/health")

    assert (status, body) == (200, '{"status":"ok"}')
    assert headers["x-content-type-options"] == "nosniff"
    first, second = server.written().strip().splitlines()
    assert first == f"Careloop is at {server.address}"
    assert second == "Nobody can sign in yet. Make the first account: careloop user add NAME --role administrator"


def test_a_stop_link_that_is_not_ours_is_answered_beside_the_pages(server: Server) -> None:
    status, body, _ = get(f"{server.address}/u/1.forged")

    assert status == 404
    assert "This link does not work" in body


def test_the_local_mail_server_takes_mails_on_the_next_port(server: Server) -> None:
    port = int(server.address.rpartition(":")[2]) + 1

    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail("a@example.org", ["b@example.org"], b"Subject: Hello\r\n\r\nHello\r\n")

    assert len(list((server.home / "outbox").glob("*.eml"))) == 1


def test_nothing_listens_on_an_address_that_others_reach(server: Server) -> None:
    port = int(server.address.rpartition(":")[2])
    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        pytest.skip("this machine has no address but loopback under its own name")

    for each in (port, port + 1):
        with pytest.raises(OSError), socket.create_connection((own, each), timeout=2):
            pass


def test_a_dispatcher_that_was_killed_comes_back(server: Server) -> None:
    wait_until(lambda: "dispatch" in children(server.process.pid))
    first = children(server.process.pid)["dispatch"]

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: children(server.process.pid).get("dispatch", first) != first)
    with server.workbench(user="command-line") as wb:
        wait_until(lambda: dispatcher.last_seen(wb) is not None)
    assert get(f"{server.address}/health")[0] == 200


def test_a_second_server_on_the_same_port_says_so_and_ends(server: Server, tmp_path: Path) -> None:
    port = server.address.rpartition(":")[2]

    run = started(tmp_path / "other", CARELOOP_PORT=port)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"careloop: Port {port} is taken by another program.")
    assert "CARELOOP_PORT" in run.stderr


def test_a_second_mail_server_on_the_same_port_says_so_and_ends(server: Server, tmp_path: Path) -> None:
    port = free_ports()
    with socket.create_server(("127.0.0.1", port + 1)):
        run = started(tmp_path / "other", CARELOOP_PORT=str(port))

    assert run.returncode == 2
    assert "CARELOOP_SMTP" in run.stderr
    assert "Traceback" not in run.stderr


RELAY = {"CARELOOP_SMTP": "127.0.0.1:25"}


@pytest.mark.parametrize(
    ("environ", "demo", "keeps"),
    [
        ({}, False, True),
        ({"CARELOOP_SMTP": "127.0.0.1:25"}, False, False),
        ({"CARELOOP_SMTP": "127.0.0.1:25"}, True, True),
    ],
)
def test_the_local_mail_server_runs_where_no_other_is_named_and_in_every_demo(
    environ: dict[str, str], demo: bool, keeps: bool
) -> None:
    assert read_settings(environ, demo=demo).keeps_mails is keeps


@pytest.mark.parametrize("public", ["http://careloop.example.org", ""])
def test_what_others_could_reach_in_clear_text_is_refused(tmp_path: Path, public: str) -> None:
    more = {"CARELOOP_PUBLIC_URL": public} if public else {}
    run = started(tmp_path / "home", CARELOOP_HOST="0.0.0.0", **more)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("careloop: CARELOOP_HOST must be a loopback address such as 127.0.0.1, or the pages")
    assert not (tmp_path / "home").exists()


@pytest.mark.long
@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)],
    ids=["SIGTERM", "SIGINT"],
)
def test_a_server_that_is_ended_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path / "home", "serve") as server:
        wait_until(lambda: set(children(server.process.pid)) == {"dispatch", "streamlit"})
        mine = list(children(server.process.pid).values())

        server.process.send_signal(number)

        assert server.process.wait(timeout=30) == 0
        wait_until(lambda: not any(is_alive(each) for each in mine))
        assert not server.broken()


def test_children_get_the_settings_of_their_parent(settings: Settings) -> None:
    theirs = read_settings(environment(settings))

    assert theirs == replace(settings, allowed_hosts=("127.0.0.1",))


def test_a_port_that_is_taken_starts_nothing(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        taken_settings = read_settings({**environment(settings), "CARELOOP_PORT": str(port)})

        with pytest.raises(SettingsError, match=f"Port {port} is taken"):
            serve(taken_settings)
