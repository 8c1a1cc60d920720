"""Every page with hostile texts in every field, in a real browser: all of it is shown as text, nothing is asked of
another host, nothing runs into the pages' own policy, and nothing is answered without a session."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog
from playwright.sync_api import Error as PlaywrightError

from core import campaign_list
from tests import hostile
from tests.browser import Page, Server, Watch, chromium, free_ports, open_page, running, settle
from tests.test_gate import BESIDE, TWO_WAYS

pytestmark = [pytest.mark.browser, pytest.mark.long]

PAGES = (
    "", "work_list", "care_gaps", "measures", "campaigns", "library", "replies", "outbox", "outbox?mode=text",
    "overview", "downloads", "data", "introductions", "settings", "going_live", "users", "audit",
)  # fmt: skip
PARTS = ("", "&part=communications", "&part=clinical", "&part=appointments", "&part=replies", "&part=timeline")
STEPS = ("message", "delivery", "summary")
# What of a page's elements was made of the texts: a link or picture to where they point, a formula, colour or icon.
READ_AS_MARKUP = """() => {
  const made = [], bad = /127\\.0\\.0\\.1:9\\b|javascript:/;
  for (const e of document.querySelectorAll('a, img, iframe, script, object, embed, form, video, audio, image'))
    for (const name of ['href', 'src', 'action', 'xlink:href', 'data'])
      if (bad.test(e.getAttribute(name) || '')) made.push(`${e.tagName} ${name} in ${e.parentElement?.textContent}`);
  for (const e of document.querySelectorAll('.katex')) made.push(`formula ${e.textContent}`);
  for (const e of document.querySelectorAll('[data-testid=stMarkdownContainer] span'))
    if (e.textContent === 'x') made.push(`colour in ${e.parentElement.textContent}`);
  for (const e of document.querySelectorAll('[data-testid=stMain] [aria-label="home icon"]'))
    made.push(`icon in ${e.parentElement.textContent}`);
  return made.map((each) => each.slice(0, 200));
}"""


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    chromium()
    home, port = tmp_path_factory.mktemp("hostile") / "home", free_ports()
    hostile.make(home, patients=120, port=port)
    with running(home, "demo", "--patients", "120") as server:
        yield server


@pytest.fixture
def asked(page: Page) -> tuple[Watch, list[str]]:
    """What the page does that it must not, and which dialogs it opens or servers it asks."""
    others: list[str] = []
    watch = Watch()
    watch.on(page)

    def dismiss(dialog: Dialog) -> None:
        others.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("request", lambda request: others.append(request.url) if is_elsewhere(request.url) else None)
    return watch, others


def is_elsewhere(url: str) -> bool:
    return urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc == hostile.ELSEWHERE


def addresses(server: Server, kind: str) -> list[str]:
    with server.workbench() as wb:
        if kind == "pages":
            return list(PAGES)
        if kind == "patients":
            first, other = hostile.first_people(wb, 2)
            return [f"patient?id={other}", *(f"patient?id={first}{part}" for part in PARTS)]
        found = [each.campaign.campaign_id for each in campaign_list.campaigns(wb)]
    some = [found[0], found[-1]]
    return [f"report?id={each}" for each in some] + [
        f"campaign_editor?id={each}&step={step}" for each in some for step in STEPS
    ]


@pytest.mark.parametrize("kind", ["pages", "patients", "campaigns"])
def test_whatever_was_written_is_shown_as_text_on_every_page(
    clinic: Server, page: Page, asked: tuple[Watch, list[str]], kind: str
) -> None:
    watch, others = asked
    made: dict[str, list[str]] = {}
    seen = ""

    for address in addresses(clinic, kind):
        open_page(page, f"{clinic.address}/{address}")
        seen += page.inner_text("body")
        made[address] = page.evaluate(READ_AS_MARKUP)
        for part in ("[role=tab]", "[data-testid=stExpander] summary", "[data-testid=stPopover] button"):
            for number in range(min(page.locator(part).count(), 6)):
                with suppress(PlaywrightError):  # it went with the one before
                    page.locator(part).nth(number).click(timeout=2_000)
                    settle(page)
                    made[address] += page.evaluate(READ_AS_MARKUP)
        page.keyboard.press("Escape")
        assert page.get_by_test_id("stException").count() == 0, address

    assert {address: found for address, found in made.items() if found} == {}
    assert others == [] and watch.elsewhere == [] and watch.errors == []
    assert hostile.SHORT[:8] in seen  # the texts are there
    assert not clinic.broken()


def conversation(server: Server, request: bytes) -> bytes:
    """What the server says to these very bytes."""
    with socket.create_connection(("127.0.0.1", urlsplit(server.address).port or 0), timeout=15) as caller:
        answer = b""
        with suppress(OSError):
            caller.sendall(request)
            while piece := caller.recv(65_536):
                answer += piece
    return answer


def request(target: str, *, method: str = "GET", headers: str = "", host: str = "127.0.0.1") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n".encode()


SHELL = b"Streamlit"  # stands in the page that draws all others


@pytest.mark.parametrize(
    "target", [*TWO_WAYS, *BESIDE, "/", "/work_list", "/media/x", "/static/js/x", "/_stcore/health"]
)
def test_no_wording_of_an_address_reaches_the_pages_without_a_session(clinic: Server, target: str) -> None:
    for method in ("GET", "POST", "HEAD", "PUT", "OPTIONS", "TRACE"):
        answer = conversation(clinic, request(target, method=method, headers="Accept: text/html\r\n"))

        status = int(answer.split()[1])
        assert status in (303, 400, 401, 403, 404, 405), (method, status)
        assert SHELL not in answer and b"Traceback" not in answer


UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


@pytest.mark.parametrize(
    "target", ["/_stcore/stream", "/u/x", "/sign-in", "/u/_stcore/stream", "/twilio/../_stcore/stream"]
)
def test_no_websocket_is_opened_without_a_session(clinic: Server, target: str) -> None:
    asked = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{UPGRADE}\r\n".encode()

    assert b" 101 " not in conversation(clinic, asked)[:40]


@pytest.mark.parametrize(
    "sent",
    [
        request("/sign-in", headers="X-Long: " + "a" * 200_000 + "\r\n"),
        request("/sign-in", headers="Cookie: " + "a=b; " * 30_000 + "\r\n"),
        request("/sign-in", headers="".join(f"X-{n}: y\r\n" for n in range(20_000))),
        request("/" + "a" * 200_000),
        request("/sign-in", host="evil.example"),
        request("/sign-in", host="127.0.0.1\r\nHost: evil.example"),
        request("/sign-in", headers="Transfer-Encoding: chunked\r\nContent-Length: 4\r\n") + b"0\r\n\r\n",
        request("/sign-in", method="POST", headers="Content-Length: 99999999999\r\n") + b"a" * 20_000,
        request("/sign-in", method="POST", headers="Transfer-Encoding: chunked\r\n")
        + b"FFFF\r\n"
        + b"a" * 0xFFFF
        + b"\r\n0\r\n\r\n",
        request("/bounces", method="POST", headers="Content-Length: -1\r\n"),
        request("/twilio/text", method="POST", headers="Content-Length: 200000\r\n") + b"a" * 200_000,
        b"GET /sign-in HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET  /work_list  HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\r\n" * 1000 + b"GET /work_list HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET /sign-in?next=\u2028 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
        b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: careloop_session=\xff\xfe\x00\r\n\r\n",
    ],
    ids=range(17),
)
def test_what_is_too_large_or_no_request_is_refused_and_the_server_goes_on(clinic: Server, sent: bytes) -> None:
    answer = conversation(
        clinic,
        sent
        if b"onnection: close" in sent or b"POST" in sent
        else sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1),
    )

    assert SHELL not in answer and b"Traceback" not in answer and b" 500 " not in answer[:40]
    assert b" 200 " in conversation(clinic, request("/health"))[:40]


def test_a_slow_caller_keeps_nobody_waiting(clinic: Server) -> None:
    port = urlsplit(clinic.address).port or 0
    slow = [socket.create_connection(("127.0.0.1", port), timeout=15) for _ in range(100)]
    try:
        for each in slow:
            each.sendall(b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\na")

        assert b" 200 " in conversation(clinic, request("/sign-in"))[:40]
    finally:
        for each in slow:
            each.close()
