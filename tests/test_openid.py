"""OpenID Connect: whoever comes with a token that is not right, or is not known here, is not let in."""

import base64
import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route
from starlette.testclient import TestClient

from core import openid, sessions, users
from core.channels import openid as channel
from core.domain.openid import identity, problem
from core.errors import NotAllowed, NotFound, SettingsError
from core.settings import read_settings
from core.store.database import reading
from core.store.schema import audit, identities
from core.web.gate import Gate
from core.web.openid import routes
from core.web.sign_in import routes as sign_in_routes
from core.workbench import VISITOR, Workbench
from tests.openid_provider import CLIENT, SECRET, Claims, Hostile, hostile, signed_by, unsigned

pytestmark = pytest.mark.long

AT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
NOW = int(AT.timestamp())
RIGHT = {"iss": "https://id.example.org", "sub": "s1", "aud": "us", "nonce": "n", "iat": NOW, "exp": NOW + 300}
NOT_KNOWN = "not known here"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ""),
        ({"aud": ["us"]}, ""),
        ({"aud": ["us", "them"], "azp": "us"}, ""),
        ({"azp": "us"}, ""),
        ({"iss": "https://id.example.org/"}, "iss"),
        ({"iss": "https://other.example.org"}, "iss"),
        ({"iss": None}, "iss"),
        ({"iss": ["https://id.example.org"]}, "iss"),
        ({"aud": "them"}, "aud"),
        ({"aud": ["them"]}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": {"us": 1}}, "aud"),
        ({"aud": "us them"}, "aud"),
        ({"aud": ["us", "them"]}, "azp"),
        ({"aud": ["us", "them"], "azp": "them"}, "azp"),
        ({"azp": "them"}, "azp"),
        ({"azp": None}, "azp"),
        ({"nonce": "other"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"sub": ""}, "sub"),
        ({"sub": None}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"sub": "a\x00b"}, "sub"),
        ({"sub": "é"}, "sub"),
        ({"exp": NOW - 59}, ""),
        ({"exp": NOW - 60}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": str(NOW + 300)}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": float("nan")}, ""),  # no JSON number; refused when the token is read
        ({"iat": NOW + 60}, ""),
        ({"iat": NOW + 61}, "iat"),
        ({"iat": NOW - 660}, ""),
        ({"iat": NOW - 661}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": NOW + 60}, ""),
        ({"nbf": NOW + 61}, "nbf"),
        ({"nbf": "now"}, "nbf"),
    ],
)
def test_what_a_token_must_say(changes: Claims, found: str) -> None:
    claims = {**RIGHT, **changes}

    assert problem(claims, issuer="https://id.example.org", client="us", nonce="n", at=AT) == found


@pytest.mark.parametrize(
    ("email", "is_verified", "counts"),
    [
        ("cleo@example.org", True, "cleo@example.org"),
        ("cleo@example.org", False, ""),
        ("cleo@example.org", "true", ""),
        ("cleo@example.org", 1, ""),
        ("cleo@example.org", None, ""),
        ("cléo@example.org", True, ""),
        (["cleo@example.org"], True, ""),
        (None, True, ""),
    ],
)
def test_an_email_address_counts_only_when_the_provider_has_checked_it(
    email: object, is_verified: object, counts: str
) -> None:
    assert identity({**RIGHT, "email": email, "email_verified": is_verified}).verified_email == counts


@pytest.fixture
def provider() -> Iterator[Hostile]:
    with hostile() as running:
        yield running


def at_provider(wb: Workbench, provider: Hostile, **changes: Any) -> Workbench:
    """The home, for which this provider says who people are; time is the machine's, as the provider's is."""
    oidc: dict[str, Any] = {"oidc_issuer": provider.issuer, "oidc_client": CLIENT, "oidc_secret": SECRET}
    settings = replace(wb.settings, **oidc, oidc_name="Example Hospital", **changes)
    openid._provider.cache_clear()
    return replace(wb, settings=settings, clock=lambda: datetime.now(UTC))


