"""The connection to the mail server that the settings name."""

from core.channels.email import Access, EmailChannel
from core.settings import Settings


def mail_channel(settings: Settings) -> EmailChannel:
    """A channel that connects at its first mail; use it with `with`."""
    access = Access(settings.smtp_security, settings.smtp_user, settings.smtp_password, settings.smtp_ca)
    return EmailChannel(settings.smtp_host, settings.smtp_port, access)
