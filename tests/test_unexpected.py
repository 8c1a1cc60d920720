"""A mistake of ours shows a number and a place, and never its own words, which could be a patient's."""

import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from core import sessions, unexpected
from core.sessions import cookie_name
from core.web.gate import Gate
from core.workbench import VISITOR, Workbench
from tests.conftest import ROOT

SECRET = "Mrs Quux 555-0142"


def _fail() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(f"no {SECRET}") from error


def test_a_summary_names_the_classes_and_places_and_no_value() -> None:
    with pytest.raises(ValueError, match="no") as raised:
        _fail()

    told = unexpected.summary(raised.value)

    assert SECRET not in told
    assert "ValueError at tests/test_unexpected.py:" in told and "KeyError at" in told and "_fail" in told
    assert unexpected.case_of(raised.value) in told and unexpected.case_of(raised.value) in unexpected.sentence(
        raised.value
    )


def test_a_log_a_thread_and_the_end_of_a_program_keep_the_words_of_an_exception_out() -> None:
    program = f"""
import logging, threading
from core import unexpected
unexpected.keep_values_out()
def fail(): raise ValueError({SECRET!r})
try: fail()
except ValueError: logging.getLogger("x").exception("it failed")
thread = threading.Thread(target=fail); thread.start(); thread.join()
fail()
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert SECRET not in ended.stdout + ended.stderr and "Traceback" not in ended.stderr
    assert ended.stderr.count("ValueError at") == 3


def test_what_breaks_behind_the_gate_is_a_number_to_who_asked_and_a_place_in_the_log(
    wb: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_request: Request) -> PlainTextResponse:
        _fail()
        return PlainTextResponse("")

    visitor = wb.as_user(VISITOR)
    app = Starlette(routes=[Route("/x", broken)], middleware=[Middleware(Gate, workbench=lambda: visitor)])
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        client.cookies.set(cookie_name(wb.settings), sessions.begin(wb, "ana", method="password"))
        answer = client.get("/x")

    assert answer.status_code == 500
    assert SECRET not in answer.text + caplog.text and "Traceback" not in answer.text + caplog.text
    assert answer.headers["cache-control"] == "no-store" and "content-security-policy" in answer.headers
    assert "ValueError at" in caplog.text
    case = caplog.text.partition("case ")[2][:8]
    assert case in answer.text


def test_a_command_that_breaks_tells_a_number_and_not_the_words(tmp_path: Path) -> None:
    program = f"""
import sys
from core import __main__, loads
def fail(*a, **k): raise ValueError({SECRET!r})
loads.load = fail
sys.argv = ["careloop", "load", {str(tmp_path)!r}]
__main__.main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"CARELOOP_HOME": str(tmp_path / "home"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert SECRET not in ended.stdout + ended.stderr and "Traceback" not in ended.stderr
    assert "Something went wrong" in ended.stderr and "ValueError at" in ended.stderr


def test_keeping_values_out_twice_is_keeping_them_out_once() -> None:
    before = logging.getLogRecordFactory(), sys.excepthook, threading.excepthook
    try:
        unexpected.keep_values_out()
        once = logging.getLogRecordFactory()
        unexpected.keep_values_out()

        assert logging.getLogRecordFactory() is once
    finally:
        logging.setLogRecordFactory(before[0])
        sys.excepthook, threading.excepthook = before[1:]