@pytest.fixture
def bench(wb: Workbench, provider: Hostile) -> Workbench:
    here = at_provider(wb, provider)
    users.invite(here, "cleo", "Cleo Clerk", email="Cleo@example.org", roles=["opt_out_clerk"], password=False)
    return here


def caller_of(wb: Workbench, more: Callable[[Callable[[], Workbench]], list[BaseRoute]] = routes) -> TestClient:
    """A browser on a server with the gate in front of its pages; `more` are routes beside those of signing in."""
    visitor = wb.as_user(VISITOR)

    async def pages(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("patients")

    app = Starlette(
        routes=[*sign_in_routes(lambda: visitor), *more(lambda: visitor), Route("/{path:path}", pages)],
        middleware=[Middleware(Gate, workbench=lambda: visitor)],
    )
    return TestClient(app, base_url=wb.settings.public_url, follow_redirects=False)


@pytest.fixture
def caller(bench: Workbench) -> Iterator[TestClient]:
    with caller_of(bench) as client:
        yield client


def come_back(caller: TestClient, provider: Hostile, **changes: str) -> Any:
    """Go to the provider and come back, with what a test changes in the query."""
    there = caller.get("/sign-in/openid?next=/care_gaps")
    assert there.status_code == 303, there.text
    answer = {**provider.code(there.headers["location"]), **changes}
    return caller.get("/sign-in/openid/callback", params={key: value for key, value in answer.items() if value})


def is_let_in(caller: TestClient) -> bool:
    return caller.get("/care_gaps").status_code == 200


def linked_to(wb: Workbench) -> list[tuple[str, str]]:
    with reading(wb.engine) as connection:
        return [(row.subject, row.user_id) for row in connection.execute(identities.select())]


def test_a_person_with_a_verified_address_comes_in_and_back_to_the_page(
    caller: TestClient, provider: Hostile, bench: Workbench
) -> None:
    there = caller.get("/sign-in/openid?next=/care_gaps")
    cookie = there.headers["set-cookie"].lower()
    asked = parse_qs(urlsplit(there.headers["location"]).query)
    back = caller.get("/sign-in/openid/callback", params=provider.code(there.headers["location"]))

    assert "httponly" in cookie and "samesite=lax" in cookie and "max-age=600" in cookie
    assert asked["redirect_uri"] == ["http://127.0.0.1:8501/sign-in/openid/callback"]
    assert asked["scope"] == ["openid email profile"] and "code_verifier" not in asked
    assert (back.status_code, back.headers["location"]) == (303, "/care_gaps")
    assert is_let_in(caller) and linked_to(bench) == [("subject-1", "cleo")]
    assert "careloop_openid" not in caller.cookies
    with reading(bench.engine) as connection:
        lines = [(row.user_id, row.action) for row in connection.execute(audit.select()).all()[-2:]]
    assert lines == [("visitor", "identity.linked"), ("cleo", "session.begun")]


def test_behind_tls_the_cookie_is_bound_to_this_host(bench: Workbench) -> None:
    behind = replace(bench, settings=replace(bench.settings, public_url="https://careloop.example.org"))
    with caller_of(behind) as caller:
        cookie = caller.get("/sign-in/openid").headers["set-cookie"]

    assert cookie.startswith("__Host-careloop-openid=") and "Secure" in cookie and "Path=/" in cookie


def test_who_comes_by_another_name_of_this_server_begins_at_the_public_one(caller: TestClient) -> None:
    answer = caller.get("/sign-in/openid?next=/care_gaps", headers={"host": "localhost:8501"})

    assert answer.headers["location"] == "http://127.0.0.1:8501/sign-in/openid?next=%2Fcare_gaps"
    assert "set-cookie" not in answer.headers


def test_a_proxy_may_ask_by_another_name_than_the_public_one(bench: Workbench, provider: Hostile) -> None:
    behind = replace(bench, settings=replace(bench.settings, public_url="https://careloop.example.org"))
    with caller_of(behind) as caller:
        answer = caller.get("/sign-in/openid", headers={"host": "127.0.0.1:8501"})

    assert answer.headers["location"].startswith(f"{provider.issuer}/authorize?")
    assert "redirect_uri=https%3A%2F%2Fcareloop.example.org%2Fsign-in%2Fopenid%2Fcallback" in answer.headers["location"]


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_after_the_provider_one_comes_back_to_this_server_only(
    caller: TestClient, provider: Hostile, path: str
) -> None:
    there = caller.get("/sign-in/openid", params={"next": path})
    back = caller.get("/sign-in/openid/callback", params=provider.code(there.headers["location"]))

    assert back.headers["location"] == "/"


def _hs256_with_the_public_key(provider: Hostile, claims: Claims) -> str:
    signed = unsigned(claims, alg="HS256", kid="one").rpartition(".")[0]
    digest = hmac.digest(provider.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _hs256_with_the_secret(_provider: Hostile, claims: Claims) -> str:
    return signed_by(OctKey.import_key(SECRET * 4), claims, alg="HS256", kid="one")


def _with_an_own_key_in_its_head(_provider: Hostile, claims: Claims) -> str:
    own = RSAKey.generate_key(2048, {"kid": "own"})
    return signed_by(own, claims, jwk=own.as_dict(private=False))


def _altered(provider: Hostile, claims: Claims) -> str:
    head, _, signature = signed_by(provider.key, claims).split(".")
    return ".".join([head, unsigned({**claims, "sub": "somebody-else"}).split(".")[1], signature])


FORGED: dict[str, Callable[[Hostile, Claims], str]] = {
    "no signature": lambda _provider, claims: unsigned(claims),
    "no signature, None": lambda _provider, claims: unsigned(claims, alg="None"),
    "no signature with a key's name": lambda _provider, claims: unsigned(claims, kid="one"),
    "RS256 without a signature": lambda _provider, claims: unsigned(claims, alg="RS256", kid="one"),
    "RS256 with a made-up signature": lambda _provider, claims: unsigned(
        claims, alg="RS256", kid="one", signature="AAAA"
    ),
    "HS256 with the public key": _hs256_with_the_public_key,
    "HS256 with our secret": _hs256_with_the_secret,
    "another key of the same name": lambda _provider, claims: signed_by(
        RSAKey.generate_key(2048, {"kid": "one"}), claims
    ),
    "a key that is not published": lambda _provider, claims: signed_by(RSAKey.generate_key(2048, {"kid": "x"}), claims),
    "a key in its own head": _with_an_own_key_in_its_head,
    "another kind of key": lambda _provider, claims: signed_by(
        ECKey.generate_key("P-256", {"kid": "one"}), claims, alg="ES256"
    ),
    "claims changed after signing": _altered,
    "no token": lambda _provider, _claims: "",
    "no JWT": lambda _provider, _claims: "a.b.c",
    "claims that are a list": lambda provider, _claims: unsigned([], alg="RS256", kid="one"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_lets_nobody_in(caller: TestClient, provider: Hostile, bench: Workbench, how: str) -> None:
    provider.sign = FORGED[how]

    answer = come_back(caller, provider)

    assert answer.status_code == 403 and "begin again" in answer.text
    assert not is_let_in(caller) and linked_to(bench) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"aud": "another-application"},
        {"aud": [CLIENT, "another-application"]},
        {"iss": "http://127.0.0.1:1"},
        {"exp": timedelta(hours=-1)},
        {"iat": timedelta(days=-1)},
        {"iat": timedelta(days=1)},
        {"sub": ""},
    ],
    ids=str,
)
def test_a_signed_token_that_says_something_else_lets_nobody_in(
    caller: TestClient, provider: Hostile, bench: Workbench, changes: Claims
) -> None:
    now = int(time.time())
    moved = {
        key: now + value.total_seconds() if isinstance(value, timedelta) else value for key, value in changes.items()
    }
    provider.claims = lambda claims: {**claims, **moved}

    answer = come_back(caller, provider)

    assert answer.status_code == 403 and "begin again" in answer.text
    assert not is_let_in(caller) and linked_to(bench) == []
    with reading(bench.engine) as connection:
        last = connection.execute(audit.select()).all()[-1]
    assert last.action == "session.refused" and last.details["reason"].startswith("claim:")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "another"},
        {"state": ""},
        {"code": "another"},
        {"code": ""},
        {"error": "access_denied"},
        {"iss": "https://another.example.org"},
    ],
    ids=str,
)
def test_an_answer_that_was_not_asked_for_lets_nobody_in(
    caller: TestClient, provider: Hostile, bench: Workbench, changes: dict[str, str]
) -> None:
    lines = _audit_lines(bench)

    answer = come_back(caller, provider, **changes)

    assert answer.status_code == 403 and not is_let_in(caller)
    assert _audit_lines(bench) == lines, "what anybody can bring about fills no audit log"


