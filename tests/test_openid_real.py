"""OpenID Connect with a real provider, from its login form to signing out there."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from starlette.testclient import TestClient

from core import openid, users
from core.workbench import Workbench
from tests.browser import free_ports
from tests.openid_provider import CLIENT, SECRET, RealProvider, log_in
from tests.test_openid import NOT_KNOWN, caller_of, is_let_in, linked_to

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvider]:
    provider = RealProvider(tmp_path_factory.mktemp("provider"), free_ports(), "http://127.0.0.1:8501")
    provider.people()
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


@pytest.fixture
def caller(wb: Workbench, real: RealProvider) -> Iterator[TestClient]:
    oidc: dict[str, Any] = {"oidc_issuer": real.issuer, "oidc_client": CLIENT, "oidc_secret": SECRET}
    openid._provider.cache_clear()
    here = replace(wb, settings=replace(wb.settings, **oidc), clock=lambda: datetime.now(UTC))
    users.invite(here, "cleo", "Cleo Clerk", email="cleo@example.org", roles=["opt_out_clerk"], password=False)
    real.people(
        cleo={"email": "cleo@example.org", "email_verified": True},
        dora={"email": "dora@example.org", "email_verified": True},
        eve={"email": "cleo@example.org", "email_verified": False},
    )
    with caller_of(here) as client:
        yield client


def dance(caller: TestClient, name: str, *, browser: requests.Session | None = None) -> tuple[int, str]:
    """From our door to the provider's form and back; the status and text of the answer, and where it leads."""
    there = caller.get("/sign-in/openid?next=/care_gaps").headers["location"]
    answer = caller.get(log_in(there, name, browser=browser))
    return answer.status_code, answer.headers.get("location", answer.text)


def test_the_whole_way_in_and_out(caller: TestClient, real: RealProvider) -> None:
    with closing(requests.Session()) as browser:
        there = caller.get("/sign-in/openid?next=/care_gaps").headers["location"]
        back = log_in(there, "cleo", browser=browser)
        assert back.startswith("http://127.0.0.1:8501/sign-in/openid/callback?")
        assert caller.get(back).headers["location"] == "/care_gaps" and is_let_in(caller)
        assert caller.get(back).status_code == 403, "an answer counts once"

        leaving = caller.get("/sign-out", headers={"sec-fetch-site": "same-origin"}).headers["location"]
        assert not is_let_in(caller)
        out = browser.get(leaving, timeout=20, allow_redirects=False)
        assert out.headers["location"] == "http://127.0.0.1:8501/sign-in/openid/out"
        again = caller.get("/sign-in/openid").headers["location"]
        assert 'name="password"' in browser.get(again, timeout=20).text, "signed out there too: it asks anew"


@pytest.mark.parametrize("name", ["dora", "eve"])
def test_who_is_not_known_here_or_not_verified_there_stays_out(caller: TestClient, wb: Workbench, name: str) -> None:
    status, text = dance(caller, name)

    assert status == 403 and NOT_KNOWN in text
    assert not is_let_in(caller) and linked_to(wb) == []


def test_another_address_later_is_the_same_person(caller: TestClient, wb: Workbench, real: RealProvider) -> None:
    assert dance(caller, "cleo") == (303, "/care_gaps")
    caller.cookies.clear()
    real.people(cleo={"email": "cleo.married@example.org", "email_verified": False})

    assert dance(caller, "cleo") == (303, "/care_gaps")
    assert [user for _, user in linked_to(wb)] == ["cleo"]


def test_a_provider_that_was_away_and_came_back_with_a_new_key(caller: TestClient, real: RealProvider) -> None:
    assert dance(caller, "cleo") == (303, "/care_gaps")
    caller.cookies.clear()
    there = caller.get("/sign-in/openid").headers["location"]
    back = log_in(there, "cleo")
    real.stop()
    try:
        away = caller.get(back)
        assert away.status_code == 503 and "cannot be reached" in away.text and not is_let_in(caller)
    finally:
        real.change_key()
        real.start()

    assert dance(caller, "cleo") == (303, "/care_gaps")
