"""The gate: without a session nothing of the pages is answered, over HTTP or websocket; other sites ask in vain."""

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from core import sessions, sign_in, tabs, users
from core.domain.user import Scope
from core.errors import NotAllowed
from core.sessions import cookie_name
from core.web.gate import Gate
from core.web.sign_in import routes, safe_path
from core.workbench import VISITOR, Workbench
from tests.conftest import Clock

PAGE = {"accept": "text/html", "sec-fetch-mode": "navigate"}
STREAM, HERE = "/_stcore/stream", {"host": "127.0.0.1:8501"}
PATHS = (
    "/",
    "/work_list",
    "/patient?id=p1",
    "/media/abc.csv",
    "/_stcore/health",
    "/_stcore/upload_file/a/b",
    "/healthy",
)


async def _page(request: Request) -> PlainTextResponse:
    return PlainTextResponse("patients")


async def _stream(socket: WebSocket) -> None:
    await socket.accept()
    protocols = socket.headers.get("sec-websocket-protocol", "")
    try:
        while True:
            await socket.send_text(f"patients {await socket.receive_text()}{protocols}")
    except WebSocketDisconnect:
        return


@pytest.fixture
def caller(wb: Workbench) -> Iterator[TestClient]:
    """A browser on a server with the gate in front of pages."""
    visitor = wb.as_user(VISITOR)
    methods = ["GET", "POST", "PUT", "DELETE"]
    app = Starlette(
        routes=[
            *routes(lambda: visitor),
            WebSocketRoute("/_stcore/stream", _stream),
            Route("/{path:path}", _page, methods=methods),
        ],
        middleware=[Middleware(Gate, workbench=lambda: visitor)],
    )
    with TestClient(app, base_url="http://127.0.0.1:8501", follow_redirects=False) as client:
        yield client


def let_in(caller: TestClient, wb: Workbench, user: str = "ana") -> str:
    token = sessions.begin(wb, user, method="password")
    caller.cookies.set(cookie_name(wb.settings), token)
    return token


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD"])
def test_without_a_session_nothing_is_answered(caller: TestClient, method: str, path: str) -> None:
    answer = caller.request(method, path)

    assert "patients" not in answer.text
    if (method, path) == ("GET", "/"):  # who only looks whether Careloop is up is shown the door
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "a" * 43, '"', "a; b=c", "%00", "../", "é".encode().hex()])
def test_a_cookie_that_was_never_given_opens_nothing(caller: TestClient, wb: Workbench, cookie: str) -> None:
    answer = caller.get("/work_list", headers={"cookie": f"{cookie_name(wb.settings)}={cookie}"})

    assert answer.status_code == 401


def test_two_cookies_of_the_same_name_are_none(caller: TestClient, wb: Workbench) -> None:
    token, name = sessions.begin(wb, "ana", method="password"), cookie_name(wb.settings)

    assert caller.get("/", headers={"cookie": f"{name}={token}"}).status_code == 200
    assert caller.get("/work_list", headers={"cookie": f"{name}=planted; {name}={token}"}).status_code == 401


def test_a_person_who_opens_a_page_comes_to_the_sign_in_and_back(caller: TestClient) -> None:
    asked = caller.get("/patient?id=p1", headers=PAGE)

    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Fpatient%3Fid%3Dp1")
    assert 'name="next" value="/patient?id=p1"' in caller.get(asked.headers["location"]).text
    assert caller.get("/", headers=PAGE).headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ([16], "because nothing was done for 15 minutes"),
        ([14] * 52, "because you signed in 12 hours before"),
        ([1], None),
    ],
)
def test_the_sign_in_says_why_somebody_was_signed_out(
    caller: TestClient, wb: Workbench, clock: Clock, minutes: list[int], said: str | None
) -> None:
    let_in(caller, wb)
    for pause in minutes:
        clock.forward(minutes=pause)
        caller.post("/session")
    if said is None:
        users.end_sessions(wb, "ana")

    shown = caller.get("/sign-in").text

    assert "Sign in" in shown and ("You were signed out" in shown) == (said is not None)
    assert said is None or said in shown


def test_with_a_session_the_pages_answer_until_it_ends(caller: TestClient, wb: Workbench) -> None:
    let_in(caller, wb)
    assert {caller.get(path).text for path in PATHS} == {"patients"}

    users.end_sessions(wb, "ana")

    assert {caller.get(path).status_code for path in PATHS[1:]} == {401}


def test_the_websocket_is_behind_the_same_gate(caller: TestClient, wb: Workbench) -> None:
    with pytest.raises(WebSocketDisconnect), caller.websocket_connect(STREAM, headers=HERE):
        pass
    let_in(caller, wb)

    with caller.websocket_connect(STREAM, headers=HERE) as socket:
        socket.send_text("1")
        assert socket.receive_text() == "patients 1"