def _audit_lines(wb: Workbench) -> int:
    with reading(wb.engine) as connection:
        return len(connection.execute(audit.select()).all())


def test_an_answer_counts_in_the_browser_that_asked_and_once(
    caller: TestClient, provider: Hostile, bench: Workbench
) -> None:
    there = caller.get("/sign-in/openid")
    answer = provider.code(there.headers["location"])
    with caller_of(bench) as another:
        assert another.get("/sign-in/openid/callback", params=answer).status_code == 403
        assert not is_let_in(another)
    kept = caller.cookies["careloop_openid"]

    assert caller.get("/sign-in/openid/callback", params=answer).status_code == 303
    with caller_of(bench) as another:
        another.cookies.set("careloop_openid", kept)
        assert another.get("/sign-in/openid/callback", params=answer).status_code == 403, "the code was used"


@pytest.mark.parametrize("kept", ["", "x", "e30.x.y", "." * 50])
def test_a_cookie_that_was_never_given_counts_for_nothing(caller: TestClient, provider: Hostile, kept: str) -> None:
    there = caller.get("/sign-in/openid")
    answer = provider.code(there.headers["location"])
    caller.cookies.clear()
    caller.cookies.set("careloop_openid", kept)

    assert caller.get("/sign-in/openid/callback", params=answer).status_code == 403


