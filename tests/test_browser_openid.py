"""Signing in through a real OpenID Connect provider's own form, in a real browser."""

from pathlib import Path

import pytest

from core import users
from core.workbench import COMMAND_LINE
from tests.browser import READY, Page, Watch, expect, free_ports, running, settle
from tests.openid_provider import CLIENT, PASSWORD, SECRET, RealProvider

pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_a_person_signs_in_at_the_hospital_and_out_again(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = RealProvider(tmp_path, free_ports(), "")
    for name, value in {
        "ISSUER": provider.issuer,
        "CLIENT": CLIENT,
        "SECRET": SECRET,
        "NAME": "Example Hospital",
    }.items():
        monkeypatch.setenv(f"CARELOOP_OIDC_{name}", value)
    monkeypatch.setenv("CARELOOP_LOCAL_ACCOUNTS", "off")
    watch = Watch()
    watch.on(page)
    with running(tmp_path / "home", "serve") as server:
        with server.workbench(COMMAND_LINE) as wb:
            users.invite(wb, "cleo", "Cleo Clerk", email="cleo@example.org", roles=["administrator"], password=False)
        provider.public_url = server.address
        provider.people(cleo={"email": "cleo@example.org", "email_verified": True})
        provider.start()
        try:
            page.goto(f"{server.address}/users")
            expect(page.get_by_label("Password")).to_have_count(0)
            page.get_by_role("link", name="Sign in with Example Hospital").click()
            page.get_by_label("Username").fill("cleo")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()

            page.wait_for_selector(READY, timeout=60_000)
            settle(page)
            expect(page.get_by_role("heading", name="Users")).to_be_visible()
            expect(page.get_by_test_id("stSidebar").get_by_text("Cleo Clerk")).to_be_visible()
            assert page.url == f"{server.address}/users"

            page.get_by_role("link", name="Sign out").click()
            expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
            page.get_by_role("link", name="Sign in again").click()
            page.get_by_role("link", name="Sign in with Example Hospital").click()
            expect(page.get_by_label("Password")).to_be_visible()
        finally:
            provider.stop()
    assert watch.elsewhere == []
    assert [error for error in watch.errors if provider.issuer.removesuffix("/o") not in error] == []
