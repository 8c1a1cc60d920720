"""Lists of the Twilio sandbox's REST API: filters, days and moments, and pages.

A day means the whole day in GMT, `<` and `>` include it, and a moment is taken to the second. The exact filters
(DateSent, StartTime) ask for a day, whatever the time with it. What has no such moment yet is in no list that asks.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core.channels import twilio_sandbox_answers as answers
from core.channels.twilio_sandbox_exchange import Exchange
from core.channels.twilio_sandbox_magic import Refusal
from core.channels.twilio_sandbox_store import Call, Condition, Kept, Text, after, before

_LARGEST = 1000
_DEFAULT = 50
_DAY = len("2026-11-24")
# parameter -> the SQL it becomes
_EQUAL: dict[type, dict[str, str]] = {
    Text: {"To": "recipient = ?", "From": "sender = ?"},
    Call: {"To": "recipient = ?", "From": "sender = ?", "Status": "status = ?"},
}
_MOMENT: dict[type, tuple[str, str]] = {Text: ("DateSent", "sent"), Call: ("StartTime", "started")}
_KEY: dict[type, str] = {Text: "messages", Call: "calls"}
_RESOURCE: dict[type, str] = {Text: "Messages", Call: "Calls"}


def listed(exchange: Exchange, kind: type[Kept], query: Mapping[str, str]) -> dict[str, Any]:
    """One page, newest first. Raises Refusal for a parameter that cannot be read."""
    size, number = _whole(query, "PageSize", _DEFAULT, least=1), _whole(query, "Page", 0, least=0)
    size, token = min(size, _LARGEST), query.get("PageToken", "")
    filters = _conditions(kind, query)
    found = _rows(exchange, kind, filters, token=token, size=size, number=number)
    kept = {name: value for name, value in query.items() if name not in ("PageSize", "Page", "PageToken")}
    return answers.page(
        _KEY[kind],
        [_shown(row, exchange.account) for row in found[:size]],
        path=answers.path_of(exchange.account, _RESOURCE[kind]),
        query=kept,
        number=number,
        size=size,
        more=len(found) > size or token.startswith("PB"),
    )


def _rows(
    exchange: Exchange,
    kind: type[Kept],
    filters: list[Condition],
    *,
    token: str,
    size: int,
    number: int,
) -> list[Kept]:
    """The page's rows, and one more when there is a next page."""
    find, sid = exchange.store.find, token[2:]
    if token.startswith("PA"):
        return find(kind, [*filters, before(kind, sid)], limit=size + 1)
    if token.startswith("PB"):
        return find(kind, [*filters, after(kind, sid)], limit=size, oldest=True)[::-1]
    return find(kind, filters, limit=size + 1, skip=number * size)


def _shown(row: Text | Call, account: str) -> dict[str, Any]:
    return answers.message(row, account) if isinstance(row, Text) else answers.call(row, account)


def _conditions(kind: type[Kept], query: Mapping[str, str]) -> list[Condition]:
    found = [Condition(sql, (query[name],)) for name, sql in _EQUAL[kind].items() if query.get(name)]
    if query.get("ParentCallSid"):  # no call of the sandbox has one
        found.append(Condition("0", ()))
    name, column = _MOMENT[kind]
    if query.get(name):
        start, end = _stretch(query[name][:_DAY])
        found.append(Condition(f"{column} >= ? AND {column} < ?", (start, end)))
    if query.get(f"{name}<"):
        found.append(Condition(f"{column} < ?", (_stretch(query[f"{name}<"])[1],)))
    if query.get(f"{name}>"):
        found.append(Condition(f"{column} >= ?", (_stretch(query[f"{name}>"])[0],)))
    return found


def _stretch(text: str) -> tuple[float, float]:
    """From when until before when: a day, or a second."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(20001) from None
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    length = timedelta(days=1) if len(text) == _DAY else timedelta(seconds=1)
    return start.timestamp(), (start + length).timestamp()


def _whole(query: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    try:
        value = int(query.get(name, default))
    except ValueError:
        raise Refusal(20001) from None
    if not least <= value < 10**9:
        raise Refusal(20001)
    return value
