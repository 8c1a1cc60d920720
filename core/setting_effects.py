"""What a change of the organisation's settings touches that is under way: said before it is saved."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from core.domain.approval import NONE, SECOND_PERSON, SHOWN
from core.domain.organisation import CHANNELS, LETTER, PHONE, TEXT
from core.domain.role import CHANGE_ORGANISATION
from core.domain.setting_table import MODE_WORDS
from core.store import approval_rows, setting_rows
from core.store import setting_effects as rows
from core.store.database import reading
from core.workbench import Workbench, needs

# Whose waiting messages follow which setting.
_SENT = frozenset(CHANNELS)
_BY_DAY = frozenset({TEXT, PHONE})
_TOUCHES: dict[str, frozenset[str]] = {
    **{f"{mode}_windows": frozenset({mode}) for mode in _SENT},
    **dict.fromkeys(("quiet_from", "quiet_until", "state_quiet_hours"), _BY_DAY),
    **dict.fromkeys(
        ("time_zone", "extra_holidays", "holidays_off", "contacts_per_day", "contacts_per_week", "days_to_send"), _SENT
    ),
    "email_rate_limit": frozenset({"email"}),
    "texts_per_second": frozenset({"text"}),
    "calls_per_second": frozenset({"phone"}),
    "text_needs_consent": frozenset({"text"}),
}


@needs(CHANGE_ORGANISATION)
def effects(wb: Workbench, values: Mapping[str, Any]) -> list[str]:
    """What these values, of core.domain.setting_table, would touch, in sentences; empty when nothing."""
    with reading(wb.engine) as connection:
        kept = setting_rows.values(connection)
        changed = {key: value for key, value in values.items() if kept[key] != value}
        waiting = rows.waiting_counts(connection)
        return [
            *_of_modes(connection, kept, changed),
            *_of_senders(connection, kept, changed),
            *_of_waiting(waiting, changed),
            *_of_approval(connection, kept, changed),
        ]


def in_use(connection: Connection, modes: set[str]) -> str:
    """Why these modes cannot be turned off; '' when they can."""
    active = rows.campaign_counts(connection, "active")
    if LETTER in modes:
        active[LETTER] = rows.printing_count(connection)
    used = [
        f"{active[mode]:,} by {MODE_WORDS[mode].lower()}" for mode in MODE_WORDS if mode in modes and active.get(mode)
    ]
    if not used:
        return ""
    return f"Campaigns are active or being printed: {', '.join(used)}. Stop them, or wait until they are completed."


def _of_modes(connection: Connection, kept: Mapping[str, Any], changed: Mapping[str, Any]) -> list[str]:
    gone = set(kept["modes"]) - set(changed.get("modes", kept["modes"]))
    drafts = rows.campaign_counts(connection, "inactive") if gone else {}
    return [
        f"{_count(drafts[mode], 'inactive campaign')} by {MODE_WORDS[mode].lower()} cannot be activated or printed any "
        "more."
        for mode in MODE_WORDS
        if mode in gone and drafts.get(mode)
    ]


def _of_senders(connection: Connection, kept: Mapping[str, Any], changed: Mapping[str, Any]) -> list[str]:
    if not {"from_email", "from_emails"} & changed.keys():
        return []
    after = dict(kept) | dict(changed)
    gone = {kept["from_email"], *kept["from_emails"]} - {after["from_email"], *after["from_emails"]}
    count = rows.sender_count(connection, gone) if gone else 0
    if not count:
        return []
    return [
        f"{_count(count, 'inactive or active campaign')} {'has' if count == 1 else 'have'} an address that is on the "
        "list no more. Active ones go out as they are; the others need another one before they are activated."
    ]


def _of_approval(connection: Connection, kept: Mapping[str, Any], changed: Mapping[str, Any]) -> list[str]:
    """Who is told that approval ends, what is held once it is asked for again, and which approvals end because patients
    see what is changed."""
    asks = changed.get("approval")
    if asks == NONE:
        return ["One person alone may let a campaign go out from then on. Whoever may approve is told by email."]
    was_asked_for = asks == SECOND_PERSON and approval_rows.first_asked_for(connection) is not None
    if was_asked_for and rows.campaign_counts(connection, "active"):
        return ["Campaigns that were activated while approval was turned off are held until somebody approves them."]
    if kept["approval"] != SECOND_PERSON:
        return []
    approved = approval_rows.approved_counts(connection)
    count = sum(approved.get(mode, 0) for mode, keys in SHOWN.items() if changed.keys() & set(keys))
    if not count:
        return []
    one, it = ("shows", "its approval ends") if count == 1 else ("show", "their approvals end")
    return [
        f"{_count(count, 'approved campaign')} {one} this to patients: {it}, and what is active is held until somebody "
        "approves it again."
    ]


def _of_waiting(waiting: Mapping[str, int], changed: Mapping[str, Any]) -> list[str]:
    """Which messages that wait follow the new values."""
    touched: set[str] = set()
    for key in changed:
        touched |= _TOUCHES.get(key, frozenset())
    found = [
        f"{_count(waiting[mode], 'message')} by {MODE_WORDS[mode].lower()}"
        for mode in MODE_WORDS
        if mode in touched and waiting.get(mode)
    ]
    return [f"Waiting in active campaigns: {', '.join(found)}. They follow the new settings."] if found else []


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
