"""OpenID Connect providers for tests: a real one in a process of its own, and one that can say anything."""

import base64
import contextlib
import hashlib
import json
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.conftest import ROOT

CLIENT, SECRET, PASSWORD = "careloop", "a secret between the two", "correct-horse-battery"
Claims = dict[str, Any]


@dataclass
class RealProvider:
    """Django OAuth Toolkit (tests/openid_site.py): login form, token endpoint, keys, PKCE, sign-out."""

    folder: Path
    port: int
    public_url: str
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/o"

    def people(self, **people: Claims) -> None:
        """What it says of each person from now on."""
        (self.folder / "people.json").write_text(json.dumps(people))

    def start(self) -> None:
        site = {
            "issuer": self.issuer,
            "port": self.port,
            "client": CLIENT,
            "secret": SECRET,
            "redirect_uri": f"{self.public_url}/sign-in/openid/callback",
            "after_sign_out": f"{self.public_url}/sign-in/openid/out",
            "passwords": dict.fromkeys(("cleo", "dora", "eve"), PASSWORD),
        }
        (self.folder / "site.json").write_text(json.dumps(site))
        if not (self.folder / "key.pem").exists():
            self.change_key()
        command = [sys.executable, str(ROOT / "tests" / "openid_site.py"), str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == "ready"

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def change_key(self) -> None:
        """Another key from the next start on."""
        (self.folder / "key.pem").write_bytes(RSAKey.generate_key(2048).as_pem(private=True))


def log_in(url: str, name: str, *, browser: requests.Session | None = None) -> str:
    """What a person does at the real provider who was sent to `url`; returns where the browser is sent back to."""
    browser = browser or requests.Session()
    with contextlib.closing(browser):
        page = browser.get(url, timeout=20)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        onward = re.search(r'name="next" value="([^"]+)"', page.text)
        assert token and onward, page.text
        form = {
            "csrfmiddlewaretoken": token[1],
            "username": name,
            "password": PASSWORD,
            "next": onward[1].replace("&amp;", "&"),
        }
        answer = browser.post(page.url, data=form, headers={"referer": page.url}, timeout=20, allow_redirects=False)
        while answer.headers["location"].startswith("/"):
            there = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}{answer.headers['location']}"
            answer = browser.get(there, timeout=20, allow_redirects=False)
        return answer.headers["location"]


@dataclass
class Hostile:
    """A provider that answers with whatever a test wants: `claims` and `sign` make the ID token of the next code."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    published: list[RSAKey] = field(default_factory=list)
    claims: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[["Hostile", Claims], str] | None = None
    document: Callable[[Claims], Any] = lambda document: document
    userinfo: Claims = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # by path, in place of the right ones
    asked: list[str] = field(default_factory=list)
    silent: float = 0.0  # seconds before anything is answered
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def code(self, authorization_url: str) -> dict[str, str]:
        """Sign in as the one person there: the query with which the browser comes back."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(authorization_url).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def answer(self, method: str, path: str, body: str, headers: Any) -> tuple[int, bytes]:
        self.asked.append(path)
        time.sleep(self.silent)
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo", "end_session": "logout"}
            document = {f"{name}_endpoint": f"{self.issuer}/{where}" for name, where in names.items()}
            document |= {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
            return 200, json.dumps(self.document(document)).encode()
        if path == "/keys":
            keys = KeySet(list(self.published) or [self.key])
            return 200, json.dumps(keys.as_dict(private=False)).encode()
        if path == "/userinfo":
            return 200, json.dumps(self.userinfo).encode()
        assert (method, path) == ("POST", "/token")
        return self._token({key: values[0] for key, values in parse_qs(body).items()}, headers)

    def _token(self, form: dict[str, str], headers: Any) -> tuple[int, bytes]:
        basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        plain = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if headers["authorization"] not in (f"Basic {basic}", f"Basic {plain}"):
            return 401, b'{"error": "invalid_client"}'
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, b'{"error": "invalid_grant"}'
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "subject-1",
            "aud": CLIENT,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "email": "cleo@example.org",
            "email_verified": True,
        }
        claims = self.claims(claims)
        signed = self.sign(self, claims) if self.sign else signed_by(self.key, claims)
        return 200, json.dumps({"access_token": "at", "token_type": "Bearer", "id_token": signed}).encode()


def signed_by(key: Any, claims: Claims, **header: Any) -> str:
    """A token signed with this key, RS256 unless told otherwise."""
    head = {"alg": "RS256", "kid": key.kid, **header}
    return jwt.encode(head, claims, key, algorithms=[head["alg"]])


def unsigned(claims: Claims, *, signature: str = "", **header: Any) -> str:
    """A token put together by hand."""
    parts = [json.dumps({"alg": "none", "typ": "JWT", **header}), json.dumps(claims)]
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, signature])


@contextmanager
def hostile() -> Iterator[Hostile]:
    """It answers on a port of its own until the block ends."""
    provider = Hostile()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length).decode()
            status, content = provider.answer(self.command, urlsplit(self.path).path, body, self.headers)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            if status in (301, 302, 307):
                self.send_header("location", f"{provider.issuer}/elsewhere")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(content)

        do_GET = do_POST = _answer

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


__all__ = ["CLIENT", "PASSWORD", "SECRET", "Hostile", "RealProvider", "hostile", "log_in", "signed_by", "unsigned"]
