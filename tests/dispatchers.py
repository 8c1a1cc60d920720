"""Dispatchers as processes of their own, to be stopped and killed; their clock stands still, so that the hour and day
on which a test runs do not matter."""

import subprocess
import sys
import time
from collections.abc import Callable

from core.sending import BATCH, Batch, take_batch
from core.workbench import Workbench
from tests.conftest import ROOT

_CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from core import dispatcher
from core.settings import Settings
from core.workbench import open_workbench

home, url, port, public, twilio, keeps, at = sys.argv[1:]
wb = open_workbench(
    Settings(
        home=Path(home),
        database_url=url,
        smtp_port=int(port),
        keeps_mails=keeps == "True",
        public_url=public,
        twilio_url=twilio,
    ),
    user="dispatcher",
    clock=lambda: datetime.fromisoformat(at),
)
dispatcher.run(wb)
"""


def start(wb: Workbench, *before: str, keeps_mails: bool = True) -> subprocess.Popen[bytes]:
    """A dispatcher on the same home, database and mail server. `before` is a command that starts it, with limits."""
    settings = wb.settings
    url = wb.engine.url.render_as_string(hide_password=False)
    arguments = [str(settings.home), url, str(settings.smtp_port), settings.public_url, settings.twilio_url]
    arguments += [str(keeps_mails), wb.now().isoformat()]
    return subprocess.Popen([*before, sys.executable, "-c", _CHILD, *arguments], cwd=ROOT)


def taken(wb: Workbench, campaign_id: str, *, worker: str, limit: int = BATCH) -> Batch:
    """A batch in the hands of a worker, in a home without a limit a minute."""
    batch = take_batch(wb, campaign_id, worker=worker, limit=limit)
    assert batch is not None
    return batch


def wait_until(is_true: Callable[[], bool], *, seconds: float = 90) -> None:
    """Look again and again until it is, however slow the machine is."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.002)