def test_after_ten_minutes_one_begins_again(
    bench: Workbench, provider: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = openid.begin(bench, "/")
    monkeypatch.setattr(openid, "KEPT_SECONDS", -1)

    with pytest.raises(openid.Refused):
        openid.finish(bench, begun.kept, provider.code(begun.url))


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email": "nobody@example.org"},
        {"email": None},
        {"email": "ana@example.org' OR '1'='1"},
    ],
    ids=str,
)
def test_who_has_no_verified_address_of_a_user_here_reads_whom_to_ask(
    caller: TestClient, provider: Hostile, bench: Workbench, claims: Claims
) -> None:
    provider.claims = lambda right: {key: value for key, value in {**right, **claims}.items() if value is not None}

    answer = come_back(caller, provider)

    assert answer.status_code == 403 and "Example Hospital" in answer.text and NOT_KNOWN in answer.text
    assert "administrator" in answer.text
    assert not is_let_in(caller) and linked_to(bench) == []


def test_a_user_is_found_by_the_subject_whatever_the_address_is_later(
    caller: TestClient, provider: Hostile, bench: Workbench
) -> None:
    users.invite(bench, "dora", "Dora", email="dora@example.org", roles=["manager"], password=False)
    come_back(caller, provider)
    caller.cookies.clear()
    provider.claims = lambda claims: {**claims, "email": "dora@example.org", "email_verified": False}

    assert come_back(caller, provider).status_code == 303

    assert [one.user.user_id for one in users.persons(bench) if one.seen_at] == ["cleo"]
    assert linked_to(bench) == [("subject-1", "cleo")]


