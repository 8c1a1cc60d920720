"""Notices in JSON that Amazon SES sends instead of a mail for people, as groups in the form of RFC 3464."""

import json
from typing import Any


def notices_in(text: str) -> list[dict[str, str]]:
    """One group for each recipient of a notice, or [] where the text holds none. Action 'complaint' is our own."""
    compact = text.replace('\\"', '"') if '\\"notificationType\\"' in text else text
    start = compact.find('"notificationType"')
    start = compact.rfind("{", 0, start) if start >= 0 else -1
    if start < 0:
        return []
    try:
        notice, _ = json.JSONDecoder().raw_decode(compact[start:].replace("!\n ", "").replace("\n", ""))
    except (ValueError, RecursionError):
        return []
    return _groups(notice) if isinstance(notice, dict) else []


def _groups(notice: dict[str, Any]) -> list[dict[str, str]]:
    bounce, complaint, delivery = (_dict(notice.get(name)) for name in ("bounce", "complaint", "delivery"))
    groups = [
        {
            "final-recipient": str(person.get("emailAddress", "")),
            "action": str(person.get("action", "failed")),
            "status": str(person.get("status", "")),
            "diagnostic-code": str(person.get("diagnosticCode", "")),
        }
        for person in _people(bounce.get("bouncedRecipients"))
    ]
    groups += [
        {"final-recipient": str(person.get("emailAddress", "")), "action": "complaint"}
        for person in _people(complaint.get("complainedRecipients"))
    ]
    recipients = delivery.get("recipients")
    if isinstance(recipients, list):
        groups += [{"final-recipient": str(address), "action": "delivered"} for address in recipients]
    return groups


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _people(value: Any) -> list[dict[str, Any]]:
    return [person for person in value if isinstance(person, dict)] if isinstance(value, list) else []
