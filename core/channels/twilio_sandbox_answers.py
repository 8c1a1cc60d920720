"""What Twilio's REST API answers, in the shapes of its published description: messages, calls, lists and errors."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from core.channels.twilio_sandbox_magic import ERRORS, UNDELIVERED
from core.channels.twilio_sandbox_store import Call, Text

API_VERSION = "2010-04-01"
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_DOUBLE = frozenset("\f^{}\\[~]|€")  # take two places
_OF_A_CALL = (
    "notifications",
    "recordings",
    "payments",
    "events",
    "siprec",
    "streams",
    "transcriptions",
    "user_defined_message_subscriptions",
    "user_defined_messages",
)


def path_of(account: str, resource: str) -> str:
    """The path of a resource of the account, such as Messages/SM...; `.json` is added."""
    return f"/{API_VERSION}/Accounts/{account}/{resource}.json"


def message(text: Text, account: str) -> dict[str, Any]:
    """A message. One that a messaging service has only accepted has no sender and no segments yet."""
    is_waiting = text.status == "accepted"
    return {
        "body": text.body,
        "num_segments": "0" if is_waiting else str(segments(text.body)),
        "direction": text.direction,
        "from": None if is_waiting else text.sender,
        "to": text.recipient,
        "date_updated": moment(text.updated),
        "price": None,
        "error_message": delivery_error(text.error),
        "uri": path_of(account, f"Messages/{text.sid}"),
        "account_sid": account,
        "num_media": "0",
        "status": text.status,
        "messaging_service_sid": text.service,
        "sid": text.sid,
        "date_sent": moment(text.sent),
        "date_created": moment(text.created),
        "error_code": text.error,
        "price_unit": "USD",
        "api_version": API_VERSION,
        "subresource_uris": {"media": path_of(account, f"Messages/{text.sid}/Media")},
    }


def call(made: Call, account: str) -> dict[str, Any]:
    """A call. `duration` and the end are null until it is over."""
    own = f"Calls/{made.sid}"
    return {
        "sid": made.sid,
        "date_created": moment(made.created),
        "date_updated": moment(made.updated),
        "parent_call_sid": None,
        "account_sid": account,
        "to": made.recipient,
        "to_formatted": _formatted(made.recipient),
        "from": made.sender,
        "from_formatted": _formatted(made.sender),
        "phone_number_sid": None,
        "status": made.status,
        "start_time": moment(made.started),
        "end_time": moment(made.ended),
        "duration": None if made.duration is None else str(made.duration),
        "price": None,
        "price_unit": "USD",
        "direction": "outbound-api",
        "answered_by": made.answered_by,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "stir_verstat": None,
        "trunk_sid": None,
        "uri": path_of(account, own),
        "subresource_uris": {name: path_of(account, f"{own}/{_camel(name)}") for name in _OF_A_CALL},
    }


def page(
    key: str,
    items: Sequence[Mapping[str, Any]],
    *,
    path: str,
    query: Mapping[str, str],
    number: int,
    size: int,
    more: bool,
) -> dict[str, Any]:
    """One page of a list: `number` counts from 0, `query` are the filters that every page keeps, `more` follow."""

    def uri(to: int, token: str = "") -> str:  # nosec B107 # no token: the first page
        pages = {"PageSize": str(size), "Page": str(to)} | ({"PageToken": token} if token else {})
        return f"{path}?{urlencode({**query, **pages})}"

    start = number * size
    return {
        key: items,
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{items[-1]['sid']}") if more else None,
        "previous_page_uri": uri(number - 1, f"PB{items[0]['sid']}") if number and items else None,
        "uri": uri(number),
        "page": number,
        "page_size": size,
        "start": start,
        "end": start + max(len(items) - 1, 0),
    }


def error(code: int) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the answer for an error of ERRORS."""
    status, text = ERRORS[code]
    return status, {
        "code": code,
        "message": text,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def delivery_error(code: int | None) -> str | None:
    """What Twilio says of a text that did not arrive."""
    return None if code is None else UNDELIVERED.get(code, "Unknown error")


def moment(at: float | None) -> str | None:
    """As in RFC 2822: Tue, 24 Nov 2026 18:00:00 +0000."""
    return None if at is None else format_datetime(datetime.fromtimestamp(at, UTC))


def iso(at: float | None) -> str | None:
    """UTC, with milliseconds."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def segments(body: str) -> int:
    """How many SMS a text takes: 160 letters of the GSM alphabet or 70 others, 153 or 67 in each of several."""
    letters = set(body)
    if letters <= _GSM | _GSM_DOUBLE:
        length = len(body) + sum(body.count(letter) for letter in letters & _GSM_DOUBLE)
        return 1 if length <= 160 else math.ceil(length / 153)
    length = len(body.encode("utf-16-le")) // 2
    return 1 if length <= 70 else math.ceil(length / 67)


def _formatted(number: str) -> str:
    """North American numbers as people there write them."""
    if number.startswith("+1") and len(number) == 12:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
