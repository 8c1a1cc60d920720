"""What all channels have in common: a message that is ready to leave, and a clear answer to what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.errors import SendError


class NoSession(SendError):
    """The provider was not ready for any message, which is not about the one in hand: the next would fail as well."""


class NoConnection(NoSession):
    """The provider cannot be reached or says nothing."""


class TooFast(SendError):
    """The provider takes no more at this moment: nothing has left, and nothing is wrong with the account."""


@dataclass(frozen=True)
class Outgoing:
    """A message ready to leave.

    to         an email address or an E.164 number
    content    of an email the whole mail, of a text what it says; a call asks for its words when it is answered
    sender     of an email's envelope: where it returns to
    reference  comes back with what the provider tells later: an email's envelope id, a text's or call's attempt
    valid_for  seconds after which a text must not arrive any more; 0: whenever
    """

    to: str
    content: bytes | str = ""
    sender: str = ""
    reference: str = ""
    valid_for: int = 0


@dataclass(frozen=True)
class Receipt:
    """The provider took the message over: its code and words, addresses taken out, and what it calls the message."""

    code: str
    reply: str
    provider_id: str = ""


class Channel(Protocol):
    """A kept connection to one provider; for one thread."""

    def hand_over(self, outgoing: Outgoing, *, before_end: Callable[[], None] | None = None) -> Receipt:
        """Hand over one message. `before_end` is called just before the bytes after which it may leave; when it raises
        they do not go.

        Raises SendError: 'temporary' (refused for now, or nothing can have left), 'permanent' (refused for good) or
        'unknown' (it may have left). The reason is a key of core.domain.message.REASONS.
        """

    def probe(self) -> None:
        """See whether the provider would take a message, without one. Raises NoSession."""

    def close(self) -> None:
        """Close the connection; the next message opens it again."""