def test_a_second_subject_does_not_get_an_address_that_is_linked(
    caller: TestClient, provider: Hostile, bench: Workbench
) -> None:
    come_back(caller, provider)
    caller.cookies.clear()
    provider.claims = lambda claims: {**claims, "sub": "subject-2"}

    answer = come_back(caller, provider)

    assert answer.status_code == 403 and NOT_KNOWN in answer.text
    assert linked_to(bench) == [("subject-1", "cleo")]


def test_an_administrator_unlinks_a_user_who_is_then_signed_out_and_found_anew(
    caller: TestClient, provider: Hostile, bench: Workbench
) -> None:
    come_back(caller, provider)
    assert set(openid.linked(bench)) == {"cleo"}
    with pytest.raises(NotAllowed):
        openid.unlink(bench.as_user("cleo"), "cleo")

    openid.unlink(bench, "cleo")

    assert not is_let_in(caller) and linked_to(bench) == []
    with pytest.raises(NotFound):
        openid.unlink(bench, "cleo")
    provider.claims = lambda claims: {**claims, "sub": "subject-2"}
    assert come_back(caller, provider).status_code == 303
    assert linked_to(bench) == [("subject-2", "cleo")]


def test_an_administrator_links_a_user_where_the_provider_verifies_no_addresses(
    caller: TestClient, provider: Hostile, bench: Workbench
) -> None:
    provider.claims = lambda claims: {**claims, "email_verified": False}
    openid.link(bench, "cleo", "subject-1")
    with pytest.raises(NotAllowed, match="somebody's already"):
        openid.link(bench, "ana", "subject-1")
    with pytest.raises(NotAllowed, match="linked already"):
        openid.link(bench, "cleo", "subject-2")
    with pytest.raises(NotFound):
        openid.link(bench, "dispatcher", "subject-2")  # what acts here without a person has no way in

    assert come_back(caller, provider).status_code == 303


def test_an_inactive_user_is_not_let_in_linked_or_not(caller: TestClient, provider: Hostile, bench: Workbench) -> None:
    users.change(bench, "cleo", is_active=False)
    assert come_back(caller, provider).status_code == 403
    users.change(bench, "cleo", is_active=True)
    come_back(caller, provider)
    users.change(bench, "cleo", is_active=False)
    caller.cookies.clear()

    answer = come_back(caller, provider)

    assert answer.status_code == 403 and NOT_KNOWN in answer.text and not is_let_in(caller)


def test_a_new_key_of_the_provider_counts_at_once_and_the_old_one_no_more(
    caller: TestClient, provider: Hostile
) -> None:
    assert come_back(caller, provider).status_code == 303
    old, provider.key = provider.key, RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    assert come_back(caller, provider).status_code == 303
    provider.sign = lambda _provider, claims: signed_by(old, claims)

    assert come_back(caller, provider).status_code == 403
    assert provider.asked.count("/.well-known/openid-configuration") == 1, "the document is kept"


def test_a_key_for_encryption_signs_nothing(caller: TestClient, provider: Hostile) -> None:
    other = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    provider.published = [provider.key, other]
    provider.sign = lambda _provider, claims: signed_by(
        RSAKey.import_key(other.as_pem(private=True), {"kid": "enc"}), claims
    )

    assert come_back(caller, provider).status_code == 403


def test_an_address_that_stands_beside_the_token_is_asked_for(caller: TestClient, provider: Hostile) -> None:
    provider.claims = lambda claims: {key: value for key, value in claims.items() if not key.startswith("email")}
    provider.userinfo = {"sub": "another", "email": "cleo@example.org", "email_verified": True}
    assert come_back(caller, provider).status_code == 403, "of somebody else"
    provider.userinfo["sub"] = "subject-1"

    assert come_back(caller, provider).status_code == 303


