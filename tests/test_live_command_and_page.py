"""`careloop live` and the page Going live: the check list, the step, and what is refused."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import going_live
from core.workbench import Workbench
from tests.conftest import ROOT
from tests.live import live, ready
from tests.mail_servers import Recorder
from tests.pages import opened, title, words


def today(wb: Workbench) -> Workbench:
    """The same by the machine's clock, which commands and pages go by."""
    return replace(wb, clock=lambda: datetime.now(UTC))


def careloop(wb: Workbench, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = wb.settings
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CARELOOP_HOME": str(settings.home),
        "CARELOOP_SMTP": f"{settings.smtp_host}:{settings.smtp_port}",
        "CARELOOP_PUBLIC_URL": settings.public_url,
    }
    command = [sys.executable, "-m", "core", "live", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_the_command_shows_the_check_list_and_goes_live_only_when_nothing_is_wrong(
    wb: Workbench, tmp_path: Path, server: Recorder
) -> None:
    wb = ready(today(wb), tmp_path / "feed", port=server.port, is_tested=False)
    first = careloop(wb)
    assert first.returncode == 1 and "This home is a sandbox" in first.stdout
    assert "WRONG  Mail server" in first.stdout
    refused = careloop(wb, "--confirm", "Lakeside Health", "--reason", "Tried out.")
    assert refused.returncode == 2 and "cannot go live yet" in refused.stderr

    assert "none was sent" in careloop(wb, "--test", "smtp").stdout
    assert careloop(wb, "--confirm", "Lakeside", "--reason", "Tried out.").returncode == 2
    going = careloop(wb, "--confirm", "Lakeside Health", "--reason", "Tried out.")
    assert (going.returncode, "This home is live since" in going.stdout) == (0, True), going.stdout + going.stderr
    assert "by command-line: Tried out." in going.stdout
    back = careloop(wb, "--sandbox", "--reason", "Enough.")
    assert "This home is a sandbox since" in back.stdout
    assert server.mails == []


@pytest.fixture
def on_pages(wb: Workbench, tmp_path: Path, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    import streamlit as st

    wb = ready(today(wb), tmp_path / "feed", port=server.port, is_tested=False)
    monkeypatch.setenv("CARELOOP_HOME", str(wb.settings.home))
    monkeypatch.setenv("TEST_USER", "bo")
    monkeypatch.setenv("CARELOOP_SMTP", f"127.0.0.1:{server.port}")
    monkeypatch.setenv("CARELOOP_PUBLIC_URL", wb.settings.public_url)
    st.cache_resource.clear()
    return wb


def test_the_page_shows_what_is_wrong_and_offers_what_puts_it_right(on_pages: Workbench) -> None:
    app = opened("going_live")
    assert title(app) == "Going live"
    assert "**Sandbox**" in words(app) and "Mail server" in words(app)
    assert app.button(key="live_go").disabled
    shown = words(app).replace("\\", "")
    assert "Time zone: America/Chicago" in shown and "Email windows: 9:00–22:45" in shown
    assert "Messaging policy: Check the message" in shown and "Support requests" in shown
    sections = [each.proto.query_string for each in app.get("page_link") if each.proto.page == "settings"]
    assert {"section=windows", "section=policies", "section=support"} <= set(sections)
    app.button(key="live_windows").click().run()
    assert "bo looked at it on" in words(app)
    app.button(key="live_test_smtp").click().run()
    assert not app.button(key="live_go").disabled
    app.button(key="live_go").click().run()
    assert "leave for patients" in words(app)
    _go(app, "Lakeside")
    assert "not the organisation's name" in words(app) and not going_live.mode(on_pages).is_live
    _go(app, "Lakeside Health")
    assert going_live.mode(on_pages).is_live and going_live.mode(on_pages).by == "bo"


def _go(app: AppTest, name: str) -> None:
    """Without a browser a dialog ends with the run that opened it, so it is opened again in the same run."""
    app.button(key="live_go").click()
    app.text_input(key="live_name").set_value(name)
    app.text_input(key="live_reason").set_value("Tried out.")
    app.button(key="live_yes").click().run()


def test_every_page_says_quietly_that_the_home_is_live(on_pages: Workbench) -> None:
    assert "SANDBOX" in words(opened("going_live"))
    going_live.try_account(on_pages, "smtp")
    going_live.go_live(on_pages, confirm="Lakeside Health", reason="Tried out.")
    app = opened("going_live")
    assert "LIVE]" in words(app) and "SANDBOX" not in words(app)
    app.button(key="live_back").click().run()
    app.button(key="live_back").click()
    app.text_input(key="live_back_reason").set_value("Enough.")
    app.button(key="live_back_yes").click().run()
    assert not going_live.mode(on_pages).is_live


def test_a_live_home_is_no_demo(wb: Workbench, tmp_path: Path, server: Recorder) -> None:
    from core import demo
    from core.errors import NotAllowed

    wb = live(wb, tmp_path / "feed", port=server.port)
    with pytest.raises(NotAllowed, match="was not made by the demo"):
        demo.make(wb.settings, patients=5)