def test_an_open_websocket_is_closed_when_its_session_ends(caller: TestClient, wb: Workbench) -> None:
    let_in(caller, wb)

    with caller.websocket_connect(STREAM, headers=HERE) as socket:
        socket.send_text("1")
        assert socket.receive_text() == "patients 1"
        users.end_sessions(wb, "ana")
        socket.send_text("2")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1008


@pytest.mark.parametrize(
    "change",
    [{"roles": ["data_scientist"]}, {"scope": Scope(groups=frozenset({"g1"}))}, {"is_active": False}],
    ids=["other roles", "fewer patients", "switched off"],
)
def test_an_open_websocket_is_closed_when_its_person_may_less(
    caller: TestClient, wb: Workbench, change: dict[str, Any]
) -> None:
    let_in(caller, wb)

    with caller.websocket_connect(STREAM, headers=HERE) as socket:
        users.change(wb, "ana", **change)
        socket.send_text("press the button that the page still shows")
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()


def test_another_name_leaves_the_session_as_it_is(caller: TestClient, wb: Workbench) -> None:
    let_in(caller, wb)
    users.change(wb, "ana", name="Ana Reyes", email="ana.reyes@example.org")

    assert caller.get("/").status_code == 200


@pytest.mark.parametrize(
    ("owner", "is_kept"), [("this session", True), ("another session", False), (None, False)], ids=str
)
def test_a_tab_comes_back_only_to_the_session_that_it_was_drawn_for(
    caller: TestClient, wb: Workbench, owner: str | None, is_kept: bool
) -> None:
    """Streamlit keeps what a tab had open, with the person on whose behalf it acts, and gives it to whoever has the
    tab's id."""
    token = let_in(caller, wb)
    session = sessions.find(wb, token)
    assert session is not None
    tab = secrets.token_hex(16)
    if owner:
        tabs.belongs_to(tab, session.session_id if owner == "this session" else "of somebody else")

    with caller.websocket_connect(STREAM, subprotocols=["streamlit", "xsrf", tab], headers=HERE) as socket:
        socket.send_text("")
        assert socket.receive_text() == "patients streamlit, xsrf" + (f", {tab}" if is_kept else "")


