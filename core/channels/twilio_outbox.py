"""What the Outbox page sees and does in the Twilio sandbox: texts, calls, and a patient's part in them."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

from core.errors import NotAllowed, NotFound, SettingsError

PAGE_SIZE = 50
_TIMEOUT = 35.0  # seconds; a reply waits for the application's answer, which may take twice fifteen
_opener = build_opener(ProxyHandler({}))  # the sandbox is on this machine, whatever proxy there is


@dataclass(frozen=True)
class Access:
    """Where the sandbox listens, and its account."""

    url: str
    account: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class KeptText:
    """A text in either direction; `at` and `changed` are UTC, ISO. `error_code` is set when it did not arrive."""

    sid: str
    direction: str
    sender: str
    recipient: str
    body: str
    status: str
    error_code: int | None
    at: str
    changed: str


@dataclass(frozen=True)
class Said:
    """One step of a call: `text` is what was said, pressed or dialled; `outcome` what came of it."""

    at: str
    verb: str
    text: str
    language: str
    outcome: str


@dataclass(frozen=True)
class KeptCall:
    """A call. `asks_for_key` while it waits for one; the transcript comes with `call` alone."""

    sid: str
    sender: str
    recipient: str
    status: str
    answered_by: str | None
    duration: int | None
    asks_for_key: bool
    at: str
    changed: str
    transcript: tuple[Said, ...] = ()


@dataclass(frozen=True)
class TextPage:
    """Some of the kept texts, newest first; `count` is how many there are in all."""

    texts: list[KeptText]
    count: int


@dataclass(frozen=True)
class CallPage:
    """Some of the kept calls, newest first; `count` is how many there are in all."""

    calls: list[KeptCall]
    count: int


@dataclass(frozen=True)
class Reply:
    """A patient's text, and the HTTP status with which the application took it: 0 when it did not answer."""

    text: KeptText
    answered: int


def texts(access: Access, *, search: str = "", page: int = 0, size: int = PAGE_SIZE) -> TextPage:
    """The kept texts (pages count from 0). `search` finds a part of a number or of the text, whatever the case."""
    answer = _get(access, "texts", {"search": search, "page": str(page), "size": str(size)})
    return TextPage([_text(row) for row in answer["texts"]], answer["count"])


def calls(access: Access, *, search: str = "", page: int = 0, size: int = PAGE_SIZE) -> CallPage:
    """The kept calls, like `texts`. `search` finds a part of a number."""
    answer = _get(access, "calls", {"search": search, "page": str(page), "size": str(size)})
    return CallPage([_call(row) for row in answer["calls"]], answer["count"])


def call(access: Access, sid: str) -> KeptCall:
    """One call with what was said. Raises NotFound."""
    return _call(_get(access, f"calls/{quote(sid, safe='')}", {}))


def reply(access: Access, *, sender: str, body: str, recipient: str = "") -> Reply:
    """A patient's text, to the sandbox's own number unless another is named. Waits until the application was told."""
    row = _post(access, "replies", {"from": sender, "to": recipient, "body": body})
    return Reply(_text(row), row["answered"])


def press(access: Access, sid: str, digits: str) -> None:
    """Press keys in a call that is under way; they count when it next asks for some. Raises NotFound, NotAllowed."""
    _post(access, f"calls/{quote(sid, safe='')}/keys", {"digits": digits})


def behave(access: Access, number: str, behaviour: str) -> None:
    """How a number behaves from now on: busy, no-answer, failed, machine, fax, human, undelivered:30003, or '' for
    as usual. Raises NotAllowed for anything else."""
    _post(access, "numbers", {"number": number, "behaviour": behaviour})


def behaviours(access: Access) -> dict[str, str]:
    """What numbers were told to do, by `behave`; those that do as usual are not among them."""
    return {str(number): str(behaviour) for number, behaviour in _get(access, "numbers", {}).items()}


def _text(row: Mapping[str, Any]) -> KeptText:
    names = ("sid", "direction", "body", "status", "error_code", "at", "changed")
    return KeptText(sender=row["from"], recipient=row["to"], **{name: row[name] for name in names})


def _call(row: Mapping[str, Any]) -> KeptCall:
    names = ("sid", "status", "answered_by", "duration", "asks_for_key", "at", "changed")
    said = tuple(Said(**step) for step in row.get("transcript", ()))
    return KeptCall(sender=row["from"], recipient=row["to"], transcript=said, **{name: row[name] for name in names})


def _get(access: Access, path: str, query: Mapping[str, str]) -> Any:
    return _ask(access, f"{path}?{urlencode(query)}", None)


def _post(access: Access, path: str, form: Mapping[str, str]) -> Any:
    return _ask(access, path, urlencode(form).encode())


def _ask(access: Access, path: str, body: bytes | None) -> Any:
    name_and_token = base64.b64encode(f"{access.account}:{access.token}".encode()).decode()
    headers = {"Authorization": f"Basic {name_and_token}"}
    request = Request(f"{access.url.rstrip('/')}/sandbox/{path}", body, headers)  # noqa: S310 our own address
    try:
        with _opener.open(request, timeout=_TIMEOUT) as answer:
            return json.load(answer)
    except HTTPError as refused:
        with refused:
            raise _refusal(refused.code) from None
    except (OSError, ValueError):
        raise SettingsError(
            "The sandbox for texts and calls does not answer. It runs while Careloop is served without a Twilio "
            "account: start Careloop, or look in its terminal for what ended it."
        ) from None


def _refusal(status: int) -> Exception:
    if status == 404:
        return NotFound("This call is no longer in the outbox. Go back to the list.")
    if status == 401:
        return SettingsError(
            "The sandbox for texts and calls does not know this account. Start Careloop again, so that both use one."
        )
    if status == 400:
        return NotAllowed(
            "That is not possible now: the call is over, nobody is there, or what was entered is not valid."
        )
    return SettingsError(
        f"The sandbox for texts and calls failed (HTTP {status}). Look in its terminal for the reason."
    )
