"""Postfix's smtp-sink and smtp-source, and django-post-office, for one run: unpacked into a folder, never installed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT

DJANGO = ("django==5.2.19", "django-post-office==3.12.0")


class Missing(Exception):
    """A tool that the benchmark needs is not to be had here."""


@dataclass(frozen=True)
class Postfix:
    """Its programs in a folder, with the libraries they need."""

    folder: Path

    def command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.folder / "usr/sbin" / program), *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "LD_LIBRARY_PATH": str(self.folder / "usr/lib/postfix")}


def postfix(folder: Path) -> Postfix:
    """Debian's package, downloaded and unpacked below `folder`. Raises Missing."""
    found = Postfix(folder / "postfix")
    if not found.folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _run(["apt-get", "download", "postfix"], folder, "Debian's package postfix cannot be downloaded")
        [package, *_] = folder.glob("postfix_*.deb")
        _run(["dpkg", "-x", str(package), str(found.folder)], folder, "Debian's package postfix cannot be unpacked")
    return found


def django(folder: Path) -> Path:
    """A folder of Python packages with django-post-office. Raises Missing."""
    packages = folder / "django"
    if not packages.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--target", str(packages), *DJANGO], folder, f"pip cannot install {' and '.join(DJANGO)}")
    return packages


def _run(command: list[str], folder: Path, failure: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, stdout=PIPE, stderr=STDOUT, text=True, check=False)
    except FileNotFoundError:
        raise Missing(f"{failure}: there is no {command[0]} here.") from None
    if done.returncode:
        raise Missing(f"{failure}: {done.stdout.strip().splitlines()[-1:]}")


@contextmanager
def sink(postfix: Postfix, *, keep_in: Path | None = None) -> Iterator[int]:
    """A mail server on 127.0.0.1 that throws every mail away, or keeps each as a file; gives its port."""
    port = free_port()
    arguments = ["-u", "nobody"] if os.geteuid() == 0 else []
    if keep_in:
        keep_in.chmod(0o777)
        arguments += ["-d", f"{keep_in}/mail."]
    command = postfix.command("smtp-sink", *arguments, f"127.0.0.1:{port}", "100")
    server = subprocess.Popen(command, env=postfix.environment, stdout=DEVNULL, stderr=PIPE)
    try:
        _wait_for(server, port)
        yield port
    finally:
        server.terminate()
        server.communicate()


def source_seconds(postfix: Postfix, port: int, *, messages: int, size: int) -> float:
    """How long smtp-source takes for as many messages over one kept connection."""
    options = ["-d", "-s", "1", "-l", str(size), "-m", str(messages), "-f", "a@example.org", "-t", "b@example.org"]
    begun = time.monotonic()
    command = postfix.command("smtp-source", *options, f"127.0.0.1:{port}")
    subprocess.run(command, env=postfix.environment, stdout=DEVNULL, check=True)
    return time.monotonic() - begun


def kept_mails(folder: Path) -> list[tuple[str, str]]:
    """Recipient and subject of each mail that a sink has kept, sorted."""
    parser = BytesParser(policy=policy.default)
    mails = [parser.parsebytes(path.read_bytes(), headersonly=True) for path in folder.iterdir()]
    return sorted((str(mail["X-Rcpt-Args"]).strip("<>"), str(mail["Subject"])) for mail in mails)


def mean_size(folder: Path) -> int:
    """How many bytes the mails that a sink has kept have on the average."""
    sizes = [path.stat().st_size for path in folder.iterdir()]
    return sum(sizes) // len(sizes)


def free_port() -> int:
    """A port that is free just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(100):
        if server.poll() is not None:
            said = server.stderr.read().decode(errors="replace") if server.stderr else ""
            raise Missing(f"smtp-sink does not start: {said.strip()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise Missing("smtp-sink does not listen.")
