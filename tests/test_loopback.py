"""Until there is a sign-in only this machine, by a name of its own, gets an answer, over HTTP and websocket alike."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.web.loopback import LoopbackOnly


async def _page(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("patients")


async def _stream(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("patients")
    await socket.close()


APP = Starlette(routes=[Route("/", _page), WebSocketRoute("/stream", _stream)], middleware=[Middleware(LoopbackOnly)])
#        client          host asked for        answered
CASES = [
    ("127.0.0.1", "127.0.0.1:8501", True),
    ("127.0.0.1", "localhost:8501", True),
    ("::1", "[::1]:8501", True),
    ("127.0.0.1", "127.1.2.3", True),
    ("10.0.0.7", "127.0.0.1:8501", False),
    ("192.168.1.5", "localhost", False),
    ("2001:db8::1", "[::1]:8501", False),
    ("127.0.0.1", "evil.example", False),
    ("127.0.0.1", "127.0.0.1.evil.example", False),
    ("127.0.0.1", "localhost.evil.example:8501", False),
    ("not an address", "127.0.0.1", False),
]


@pytest.mark.parametrize(("client", "host", "is_answered"), CASES)
def test_only_this_machine_by_its_own_name_is_answered(client: str, host: str, is_answered: bool) -> None:
    caller = TestClient(APP, client=(client, 50_000))

    answer = caller.get("/", headers={"host": host})

    assert (answer.status_code, "patients" in answer.text) == ((200, True) if is_answered else (403, False))


@pytest.mark.parametrize(("client", "host", "is_answered"), CASES)
def test_the_websocket_is_behind_the_same_gate(client: str, host: str, is_answered: bool) -> None:
    caller = TestClient(APP, client=(client, 50_000))

    if is_answered:
        with caller.websocket_connect("/stream", headers={"host": host}) as socket:
            assert socket.receive_text() == "patients"
    else:
        with pytest.raises(WebSocketDisconnect), caller.websocket_connect("/stream", headers={"host": host}):
            pass


def test_answers_carry_the_safe_headers() -> None:
    answer = TestClient(APP, client=("127.0.0.1", 50_000)).get("/", headers={"host": "127.0.0.1"})

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