AWAY: dict[str, dict[str, Any]] = {
    "an error": {"answers": {"/.well-known/openid-configuration": (500, b"")}},
    "no JSON": {"answers": {"/.well-known/openid-configuration": (200, b"<html>")}},
    "a list": {"answers": {"/.well-known/openid-configuration": (200, b"[]")}},
    "a redirect": {"answers": {"/.well-known/openid-configuration": (302, b"")}},
    "too much": {"answers": {"/.well-known/openid-configuration": (200, b" " * 2_000_000)}},
    "another issuer": {"document": lambda document: {**document, "issuer": "https://evil.example"}},
    "an endpoint without TLS": {"document": lambda document: {**document, "token_endpoint": "http://evil.example/t"}},
    "an endpoint that is a script": {
        "document": lambda document: {**document, "authorization_endpoint": "javascript:alert(1)"}
    },
    "no keys address": {"document": lambda document: {**document, "jwks_uri": None}},
}


@pytest.mark.parametrize("how", AWAY)
def test_a_provider_that_is_away_or_wrong_gives_a_page_and_local_sign_in_goes_on(
    caller: TestClient, provider: Hostile, how: str
) -> None:
    for name, value in AWAY[how].items():
        setattr(provider, name, value)

    answer = caller.get("/sign-in/openid")

    assert answer.status_code == 503 and "cannot be reached now" in answer.text
    assert 'name="password"' in caller.get("/sign-in").text


@pytest.mark.parametrize("path", ["/token", "/keys"])
@pytest.mark.parametrize("content", [(500, b"x"), (200, b"[]"), (200, b"{"), (302, b"")], ids=str)
def test_a_provider_that_fails_on_the_way_back_lets_nobody_in(
    caller: TestClient, provider: Hostile, path: str, content: tuple[int, bytes]
) -> None:
    provider.answers[path] = content

    assert come_back(caller, provider).status_code in (403, 503)
    assert not is_let_in(caller)


def test_a_provider_that_is_not_there_or_says_nothing_is_not_waited_for_long(
    bench: Workbench, provider: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "_TIMEOUT", (0.2, 0.2))
    provider.silent = 2.0
    with caller_of(bench) as caller:
        assert caller.get("/sign-in/openid").status_code == 503
        asked = len(provider.asked)
        assert caller.get("/sign-in/openid").status_code == 503
        assert len(provider.asked) == asked, "it was away a moment ago and is left alone"


