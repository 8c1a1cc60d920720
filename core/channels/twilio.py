"""Texts and calls handed over to Twilio with its own client, and what it still has of them.

A request that has left is never repeated: Twilio has no key by which it would know the second from the first. So what
has no clear answer is 'unknown' until a call-back, which carries our attempt in its address, or Twilio's list of
messages says more.
"""

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioRestException
from urllib3.exceptions import MaxRetryError, NewConnectionError

from core.channels.handing_over import NoConnection, NoSession, Outgoing, Receipt, TooFast
from core.channels.twilio_access import Entry, Listed, TwilioAccess
from core.domain.twilio_errors import ACCOUNT, TOO_FAST, error_of
from core.errors import SendError

_LONGEST_VALIDITY = 14_400  # seconds, as Twilio's documentation has it
_MACHINE_SECONDS = 30  # how long Twilio listens for the end of a machine's greeting
_RING_SECONDS = 25  # about five rings; most machines answer after four
_PAGE = 1000  # entries of a list in one answer, the most that Twilio gives
_OUT_OF_ORDER = timedelta(days=1)
_CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]


class TwilioChannel:
    """A connection to Twilio, opened at the first message and kept. Made as TextChannel or CallChannel."""

    def __init__(self, access: TwilioAccess, webhooks: str) -> None:
        self._access = access
        self._webhooks = webhooks
        self._client: Any = None

    def probe(self) -> None:
        """Ask for the account. Raises NoSession."""
        with _answers():
            self._opened().messages.list(limit=1, page_size=1)

    def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.http_client.close()

    def _opened(self) -> Any:
        if self._client is None:
            self._client = self._access.client()
        return self._client

    def _hand_over(self, create: Callable[[], Any], before_end: Callable[[], None] | None) -> Receipt:
        if before_end:
            before_end()
        with _answers():
            made = create()
        return Receipt("201", str(made.status), str(made.sid))


class TextChannel(TwilioChannel):
    """Hands texts over. What becomes of one is told to `webhooks`/text-status."""

    def hand_over(self, outgoing: Outgoing, *, before_end: Callable[[], None] | None = None) -> Receipt:
        """Hand over one text; see core.channels.handing_over.Channel. Raises SendError, NoSession, TooFast."""
        messages = self._opened().messages
        options: dict[str, Any] = {"to": outgoing.to, "body": outgoing.content}
        if self._access.service:
            options["messaging_service_sid"] = self._access.service
        else:
            options["from_"] = self._access.sender
        if outgoing.reference:
            options["status_callback"] = f"{self._webhooks}/text-status?attempt={outgoing.reference}"
        if outgoing.valid_for:
            options["validity_period"] = max(1, min(outgoing.valid_for, _LONGEST_VALIDITY))
        return self._hand_over(lambda: messages.create(**options), before_end)

    def made_for(self, number: str, *, since: datetime) -> list[Listed]:
        """The texts to a number that Twilio has, made since then; answers to replies left out. Raises SendError when it
        does not say."""
        with _answers():
            found = self._opened().messages.list(to=number, limit=200)
        return [
            Listed(one.sid, str(one.status), one.date_created, one.error_code)
            for one in found
            if str(one.direction) == "outbound-api" and one.date_created and one.date_created >= since
        ]

    def made_since(self, since: datetime) -> list[Entry]:
        """All texts of the account made since then, in both directions. Raises SendError when it does not say."""
        with _answers():
            return _entries(self._opened().messages.stream(page_size=_PAGE), since)


class CallChannel(TwilioChannel):
    """Places calls. Twilio asks `webhooks`/call what to say and tells `webhooks`/call-status what became of one."""

    def hand_over(self, outgoing: Outgoing, *, before_end: Callable[[], None] | None = None) -> Receipt:
        """Place one call; see core.channels.handing_over.Channel. `outgoing.sender` is the caller id, `content` the
        words in Twilio's markup when they are not asked for later."""
        calls = self._opened().calls
        sender = outgoing.sender or self._access.sender
        if outgoing.content:  # the words themselves, as a test has them
            return self._hand_over(
                lambda: calls.create(to=outgoing.to, from_=sender, twiml=outgoing.content), before_end
            )
        return self._hand_over(
            lambda: calls.create(
                to=outgoing.to,
                from_=sender,
                url=f"{self._webhooks}/call?attempt={outgoing.reference}",
                status_callback=f"{self._webhooks}/call-status?attempt={outgoing.reference}",
                status_callback_event=_CALL_EVENTS,
                machine_detection="DetectMessageEnd",
                machine_detection_timeout=_MACHINE_SECONDS,
                timeout=_RING_SECONDS,
            ),
            before_end,
        )

    def made_for(self, number: str, *, since: datetime) -> list[Listed]:
        """The calls to a number that Twilio has, made since then. Raises SendError when it does not say."""
        with _answers():
            found = self._opened().calls.list(to=number, limit=200)
        return [
            Listed(one.sid, str(one.status), one.date_created)
            for one in found
            if one.date_created and one.date_created >= since
        ]

    def made_since(self, since: datetime) -> list[Entry]:
        """All calls of the account made since then, in both directions. Raises SendError when it does not say."""
        with _answers():
            return _entries(self._opened().calls.stream(page_size=_PAGE), since)


def _entries(listed: Iterable[Any], since: datetime) -> list[Entry]:
    """The list has the newest first; a day beyond `since` nothing more can come."""
    found = []
    for one in listed:
        if one.date_created is None or one.date_created < since - _OUT_OF_ORDER:
            break
        if one.date_created >= since:
            sender, body = str(getattr(one, "from_", "") or ""), str(getattr(one, "body", "") or "")
            found.append(Entry(str(one.sid), str(one.direction), sender, str(one.to or ""), one.date_created, body))
    return found


@contextmanager
def _answers() -> Any:
    """What went wrong, in our words."""
    try:
        yield
    except TwilioRestException as error:
        raise _refusal(error) from None
    except ConnectTimeout as error:
        raise NoConnection("no_connection", kind="temporary", reply=type(error).__name__) from None
    except NotConnected as error:
        if _never_left(error):
            raise NoConnection("no_connection", kind="temporary", reply=type(error).__name__) from None
        raise SendError("connection_lost", kind="unknown") from None
    except RequestException as error:  # a read time-out among them
        raise SendError("no_answer_from_provider", kind="unknown", reply=type(error).__name__) from None
    except (ValueError, KeyError, TypeError) as error:  # an answer that is not Twilio's
        raise SendError("provider_error", kind="unknown", reply=type(error).__name__) from None


def _never_left(error: NotConnected) -> bool:
    """Whether not even a connection was made."""
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _refusal(error: TwilioRestException) -> SendError:
    code = error.code if isinstance(error.code, int) and error.code else error.status
    if error.status == 429:
        return TooFast("too_fast", kind="temporary", code=str(code))
    if error.status >= 500:
        return SendError("provider_error", kind="unknown", code=str(error.status))
    if error.status in (401, 403) and not error.code:
        return NoSession("login_refused", kind="temporary", code=str(error.status))
    known = error_of(code)
    if known.follows == TOO_FAST:
        return TooFast(known.reason, kind="temporary", code=str(code))
    if known.follows == ACCOUNT:
        return NoSession(known.reason, kind="temporary", code=str(code))
    return SendError(known.reason, kind="permanent", code=str(code))
