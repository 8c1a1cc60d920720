"""Sandbox or live: through which servers messages go now, and a last look at each before it does."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from core.channels.handing_over import Channel, NoSession, Outgoing, Receipt
from core.domain.eligibility import INVENTED
from core.domain.invented import is_invented
from core.domain.message import NO_SERVER
from core.domain.organisation import EMAIL
from core.errors import SendError
from core.mail_server import mail_channel
from core.settings import Settings
from core.store import mode_rows
from core.store.database import reading
from core.store.mode_rows import Mode as Mode
from core.twilio_account import twilio_channel
from core.workbench import Workbench


def mode(wb: Workbench) -> Mode:
    """Whether this home is live, as the database says now. A demo never is."""
    with reading(wb.engine) as connection:
        found = mode_rows.mode(connection)
    return Mode() if wb.settings.demo else found


def is_live(wb: Workbench) -> bool:
    """Whether messages leave for patients."""
    return mode(wb).is_live


def reach(settings: Settings, now: Mode) -> Settings:
    """The settings by which messages go in this mode: in a sandbox the local stand-ins take the place of every server
    from which something would leave this machine."""
    return settings if now.is_live else settings.in_sandbox()


def is_kept(settings: Settings, channel: str) -> bool:
    """Whether messages of a channel go to the local stand-in."""
    return settings.keeps_mails if channel == EMAIL else settings.keeps_texts


def why_held(settings: Settings, now: Mode, channel: str) -> str:
    """Why no campaign's message of a channel leaves in this mode; '' when it may.

    A home that was live and is a sandbox again sends nothing, not even to the stand-ins: its patients' histories must
    stay true. In a live home nothing goes to a stand-in, for the same reason.
    """
    if now.was_live and not now.is_live:
        return "This home was live and is a sandbox again: nothing is sent until it goes live."
    if now.is_live and is_kept(settings, channel):
        setting = "CARELOOP_SMTP" if channel == EMAIL else "CARELOOP_TWILIO_URL"
        return f"This home is live, and no server is set for this mode: set {setting} in the environment."
    return ""


class Gated:
    """The channel of one mode, by which messages leave as the home's mode says. Made by `channel`.

    The mode is that of the last `use`, at first that of its making: the dispatcher asks anew for each batch. In a live
    home it takes no message to or from an address that is set aside for examples.
    """

    def __init__(self, wb: Workbench, name: str) -> None:
        self._wb = wb
        self._name = name
        self._open: Channel | None = None
        self._stack = ExitStack()
        self.mode = mode(wb)

    def use(self, now: Mode) -> None:
        """From now on go by this mode; the connection of another is closed."""
        if now.change_id != self.mode.change_id:
            self.end()
        self.mode = now

    def hand_over(self, outgoing: Outgoing, *, before_end: Callable[[], None] | None = None) -> Receipt:
        """See core.channels.handing_over.Channel."""
        if self.mode.is_live and (is_invented(outgoing.to) or (self._name == EMAIL and is_invented(outgoing.sender))):
            raise SendError(INVENTED, kind="permanent")
        return self._channel().hand_over(outgoing, before_end=before_end)

    def probe(self) -> None:
        """See core.channels.handing_over.Channel."""
        self._channel().probe()

    def close(self) -> None:
        """See core.channels.handing_over.Channel."""
        if self._open is not None:
            self._open.close()

    def end(self) -> None:
        """Close for good: the next message opens another."""
        self._open = None
        self._stack.close()

    def _channel(self) -> Channel:
        if self.mode.is_live and is_kept(self._wb.settings, self._name):
            raise NoSession(NO_SERVER, kind="temporary")
        if self._open is None:
            settings = reach(self._wb.settings, self.mode)
            if self._name == EMAIL:
                self._open = self._stack.enter_context(mail_channel(settings))
            else:
                self._open = self._stack.enter_context(twilio_channel(settings, self._name))
        return self._open


@contextmanager
def channel(wb: Workbench, name: str) -> Iterator[Gated]:
    """The only way by which anything is sent: connects at its first message."""
    gated = Gated(wb, name)
    try:
        yield gated
    finally:
        gated.end()