@pytest.mark.parametrize(
    ("headers", "is_answered"),
    [
        ({}, True),
        ({"origin": "http://127.0.0.1:8501"}, True),
        ({"origin": "http://127.0.0.1:8501", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),  # a form of a page without a referrer
        ({"origin": "http://evil.example"}, False),
        ({"origin": "http://127.0.0.1:9999"}, False),
        ({"origin": "null"}, False),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
    ],
)
def test_what_another_site_makes_a_browser_ask_is_refused(
    caller: TestClient, wb: Workbench, headers: dict[str, str], is_answered: bool
) -> None:
    let_in(caller, wb)
    asked = {"host": "127.0.0.1:8501", **headers}

    for method in ("POST", "PUT", "DELETE"):
        assert (caller.request(method, "/_stcore/upload_file/a", headers=headers).status_code == 200) == is_answered
    if is_answered:
        with caller.websocket_connect(STREAM, headers=asked):
            pass
    else:
        with pytest.raises(WebSocketDisconnect), caller.websocket_connect(STREAM, headers=asked):
            pass


@pytest.mark.parametrize(
    ("host", "is_answered"),
    [
        ("127.0.0.1:8501", True),
        ("localhost:8501", True),
        ("[::1]:8501", True),
        ("127.1.2.3", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:8501", False),
        ("[::1", False),
        ("a b", False),
        ("testserver", False),
        ("evil.example@127.0.0.1:8501", False),
        ("127.0.0.1\\evil.example", False),
        ("evil.example/@127.0.0.1", False),
    ],
)
def test_only_a_name_of_this_server_is_answered(
    caller: TestClient, wb: Workbench, host: str, is_answered: bool
) -> None:
    let_in(caller, wb)

    answer = caller.get("/", headers={"host": host})

    assert (answer.status_code, "patients" in answer.text) == ((200, True) if is_answered else (403, False))


def test_every_answer_has_the_headers_that_keep_others_out(caller: TestClient, wb: Workbench) -> None:
    let_in(caller, wb)

    for path in ("/", "/sign-in", "/session", "/media/x"):
        headers = caller.get(path, headers=PAGE).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers


def test_signing_in_over_a_session_ends_it(caller: TestClient, wb: Workbench) -> None:
    given = users.invite(wb, "cleo", "Cleo", roles=["manager"])
    choosing = sign_in.sign_in(wb, "cleo", given, client="192.0.2.7").choosing
    sign_in.choose_password(wb, choosing, "tangle-copper-violin", "tangle-copper-violin")
    before = let_in(caller, wb)

    answer = caller.post("/sign-in", data={"name": "cleo", "password": "tangle-copper-violin"})

    assert answer.status_code == 303
    assert sessions.find(wb, before) is None


def test_who_has_signed_in_in_a_browser_is_not_kept_out_by_others_who_guess(
    caller: TestClient, wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sign_in.MOST, "name", 3)
    given = users.invite(wb, "cleo", "Cleo", roles=["manager"])
    choosing = sign_in.sign_in(wb, "cleo", given, client="192.0.2.7").choosing
    good = {"name": "cleo", "password": "tangle-copper-violin"}
    sign_in.choose_password(wb, choosing, good["password"], good["password"])
    assert caller.post("/sign-in", data=good).status_code == 303
    for number in range(3):
        with pytest.raises(NotAllowed):
            sign_in.sign_in(wb, "cleo", "guessed", client=f"198.51.100.{number}")

    assert caller.post("/sign-in", data=good).status_code == 303
    kept = {name: value for name, value in caller.cookies.items() if name.endswith("-browser")}
    caller.cookies.clear()
    assert caller.post("/sign-in", data=good).status_code == 429  # elsewhere
    for name, value in kept.items():
        caller.cookies.set(name, value)
    assert caller.post("/sign-in", data={**good, "name": "ana"}).status_code == 401  # good for one name only
    for _ in range(3):
        assert caller.post("/sign-in", data={**good, "password": "guessed"}).status_code == 401
    assert caller.post("/sign-in", data=good).status_code == 429  # and no way to guess on


def test_a_name_and_a_password_open_a_session_whose_cookie_no_script_reads(caller: TestClient, wb: Workbench) -> None:
    given = users.invite(wb, "cleo", "Cleo", roles=["manager"])

    first = caller.post("/sign-in", data={"name": "cleo", "password": given, "next": "/care_gaps"})
    assert first.status_code == 200 and "Choose a password" in first.text and "set-cookie" not in first.headers
    choosing = first.text.partition('name="choosing" value="')[2].partition('"')[0]
    new = {"password": "tangle-copper-violin", "again": "tangle-copper-violin"}
    second = caller.post("/sign-in/password", data={**new, "choosing": choosing, "next": "/care_gaps"})

    assert (second.status_code, second.headers["location"]) == (303, "/care_gaps")
    cookie = second.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie
    assert caller.get("/work_list").text == "patients"


def test_the_form_of_the_door_is_sent_with_its_origin(caller: TestClient) -> None:
    """With 'no-referrer' browsers say that it comes from 'null', which is somebody else."""
    assert caller.get("/sign-in").headers["referrer-policy"] == "same-origin"


def test_a_wrong_password_says_so_keeps_the_name_and_after_five_times_to_wait(
    caller: TestClient, wb: Workbench
) -> None:
    users.invite(wb, "cleo", "Cleo", roles=["manager"])

    for _ in range(sign_in.MOST["both"]):
        wrong = caller.post("/sign-in", data={"name": 'cleo"><b>', "password": "wrong"})
        assert wrong.status_code == 401
        assert "not right" in wrong.text and 'value="cleo&#34;&gt;&lt;b&gt;"' in wrong.text
    stopped = caller.post("/sign-in", data={"name": 'cleo"><b>', "password": "wrong"})

    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["retry-after"]) <= 900


@pytest.mark.parametrize("body", [b"", b"name=%ff%fe&password=x", b"a=1&" * 30, b"x" * 20_000, b"\x00\x01"])
def test_a_form_that_is_none_is_refused_and_nothing_breaks(caller: TestClient, body: bytes) -> None:
    answer = caller.post("/sign-in", content=body, headers={"content-type": "application/x-www-form-urlencoded"})

    assert answer.status_code in (200, 400, 401, 413)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("/patient?id=1", "/patient?id=1"),
        ("/", "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nset-cookie: x=1", "/"),
        ("/\t/evil.example", "/"),
    ],
)
def test_after_signing_in_one_comes_back_to_this_server_only(path: str, safe: str) -> None:
    assert safe_path(path) == safe


def test_another_site_cannot_sign_somebody_out_and_one_of_our_pages_can(caller: TestClient, wb: Workbench) -> None:
    let_in(caller, wb)

    asked = caller.get("/sign-out", headers={**PAGE, "sec-fetch-site": "cross-site"})
    assert "Sign out?" in asked.text and caller.get("/").text == "patients"
    done = caller.get("/sign-out", headers={**PAGE, "sec-fetch-site": "same-origin"})

    assert "You are signed out" in done.text
    assert caller.get("/work_list").status_code == 401


def test_a_page_asks_how_long_its_session_lasts_and_says_that_somebody_is_there(
    caller: TestClient, wb: Workbench, clock: Clock
) -> None:
    assert caller.get("/session").status_code == 401
    let_in(caller, wb)
    clock.forward(minutes=10)

    assert caller.get("/session").json() == {"seconds": 300}
    assert caller.post("/session").json() == {"seconds": 900}
    clock.forward(minutes=15)
    assert caller.get("/session").status_code == 401


