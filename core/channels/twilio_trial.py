"""Trying an account of Twilio: the account, its sending number or messaging service, and where replies are sent."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException

from core.channels.twilio_access import TwilioAccess
from core.domain.account_step import Step
from core.domain.address import is_number, phone_text

_REPLY_TIMEOUT = 10.0  # seconds; somebody is waiting
_CONSOLE = "Look in Twilio's console."


def try_twilio(
    access: TwilioAccess, webhooks: str, *, caller_id: str = "", reply_timeout: float = _REPLY_TIMEOUT
) -> list[Step]:
    """Ask for everything that sending and replies need. Nothing is sent or called. Ends with what keeps the rest from
    being asked.

    webhooks   the public address below which our routes answer; texts that come in go to its /text
    caller_id  the organisation's, when it is another number than the sender
    """
    client = access.client(reply_timeout=reply_timeout)
    steps: list[Step] = []
    try:
        steps.extend(_steps(client, access, webhooks, caller_id))  # what came before an error stays
    except TwilioRestException as error:
        steps.append(_refused(error))
    except RequestException as error:
        host = urlsplit(access.url).hostname
        what = f"{host} does not answer ({type(error).__name__})"
        steps.append(Step(False, what, "Check CARELOOP_TWILIO_URL, the network and the firewall."))
    except (TwilioException, ValueError, KeyError, TypeError) as error:
        what = f"The answer is not Twilio's ({type(error).__name__})"
        steps.append(Step(False, what, "Check CARELOOP_TWILIO_URL."))
    finally:
        client.http_client.close()
    return steps


def _steps(client: Any, access: TwilioAccess, webhooks: str, caller_id: str) -> Iterator[Step]:
    yield from _account(client, access)
    number = yield from _sender(client, access)
    if access.service:
        yield from _service(client, access, number, webhooks)
    elif number is not None:
        yield _webhook(number.sms_url, webhooks, "number")
    if caller_id and caller_id != access.sender:
        yield _caller_id(client, caller_id)


def _account(client: Any, access: TwilioAccess) -> Iterator[Step]:
    account = client.api.accounts(access.account).fetch()
    status = str(account.status)
    if status != "active":
        yield Step(False, f"The account is {status}", f"Nothing can be sent. {_CONSOLE}")
    elif str(account.type) == "Trial":
        yield Step(False, "The account is a trial", "It reaches verified numbers only. Upgrade it in Twilio's console.")
    else:
        yield Step(True, "Logged in; the account is active")


def _sender(client: Any, access: TwilioAccess) -> Any:
    """Whether the number that texts and calls come from is the account's; returns it."""
    if is_number(access.sender):
        found = client.api.account.incoming_phone_numbers.list(phone_number=access.sender, limit=20)
        number = next((one for one in found if one.phone_number == access.sender), None)
    else:
        found = client.api.account.short_codes.list(short_code=access.sender, limit=20)
        number = next((one for one in found if one.short_code == access.sender), None)
    shown = phone_text(access.sender)
    if number is None:
        advice = "Set CARELOOP_TWILIO_FROM to a number of the account, or buy this one in Twilio's console."
        yield Step(False, f"The number {shown} is not one of this account", advice)
        return None
    able = getattr(number, "capabilities", None) or {"sms": True, "voice": False}
    missing = [word for key, word in (("sms", "texts"), ("voice", "calls")) if not able.get(key)]
    if missing and not (missing == ["calls"] and not is_number(access.sender)):
        yield Step(
            False, f"The number {shown} cannot be used for {' and '.join(missing)}", f"Choose another. {_CONSOLE}"
        )
    else:
        yield Step(True, f"The number {shown} is the account's")
    return number


def _service(client: Any, access: TwilioAccess, number: Any, webhooks: str) -> Iterator[Step]:
    try:
        service = client.messaging.v1.services(access.service).fetch()
    except TwilioRestException as error:
        if error.status != 404:
            raise
        yield Step(False, "There is no such messaging service", "Set CARELOOP_TWILIO_SERVICE to one of the account.")
        return
    if not client.messaging.v1.services(access.service).phone_numbers.list(limit=1):
        yield Step(False, "The messaging service has no number to send from", f"Add one to its senders. {_CONSOLE}")
    else:
        yield Step(True, "The messaging service has a number to send from")
    if service.use_inbound_webhook_on_number:
        if number is not None:
            yield _webhook(number.sms_url, webhooks, "number")
        return
    yield _webhook(service.inbound_request_url, webhooks, "messaging service")


def _webhook(url: str | None, webhooks: str, what: str) -> Step:
    """Whether texts that come in reach us. The other address is not shown: it may hold a password."""
    ours = f"{webhooks}/text"
    if url == ours:
        return Step(True, f"Texts that come in are told to {ours}")
    where = "to another address" if url else "nowhere"
    advice = f"Set 'A message comes in' of the {what} to {ours} in Twilio's console. Until then nobody's STOP is heard."
    return Step(False, f"Texts that come in are told {where}", advice)


def _caller_id(client: Any, caller_id: str) -> Step:
    account = client.api.account
    known = [*account.incoming_phone_numbers.list(phone_number=caller_id, limit=20)]
    known += account.outgoing_caller_ids.list(phone_number=caller_id, limit=20)
    if any(one.phone_number == caller_id for one in known):
        return Step(True, f"The caller ID {phone_text(caller_id)} is the account's")
    advice = "Verify it in Twilio's console, or choose another one under Senders and numbers."
    return Step(False, f"Twilio does not know the caller ID {phone_text(caller_id)} as yours", advice)


def _refused(error: TwilioRestException) -> Step:
    code = error.code if isinstance(error.code, int) and error.code else error.status
    if error.status in (401, 403):
        return Step(False, f"The login was refused ({code})", "Check CARELOOP_TWILIO_ACCOUNT and the token.")
    if error.status == 404:
        return Step(False, f"There is no such account ({code})", "Check CARELOOP_TWILIO_ACCOUNT.")
    if error.status == 429:
        return Step(False, "Twilio was asked too often", "Try again in a minute.")
    return Step(False, f"Twilio answered with an error ({code})", "Try again; status.twilio.com says more.")
