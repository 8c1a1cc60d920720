"""What can go wrong, as a tree.

CareloopError       a person can put it right; its text is shown as it is: what happened, why, what to do
  DataError         a file that cannot be read: file, line, column and what is expected, never the value
    RuleError       a rule file with a mistake: file, line and key
  NotAllowed        a status, date or permission forbids it; says what can be done instead
    Busy            another process does the same just now: try again later
  NotFound          what was asked for by its id does not exist, or is not visible to this user
  TooMany           more than the limit: how many, the limit, how to get below it
  TemplateError     an unknown field or wrong syntax in a template: what, where, and which fields exist
    MissingField    a field is not on file for one patient, and the template has no wording for that
  SettingsError     a setting is wrong or missing: which one and where it may be set
SendError           for the dispatcher only: becomes an attempt, never reaches a screen as an exception

Anything else is a bug. No text here may hold a patient's name, address or number.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any


class CareloopError(Exception):
    """Something a person can put right. The message is shown as it is."""


class DataError(CareloopError):
    """A feed file that cannot be used: names the file, line and column and what is expected, never the value."""


class RuleError(DataError):
    """A rule file with a mistake. `line` is counted from 1; `key` is '' where no key of the file is meant."""

    def __init__(self, message: str, *, line: int, key: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.key = key


class NotAllowed(CareloopError):
    """Forbidden by a status, a date or a permission. The message says what can be done instead."""


class Busy(NotAllowed):
    """Another process does the same just now. Whoever comes later finds it free."""


class Conflict(NotAllowed):
    """Somebody else changed it since it was opened; nothing was kept.

    by           the name of who changed it
    at           when, an aware moment
    differences  of core.domain.difference.Difference: each part that differs, mine, theirs and as it was
    """

    def __init__(self, message: str, *, by: str, at: datetime, differences: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.by = by
        self.at = at
        self.differences = tuple(differences)


class NotFound(CareloopError):
    """What was asked for does not exist, or is outside what this user may see."""


class TooMany(CareloopError):
    """More than a limit allows. `count` and `limit` let a page say how many too many."""

    def __init__(self, message: str, *, count: int, limit: int) -> None:
        super().__init__(message)
        self.count = count
        self.limit = limit


class TemplateError(CareloopError):
    """A template that cannot be rendered for certain. `line` is counted from 1 within the text that was checked."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class MissingField(TemplateError):
    """A field has no value for one patient, and the template has no wording for that. `field` is its name."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class SettingsError(CareloopError):
    """A setting is wrong or missing. The message names it and says where it may be set. `key` is the setting of the
    organisation (core.domain.setting_table) that it is about, '' when it is about none or another."""

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class SendError(Exception):
    """An attempt did not succeed.

    kind 'temporary' is tried again (a refusal for now, no connection); 'permanent' is not (the server said no for
    good); 'unknown' means the message may have left and must never be sent again without a person's or the
    provider's word. `code` is the provider's reply code as text and `reply` its words without addresses; both are
    empty when there was no reply.
    """

    def __init__(self, reason: str, *, kind: str, code: str = "", reply: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.code = code
        self.reply = reply