def test_after_it_was_away_a_provider_is_asked_again(
    caller: TestClient, provider: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.answers["/.well-known/openid-configuration"] = (503, b"")
    assert caller.get("/sign-in/openid").status_code == 503
    provider.answers.clear()
    monkeypatch.setattr(channel, "_AWAY", 0.0)

    assert come_back(caller, provider).status_code == 303


def test_signing_out_signs_out_at_the_provider_too(caller: TestClient, provider: Hostile, bench: Workbench) -> None:
    come_back(caller, provider)
    page = {"accept": "text/html", "sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin"}

    there = caller.get("/sign-out", headers=page)

    query = parse_qs(urlsplit(there.headers["location"]).query)
    assert there.headers["location"].startswith(f"{provider.issuer}/logout?")
    assert query["post_logout_redirect_uri"] == ["http://127.0.0.1:8501/sign-in/openid/out"]
    assert query["id_token_hint"][0].count(".") == 2
    assert not is_let_in(caller)
    assert "You are signed out" in caller.get("/sign-in/openid/out").text


def test_signing_out_by_the_form_shows_the_way_to_the_provider(caller: TestClient, provider: Hostile) -> None:
    come_back(caller, provider)

    answer = caller.post("/sign-out")

    assert answer.status_code == 200 and f'href="{provider.issuer}/logout?' in answer.text
    assert not is_let_in(caller)


def test_signing_out_works_while_the_provider_is_away_and_says_so(
    caller: TestClient, provider: Hostile, bench: Workbench
) -> None:
    come_back(caller, provider)
    openid._provider.cache_clear()
    provider.answers["/.well-known/openid-configuration"] = (500, b"")

    answer = caller.post("/sign-out")

    assert "may still be signed in at Example Hospital" in answer.text and not is_let_in(caller)


def test_the_door_shows_the_way_to_the_provider_beside_the_form(caller: TestClient) -> None:
    text = caller.get("/sign-in?next=/care_gaps").text

    assert 'href="/sign-in/openid?next=/care_gaps">Sign in with Example Hospital</a>' in text
    assert 'name="password"' in text


def test_without_local_accounts_there_is_no_form_and_no_password_counts(wb: Workbench, provider: Hostile) -> None:
    bench = at_provider(wb, provider, local_accounts=False)
    given = users.invite(wb, "cleo", "Cleo", email="cleo@example.org", roles=["manager"])
    with caller_of(bench) as caller:
        assert 'name="password"' not in caller.get("/sign-in").text
        answer = caller.post("/sign-in", data={"name": "cleo", "password": given})
        assert answer.status_code == 401 and "Passwords do not count here" in answer.text
        assert come_back(caller, provider).status_code == 303


def test_without_a_provider_there_is_no_way_to_one(wb: Workbench) -> None:
    with caller_of(wb) as caller:
        assert "/sign-in/openid" not in caller.get("/sign-in").text
        assert caller.get("/sign-in/openid").status_code == 404
        assert caller.get("/sign-in/openid/callback?code=a&state=b").status_code == 404


def test_no_session_outlives_its_hours_because_of_the_provider(
    bench: Workbench, provider: Hostile, caller: TestClient
) -> None:
    come_back(caller, provider)
    token = caller.cookies["careloop_session"]

    later = replace(bench, clock=lambda: datetime.now(UTC) + timedelta(minutes=16))

    assert sessions.find(bench, token) is not None
    assert sessions.find(later, token) is None


OIDC = {
    "CARELOOP_OIDC_ISSUER": "https://id.example.org",
    "CARELOOP_OIDC_CLIENT": "careloop",
    "CARELOOP_OIDC_SECRET": "secret",
}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"CARELOOP_OIDC_ISSUER": "http://id.example.org"}, "CARELOOP_OIDC_ISSUER"),
        ({"CARELOOP_OIDC_ISSUER": "ftp://id.example.org"}, "CARELOOP_OIDC_ISSUER"),
        ({"CARELOOP_OIDC_ISSUER": "id.example.org"}, "CARELOOP_OIDC_ISSUER"),
        ({"CARELOOP_OIDC_ISSUER": "https://id.example.org/?x=1"}, "CARELOOP_OIDC_ISSUER"),
        ({"CARELOOP_OIDC_CLIENT": ""}, "CARELOOP_OIDC_CLIENT"),
        ({"CARELOOP_OIDC_SECRET": ""}, "CARELOOP_OIDC_SECRET"),
        ({"CARELOOP_OIDC_ISSUER": "", "CARELOOP_LOCAL_ACCOUNTS": "off"}, "CARELOOP_LOCAL_ACCOUNTS"),
        ({"CARELOOP_LOCAL_ACCOUNTS": "maybe"}, "CARELOOP_LOCAL_ACCOUNTS"),
    ],
)
def test_settings_that_leave_a_door_open_or_none_are_refused(changes: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read_settings({**OIDC, **changes}, demo=False)


def test_the_settings_of_a_provider_are_read_and_its_secret_is_not_shown() -> None:
    settings = read_settings({**OIDC, "CARELOOP_OIDC_NAME": "Example Hospital"}, demo=False)

    assert (settings.oidc_issuer, settings.oidc_name) == ("https://id.example.org", "Example Hospital")
    assert "'secret'" not in repr(settings)