def test_nobody_becomes_somebody_of_the_demo_outside_a_demo(caller: TestClient) -> None:
    answer = caller.post("/sign-in/demo", data={"user": "admin"})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


# An address that the gate could read in one way and what answers it in another.
TWO_WAYS = (
    "//work_list",
    "/u/../work_list",
    "/u/%2e%2e/work_list",
    "/u/.%2E/work_list",
    "/u/..%2fwork_list",
    "/u/x%2f..%2f..%2fwork_list",
    "/u/%252e%252e/work_list",
    "/u/..%5cwork_list",
    "/u/..\\work_list",
    "/u//work_list",
    "/u/./work_list",
    "/u/%00",
    "/sign-in/../work_list",
    "/sign-in/..;/work_list",
    "/sign-in;/work_list",
    "/sign-in%2f..%2fwork_list",
    "/sign-in//work_list",
    "/twilio/..//media/x",
    "/bounces/../media/x",
    "/health/../media/x",
    "/work_list%20",
    "/work_list%0d%0aset-cookie:x",
    "/work_list;x",
    "/" + "a" * 3000,
    "http://evil.example/u/x",
    "http://127.0.0.1/u/../work_list",
    "*",
)
# What stands beside or below what is open and is no route of ours, so that the pages would answer.
BESIDE = (
    "/sign-in/work_list",
    "/sign-in/index.html",
    "/sign-in/",
    "/sign-in.",
    "/SIGN-IN",
    "/Sign-In/password/",
    "/sign-out/x",
    "/session/x",
    "/health/",
    "/healthz",
    "/bouncesx",
    "/bounces/",
    "/bounces/x",
    "/twilio/",
    "/twilio/index.html",
    "/u",
    "/U/x",
)


@pytest.mark.parametrize("path", TWO_WAYS)
def test_an_address_that_can_be_read_in_two_ways_is_refused_to_everybody(
    caller: TestClient, wb: Workbench, path: str
) -> None:
    for signed_in in (False, True):
        if signed_in:
            let_in(caller, wb)
        answer = asked(caller, path)

        assert answer == 400, (path, signed_in)


@pytest.mark.parametrize("path", BESIDE)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE"])
def test_what_stands_beside_an_open_address_needs_a_session(caller: TestClient, method: str, path: str) -> None:
    answer = caller.request(method, path)

    assert answer.status_code == 401
    assert "patients" not in answer.text


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE"])
def test_an_open_address_is_open_for_its_methods_only(caller: TestClient, method: str) -> None:
    assert caller.request(method, "/sign-in").status_code == 405


@pytest.mark.parametrize(
    "path", ["/auth/login", "/auth/logout", "/oauth2callback", "/_stcore/metrics", "/_stcore/agent/mcp"]
)
def test_what_streamlit_serves_and_nobody_uses_is_closed(caller: TestClient, wb: Workbench, path: str) -> None:
    let_in(caller, wb)

    assert caller.get(path).status_code == 404


def test_there_is_one_websocket(caller: TestClient, wb: Workbench) -> None:
    let_in(caller, wb)

    for path in ("/", "/u/x", "/sign-in", "/work_list", "/_stcore/stream/"):
        with pytest.raises(WebSocketDisconnect), caller.websocket_connect(path):
            pass


def asked(caller: TestClient, target: str) -> int:
    """The status of a request whose target is sent as it is: a client library would put it right first."""
    raw = target.encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(target),
        "raw_path": raw,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8501"), (b"cookie", cookie_header(caller))],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8501),
    }
    started: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        started.append(message)

    anyio.run(caller.app, scope, receive, send)
    return int(started[0]["status"])


def cookie_header(caller: TestClient) -> bytes:
    return "; ".join(f"{name}={value}" for name, value in caller.cookies.items()).encode()


def test_pages_run_scripts_of_this_server_alone_and_none_that_is_written_into_a_page(
    caller: TestClient, wb: Workbench
) -> None:
    let_in(caller, wb)

    said = caller.get("/", headers=PAGE).headers["content-security-policy"]
    rules = {name: rest for name, _, rest in (each.strip().partition(" ") for each in said.split(";"))}
    scripts = rules["script-src"].split()

    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert set(scripts) >= {"'self'"} and not {
        "'unsafe-inline'",
        "'unsafe-eval'",
        "*",
        "http:",
        "https:",
        "data:",
    } & set(scripts)
    assert [each for each in scripts if each.startswith("'sha256-")]  # of Streamlit's own page
    assert all(
        source in ("'self'", "'none'", "'unsafe-inline'", "data:", "blob:") or source.startswith("'sha256-")
        for rest in rules.values()
        for source in rest.split()
    )
